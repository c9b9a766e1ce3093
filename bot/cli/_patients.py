"""What `doctor` looks through: every price file of a folder, or every series of a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bot.answers.quality import Fault
from bot.feeds.contract import Feed, NoSuchBars, Request, Setup, build_feed
from bot.market.history import BEGINNING
from bot.market.quality import Checkup, examine
from bot.market.sessions import Sessions
from bot.settings import Settings
from rules.bars import DAY, Bars, Interval
from rules.model import ALWAYS, Instant, Instrument, Kind

Series = tuple[str, Interval]

SATURDAY, SUNDAY = 2, 3
"""Days of the week counted from a Thursday, the first day of 1970."""


@dataclass(frozen=True)
class Ward:
    """Checkups of every series, and what a store knows besides: holes that no source could fill, and bars restated."""

    checkups: tuple[Checkup, ...]
    known_holes: Mapping[Series, int] = field(default_factory=dict)
    revisions: Mapping[Series, int] = field(default_factory=dict)


async def from_files(folder: Path, settings: Settings, sessions: Sessions, now: Instant) -> Ward:
    """The files of a folder, also of ids that are no configured instrument. Raises FeedError for one that cannot be
    read."""
    setup = Setup(sessions, now, folder, settings.files)
    feed = build_feed("files", setup)
    ids = sorted({path.name.split("_")[0] for path in folder.iterdir()})
    left_out: dict[Series, Counter[Fault]] = {}
    known: dict[str, Instrument] = {}
    held: dict[str, dict[Interval, Bars]] = {}
    for name in ids:
        known[name] = settings.instrument_map.get(name) or await _guessed(name, setup)
        for interval in Interval:
            remarks = left_out.setdefault((name, interval), Counter())
            if (bars := await _read(feed, known[name], interval, now, remarks)) is not None:
                held.setdefault(name, {})[interval] = bars
    found = _examined(held, settings.instrument_map | known, sessions)
    return Ward(tuple(replace(each, left_out=left_out[_series(each)]) for each in found))


async def from_store(settings: Settings, sessions: Sessions) -> Ward:
    """The series that `bellwether run` has gathered. Raises StoreError where there are none."""
    from bot.store.bars import load_bars  # a database is nothing for a doctor of files to load
    from bot.store.database import look_into
    from bot.store.holes import known_holes
    from bot.store.schema import revisions

    held: dict[str, dict[Interval, Bars]] = {}
    async with look_into(settings.store.url.get_secret_value()) as database, database.read() as connection:
        for name in settings.instrument_map:
            for interval in (Interval.DAY, Interval.HOUR):
                bars = await load_bars(connection, name, interval)
                told = bars.take(~np.isnan(bars.close))
                if len(told):
                    held.setdefault(name, {})[interval] = told
        holes = {series: len(ends) for series, ends in (await known_holes(connection)).items()}
        columns = revisions.select().with_only_columns(revisions.c.instrument, revisions.c.interval)
        restated = Counter((row.instrument, Interval(row.interval)) for row in await connection.execute(columns))
    return Ward(_examined(held, settings.instrument_map, sessions), holes, restated)


def _examined(
    held: Mapping[str, Mapping[Interval, Bars]], known: Mapping[str, Instrument], sessions: Sessions
) -> tuple[Checkup, ...]:
    return tuple(
        examine(known[name], bars, held, sessions, known) for name, of_one in held.items() for bars in of_one.values()
    )


async def _read(
    feed: Feed, instrument: Instrument, interval: Interval, now: Instant, remarks: Counter[Fault]
) -> Bars | None:
    """The bars of a file; None where there is no such file."""
    request = Request(instrument, interval, BEGINNING, now, lambda fault, rows: remarks.update({fault: rows}))
    try:
        return await feed.bars(request)
    except NoSuchBars:
        return None


async def _guessed(name: str, setup: Setup) -> Instrument:
    """What an id that nobody has configured may be: what has bars on a weekend is a coin."""
    coin, feed = Instrument(name, name, Kind.COIN, ALWAYS), build_feed("files", setup)  # a feed reads a file only once
    for interval in Interval:
        bars = await _read(feed, coin, interval, setup.now, Counter())
        if bars is not None and np.isin(bars.start // DAY % 7, (SATURDAY, SUNDAY)).any():
            return coin
    return Instrument(name, name, Kind.INDEX)


def _series(checkup: Checkup) -> Series:
    return checkup.instrument.id, checkup.interval
