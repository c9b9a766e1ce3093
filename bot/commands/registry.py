"""How a command is found, understood and refused: the same for every channel.

A command is a function decorated in a file of this package. It reads what lies on its desk and returns a Reply: it
sends nothing and writes nothing. A refusal is one sentence, the usage and an example.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape

from bot import commands
from bot.answers import Chat, Picture, Status
from bot.answers.buttons import NO_BUTTONS, Keyboard
from bot.answers.changes import Change
from bot.answers.kept import NOTHING, Kept
from bot.answers.outbox import Outbox
from bot.answers.reload import Reading
from bot.queries.view import NoAnswer, View
from rules.bars import Tick
from rules.language.compile import CompiledRule
from rules.language.errors import LanguageError, listing, nearest
from rules.model import Instant, Instrument

LONGEST_LINE = 1_000
NOT_AN_ADMIN = "That is for administrators: those whose id stands in telegram.admins."
NOT_THEIR_GROUP = "In a group this is for its administrators; in a chat with me alone it is for you."
TERMINAL = "terminal"
"""The kind of a chat that is no chat."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works on: the market, who asks, how the service is, and when.

    `status` is None where no service runs: nothing is watched there. `trades` are latest trades of what the command
    asked for, as far as the market is trading; `outbox` and `reading`, what the configuration says now, are there for a
    command that wants them, where a service runs. `kept` is what is stored of the chat.
    """

    view: View
    chat: Chat
    status: Status | None
    now: Instant
    trades: Mapping[str, Tick] = field(default_factory=dict)
    outbox: Outbox | None = None
    reading: Reading | None = None
    kept: Kept = NOTHING

    @property
    def keeps_chats(self) -> bool:
        """Whether a change can be carried out; a terminal that no service runs behind has nothing to change."""
        return self.status is not None or self.chat.kind != TERMINAL


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
"""Whose latest trades a command wants to be told, given its words."""


@dataclass(frozen=True, slots=True)
class Command:
    """A word after the slash: what it does, how it is written, an example; whose latest trades it is told, whether of
    the outbox, whether it may change something, is for administrators only, and has the configuration read. One that
    `configures` says how a chat is told: in a group only its administrators may.
    """

    name: str
    usage: str
    summary: str
    example: str
    run: Run
    trades: Trades | None = None
    outbox: bool = False
    changes: bool = False
    admins: bool = False
    reads: bool = False
    configures: bool = False


_REGISTRY: dict[str, Command] = {}


def command(
    usage: str,
    summary: str,
    example: str,
    trades: Trades | None = None,
    *,
    outbox: bool = False,
    changes: bool = False,
    admins: bool = False,
    reads: bool = False,
    configures: bool = False,
) -> Callable[[Run], Run]:
    """Enter a function as the command of the first word of `usage`."""

    def enter(run: Run) -> Run:
        name = usage.split()[0].lstrip("/")
        _REGISTRY[name] = Command(
            name, usage, summary, example, run, trades, outbox, changes, admins, reads, configures
        )
        return run

    return enter


@cache
def all_commands() -> Mapping[str, Command]:
    """Every command by name, in alphabetical order."""
    for module in pkgutil.iter_modules(commands.__path__):
        importlib.import_module(f"{commands.__name__}.{module.name}")
    return dict(sorted(_REGISTRY.items()))


def trades_for(line: str) -> tuple[str, ...]:
    """The instruments whose latest trades the command of a line wants to be told."""
    words = line[:LONGEST_LINE].split()
    known = _command_of(words)
    return known.trades(words[1:]) if known and known.trades else ()


def wants_outbox(line: str) -> bool:
    """Whether the command of a line is to be told of the outbox."""
    known = _command_of(line[:LONGEST_LINE].split())
    return known is not None and known.outbox


def wants_reading(line: str) -> bool:
    """Whether the command of a line is to be told what the configuration says now."""
    known = _command_of(line[:LONGEST_LINE].split())
    return known is not None and known.reads


def may_configure(line: str) -> bool:
    """Whether the command of a line may say how a chat is told: in a group it has to be asked who may."""
    known = _command_of(line[:LONGEST_LINE].split())
    return known is not None and known.configures


def may_change(line: str) -> bool:
    """Whether the command of a line may change something: it is carried out however much is asked at once."""
    known = _command_of(line[:LONGEST_LINE].split())
    return known is not None and known.changes


def _command_of(words: Sequence[str]) -> Command | None:
    return all_commands().get(_name_of(words)) if words else None


def _name_of(words: Sequence[str]) -> str:
    return words[0].lstrip("/").partition("@")[0].lower()


def answer(desk: Desk, line: str) -> Reply:
    """The reply to a line such as `/corr RUT SOL 60`; never raises for what a user typed."""
    words = line[:LONGEST_LINE].split()
    if not words:
        return Reply("Write a command; /help lists them.")
    name = _name_of(words)
    known = all_commands().get(name)
    if known is None:
        hint = nearest(name, all_commands()) or f"; there are {listing(f'/{each}' for each in all_commands())}"
        return Reply(escape(f"There is no command {words[0]}{hint}"))
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


def instrument(view: View, word: str) -> Instrument:
    """The instrument a word names, in any case. Raises Refusal with the nearest names."""
    known = view.scope.instruments.get(word.upper())
    if known is None:
        names = view.scope.instruments
        raise Refusal(f"unknown instrument {word}{nearest(word, names)} (known: {listing(names)})")
    return known


def rule_named(view: View, word: str) -> CompiledRule:
    """The rule of an id, in any case. Raises Refusal with the nearest ids."""
    known = {rule.rule.id: rule for rule in view.rules}
    found = known.get(word.lower())
    if found is None:
        raise Refusal(f"unknown rule {word}{nearest(word, known)} (known: {listing(known)})")
    return found


def pair(view: View, first: str, second: str) -> tuple[Instrument, Instrument]:
    """Two different instruments. Raises Refusal."""
    a, b = instrument(view, first), instrument(view, second)
    if a == b:
        raise Refusal(f"a correlation takes two different instruments, not {a.id} twice")
    return a, b


def whole_number(word: str, what: str, low: int, high: int) -> int:
    """A count within bounds. Raises Refusal."""
    if not re.fullmatch("[0-9]{1,12}", word) or not low <= int(word) <= high:
        raise Refusal(f"{what} must be a whole number from {low} to {high}, not {word}")
    return int(word)
