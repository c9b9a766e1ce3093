"""What followed live alerts, written down close by close: for each that fired and was not corrected, once it is known.

Whenever closed sessions are others than before, the events are gone through that may lack some, so many a round; at a
start all are, so what was missed while nobody watched is caught up on. Nothing of it keeps an alert: it comes after
them, and what fails is tried again at the next close.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from bot.records import Beside
from bot.store.database import Database
from bot.store.outcomes import Completed, Fired, drop_outcomes, fired_after, save_outcomes
from rules.book import AGAIN
from rules.evidence import subjects
from rules.language.compile import CompiledRule
from rules.model import Instant
from rules.outcomes import HORIZONS, Followed, followed
from rules.panel import Panel, due_rows

log = logging.getLogger(__name__)

MOST = 500
"""Events that are looked at in a round."""

RuleOf = Callable[[str], CompiledRule | None]
"""The rule of an id; None where it is gone."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Closed sessions by calendar (one object as long as they are the same), and which rows may still change: bars of
    `awaited` may come however late, those of others for `grace` seconds.
    """

    panels: Mapping[str, Panel]
    awaited: Collection[str]
    grace: int
    now: Instant


@dataclass
class _Changes:
    """What is to be written, what is `gone`, and the events of which more may become known: since when."""

    written: list[Completed] = field(default_factory=list)
    gone: list[Completed] = field(default_factory=list)
    open_since: list[Instant] = field(default_factory=list)


class Following:
    """From one round to the next; what it remembers only spares it work."""

    def __init__(
        self, database: Database, executor: Executor, rule_of: RuleOf, beside: Beside, most: int = MOST
    ) -> None:
        self._database, self._executor, self._rule_of = database, executor, rule_of
        self._beside, self._most = beside, most
        self._done: Mapping[str, Panel] | None = None
        self._under_way: Mapping[str, Panel] | None = None
        self._after, self._since = 0, 0
        self._open: list[Instant] = []

    async def complete(self, closed: Closed) -> int:
        """Look at the next events, if there may be news of them. Returns how many outcomes were written; never raises
        what went wrong.
        """
        if closed.panels is self._done or not closed.panels:
            return 0
        if self._under_way is None:
            self._under_way, self._after, self._open = closed.panels, 0, []
        try:
            return await self._some(closed)
        except Exception:  # alerts go on
            log.exception("what followed alerts was not written down")
            self._done, self._under_way = closed.panels, None
            return 0

    async def _some(self, closed: Closed) -> int:
        async with self._database.read() as connection:
            some = await fired_after(connection, self._after, self._since, self._most)
        rules = {each.rule: self._rule_of(each.rule) for each in some}
        work = asyncio.get_running_loop().run_in_executor
        changes = await work(self._executor, _changes, some, rules, closed, self._beside)
        if changes.written or changes.gone:
            async with self._database.write() as connection:
                await save_outcomes(connection, changes.written, closed.now)
                await drop_outcomes(connection, changes.gone)
        self._open += changes.open_since
        if len(some) == self._most:
            self._after = some[-1].id
        else:
            self._since = min([*self._open, *map(_recent, closed.panels.values())])
            self._done, self._under_way = self._under_way, None
        return len(changes.written)


def _recent(panel: Panel) -> Instant:
    """The close since which an event may come to be, or to be known more of."""
    row = len(panel) - 1 - AGAIN - HORIZONS[-1]
    return int(panel.clock.closes[row]) if row >= 0 else 0


def _changes(
    some: Sequence[Fired], rules: Mapping[str, CompiledRule | None], closed: Closed, beside: Beside
) -> _Changes:
    """What is known of events, against what was known before."""
    found, moves = _Changes(), _Moves(closed, min((event.at for event in some), default=0))
    for event in some:
        rule = rules[event.rule]
        if event.is_undone:
            found.gone += event.known
        elif rule is not None and rule.calendar in closed.panels:
            names = subjects(rule, beside.instruments, beside.follow)
            _compare(event, rule.calendar, names, moves, found)
        elif rule is not None:
            found.open_since.append(event.at)
    return found


def _compare(event: Fired, calendar: str, names: Sequence[str], moves: _Moves, found: _Changes) -> None:
    """One event. What ended more than `AGAIN` rows ago stays as it was written. Of one before all rows, which a rule
    can have that is about other instruments now, nothing is known.
    """
    closes = moves.closed.panels[calendar].clock.closes
    if len(closes) and event.at < closes[0]:
        return
    row = int(np.searchsorted(closes, event.at))
    before = {(each.instrument, each.horizon): each for each in event.known}
    dues = {name: moves.due(calendar, name) for name in names}
    if row + HORIZONS[-1] >= min([len(closes) - AGAIN, *dues.values()]):
        found.open_since.append(event.at)
    for name, due in dues.items():
        for each in moves.of(calendar, name):
            end, was = row + each.horizon, before.get((name, each.horizon))
            if end >= due or (was is not None and end < len(closes) - AGAIN):
                continue
            now = _completed(event.key, each, row - moves.first(calendar), int(closes[end]))
            if now is None:
                found.gone += [was] if was is not None else []
            elif now != was:
                found.written.append(now)


def _completed(key: str, moves: Followed, row: int, at: Instant) -> Completed | None:
    """What followed a row; None where that is not known."""
    end, worst, best = (float(of[row]) for of in (moves.end, moves.worst, moves.best))
    return None if np.isnan(end) else Completed(key, moves.instrument, moves.horizon, end, worst, best, at)


class _Moves:
    """What followed each row of the closed sessions from `since` on, worked out once for all events of a round."""

    def __init__(self, closed: Closed, since: Instant) -> None:
        self.closed, self._since = closed, since
        self._moves: dict[tuple[str, str], tuple[Followed, ...]] = {}
        self._due: dict[tuple[str, str], int] = {}

    def of(self, calendar: str, name: str) -> tuple[Followed, ...]:
        """By horizon; their first row is `first` of the panel's."""
        key = calendar, name
        if key not in self._moves:
            self._moves[key] = followed(self.closed.panels[calendar][self.first(calendar) :], name)
        return self._moves[key]

    def first(self, calendar: str) -> int:
        """The row of a panel that the oldest event is of."""
        return int(np.searchsorted(self.closed.panels[calendar].clock.closes, self._since))

    def due(self, calendar: str, name: str) -> int:
        """The first row of which a bar may still come."""
        key, closed = (calendar, name), self.closed
        if key not in self._due:
            panel = closed.panels[calendar]
            self._due[key] = due_rows(panel, (name,), 0, closed.now, closed.grace, closed.awaited)
        return self._due[key]
