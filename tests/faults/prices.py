"""Faults of what rows say: prices that are none, in another unit, too far, or not what they were."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rules.bars import DAY
from tests.faults.cells import by_feed, everywhere, rows
from tests.faults.deeds import YAHOO, Lies
from tests.faults.play import FAULT
from tests.faults.questions import NOT_AN_ANSWER
from tests.servers import market_lies as told
from tests.servers import wire_lies as wires
from tests.servers.liars import Row

PAST = (FAULT - 3 * DAY, FAULT - DAY // 2)
"""A stretch of what was told, and believed, before the fault."""

AGAIN = "restated|rewrites the past"


def _strings(row: Row) -> Row:
    return row.says(open="n/a", high="n/a", low="n/a", close="n/a")


def _nothing(value: float | None) -> Callable[[Row], Row]:
    return lambda row: row.says(open=value, high=value, low=value, close=value)


def _upside_down(row: Row) -> Row:
    return row.says(high=row.values[2], low=row.values[1])


def _outside(row: Row) -> Row:
    _, high, _, _ = row.prices
    return row.says(close=high * 1.05)


VALUES = (
    rows("prices that are null", told.newest(_nothing(None)), "no price"),
    rows("prices that are not numbers", told.newest(_nothing(np.nan)), f"no price|not a price|{NOT_AN_ANSWER}"),
    rows("prices that are words", told.newest(_strings), f"no price|not a price|{NOT_AN_ANSWER}"),
    rows("prices of zero", told.newest(_nothing(0.0)), "no price|not a price"),
    rows("prices below zero", told.newest(told.scaled(-1)), "no price|not a price"),
    rows("prices without end", told.newest(_nothing(np.inf)), f"no price|not a price|{NOT_AN_ANSWER}"),
    rows("prices of 1e308", told.newest(_nothing(1e308)), "not a price|power of ten|far from"),
    rows("only the close is null", told.newest(lambda row: row.says(close=None)), "no price"),
    rows("high below low", told.newest(_upside_down), "outside its own range"),
    rows("close outside its range", told.newest(_outside), "outside its own range"),
    rows("100 times the price", told.each(told.scaled(100), FAULT), "power of ten"),
    everywhere("100 times all prices", told.each(told.scaled(100), FAULT), "power of ten"),
    rows("a hundredth of the price", told.each(told.scaled(0.01), FAULT), "power of ten"),
    everywhere("a hundredth of all prices", told.each(told.scaled(0.01), FAULT), "power of ten"),
    rows("10 times the price", told.each(told.scaled(10), FAULT), "power of ten"),
    rows("the whole series times 100", told.each(told.scaled(100)), "power of ten|rewrites the past|split"),
    rows("a newest bar that halves its price", told.newest(told.halved), "far from"),
    rows("half the price of the newest bar", told.newest(told.scaled(0.5)), "split|far from"),
    rows("half the price from now on", told.each(told.scaled(0.5), FAULT), "split|far from"),
    rows("half the price in the whole series", told.each(told.scaled(0.5)), "split|rewrites the past"),
    by_feed(
        "a split of a fund's newest bars",
        {YAHOO: Lies(YAHOO, wires.of("IWM", told.each(told.scaled(0.5), FAULT)))},
        "split",
        why="coins are never split",
    ),
    by_feed(
        "a split of a fund's whole series, and back",
        {YAHOO: Lies(YAHOO, wires.of("IWM", told.each(told.scaled(0.5))))},
        "split|rewrites the past",
        why="as above",
    ),
    rows("a spike up by 30 %", told.newest(told.scaled(1.3)), "far from"),
    rows("a spike down by 30 %", told.newest(told.scaled(0.7)), "far from"),
    rows("12 % too low from now on", told.each(told.scaled(0.88), FAULT), "far from"),
    *(
        rows(
            f"closes before are restated by {share} %, and back",
            told.each(told.scaled(1 + share / 100), *PAST),
            f"{AGAIN}|far from",
        )
        for share in (1, 4)
    ),
    rows(
        "closes before are restated by -30 %, and back",
        told.each(told.scaled(0.7), *PAST),
        f"{AGAIN}|far from",
    ),
)
