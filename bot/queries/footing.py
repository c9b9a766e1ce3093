"""What reading a line of somebody needs to know of the market: the price of an instrument now, and how much it usually
moves.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from bot.market.progress import STALE
from bot.queries.view import View
from rules.bars import HOUR, Floats, Interval, Tick
from rules.functions.registry import Scope
from rules.language.errors import LanguageError
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.model import ALWAYS, Instant, Kind

YEAR = 250
"""Rows that say what is usual."""

FRESH = 2 * HOUR
"""Seconds for which the close of an hour stands for the price now."""

LEAST = 20
"""Fewer say nothing."""

_UNKNOWN = {Kind.COIN: 0.04, Kind.VOLATILITY: 0.07}
"""A usual daily move of what has no history yet; of anything else 1.5 %."""


class Footing:
    """The market of a view at `now`, with the `trades` that are known of it."""

    def __init__(self, view: View, trades: Mapping[str, Tick], now: Instant) -> None:
        self._view, self._now = view, now
        self._trades = {name: tick for name, tick in trades.items() if abs(now - tick.at) <= STALE}

    @property
    def scope(self) -> Scope:
        """What a line may name."""
        return self._view.scope

    @cached_property
    def trades(self) -> Mapping[str, Tick]:
        """The latest trades of what is trading, where a source was asked for them; of what never stops at least the
        close of its newest hour.
        """
        never_stop = [each.id for each in self._view.scope.instruments.values() if each.calendar == ALWAYS]
        hours = {name: tick for name in never_stop if (tick := self._newest_hour(name)) is not None}
        return {**hours, **self._trades}

    def _newest_hour(self, instrument: str) -> Tick | None:
        bars = self._view.history.bars.get(instrument, {}).get(Interval.HOUR)
        if bars is None or not len(bars) or self._now - int(bars.end[-1]) > FRESH:
            return None
        close = float(bars.close[-1])
        return Tick(instrument, int(bars.end[-1]), close, close, close, close, bars.origins[int(bars.origin[-1])])

    def price(self, instrument: str) -> float | None:
        """The latest trade, or the newest close of any bar; None where there is none."""
        if instrument in self.trades:
            return self.trades[instrument].price
        bars = [each for each in self._view.history.bars.get(instrument, {}).values() if len(each)]
        newest = max(bars, key=lambda each: int(each.end[-1]), default=None)
        return None if newest is None else float(newest.close[-1])

    def begins(self, instrument: str) -> dt.date | None:
        """The day of its first bar of any length; None where there is none."""
        bars = [each for each in self._view.history.bars.get(instrument, {}).values() if len(each)]
        first = min((int(each.start[0]) for each in bars), default=None)
        return None if first is None else dt.datetime.fromtimestamp(first, dt.UTC).date()

    def usual_move(self, instrument: str) -> float:
        """One standard deviation of a day's return over sixty days, as a share."""
        of = self._view.scope.instruments[instrument]
        known = self._known(f"vol({instrument}, 60)")
        if known is None or not len(known) or not known[-1] > 0:
            return _UNKNOWN.get(of.kind, 0.015)
        return float(known[-1]) / math.sqrt(365 if of.calendar == ALWAYS else 252)

    def usual_change(self, expression: str) -> float | None:
        """One standard deviation of the change of an expression from row to row, over about a year."""
        known = self._known(expression)
        return None if known is None else usual_change(known)

    def _known(self, expression: str) -> Floats | None:
        """The known values of an expression on its clock, oldest first; None where it is no column."""
        try:
            calendar = calendar_of([(expression, parse(expression))], self._view.scope)
            node = read(expression, self._view.scope, calendar).node
        except LanguageError:
            return None
        if node is None:
            return None
        column = self._view.columns([node], calendar)[node]
        return column[~np.isnan(column)]


def usual_change(column: Floats) -> float | None:
    """One standard deviation of its change from one known value to the next, over the last year; None where too few are
    known, and where it does not change.
    """
    changes = np.diff(column[~np.isnan(column)])[-YEAR:]
    if len(changes) < LEAST:
        return None
    usual = float(np.std(changes))
    return usual if usual > 0 and math.isfinite(usual) else None
