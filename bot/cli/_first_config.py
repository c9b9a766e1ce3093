"""The configuration that `init` writes: a few lines with a word on each. While it holds a secret nobody but its owner
may read it.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bot.settings import ConfigurationError, Problem, Settings, load_settings

FURTHER = "further"
"""The name of the further channel that `init` asks for."""

SQLITE = "sqlite:///"
"""What a database without a server, and so without a password, begins with."""

OURS_ALONE, EVERYBODYS = 0o600, 0o644
"""Who may read a file with secrets, and one without: the service may run as a user that is not there yet."""

_LINE = re.compile(r"^.*line \d+, ")

HEAD = """\
# Bellwether's configuration, written by `bellwether init`. What is not here stays as it is built in: everything there
# is stands in config.example.toml. `bellwether check FILE` says what is wrong with a file.
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked. `store` and `channel` are URLs; an empty text is no answer."""

    token: str = ""
    allow: tuple[int, ...] = ()
    store: str = ""
    channel: str = ""
    source: str = "live"

    @property
    def exports(self) -> dict[str, str]:
        """The secrets among them, by the variable that may hold each in place of a file."""
        named = {
            "BELLWETHER_TELEGRAM__TOKEN": self.token,
            "BELLWETHER_STORE__URL": self.store if not self.store.startswith(SQLITE) else "",
            f"BELLWETHER_CHANNELS__{FURTHER.upper()}__URL": self.channel,
        }
        return {name: value for name, value in named.items() if value}

    def without_secrets(self) -> Answers:
        """What is left where secrets are in the environment."""
        secret = set(self.exports.values())
        store = "" if self.store in secret else self.store
        return replace(self, token="", channel="", store=store)


def text_of(answers: Answers) -> str:
    """The file."""
    return "\n".join([HEAD, *_telegram(answers), *_store(answers), *_run(answers), *_channel(answers)])


def _telegram(answers: Answers) -> Iterator[str]:
    yield "[telegram]"
    if answers.token:
        yield f"token = {_quoted(answers.token)}    # a secret: whoever has it is your bot"
    yield f"allow = {list(answers.allow)}    # ids of the people who may use it"
    yield f"admins = {list(answers.allow[:1])}    # who is told when it starts, stops or is not well"
    yield ""


def _store(answers: Answers) -> Iterator[str]:
    if answers.store:
        yield from ("[store]", f"url = {_quoted(answers.store)}    # everything it must not forget", "")


def _run(answers: Answers) -> Iterator[str]:
    yield from ("[run]", f"source = {_quoted(answers.source)}    # live prices, or a simulated market to try it", "")


def _channel(answers: Answers) -> Iterator[str]:
    if answers.channel:
        yield from (f"[channels.{FURTHER}]    # docs/channels.md", f"url = {_quoted(answers.channel)}", "")


def _quoted(text: str) -> str:
    """As TOML has it, which is as JSON does."""
    return json.dumps(text, ensure_ascii=False)


def tried(answers: Answers, beside: Path) -> Settings:
    """The settings that these answers make. Raises ConfigurationError with what is wrong with them."""
    with _drafted(answers, beside) as draft:
        return _loaded(draft)


def write(answers: Answers, file: Path, *, force: bool, mode: int = OURS_ALONE) -> Settings:
    """Write the file, once it was read and nothing is wrong with it. Raises ConfigurationError; then there is none."""
    refuse_what_is_there(file, force=force)
    with _drafted(answers, file) as draft:
        settings = _loaded(draft)
        with _told(file):
            draft.chmod(mode)
            draft.replace(file)
    return settings


def refuse_what_is_there(file: Path, *, force: bool) -> None:
    """Raise ConfigurationError where this file will not be written."""
    with _told(file):
        is_folder, is_there, is_file = file.is_dir(), file.exists(), file.is_file()
        has_place = file.absolute().parent.is_dir()
    if is_folder:
        why = "is a folder; name a file in it"
    elif is_there and not is_file:
        why = "is no file that can be replaced; name another"
    elif is_there and not force:
        why = "is there already; --force replaces it, --config names another"
    elif not has_place:
        why = f"cannot be written: there is no folder {file.parent}"
    else:
        return
    raise ConfigurationError([Problem(str(file), why)])


def _loaded(draft: Path) -> Settings:
    """Raises ConfigurationError with each fault once, by its key alone: nobody has seen the file yet."""
    try:
        return load_settings(draft)
    except ConfigurationError as error:
        told = {each.reason: Problem(_LINE.sub("", each.where), each.reason) for each in reversed(error.problems)}
        raise ConfigurationError([*reversed(told.values())]) from None


@contextmanager
def _drafted(answers: Answers, beside: Path) -> Iterator[Path]:
    """The file, not yet in its place, and nobody else's to read."""
    with _told(beside):
        number, name = tempfile.mkstemp(prefix=f".{beside.name}.", dir=beside.parent)
    draft = Path(name)
    try:
        with _told(beside), os.fdopen(number, "w", encoding="utf-8") as file:
            file.write(text_of(answers))
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What the system does not let us do, in a sentence."""
    try:
        yield
    except UnicodeEncodeError:
        why = "not UTF-8 text"
    except OSError as error:
        why = (error.strerror or str(error)).lower()
    else:
        return
    raise ConfigurationError([Problem(str(file), f"cannot be written: {why}")])
