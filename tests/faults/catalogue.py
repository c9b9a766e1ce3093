"""The faults, as data: what goes wrong, and by which words /status must name it.

A fault befalls one feed at a time; the other is well. Where a fault has no meaning for a feed there is no cell, and the
reason stands beside it.
"""

from __future__ import annotations

from bot.market.progress import STALE
from rules.bars import DAY, HOUR
from tests.faults.cells import HARMLESS, Cell, Fault, backed, trades
from tests.faults.course import COURSE, LACKING
from tests.faults.deeds import Misdates, Steps
from tests.faults.prices import VALUES
from tests.faults.questions import REQUESTS
from tests.faults.witnesses import WITNESSES
from tests.servers import market_lies as told

TRADES = (
    trades("a trade at 100 times the price", lambda: told.times(100), "power of ten"),
    trades("a trade 12 % too low", lambda: told.times(0.88), "far from"),
    trades("a trade 12 % too high", lambda: told.times(1.12), "far from"),
    trades("a trade at a price below zero", lambda: told.times(-1), "not a price|trade"),
    trades("a trade that is frozen", told.frozen, "frozen|trade", hidden=STALE),
    trades("no trade", lambda: told.unknown, "trade"),
)

CLOCKS = (
    Fault("our clock 30 s slow", lambda feed: Steps(feed, -30), HARMLESS, more={"of_all": True}),
    Fault("our clock an hour fast", lambda feed: Steps(feed, HOUR), "clock", more={"of_all": True}),
    Fault("our clock an hour slow", lambda feed: Steps(feed, -HOUR), "clock", more={"of_all": True}),
    Fault("its clock an hour fast", lambda feed: Misdates(feed, HOUR), "clock"),
    Fault("its clock a day slow", lambda feed: Misdates(feed, -DAY), f"clock|{LACKING}"),
)

FAULTS = (*REQUESTS, *map(backed, VALUES), *COURSE, *map(backed, TRADES), *WITNESSES, *CLOCKS)


def cells() -> list[Cell]:
    """Every scenario, by fault and feed."""
    return [cell for fault in FAULTS for cell in fault.cells()]
