"""Rules that people made for themselves, judged so that none of them can keep another from being judged. Pure but for
the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rules.book import Book
from rules.engine import Outcome
from rules.language.compile import CompiledRule
from rules.model import Basis

log = logging.getLogger(__name__)

Evaluate = Callable[[Sequence[CompiledRule], Book], Outcome]
"""The judgement of some rules that a book remembers."""


@dataclass(frozen=True, slots=True)
class OwnOutcome:
    """What judging them gave, the ids of those that cannot be judged, and are not to be tried again, and which `rules`
    it is about: where all others stand is not changed by it. Where none `is_judged`, nothing has happened.
    """

    outcome: Outcome
    broken: frozenset[str] = frozenset()
    rules: Sequence[CompiledRule] = ()
    is_judged: bool = True


class Own:
    """Rules that people made, and what is asked of all of them in every tick: found once, for there may be many.

    `live` is, by calendar, what those on trades look at; `live_tracks` has one of each of their tracks.
    """

    def __init__(self, rules: Iterable[CompiledRule] = ()) -> None:
        self.by_id: Mapping[str, CompiledRule] = {rule.rule.id: rule for rule in rules}
        self.rules = tuple(self.by_id.values())
        self.place: Mapping[str, int] = {name: place for place, name in enumerate(self.by_id)}
        tracks: dict[str, list[CompiledRule]] = {}
        live: dict[str, set[str]] = {}
        for rule in self.rules:
            tracks.setdefault(rule.track, []).append(rule)
            if rule.rule.basis is Basis.TICK:
                live.setdefault(rule.calendar, set()).update(rule.instruments, rule.companions)
        self.tracks: Mapping[str, Sequence[CompiledRule]] = tracks
        self.live: Mapping[str, Collection[str]] = live
        self.live_tracks = tuple(rules[0] for rules in tracks.values() if rules[0].rule.basis is Basis.TICK)
        self.calendars = frozenset(rules[0].calendar for rules in tracks.values())
        self.instruments = frozenset(name for rule in self.rules for name in rule.instruments)


def judged(rules: Sequence[CompiledRule], book: Book, evaluate: Evaluate) -> OwnOutcome:
    """Judge rules; where that fails, all but those that cannot be judged even by themselves.

    Where none is found that it fails on, nothing has happened: they are judged in the next round.
    """
    try:
        return OwnOutcome(evaluate(rules, book), rules=rules)
    except Exception:  # whatever it is, those of everybody are judged, and those of others
        log.exception("alerts of chats could not be judged together")
    broken = _broken(rules, book, evaluate)
    sound = [rule for rule in rules if rule.rule.id not in broken]
    try:
        return OwnOutcome(evaluate(sound, _without(book, broken)), broken, rules) if broken else _NOTHING
    except Exception:
        log.exception("no alert of a chat is judged in this round")
        return _NOTHING


_NOTHING = OwnOutcome(Outcome(Book(), ()), is_judged=False)


def _broken(rules: Sequence[CompiledRule], book: Book, evaluate: Evaluate) -> frozenset[str]:
    """By halves: of many few are."""
    try:
        evaluate(rules, book)
        return frozenset()
    except Exception as error:
        if len(rules) == 1:
            log.error("alert %s cannot be judged and is paused: %r", rules[0].rule.id, error)
            return frozenset({rules[0].rule.id})
    middle = len(rules) // 2
    return _broken(rules[:middle], book, evaluate) | _broken(rules[middle:], book, evaluate)


def _without(book: Book, names: Collection[str]) -> Book:
    return replace(book, records={name: each for name, each in book.records.items() if name not in names})
