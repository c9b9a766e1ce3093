"""The five questions of `init`: each is asked until its answer can be used."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli._first_config import Answers, tried
from bot.settings import ConfigurationError, Settings

if TYPE_CHECKING:
    from bot.telegram.trial import Writer

WAITING = 60
"""Seconds that somebody has to write to the bot."""

DIGITS = 6
"""Of what is to be written to it: nobody guesses that in the time there is."""

STATE = Path("/var/lib/bellwether")
"""Where systemd lets the service write (docs/bellwether.service)."""

ASK = "ask"

_UNFIT = re.compile(r"[?\x00-\x1f]|[:/]\Z")
"""What the path of a database cannot hold, or end with: store.url takes none that does."""

Ask = Callable[[str], str]
Say = Callable[[str], None]


def answered(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    """What is known already, and the rest as it is answered. Enter takes what stands in brackets."""
    say("Five questions; Enter takes what stands in [brackets]. Ctrl-C leaves without having written anything.\n")
    found = known
    steps = (_token, _allow, _store, _channel, _source)
    for step in steps:
        found = step(found, file, ask, say)
    return found


def _token(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    if tried(known, file).telegram.given:
        return known
    say("The token of your bot. Write /newbot to @BotFather in Telegram, and he gives you one (123456789:AA...).")
    return _until_good(lambda: replace(known, token=ask("Token [none: alerts go to the terminal]: ")), file, say)


def _allow(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    telegram = tried(known, file).telegram
    if not telegram.given or telegram.everyone or telegram.let_in:
        return known
    say("Your id in Telegram, a number: who may use the bot. Once it runs it tells theirs to those who write to it;")
    say(f"or answer {ASK!r}, then write to the bot what is shown here.")

    def once() -> Answers:
        text = ask("Id [nobody yet]: ")
        return replace(known, allow=(_overheard(tried(known, file), say),) if text == ASK else ids(text))

    return _until_good(once, file, say)


def ids(text: str) -> tuple[int, ...]:
    """Numbers between commas or spaces. Raises ValueError in a sentence."""
    try:
        return tuple(int(each) for each in text.replace(",", " ").split())
    except ValueError:
        raise ValueError("an id is a number such as 987654321; several stand between commas") from None


def _overheard(settings: Settings, say: Say) -> int:
    """The id of whoever writes to the bot what only this screen shows: anybody may write to it, and somebody may have
    done so before. Raises ValueError where nobody does.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    say(f"Write {code} to your bot now, to it alone; it waits {WAITING} seconds.")
    writer = asyncio.run(_writer(settings, code))
    if writer is None:
        raise ValueError("nobody has written that")
    say(f"  {writer.id}  {writer.name}")
    return writer.id


async def _writer(settings: Settings, code: str) -> Writer | None:
    from bot.telegram.trial import NoBot, Trial  # takes a while to load

    try:
        async with Trial(settings.telegram.token.get_secret_value(), settings.telegram.base_url) as bot:
            return await bot.who_writes(code, WAITING)
    except NoBot as why:
        raise ValueError(str(why)) from None


def _store(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    if known.store:
        return known
    default = place_of_store(file)
    say("Where to keep what it must not forget: a file, or the URL of a PostgreSQL database.")
    return _until_good(
        lambda: replace(known, store=store_url(ask(f"Database [{default}]: ") or str(default))), file, say
    )


def place_of_store(file: Path) -> Path:
    """Where a database may lie: beside its configuration, and where that is no place for what changes, in /var/lib."""
    folder = Path(os.path.realpath(file)).parent
    return (STATE if folder.is_relative_to("/etc") else folder) / "bellwether.db"


def store_url(text: str) -> str:
    """A URL as it is; a file by its whole path, wherever the bot is started. Raises ValueError in a sentence."""
    if "://" in text:
        return text
    try:
        path = str(Path(text).expanduser().absolute())
    except RuntimeError:
        raise ValueError(f"there is no home of this name: {Path(text).parts[0]}") from None
    if found := _UNFIT.search(path):
        where = "end with" if found[0] in ":/" else "hold"
        raise ValueError(f"the path of a database cannot {where} {found[0]!r}: {path!r}")
    return f"sqlite:///{path}"


def _channel(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    if known.channel:
        return known
    say("A further way to be told: the Apprise URL of an e-mail box, Slack, Discord, ntfy ... (docs/channels.md).")
    return _until_good(lambda: replace(known, channel=ask("URL [none]: ")), file, say)


def _source(known: Answers, file: Path, ask: Ask, say: Say) -> Answers:
    say("Live prices, or a simulated market to try it without a network.")
    default = known.source
    return _until_good(lambda: replace(known, source=ask(f"live or simulated [{default}]: ") or default), file, say)


def _until_good(once: Callable[[], Answers], file: Path, say: Say) -> Answers:
    """Ask until the answer can be used."""
    while True:
        try:
            found = once()
            tried(found, file)
        except ConfigurationError as error:
            say("\n".join(f"  {each}" for each in error.problems))
        except ValueError as error:
            say(f"  {error}")
        else:
            say("")
            return found
