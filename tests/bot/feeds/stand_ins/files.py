"""A folder of price files of every kind."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bot.feeds.contract import Feed, Setup, build_feed
from tests.bot.feeds.holding import FIRST, LAST, StandIn
from tests.bot.markets import NOW, SESSIONS, Folder, hours, utc_days, weekdays


def opened(folder: Path, _: ExitStack) -> Feed:
    rut, btc, coin_hours = weekdays(FIRST, LAST), utc_days(FIRST, LAST), hours(FIRST, LAST)
    Folder(folder).holds("RUT_1d.csv", *rut).holds("BTC_1d.parquet", *btc).holds("BTC_1h.csv.gz", *coin_hours)
    return build_feed("files", Setup(SESSIONS, NOW, folder))


STAND_IN = StandIn(opened, holidays=True)
