"""What a row of prices says of itself and of the row before it: pure, over whole arrays, one function a check.

A check yields remarks on single rows. No price is compared with a usual move here: that is `jumps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bot.answers.quality import Fault, Ruling
from bot.market.quality.closes import FOR_EVER
from bot.market.sessions import Sessions
from bot.render.numbers import price
from rules.bars import Bars, Bools, Floats, Interval
from rules.model import ALWAYS, Instrument, Kind

ROUNDING = 1e-5
"""How far, relative, a price may lie outside its range: vendors round each of the four by itself."""

TELLING = 300
"""Cents that a day's range must span, so that two prices equal to the day before's are no coincidence."""

SPAN = ("open", "high", "low")


@dataclass(frozen=True, slots=True)
class Remark:
    """A fault of the row `row`; `detail` says it in numbers."""

    row: int
    fault: Fault
    ruling: Ruling
    detail: str


def structure(bars: Bars, instrument: Instrument, sessions: Sessions) -> list[Remark]:
    """Every check that needs no other bar than the one before: one remark on a row that is rejected, and on others all
    there is to trim."""
    fatal, absurd = list(calendar(bars, instrument, sessions)), list(prices(bars))
    fatal += [each for each in absurd if each.ruling is Ruling.REJECTED]
    lost = {each.row: each for each in reversed(fatal)}
    clean = trimmed(bars, absurd)
    trims = [*absurd, *spans(clean), *_stale_spans(clean, instrument)]
    return [*lost.values(), *(each for each in trims if each.ruling is Ruling.TRIMMED and each.row not in lost)]


def prices(bars: Bars) -> Iterator[Remark]:
    """A close must be a positive number. The other three may be unknown, but not absurd."""
    for row in np.flatnonzero(np.isnan(bars.close)).tolist():
        yield Remark(row, Fault.NO_PRICE, Ruling.REJECTED, "it has no close")
    for row in np.flatnonzero(_absurd(bars.close)).tolist():
        yield Remark(row, Fault.NOT_A_PRICE, Ruling.REJECTED, f"its close is {bars.close[row]:g}")
    for name in SPAN:
        column = getattr(bars, name)
        for row in np.flatnonzero(_absurd(column) & (bars.close > 0)).tolist():
            yield Remark(row, Fault.NOT_A_PRICE, Ruling.TRIMMED, f"its {name} is {column[row]:g}")


def calendar(bars: Bars, instrument: Instrument, sessions: Sessions) -> Iterator[Remark]:
    """A day ends with a session; what is shorter ends on its grid, within one."""
    if instrument.calendar == ALWAYS:
        for row in np.flatnonzero(bars.end % bars.interval.seconds != 0).tolist():
            yield Remark(row, Fault.OFF_GRID, Ruling.REJECTED, f"it does not end on a whole {_grid(bars.interval)}")
        return
    clock = sessions.clock(instrument.calendar, FOR_EVER)
    at = np.minimum(np.searchsorted(clock.closes, bars.end), len(clock) - 1)
    opens, closes = sessions.opens_of(instrument.calendar, clock.sessions[at]), clock.closes[at]
    outside = bars.end != closes if bars.interval is Interval.DAY else (bars.end <= opens) | (bars.end > closes)
    for row in np.flatnonzero(outside).tolist():
        yield Remark(row, Fault.OFF_CALENDAR, Ruling.REJECTED, f"{instrument.calendar} has no session that ends there")
    if bars.interval is not Interval.DAY:
        step = bars.interval.seconds
        off = ~outside & (bars.end != closes) & (bars.end % step != 0) & ((bars.end - opens) % step != 0)
        for row in np.flatnonzero(off).tolist():
            yield Remark(row, Fault.OFF_GRID, Ruling.REJECTED, f"it does not end on a whole {_grid(bars.interval)}")


def order(bars: Bars) -> Iterator[Remark]:
    """Rows run forward in time. Of two that tell of one end the later counts."""
    late = np.append(False, np.diff(bars.end) < 0)[: len(bars)]
    for row in np.flatnonzero(late).tolist():
        yield Remark(row, Fault.OUT_OF_ORDER, Ruling.KEPT, "it came after a later one")
    last = dict(zip(zip(bars.end.tolist(), bars.origin.tolist(), strict=True), range(len(bars)), strict=True))
    for row in sorted(set(range(len(bars))) - set(last.values())) if len(last) < len(bars) else ():
        said = bars.close[last[int(bars.end[row]), int(bars.origin[row])]]
        yield Remark(row, Fault.TWICE, Ruling.REJECTED, f"{price(bars.close[row])} is told again as {price(said)}")


def spans(bars: Bars) -> Iterator[Remark]:
    """Open and close lie between low and high."""
    high, low = bars.high * (1 + ROUNDING), bars.low * (1 - ROUNDING)
    for name in ("close", "open"):
        column = getattr(bars, name)
        for row in np.flatnonzero((column > high) | (column < low)).tolist():
            said = f"{name} {price(column[row])} is not from {price(bars.low[row])} to {price(bars.high[row])}"
            yield Remark(row, Fault.RANGE, Ruling.TRIMMED, said)
    for row in np.flatnonzero(low > high).tolist():
        said = f"high {price(bars.high[row])} is below low {price(bars.low[row])}"
        yield Remark(row, Fault.RANGE, Ruling.TRIMMED, said)


def strays(bars: Bars, least: float) -> Bools:
    """Which closes lie `least` (a log return) or more outside their own range, while the close before is as near to it:
    then it is the close that is wrong, and not the range. Not where there is no close before, nor where it is common:
    then the ranges are no ranges."""
    before = np.append(np.nan, bars.close[:-1])[: len(bars)]
    away = unless_common(_outside(bars, bars.close) > least, 0.1)
    stray: Bools = away & (_outside(bars, before) < least) & ~np.isnan(before)
    return stray


def unless_common(found: Bools, share: float) -> Bools:
    """What is found in no more than a share of the rows; what is common is how a source writes, and no fault."""
    return found if found.sum() <= share * len(found) else np.zeros(len(found), dtype=bool)


def copies(bars: Bars, kind: Kind) -> Bools:
    """Which rows say open, high, low and close of the row before. Without a range that means nothing; nor where the
    volume differs, save that an index has none of its own."""
    same: Bools = _repeats(bars, (*SPAN, "close")) & (bars.high > bars.low)
    if kind not in (Kind.INDEX, Kind.VOLATILITY):
        volume = bars.volume[:-1], bars.volume[1:]
        same &= np.append(False, ~(volume[0] != volume[1]) | np.isnan(volume[0]) | np.isnan(volume[1]))[: len(bars)]
    return same


def frozen(bars: Bars, kind: Kind) -> Bools:
    """Which rows stand still at the close of the row before. A coin's does where nothing was traded; a day's where the
    row before did move, for some sources tell of nothing but closes."""
    flat = (bars.open == bars.close) & (bars.high == bars.close) & (bars.low == bars.close)
    still: Bools = flat & _repeats(bars, ("close",))
    if kind is Kind.COIN:
        still &= bars.volume == 0
        return still
    if bars.interval is not Interval.DAY:
        return np.zeros(len(bars), dtype=bool)
    for row in np.flatnonzero(still).tolist():
        still[row] = still[row - 1] or bars.high[row - 1] > bars.low[row - 1]
    return still


def _stale_spans(bars: Bars, instrument: Instrument) -> Iterator[Remark]:
    """A day that says two of the day before's open, high and low, but another close: those were not told anew."""
    if bars.interval is not Interval.DAY or instrument.calendar == ALWAYS or len(bars) < 2:
        return
    equal = {name: _repeats(bars, (name,)) for name in SPAN}
    wide = bars.high - bars.low >= TELLING / 100
    stale = (sum(each.astype(int) for each in equal.values()) >= 2) & ~_repeats(bars, ("close",)) & wide
    for row in np.flatnonzero(stale).tolist():
        names = [f"{name} {price(getattr(bars, name)[row])}" for name in SPAN if equal[name][row]]
        yield Remark(row, Fault.REPEATED, Ruling.TRIMMED, f"{' and '.join(names)} are the day before's")


def stale_ticks(bars: Bars, before: Floats, least: float) -> Iterator[Remark]:
    """A bar within a session that reaches down or up to the close of the session before, `before`, and `least` (a log
    return) beyond its own open and close: a tick of yesterday's."""
    for name, edge in (("low", np.fmin(bars.open, bars.close)), ("high", np.fmax(bars.open, bars.close))):
        extreme = np.where(getattr(bars, name) > 0, getattr(bars, name), np.nan)
        far = np.abs(np.log(extreme / edge)) > least
        for row in np.flatnonzero(far & (np.abs(extreme / before - 1) < ROUNDING)).tolist():
            said = f"{name} {price(extreme[row])} is the session before's close; the bar is at {price(edge[row])}"
            yield Remark(row, Fault.RANGE, Ruling.TRIMMED, said)


def trimmed(bars: Bars, remarks: Iterable[Remark]) -> Bars:
    """Without the numbers that the remarks say are wrong; the closes stay."""
    rows = {each.row for each in remarks if each.ruling is Ruling.TRIMMED}
    if not rows:
        return bars
    touched = np.zeros(len(bars), dtype=bool)
    touched[list(rows)] = True
    absurd = {each.row for each in remarks if each.ruling is Ruling.TRIMMED and each.fault is not Fault.NOT_A_PRICE}
    whole = np.zeros(len(bars), dtype=bool)
    whole[list(absurd)] = True
    columns: dict[str, Any] = {
        name: np.where(touched & (whole | _absurd(getattr(bars, name))), np.nan, getattr(bars, name)) for name in SPAN
    }
    return replace(bars, **columns)


def _outside(bars: Bars, close: Floats) -> Floats:
    """How far prices lie outside the bars' ranges, as log returns; 0 inside, NaN where that is unknown."""
    low, high, at = (np.where(is_price(each), each, np.nan) for each in (bars.low, bars.high, close))
    return np.fmax(0.0, np.maximum(np.log(at / high), np.log(low / at)))


def is_price(column: Floats) -> Bools:
    """Which numbers can be one; not NaN."""
    return (column > 0) & (column < np.inf)


def _absurd(column: Floats) -> Bools:
    return (column <= 0) | np.isinf(column)


def _repeats(bars: Bars, names: Iterable[str]) -> Bools:
    """Which rows say the same of all `names` as the row before."""
    same = np.ones(max(0, len(bars) - 1), dtype=bool)
    for name in names:
        column = getattr(bars, name)
        same &= column[1:] == column[:-1]
    return np.append(False, same)[: len(bars)]


def _grid(interval: Interval) -> str:
    return {Interval.DAY: "day", Interval.HOUR: "hour", Interval.FIVE_MINUTES: "five minutes"}[interval]
