"""Write a first configuration: five questions, or flags."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from bot.cli._first_config import EVERYBODYS, OURS_ALONE, Answers, refuse_what_is_there, write
from bot.cli._questions import answered, ids, store_url
from bot.settings import ConfigurationError, Problem, Settings
from bot.settings.service import Prices

FILE = Path("bellwether.toml")


def configure(parser: argparse.ArgumentParser) -> None:
    """--config, --token, --allow, --store, --channel, --source, --secrets-in-environment, --yes, --force."""
    parser.add_argument("--config", type=Path, default=FILE, metavar="FILE", help=f"the file to write ({FILE})")
    text = "the bot's token; safer in BELLWETHER_TELEGRAM__TOKEN, which is used where it is set"
    parser.add_argument("--token", default="", metavar="TOKEN", help=text)
    parser.add_argument(
        "--allow", type=_ids, default=(), metavar="IDS", help="who may use the bot; the first is told of its troubles"
    )
    parser.add_argument("--store", default="", metavar="WHERE", help="a file for the database, or a PostgreSQL URL")
    parser.add_argument("--channel", default="", metavar="URL", help="an Apprise URL that is told every alert too")
    sources = [each.value for each in Prices]
    parser.add_argument("--source", choices=sources, default=sources[0], help="live prices, or a simulated market")
    text = "write no secret in the file, so that all may read it, but print what exports each to the environment"
    parser.add_argument("--secrets-in-environment", action="store_true", help=text)
    parser.add_argument("--yes", action="store_true", help="ask nothing: what is not given stays as it is built in")
    parser.add_argument("--force", action="store_true", help="replace the file where there is one")


def run(arguments: argparse.Namespace) -> int:
    """Ask, write, and say what comes next."""
    file: Path = arguments.config
    refuse_what_is_there(file, force=arguments.force)  # before anything is asked: nobody wants to answer in vain
    found = Answers(arguments.token, arguments.allow, _store(arguments.store), arguments.channel, arguments.source)
    if not arguments.yes:
        found = _asked(found, file)
    apart: bool = arguments.secrets_in_environment
    kept = found.without_secrets() if apart else found
    settings = write(kept, file, force=arguments.force, mode=EVERYBODYS if apart else OURS_ALONE)
    whose = "it holds no secret, and everybody on this machine can read it" if apart else "only you can read it"
    print(f"{file} is written; {whose}.")
    for line in _next(file, found, kept, settings):
        print(line)
    return 0


def _store(text: str) -> str:
    try:
        return store_url(text) if text else ""
    except ValueError as error:
        raise ConfigurationError([Problem("store", str(error))]) from None


def _asked(known: Answers, file: Path) -> Answers:
    if not sys.stdin.isatty():
        why = "asks questions, and nobody sits at this terminal; give the answers as options, and --yes for the rest"
        raise ConfigurationError([Problem("init", why)])
    try:
        return answered(known, file, lambda prompt: input(prompt).strip(), print)
    except EOFError:
        raise ConfigurationError([Problem("init", "no more answers came; nothing was written")]) from None


def _next(file: Path, found: Answers, kept: Answers, settings: Settings) -> Iterator[str]:
    """What to do."""
    exports = {name: value for name, value in found.exports.items() if kept.exports.get(name) != value}
    if exports:
        yield "Its secrets are not in it. Before each start:"
        yield from (f"  export {name}={shlex.quote(value)}" for name, value in exports.items())
    named = shlex.quote(str(file))
    yield from ("Next:", f"  bellwether doctor --config {named}", f"  bellwether run --config {named}")
    telegram = settings.telegram
    if not (found.token or telegram.given):
        return
    if telegram.everyone or telegram.let_in:
        yield "Then write /start to your bot: alerts come from that moment on."
    else:
        yield "Nobody may use the bot yet. Once it runs, write to it: it answers with your id, for telegram.allow."


def _ids(text: str) -> tuple[int, ...]:
    try:
        return ids(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
