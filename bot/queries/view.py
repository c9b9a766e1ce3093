"""What questions are asked of: one history, the configured names and rules, as of the close of one session."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from bot.market.history import History
from bot.queries.casebook import Casebook, mark_of
from rules.bars import Floats
from rules.book import Record, standing
from rules.columns import Node
from rules.engine import Outcome, evaluate, opened
from rules.evaluation import evaluate as evaluate_columns
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Edge, Instant
from rules.panel import Panel, due_rows

KEPT = 200
"""Columns kept for the next who asks, of some 9,000 rows each; beyond that all are let go."""


class NoAnswer(Exception):
    """A question that the data cannot answer; the text says why."""


class View:
    """One history as of the close of session `as_of` (by default the last)."""

    def __init__(
        self,
        history: History,
        scope: Scope,
        rules: Sequence[CompiledRule],
        as_of: dt.date | None = None,
        live: Outcome | None = None,
        grace: int | None = None,
        awaited: frozenset[str] = frozenset(),
        follow: Sequence[str] = (),
        casebook: Casebook | None = None,
    ) -> None:
        """`live` is what the running service remembers and has recorded; without it history is replayed.

        `grace` is how long after a close its bars may still come; without it no further bars are waited for. Those of
        the instruments in `awaited` may come however late it is. After alerts the prices of `follow` are looked at,
        beside their own; what followed them is kept in a `casebook`, which may serve many views.
        """
        self.history, self.scope, self.rules, self.as_of = history, scope, tuple(rules), as_of
        self._live, self._grace, self._awaited, self.follow = live, grace, awaited, tuple(follow)
        self.casebook = casebook or Casebook()
        self._marks: dict[str, str] = {}
        self._panels: dict[tuple[str, bool], Panel] = {}
        self._columns: dict[tuple[str, bool], dict[Node, Floats]] = {}

    @property
    def simulated(self) -> bool:
        """Whether answers are about a made-up market."""
        return self.history.simulated

    def of(self, rules: Sequence[CompiledRule]) -> View:
        """The same market with fewer rules, and columns of its own: so many rules are looked at a few at a time."""
        names = {rule.rule.id for rule in rules}
        live = self._live
        if live is not None:
            live = replace(live, events=tuple(event for event in live.events if event.rule in names))
        part = View(self.history, self.scope, rules, self.as_of, live, self._grace, self._awaited, self.follow)
        part._panels = self._panels
        return part

    def panel(self, calendar: str, *, approximate: bool = False) -> Panel:
        """The panel that answers are read from."""
        key = (calendar, approximate)
        if key not in self._panels:
            self._panels[key] = self.history.panel(calendar, self.as_of, approximate=approximate)
        return self._panels[key]

    def mark(self, calendar: str) -> str:
        """What stands for the prices of a panel: another price, another mark."""
        if calendar not in self._marks:
            self._marks[calendar] = mark_of(self.panel(calendar))
        return self._marks[calendar]

    def columns(self, nodes: Iterable[Node], calendar: str, *, approximate: bool = False) -> dict[Node, Floats]:
        """Columns on a panel, over all its rows; computed once for all who ask."""
        known = self._columns.setdefault((calendar, approximate), {})
        asked = list(nodes)
        missing = [node for node in asked if node not in known]
        if missing and len(known) > KEPT:
            known = self._columns[calendar, approximate] = {}
            missing = asked
        if missing:
            known |= evaluate_columns(missing, self.panel(calendar, approximate=approximate)).columns
        return known

    def due(self, calendar: str, names: tuple[str, ...]) -> int:
        """The first row of a panel for which a bar of `names` may still come, or the panel's length."""
        panel = self.panel(calendar)
        if self._grace is None or self.as_of is not None:
            return len(panel)
        return due_rows(panel, names, 0, self.history.until, self._grace, self._awaited)

    def next_open(self, calendar: str, at: Instant) -> Instant | None:
        """When trading starts next after a close at `at`, and after all that is known; None where it never stops."""
        known = at if self.as_of is not None else max(at, self.history.until)
        return self.history.sessions.next_open(calendar, known)

    @property
    def live_only(self) -> tuple[CompiledRule, ...]:
        """The rules that bars cannot replay, because they are judged on ticks."""
        return tuple(rule for rule in self.rules if rule.rule.basis is Basis.TICK)

    @cached_property
    def outcome(self) -> Outcome:
        """The rules on closes judged from the beginning, every row due: the book as it stands, and every event."""
        rules = [rule for rule in self.rules if rule.rule.basis is Basis.CLOSE]
        panels = {rule.calendar: self.panel(rule.calendar) for rule in rules}
        last = max((int(panel.clock.closes[-1]) for panel in panels.values() if len(panel)), default=0)
        known = {calendar: self._columns.get((calendar, False), {}) for calendar in panels}
        return evaluate(rules, panels, opened(rules), last, grace=0, columns=known)

    def events(self, rule: str | None = None) -> tuple[AlertEvent, ...]:
        """What happened to alerts, oldest first; whether a resolution is told is the rule's `notify_resolved`.

        What was recorded stands for what a replay says of the same bar.
        """
        recorded = self._live.events if self._live is not None else ()
        known = {(event.rule, event.edge, event.at) for event in recorded}
        replayed = [event for event in self.outcome.events if (event.rule, event.edge, event.at) not in known]
        happened = sorted((*replayed, *recorded), key=lambda event: event.at)
        return tuple(event for event in happened if rule in (None, event.rule))

    def told(self, rule: str | None = None) -> tuple[AlertEvent, ...]:
        """The events without the resolutions that are no news, of rules that only re-arm, nor their corrections."""
        tells = {each.rule.id for each in self.rules if each.rule.notify_resolved}
        return tuple(
            each for each in self.events(rule) if Edge.RESOLVED not in (each.edge, each.undone) or each.rule in tells
        )

    def has_fired(self, rule: str) -> bool:
        """Whether a rule ever has, and that was not corrected."""
        return any(event.edge is Edge.FIRED for event in standing(self.events(rule)))

    def record(self, rule: str) -> Record | None:
        """Where a rule's alert stands, and whether the rule has data; None where it was not judged."""
        book = self._live.book if self._live is not None else self.outcome.book
        return book.records.get(rule)


def number(value: float) -> float | None:
    """A value for an answer: None where it is undefined."""
    return None if np.isnan(value) else float(value)


def last_known(column: Floats) -> int | None:
    """The last row with a number."""
    known = np.flatnonzero(~np.isnan(column))
    return int(known[-1]) if len(known) else None


def origins_of(panel: Panel, names: Sequence[str], row: int) -> tuple[str, ...]:
    """Who printed the closes of `names` on a row, once each."""
    found = (panel.origin(name, row) for name in names)
    return tuple(dict.fromkeys(origin for origin in found if origin))
