"""A stretch of history at once: no second poll will come, but what came after is known.

So a bar that stands alone is told by its neighbours (`lonely`). The last bar of all cannot be told so: a file will
never say more, and it stays; a source will be asked again, and it waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.quality import checks
from bot.market.quality.checks import Remark
from bot.market.quality.closes import Ruler
from bot.market.quality.lonely import lonely
from bot.market.quality.stretch import COLUMNS, CONTEXT, of_origin
from bot.market.quality.witnesses import Held, Witnesses
from bot.market.sessions import Sessions
from bot.render.numbers import price
from rules.bars import Bars, Interval
from rules.model import ALWAYS, Instrument


def screened(
    instrument: Instrument,
    bars: Bars,
    beside: Held,
    sessions: Sessions,
    instruments: Mapping[str, Instrument],
    *,
    final: bool = True,
) -> tuple[Bars, tuple[Finding, ...]]:
    """The bars that can be believed, trimmed where only their close can, and what was found, oldest first.

    `beside` are the bars of the proxies and, for a stretch that goes on from what is held, those before it. A last bar
    that is doubted is among the bars if the stretch is `final`.
    """
    ruler = Ruler(instrument, bars.interval, sessions)
    witnesses = Witnesses(instruments, sessions, beside, ())
    keep = np.ones(len(bars), dtype=bool)
    remarks: list[Remark] = []
    for index, origin in enumerate(bars.origins):
        rows = np.flatnonzero(bars.origin == index)
        rows = rows[np.argsort(bars.end[rows], kind="stable")]
        known = _before(of_origin(bars.take(rows), origin), beside.get(instrument.id, {}).get(bars.interval))
        whole = _joined(known, of_origin(bars.take(rows), origin))
        for each in _remarks(whole, ruler, witnesses, beside):
            if each.row < len(known):
                continue
            remark = replace(each, row=int(rows[each.row - len(known)]))
            remarks.append(remark)
            keep[remark.row] &= remark.ruling is not Ruling.REJECTED and (final or remark.ruling is not Ruling.HELD)
    remarks += [each for each in checks.order(bars) if each.ruling is Ruling.KEPT]
    findings = sorted((_finding(bars, ruler, each) for each in remarks), key=lambda each: (each.end, each.fault))
    kept = checks.trimmed(bars, remarks).take(keep) if remarks else bars
    return _in_order(kept), tuple(findings)


def _before(bars: Bars, held: Bars | None) -> Bars:
    """The bars of the same origin that are held from before these."""
    if held is None or not len(bars):
        return bars.take(slice(0))
    own = of_origin(held.upto(int(bars.end[0]) - 1), bars.origins[0])
    return own.take(slice(max(0, len(own) - CONTEXT), None))


def _joined(known: Bars, bars: Bars) -> Bars:
    """The bars after those that are known; unlike `stretch.joined` it drops none that is told twice."""
    columns: dict[str, Any] = {
        name: np.concatenate([getattr(known, name), getattr(bars, name)]) for name in (*COLUMNS, "origin")
    }
    return replace(bars, **columns) if len(known) else bars


def _remarks(bars: Bars, ruler: Ruler, witnesses: Witnesses, beside: Held) -> list[Remark]:
    """What is wrong with the bars of one origin, sorted by end."""
    found = [
        *(each for each in checks.order(bars) if each.ruling is Ruling.REJECTED),
        *checks.structure(bars, ruler.instrument, ruler.sessions),
        *_stale_ticks(bars, ruler, beside),
        *_strays(bars, ruler),
        *_standing(bars, ruler),
    ]
    lost = {each.row for each in found if each.ruling is Ruling.REJECTED}
    good = np.ones(len(bars), dtype=bool)
    good[list(lost)] = False
    return [*found, *lonely(bars, good, ruler, witnesses)]


def _stale_ticks(bars: Bars, ruler: Ruler, beside: Held) -> Iterator[Remark]:
    """Needs the days of the same instrument among what is known beside."""
    days = beside.get(ruler.instrument.id, {}).get(Interval.DAY)
    if ruler.interval is Interval.DAY or ruler.instrument.calendar == ALWAYS or days is None or not len(days):
        return
    last = np.searchsorted(days.end, bars.end) - 1
    before = np.where(last >= 0, days.close[last], np.nan)
    yield from checks.stale_ticks(bars, before, ruler.limit.least / 3)


def _strays(bars: Bars, ruler: Ruler) -> Iterator[Remark]:
    for row in np.flatnonzero(checks.strays(bars, ruler.limit.least / 2)).tolist():
        said = f"close {price(bars.close[row])} is far from the bar's own range and the bar before is not"
        yield Remark(row, Fault.RANGE, Ruling.REJECTED, said)


def _standing(bars: Bars, ruler: Ruler) -> Iterator[Remark]:
    """Of two bars that say the same one is wrong, and nobody knows which: both are left out. Of those that stand still
    it is the later one. Where a quarter of the rows do, it is a market that does not move."""
    kind = ruler.instrument.kind
    frozen, copies = (checks.unless_common(each(bars, kind), 0.25) for each in (checks.frozen, checks.copies))
    for row in np.flatnonzero(frozen).tolist():
        words = "it never moved from the close before"
        traded = ", and nothing was traded" if bars.volume[row] == 0 else ""
        yield Remark(row, Fault.FROZEN, Ruling.REJECTED, f"{words}, {price(bars.close[row])}{traded}")
    for row in np.flatnonzero(copies | np.append(copies[1:], False)[: len(bars)]).tolist():
        other = "before" if copies[row] else "after"
        said = f"open, high, low and close are those of the bar {other}: {price(bars.close[row])}"
        yield Remark(row, Fault.REPEATED, Ruling.REJECTED, said)


def _finding(bars: Bars, ruler: Ruler, remark: Remark) -> Finding:
    source = bars.origins[bars.origin[remark.row]].venue
    end = int(bars.end[remark.row])
    return Finding(ruler.instrument.id, ruler.interval, end, source, remark.fault, remark.ruling, remark.detail)


def _in_order(bars: Bars) -> Bars:
    """Sorted by end, then by origin, as bars have to be."""
    order: Iterable[int] = np.lexsort((bars.origin, bars.end))
    return bars if bool((np.diff(np.array(order)) > 0).all()) else bars.take(np.array(order, dtype=np.int64))
