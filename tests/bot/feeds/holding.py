"""What the contract tries a feed with: RUT's days, BTC's days and hours, and what stands in for a source that has them.

A feed that speaks to a network, or reads files of a form of its own, has a file of its name in `stand_ins`, with one
`StandIn` called `STAND_IN`. One that has none there gets a folder of price files, and RUT, BTC as symbols of its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bot import feeds
from bot.feeds.contract import Feed, Setup, build_feed
from tests.bot.markets import NOW, SESSIONS, Folder, hours, utc_days, weekdays

FIRST, LAST = "2025-02-20", "2025-12-31"
FEEDS = sorted(found.name for found in pkgutil.iter_modules(feeds.__path__) if found.name[0] != "_")
FEEDS.remove("contract")


@dataclass(frozen=True)
class StandIn:
    """A source made for a test, and what is so of it.

    `opened` makes the feed over an empty folder; what must be closed after the tests is entered into the stack.
    `holidays`: it also holds rows of weekdays without a session, which are no bars. `trades`: it has latest trades.
    `clock`: it says what time it is. `coins_only`: it has no sessions, and is tried with what it holds.
    """

    opened: Callable[[Path, ExitStack], Feed]
    holidays: bool = False
    trades: bool = False
    clock: bool = False
    coins_only: bool = False
    symbols: tuple[str, str, str] = ("RUT", "BTC", "GONE")


def stand_in(name: str) -> StandIn:
    """What the feed of this name is tried with."""
    package = f"{__package__}.stand_ins"
    if Path(__file__).with_name("stand_ins").joinpath(f"{name}.py").exists():
        found: StandIn = importlib.import_module(f"{package}.{name}").STAND_IN
        return found
    return StandIn(lambda folder, _: build_feed(name, Setup(SESSIONS, NOW, price_files(folder))), holidays=True)


def price_files(folder: Path) -> Path:
    """RUT_1d.csv, BTC_1d.csv and BTC_1h.csv, in the conventions of docs/data-files.md."""
    rut, btc, coin_hours = weekdays(FIRST, LAST), utc_days(FIRST, LAST), hours(FIRST, LAST)
    return Folder(folder).holds("RUT_1d.csv", *rut).holds("BTC_1d.csv", *btc).holds("BTC_1h.csv", *coin_hours).path
