"""What words of a line mean, whatever the command: an instrument, a pair, a count, a person. Each may raise Refusal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from bot.answers.buttons import Button
from bot.answers.people import Roster
from bot.commands.registry import Refusal, Reply
from bot.personal.draft import NotUnderstood
from bot.personal.names import instrument_at
from bot.personal.words import plain
from bot.queries.view import View
from rules.language.errors import listing, nearest, short
from rules.model import Instrument


def instrument(view: View, word: str) -> Instrument:
    """The instrument a word names, in any case: by its id, or by what it is called. Raises Refusal with the nearest."""
    known = instrument_called(view, word)
    if known is None:
        names = view.scope.instruments
        raise Refusal(f"unknown instrument {short(word)}{nearest(word, names)} (known: {listing(names)})")
    return known


def instrument_called(view: View, word: str) -> Instrument | None:
    """The same; None where there is none. `$BTC,` and `Bitcoin` are BTC."""
    found = instrument_at((plain(word).strip(",;:.").lower(),), 0, view.scope.instruments)
    return found[0] if found is not None else None


def pair(view: View, first: str, second: str) -> tuple[Instrument, Instrument]:
    """Two different instruments. Raises Refusal."""
    a, b = instrument(view, first), instrument(view, second)
    if a == b:
        raise Refusal(f"a correlation takes two different instruments, not {a.id} twice")
    return a, b


def whole_number(word: str, what: str, low: int, high: int) -> int:
    """A count within bounds. Raises Refusal."""
    if not re.fullmatch("[0-9]{1,12}", word) or not low <= int(word) <= high:
        raise Refusal(f"{what} must be a whole number from {low} to {high}, not {short(word)}")
    return int(word)


def person_named(roster: Roster, word: str) -> tuple[str, str]:
    """The id that a word is, and the name of whom it is of, where that is known. Raises Refusal."""
    if not re.fullmatch(r"-?[0-9]{1,20}", word) or not int(word):
        raise Refusal(f"an id is a number such as 123456789, or -100123456789 of a group, not {word}")
    user = str(int(word))
    return user, next((each.name for each in roster.known if each.user == user), "")


def names_in(words: Sequence[str]) -> tuple[str, ...]:
    """Whatever may be an instrument among words, in a condition too."""
    named = [word.upper() for word in re.findall("[A-Za-z][A-Za-z0-9]*", " ".join(words))]
    return tuple(dict.fromkeys(named))


def not_understood(error: NotUnderstood, command: str, usage: str, example: str) -> Reply:
    """Why a line of `command` is none, and one that would do, to be tapped."""
    why = f"<code>{escape(error.pointed)}</code>" if error.pointed else escape(str(error))
    joint = " Try" if (error.pointed or str(error)).endswith("?") else "; try"
    html = f"{why}{joint} {escape(error.example)}\nUsage: {escape(usage)}\nExample: {escape(example)}"
    return Reply(html, buttons=((Button(error.example, f"{command} {error.example}"),),))
