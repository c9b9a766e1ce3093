"""Which of the rules that people made are judged in a tick. Most of a thousand are at rest: nothing that has come in
can change them, and they are left out. Pure but for the log.

As long as what has closed is what it was, a row that was judged says nothing new: rules on closes wait for the next one
and those on trades are screened (`rules.levels`). When anything else has come in, all are judged. What is left out is
not written down either; how far it has come is kept here, for whoever judges all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.own_judging import Evaluate, Own, OwnOutcome, judged
from rules.book import Book, Record
from rules.language.compile import CompiledRule
from rules.levels import Asked, Due, Names, Screen, caught_up
from rules.model import Basis, Instant
from rules.panel import Panel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is judged on: by calendar what has `closed`, one object as long as it is the same, and with it the session
    in progress; how a panel says which rows may be judged, and whether something's past is another one now.
    """

    closed: Mapping[str, Panel]
    in_progress: Mapping[str, Panel]
    due: Callable[[Panel], Due]
    is_refilled: bool = False


Screens = Mapping[str, Screen | None]
"""The tracks whose closed rows are all judged: of trades with a screen."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Rules that were judged on what has `closed`. `through` are, by track, the newest trades that they have seen."""

    own: Own
    closed: Mapping[str, Panel]
    through: Mapping[str, Mapping[Names, Instant]] = field(default_factory=dict)


class Resting:
    """From one tick to the next. What was found counts when it is committed, and nothing once the book is read anew."""

    def __init__(self) -> None:
        self._held: _Judged | None = None
        self._screens: Screens = {}
        self._left = _Judged(Own(), {})
        self._is_screened = True
        self.forget()

    def forget(self) -> None:
        """The next tick judges all, from where those that rested had come to."""
        self._left = replace(self._come_to(), closed={})  # panels are large
        self._held, self._screens = None, {}
        self._next: tuple[_Judged, Screens] | None = None
        self._lessons: list[tuple[Screen, Asked, Mapping[str, Record]]] = []

    def _come_to(self) -> _Judged:
        """Who was judged last, and up to where."""
        if self._held is None:
            return self._left
        live = {track: screen.through for track, screen in self._screens.items() if screen is not None}
        return replace(self._held, through={**self._held.through, **live})

    def judged(self, own: Own, book: Book, ground: Ground, evaluate: Evaluate) -> OwnOutcome:
        """Judge those that what has come in can change."""
        self._next, self._lessons = None, []
        held = self._held
        if held is None or held.closed is not ground.closed or ground.is_refilled:
            return self._all(own, book, ground, evaluate)
        try:
            screens = self._screens = {**_screens(held, book, self._screens), **self._screens}
            asked = {track: _asked(screen, track, book, ground) for track, screen in screens.items()}
        except Exception:  # whatever it is: who judges all finds whose it is
            if self._is_screened:
                log.exception("alerts of chats could not be screened")
            self._is_screened = False
            return self._all(own, book, ground, evaluate)
        self._is_screened = True
        return self._some(own, book, held, screens, asked, evaluate)

    def is_committed(self) -> None:
        """What was found last is stored."""
        if self._next is not None:
            for screen, asked, records in self._lessons:
                screen.learn(asked, records)
            self._held, self._screens = self._next
        self._next, self._lessons = None, []

    def _all(self, own: Own, book: Book, ground: Ground, evaluate: Evaluate) -> OwnOutcome:
        """Whatever was left out first comes to where it would be."""
        found = judged(own.rules, _caught_up(book, self._come_to(), own.rules), evaluate)
        if found.is_judged:
            self._next = _Judged(own, ground.closed), {}
        return found

    def _some(
        self, own: Own, book: Book, held: _Judged, screens: Screens, asked: Mapping[str, Asked], evaluate: Evaluate
    ) -> OwnOutcome:
        """Those who are asked, those who are new, and the tracks on which a row is still waited for."""
        rules, changed = list[CompiledRule](), own is not held.own
        before = {name: rule for name, rule in held.own.by_id.items() if name in book.records} if changed else {}
        for track, group in own.tracks.items():
            new = [rule for rule in group if before.get(rule.rule.id) is not rule] if changed else []
            some = [*asked[track].rules, *new] if track in asked else group
            rules += [rule for rule in some if own.by_id.get(rule.rule.id) is rule]
        rules.sort(key=lambda rule: own.place[rule.rule.id])  # events of one instant are told in the order of all
        found = judged(rules, _caught_up(book, self._come_to(), rules), evaluate)
        if not found.is_judged:
            return found
        after = found.outcome.book
        live = {track: screen for track, screen in screens.items() if screen is not None}
        if changed:
            seen = {track: {**screen.through, **asked[track].through} for track, screen in live.items()}
            self._next = _Judged(own, held.closed, {**held.through, **seen}), {}
        else:
            self._lessons = [(screen, asked[track], after.records) for track, screen in live.items()]
            self._next = held, screens
        return replace(found, outcome=replace(found.outcome, book=_without_pasts(after, screens)))


def _screens(held: _Judged, book: Book, known: Collection[str]) -> Screens:
    """Of the tracks on which no row that has closed is still to be judged any more, without those that are known."""
    found: dict[str, Screen | None] = {}
    for track, rules in held.own.tracks.items():
        if track in known:
            continue
        closes = held.closed[rules[0].calendar].clock.closes
        if len(closes) and all(_has_seen(rule, int(closes[-1]), book) for rule in rules):
            is_live = rules[0].rule.basis is Basis.TICK
            found[track] = Screen(rules, book.records, held.through.get(track, {})) if is_live else None
    return found


def _has_seen(rule: CompiledRule, close: Instant, book: Book) -> bool:
    """Whether a close says nothing to it any more; one on trades that was made since then waits for its first trade."""
    record, since = book.records.get(rule.rule.id), rule.rule.since
    if record is not None and record.digest == rule.digest:
        return record.through >= close
    return rule.rule.basis is Basis.TICK and since is not None and since >= close


def _caught_up(book: Book, before: _Judged, rules: Iterable[CompiledRule]) -> Book:
    """What a book remembers of some rules, as if they had been judged on each trade that they were left out of."""
    known, tracks = known_of(book, rules), dict[str, list[CompiledRule]]()
    for name in known.records:
        if (rule := before.own.by_id.get(name)) is not None and rule.track in before.through:
            tracks.setdefault(rule.track, []).append(rule)
    further = {
        name: each for track in tracks for name, each in caught_up(tracks[track], known.records, before.through[track])
    }
    return replace(known, records={**known.records, **further})


def _asked(screen: Screen | None, track: str, book: Book, ground: Ground) -> Asked:
    panel = ground.in_progress.get(track)
    if screen is None or panel is None or not panel.provisional:
        return Asked()
    return screen.asked(panel, book.checkpoints.get(track, {}), ground.due(panel))


def _without_pasts(book: Book, tracks: Collection[str]) -> Book:
    """Of these tracks only some rules were judged: what the book has of all of them holds on."""
    return replace(
        book,
        checkpoints={track: each for track, each in book.checkpoints.items() if track not in tracks},
        pasts={track: each for track, each in book.pasts.items() if track not in tracks},
    )


def known_of(book: Book, rules: Iterable[CompiledRule]) -> Book:
    """What a book remembers, of rules only of some.

    What it knows of others is left as it is by who keeps it: they are neither judged nor closed.
    """
    ids = [rule.rule.id for rule in rules]
    return replace(book, records={name: book.records[name] for name in ids if name in book.records})
