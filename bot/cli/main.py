"""`bellwether COMMAND ...`: finds the command's file, and turns every expected error into one sentence and an exit
code.

Only the chosen command is imported; the list of commands is read from the files' docstrings, so that --help is quick.
"""

from __future__ import annotations

import ast
import gc
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from bot.cli._options import Parser

USAGE_FAULT, FAILURE, INTERRUPTED = 2, 1, 130

_SERVES = ("run",)
"""Commands that read their configuration anew when they are hung up on."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit: 0 when it worked, 2 on bad usage or configuration, 1 otherwise."""
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = _exit_code(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILURE
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


def _exit_code(arguments: list[str]) -> int:
    """Like `run`, where argparse leaves by itself: what it printed is still to be flushed."""
    try:
        return run(arguments)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else FAILURE


def run(arguments: list[str]) -> int:
    """Run a command; its exit code."""
    commands = command_summaries()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview(commands))
        return 0 if arguments else USAGE_FAULT
    if arguments[0] in ("-V", "--version"):
        return _print_version()
    name, rest = arguments[0], arguments[1:]
    if name not in commands:
        return _complain(f"there is no command {name!r}; commands are {', '.join(commands)}")
    return _guarded(lambda: _command(name, rest, commands[name]))


def _command(name: str, rest: list[str], summary: str) -> int:
    if name in _SERVES:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can be served: it asks for no end
    with _without_collector():
        module = importlib.import_module(f"bot.cli.{name}")
    parser = Parser(prog=f"bellwether {name}", description=summary)
    module.configure(parser)
    code: int = module.run(parser.parse_args(rest))
    return code


@contextmanager
def _without_collector() -> Iterator[None]:
    """While modules are loaded, which stay: looking through them for garbage takes a tenth of a start."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def command_summaries() -> dict[str, str]:
    """Every command and the first line of its file's docstring."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        if path.name != "main.py":
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            found[path.stem] = docstring.splitlines()[0]
    return found


def overview(commands: dict[str, str]) -> str:
    """What --help prints."""
    width = max(map(len, commands))
    listed = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in commands.items())
    return (
        "Bellwether says when the market's regime shifts.\n\n"
        f"usage: bellwether COMMAND [options]; bellwether COMMAND --help explains one\n\n{listed}\n\n"
        "Without --data DIR commands work on a simulated market, marked SIMULATED. Not investment advice."
    )


def _guarded(command: Callable[[], int]) -> int:
    """The exit code of a command whose expected errors are told in a sentence."""
    try:
        return command()
    except Exception as error:
        if (code := _told(error)) is None:
            raise
        return code


def _told(error: Exception) -> int | None:
    """The exit code of an expected error, told in a sentence; None for any other. Whoever raised it has loaded what is
    loaded here: a command that does its work loads only what that takes.
    """
    from bot.feeds.contract import FeedError
    from bot.queries.view import NoAnswer
    from bot.settings import ConfigurationError
    from bot.store.errors import StoreError
    from rules.language.errors import LanguageError

    if isinstance(error, LanguageError):
        return _complain(error.pointed())
    if isinstance(error, ConfigurationError | FeedError):
        return _complain(str(error))
    if isinstance(error, NoAnswer | StoreError):
        print(f"bellwether: {error}", file=sys.stderr)
        return FAILURE
    return None


def _complain(sentence: str) -> int:
    prefix = "" if "\n" in sentence else "bellwether: "
    print(f"{prefix}{sentence}", file=sys.stderr)
    return USAGE_FAULT


def _print_version() -> int:
    from importlib.metadata import PackageNotFoundError, version

    try:
        print(f"bellwether {version('bellwether-bot')}")
    except PackageNotFoundError:
        print("bellwether (not installed)")
    return 0


if __name__ == "__main__":
    main()
