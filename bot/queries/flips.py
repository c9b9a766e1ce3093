"""What would flip the regime's label at the next close, all else unchanged: found by trying prices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bot.answers import Flip
from bot.queries.view import View
from rules.bars import Floats, Ints
from rules.columns import Node
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.model import XNYS, Label
from rules.regime.filter import READS, STATES
from rules.regime.flip import NEEDED, NextClose

VIX_TICK = 0.01
"""The VIX is quoted to two decimals."""
LOWEST_VIX, HIGHEST_VIX = 5.0, 100.0
"""Tried between these; it has closed between 9.1 and 82.7 since 1990."""
VIX_KEPT = 5
"""Sessions after which the last level of a VIX that is missing, and its last answer, no longer count."""

MOVE_TICK, PRICE_TICK = 0.0001, 0.01
"""Other prices are tried in steps of a hundredth of a percent, and between two of them at every quote."""
SPX_FALL, BTC_FALL = 0.25, 0.50
"""The largest falls tried; the S&P 500's largest in a day was 20.5 %, in 1987."""

USUAL_ANSWER = f"beta({READS.spx}, {READS.vix}, 250)"
"""How the VIX answers to the S&P 500: the slope of its log returns over a year."""


@dataclass(frozen=True)
class _Start:
    """The closes that the futures start from, NaN where missing, and the slope of the VIX's usual answer."""

    spx: float
    btc: float
    vix: float
    answer: float


@dataclass(frozen=True)
class _Path:
    """Prices of the next close that one instrument may take, the unchanged one first, then the mildest.

    The others stay where they are; or the VIX answers the S&P 500 as it usually does.
    """

    leads: str
    prices: Floats
    answers: bool = False

    def closes(self, start: _Start, prices: Floats) -> tuple[Floats, Floats, Floats]:
        """Of the S&P 500, Bitcoin and the VIX, when this one takes such prices."""
        still: Floats = np.ones(len(prices))
        found = {READS.spx: start.spx * still, READS.btc: start.btc * still, READS.vix: start.vix * still}
        found[self.leads] = prices
        if self.answers:
            answered = np.round(start.vix * (prices / start.spx) ** start.answer, 2)
            found[READS.vix] = np.where(prices == start.spx, start.vix, answered)
        return found[READS.spx], found[READS.btc], found[READS.vix]


def flips(view: View, row: int) -> tuple[Flip, ...] | None:
    """The mildest price of each that would make the label another one at the close after `row` of the XNYS panel.

    First whether it changes though nothing moves; then, against what it is if nothing moves, a fall of the S&P 500
    alone and with the VIX's usual answer, the VIX up and down, and a fall of Bitcoin, each where there is one. None
    where nothing can be said: there is no label yet, or no close of the S&P 500 that the next return could start from.
    """
    answer = _usual_answer(view)
    columns = view.columns([*NEEDED, *([answer] if answer else [])], XNYS)
    following = NextClose.after(columns, row)
    spx, btc = (float(view.panel(XNYS).field(name, "close")[row]) for name in (READS.spx, READS.btc))
    if following is None or np.isnan(spx):
        return None
    vix = _kept(view.panel(XNYS).field(READS.vix, "close"), row)
    usual = _kept(columns[answer], row) if answer else np.nan
    return tuple(_solved(following, _Start(spx, btc, vix, usual)))


def _kept(column: Floats, row: int) -> float:
    """The last known value of the last VIX_KEPT rows."""
    values = column[max(0, row + 1 - VIX_KEPT) : row + 1]
    known = values[~np.isnan(values)]
    return float(known[-1]) if len(known) else np.nan


def _usual_answer(view: View) -> Node | None:
    try:
        return read(USUAL_ANSWER, view.scope, XNYS).column
    except LanguageError:  # one of the two is not configured
        return None


def _solved(following: NextClose, start: _Start) -> Iterator[Flip]:
    for index, path in enumerate(_paths(start)):
        labels = _labels(following, start, path, path.prices)
        if index == 0 and labels[0] != following.label:
            yield Flip(STATES[labels[0]], None, start.spx, 0.0)
        other = np.flatnonzero(labels != labels[0])
        if len(other):
            prices = _quotes(*path.prices[other[0] - 1 : other[0] + 1])
            fine = _labels(following, start, path, prices)
            at = int(np.flatnonzero(fine != labels[0])[0])
            yield _flip(path, start, float(prices[at]), STATES[fine[at]])


def _labels(following: NextClose, start: _Start, path: _Path, prices: Floats) -> Ints:
    spx, btc, vix = path.closes(start, prices)
    return following.judge(np.log(spx / start.spx), np.log(btc / start.btc), vix)[1]


def _quotes(milder: float, found: float) -> Floats:
    """Every quote between two prices on the way from the first to the second, and the second."""
    ticks = np.arange(math.floor(min(milder, found) / PRICE_TICK), math.ceil(max(milder, found) / PRICE_TICK) + 1)
    quotes = np.round(ticks * PRICE_TICK, 2)
    between = quotes[(quotes > min(milder, found)) & (quotes < max(milder, found))]
    return np.append(between if found > milder else between[::-1], found)


def _flip(path: _Path, start: _Start, price: float, to: Label) -> Flip:
    answered = float(path.closes(start, np.array([price]))[2][0]) if path.answers else None
    return Flip(to, path.leads, price, price / float(path.prices[0]) - 1.0, answered)


def _paths(start: _Start) -> Iterator[_Path]:
    """The ways in which one price moves, and the one on which the VIX answers the S&P 500."""
    falls = start.spx * _shares_left(SPX_FALL)
    yield _Path(READS.spx, falls)
    if not np.isnan(start.vix):
        if start.answer < 0.0:
            yield _Path(READS.spx, falls, answers=True)
        up = np.arange(math.floor(start.vix / VIX_TICK) + 1, round(HIGHEST_VIX / VIX_TICK) + 1)
        down = np.arange(math.ceil(start.vix / VIX_TICK) - 1, round(LOWEST_VIX / VIX_TICK) - 1, -1)
        for ticks in (up, down):
            yield _Path(READS.vix, np.concatenate([[start.vix], np.round(ticks * VIX_TICK, 2)]))
    if not np.isnan(start.btc):
        yield _Path(READS.btc, start.btc * _shares_left(BTC_FALL))


def _shares_left(fall: float) -> Floats:
    """1, and less by a tick each, to what a fall leaves."""
    steps: Floats = np.arange(round(fall / MOVE_TICK) + 1, dtype=np.float64)
    return 1.0 - steps * MOVE_TICK
