"""The bid-ask spread that prices alone tell of: EDGE, of open, high, low and close of some hundred bars.

A trade at the ask is followed, sooner or later, by one at the bid, so the prices of neighbouring bars pull each other
back; how much they do is the spread. In logarithms, with m the middle of a bar's high and low and a dash for the bar
before, each pair of neighbours has the returns

    r1 = m - o,  r2 = o - m',  r3 = m - c',  r4 = c' - m',  r5 = o - c'

and counts (u = 1) unless nothing has moved: h = l = c'. Shares of all pairs, `po` of opens and `pc` of closes that are
not at the end of their bar:

    p = mean u,  po = mean u [o != h] + mean u [o != l],  pc = mean u [c' != h'] + mean u [c' != l']

With d_k = r_k - u mean(r_k) / p there are two estimates of the squared spread, weighted by each other's variance:

    x1 = -4 (d1 r2 / po + d3 r4 / pc),  x2 = -4 (d1 r5 / po + d5 r4 / pc)
    s2 = (var x2 mean x1 + var x1 mean x2) / (var x1 + var x2)

Of a market whose spread is small beside its noise s2 is negative as often as not: of BTC's hours at Binance on 58 % of
days. Its root is then taken for 0, as Corwin & Schultz (2012) do; the authors' own code takes the root of |s2|, which
says 0.6 basis points of those days and is noise.

(Ardia, Guidotti & Kroencke 2024, "Efficient estimation of bid-ask spreads from open, high, low, and close prices",
Journal of Financial Economics 161, 103916)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.bars import HOUR, Bars, Floats, Ints

HOURS = 720
"""Hourly bars that an estimate is made of: thirty days."""

WITHIN = 900
"""Hours that they must lie in."""

_AT_ONCE = 64
"""Windows that are laid out side by side: more leave the processor's cache."""

_LEAST_MOVES = 2


@dataclass(frozen=True)
class _Pairs:
    """Of each two neighbouring bars the five returns, and the counts: `moved`, and of `opens` and `closes` inside."""

    returns: tuple[Floats, ...]
    moved: Floats
    opens: Floats
    closes: Floats


def squared_spread(prices: Sequence[Floats], n: int, last: Ints) -> Floats:
    """The squared spread, as a share squared, of the n bars up to each of the bars `last` (indices, n - 1 or more).

    `prices` are open, high, low and close, all positive. The result may be negative. It is NaN where fewer than two
    neighbours have moved, and where all opens or all closes are both ends of their bars. Each value has the same bits
    whatever others are asked for.
    """
    pairs = _pairs(*(np.log(each) for each in prices))
    out = np.full(len(last), np.nan)
    for at in range(0, len(last), _AT_ONCE):
        some = slice(at, at + _AT_ONCE)
        out[some] = _estimated(pairs, n - 1, last[some] - (n - 1))
    return out


def spreads(hours: Bars, instants: Ints) -> Floats:
    """The spread, as a share, of the last HOURS hourly bars that had ended by each instant, all of one venue and quote.

    The venue is that of the last bar by then; what others printed is left out, and so are bars without all four prices.
    0 where the squared spread is negative; NaN where it is undefined, and where fewer than HOURS lie within the last
    WITHIN. `instants` run forward.
    """
    out = np.full(len(instants), np.nan)
    if not len(instants) or not len(hours):
        return out
    reach = np.searchsorted(hours.end, [instants[0] - WITHIN * HOUR, instants[-1]], side="right")
    hours = hours.take(slice(*reach.tolist()))
    latest = np.searchsorted(hours.end, instants, side="right") - 1
    books = [origin.book for origin in hours.origins]
    book = np.array([books.index(each) for each in books], dtype=np.int64)[hours.origin]
    first_of_end = np.searchsorted(hours.end, hours.end[latest[latest >= 0]])
    printed = np.full(len(instants), -1)
    printed[latest >= 0] = book[first_of_end]
    prices = np.stack([hours.open, hours.high, hours.low, hours.close])
    whole = ((prices > 0) & (prices < np.inf)).all(axis=0)
    for each in np.unique(printed[printed >= 0]).tolist():
        rows = np.flatnonzero(printed == each)
        own = np.flatnonzero(whole & (book == each))
        out[rows] = _of_one_book(hours.end[own], prices[:, own], instants[rows])
    return out


def _of_one_book(end: Ints, prices: Floats, instants: Ints) -> Floats:
    out = np.full(len(instants), np.nan)
    last = np.searchsorted(end, instants, side="right") - 1
    enough = np.flatnonzero(last >= HOURS - 1)
    near = enough[end[last[enough] - (HOURS - 1)] > instants[enough] - WITHIN * HOUR]
    if len(near):
        squared = squared_spread(tuple(prices), HOURS, last[near])
        out[near] = np.sqrt(np.maximum(squared, 0.0))
    return out


def _pairs(o: Floats, h: Floats, low: Floats, c: Floats) -> _Pairs:
    middle = (h + low) / 2
    before, m = middle[:-1], middle[1:]
    left = c[:-1]
    inside = [(price != h).astype(np.float64) + (price != low) for price in (o, c)]
    moved = ((h[1:] != low[1:]) | (low[1:] != left)).astype(np.float64)
    returns = (m - o[1:], o[1:] - before, m - left, left - before, o[1:] - left)
    return _Pairs(returns, moved, moved * inside[0][1:], moved * inside[1][:-1])


def _estimated(pairs: _Pairs, n: int, first: Ints) -> Floats:
    """The estimate of the n pairs from each of `first` on; the windows are rows, and sums run over the last axis."""

    def windows(column: Floats) -> Floats:
        return np.lib.stride_tricks.sliding_window_view(column, n)[first]

    moved = windows(pairs.moved)
    count, opens, closes = (each.sum(axis=-1) for each in (moved, windows(pairs.opens), windows(pairs.closes)))
    fit = (count >= _LEAST_MOVES) & (opens > 0) & (closes > 0)
    share, po, pc = (np.where(fit, each, n)[:, None] / n for each in (count, opens, closes))
    r1, r2, r3, r4, r5 = map(windows, pairs.returns)
    d1, d3, d5 = (r - moved * (_mean(r)[:, None] / share) for r in (r1, r3, r5))
    x1 = -4 * (d1 * r2 / po + d3 * r4 / pc)
    x2 = -4 * (d1 * r5 / po + d5 * r4 / pc)
    e1, e2 = _mean(x1), _mean(x2)
    v1, v2 = _mean(x1**2) - e1**2, _mean(x2**2) - e2**2
    total = v1 + v2
    weighted = (v2 * e1 + v1 * e2) / np.where(total > 0, total, 1)
    return np.where(fit, np.where(total > 0, weighted, (e1 + e2) / 2), np.nan)


def _mean(x: Floats) -> Floats:
    return np.asarray(x.sum(axis=-1) / x.shape[-1])
