"""How a command is found, understood and refused: the same for every channel.

A command is a function decorated in a file of this package. It reads what lies on its desk and returns a Reply: it
sends nothing and writes nothing. A refusal is one sentence, the usage and an example.
"""

from __future__ import annotations

import enum
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape

from bot import commands
from bot.answers import Chat, Picture, Status
from bot.answers.buttons import NO_BUTTONS, Button, Keyboard
from bot.answers.changes import Change
from bot.answers.kept import NOTHING, Kept
from bot.answers.outbox import Outbox
from bot.answers.people import Roster
from bot.answers.reload import Reading
from bot.answers.why import Telling
from bot.queries.view import NoAnswer, View
from rules.bars import Tick
from rules.language.errors import LanguageError, nearest, short
from rules.model import Instant

LONGEST_LINE = 1_000
NOT_AN_ADMIN = "That is for administrators: those whose id stands in telegram.admins."
NOT_THEIR_GROUP = "In a group only its administrators may do that; in a private chat with me you may."
NOT_LET_IN = "This bot answers only to people its operator has let in; /ask asks for that."
TERMINAL = "terminal"
"""The kind of a chat that is no chat."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works on: the market, who asks, how the service is, and when.

    `status` is None where no service runs: nothing is watched there. `trades` are latest trades of what the command
    asked for, as far as the market is trading. `kept` is what is stored of the chat. `outbox`, `reading` (what the
    configuration says now), `roster` (who may use the bot) and `told` (what became of messages here, by event) are
    there for a command that wants them, where a service runs. A terminal may have a notepad for what is chosen in it.
    """

    view: View
    chat: Chat
    status: Status | None
    now: Instant
    trades: Mapping[str, Tick] = field(default_factory=dict)
    outbox: Outbox | None = None
    reading: Reading | None = None
    kept: Kept = NOTHING
    roster: Roster | None = None
    told: Mapping[str, Telling] = field(default_factory=dict)
    is_notepad: bool = False

    @property
    def keeps_chats(self) -> bool:
        """Whether a change can be carried out; a terminal that no service runs behind has nothing to change."""
        return self.status is not None or self.chat.kind != TERMINAL

    @property
    def keeps_choices(self) -> bool:
        """Whether what is chosen is kept, be it as long as a conversation in a terminal."""
        return self.is_notepad or self.keeps_chats


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command answers, in Telegram HTML, what it wants stored, and what is to be drawn beside the text.

    The text is complete without the picture. The caller stores the `changes` before the reply is sent: it says that
    they were made. The configuration that it `adopts` is taken when the reply has gone. `notice` is flashed where the
    line was that of a tapped button, in plain text of at most 200 characters.
    """

    html: str
    changes: tuple[Change, ...] = ()
    picture: Picture | None = None
    adopts: Reading | None = None
    buttons: Keyboard = NO_BUTTONS
    notice: str = ""


class Refusal(Exception):
    """A command's words that mean nothing; one sentence."""


Run = Callable[[Desk, Sequence[str]], Reply]
Trades = Callable[[Sequence[str]], tuple[str, ...]]
"""Whose latest trades a command wants to be told, given its words; of all where none of them is an instrument."""
EVERY = "*"
"""What is no instrument."""


class Group(enum.StrEnum):
    """Commands that belong together, in the order they are told."""

    MARKET = "Market"
    ALERTS = "Alerts"
    QUIET = "Quiet"
    CHAT = "Chat"
    ADMIN = "Admin"


class Wants(enum.Flag):
    """What a command wants on its desk beside what always lies there: it costs something to fetch."""

    NOTHING = 0
    OUTBOX = enum.auto()
    ROSTER = enum.auto()
    READING = enum.auto()
    TELLINGS = enum.auto()


@dataclass(frozen=True, slots=True)
class Command:
    """A word after the slash: what it does, how it is written, an example; whose latest trades it is told, what else it
    `wants`.

    One that `changes` something is carried out however much is asked at once. One that `configures` says how a chat is
    told: in a group only its administrators may. `admins` alone may use one, `strangers` too may use another, and
    nothing else.
    """

    name: str
    group: Group
    usage: str
    summary: str
    example: str
    run: Run
    trades: Trades | None = None
    wants: Wants = Wants.NOTHING
    changes: bool = False
    configures: bool = False
    admins: bool = False
    strangers: bool = False


_REGISTRY: dict[str, Command] = {}


def command(
    group: Group,
    usage: str,
    summary: str,
    example: str,
    trades: Trades | None = None,
    *,
    wants: Wants = Wants.NOTHING,
    changes: bool = False,
    configures: bool = False,
    admins: bool = False,
    strangers: bool = False,
) -> Callable[[Run], Run]:
    """Enter a function as the command of the first word of `usage`."""

    def enter(run: Run) -> Run:
        name = usage.split()[0].lstrip("/")
        rights = (changes, configures, admins, strangers)
        _REGISTRY[name] = Command(name, group, usage, summary, example, run, trades, wants, *rights)
        return run

    return enter


@cache
def all_commands() -> Mapping[str, Command]:
    """Every command by name, in alphabetical order."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
    return dict(sorted(_REGISTRY.items()))


def offered(*, admin: bool) -> tuple[Command, ...]:
    """What those who are let in are told of: what they may use, and have a use for."""
    return tuple(each for each in all_commands().values() if (admin or not each.admins) and not each.strangers)


def command_of(line: str) -> Command | None:
    """The command that a line is of; None where it is of none."""
    words = line[:LONGEST_LINE].split(maxsplit=1)
    return all_commands().get(_name_of(words)) if words else None


def trades_for(line: str) -> tuple[str, ...]:
    """The instruments whose latest trades the command of a line wants to be told."""
    known = command_of(line)
    return known.trades(line[:LONGEST_LINE].split()[1:]) if known and known.trades else ()


def _name_of(words: Sequence[str]) -> str:
    return words[0].lstrip("/").partition("@")[0].lower()


def answer(desk: Desk, line: str) -> Reply:
    """The reply to a line such as `/corr RUT SOL 60`; never raises for what a user typed."""
    words = line[:LONGEST_LINE].split()
    if not words:
        return Reply("Write a command; /help lists them.")
    name = _name_of(words)
    known = all_commands().get(name)
    if desk.chat.stranger and not (known is not None and known.strangers):
        return Reply(NOT_LET_IN)
    if known is None:
        return _unknown(desk, words, name)
    if known.admins and not desk.chat.admin:
        return Reply(NOT_AN_ADMIN)
    if known.configures and not desk.chat.configures:
        return Reply(NOT_THEIR_GROUP)
    try:
        return known.run(desk, words[1:])
    except Refusal as refusal:
        return Reply(escape(f"{refusal}\nUsage: {known.usage}\nExample: {known.example}"))
    except LanguageError as error:
        return Reply(f"<code>{escape(error.pointed())}</code>\nExample: {escape(known.example)}")
    except NoAnswer as reason:
        return Reply(escape(str(reason)))


def _unknown(desk: Desk, words: Sequence[str], name: str) -> Reply:
    """The nearest command; of a line about an instrument without a command, what can be made of it."""
    if name.upper() not in desk.view.scope.instruments:
        hint = _nearest(name, desk.chat) or "; /help lists them"
        return Reply(escape(f"There is no command {short(words[0])}{hint}"))
    price, alert = f"/price {name.upper()}", f"/alert {name.upper()} {' '.join(words[1:]) or '-5%'}"
    keys = (Button(price, price), *([Button("As an alert", alert)] if len(words) > 1 else []))
    return Reply(escape(f"A line begins with a command: {price}, or {alert}"), buttons=(keys,))


def _nearest(name: str, chat: Chat) -> str:
    """The commands of much the same name, of those that whoever asks may use; else those that begin like it."""
    names = [each.name for each in offered(admin=chat.admin)]
    begin = [
        each for each in names if min(len(name), len(each)) >= 3 and (name.startswith(each) or each.startswith(name))
    ]
    return nearest(name, names) or (f"; did you mean {' or '.join(begin[:2])}?" if begin else "")
