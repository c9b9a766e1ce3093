"""What works here: calendars, and each configured source, asked once for one instrument."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from bot.cli._output import iso
from bot.cli._signs import Sign
from bot.feeds.contract import FeedError, Request, Setup, build_feed
from bot.market.preference import order_of
from bot.market.sessions import Sessions
from bot.market.source import SourceId
from bot.settings import Settings
from rules.bars import DAY, HOUR, Interval
from rules.model import ALWAYS, Instant, Instrument

TIMEOUT = 10.0
"""Seconds that a source has to answer a doctor."""

BACK = 10 * DAY
"""How much of the past is asked for: some session lies in it."""

WRONG_CLOCK = 60
"""Seconds between a source's clock and this machine's that are worth a word."""


def calendars(settings: Settings, sessions: Sessions, now: Instant) -> list[Sign]:
    """The last and the next session of each calendar in use."""
    names = sorted({each.calendar for each in settings.instrument_map.values()} - {ALWAYS})
    return [Sign(f"calendar {name}", works=True, told=_hours(name, sessions, now)) for name in names]


def _hours(calendar: str, sessions: Sessions, now: Instant) -> str:
    last, opens = sessions.last_close(calendar, now), sessions.next_open(calendar, now)
    trading = sessions.in_progress(calendar, now)
    told = [f"last close {iso(last)}"] if last is not None else ["no session yet"]
    told += [f"session {trading} is trading"] if trading is not None else []
    return ", ".join(told + ([f"next open {iso(opens)}"] if opens is not None else []))


async def sources(settings: Settings, sessions: Sessions, now: Instant) -> list[Sign]:
    """What each source answers to one question."""
    asked = _one_each(settings.instrument_map.values(), order_of(settings.instrument_map, settings.feeds.venues))
    setup = Setup(sessions, now, Path(settings.market.data) if settings.market.data else None, timeout=TIMEOUT)
    return list(await asyncio.gather(*(_asked(name, each, setup) for name, each in asked.items())))


def _one_each(instruments: Iterable[Instrument], order: Mapping[str, Iterable[SourceId]]) -> dict[SourceId, Instrument]:
    """The first instrument that names each source."""
    found: dict[SourceId, Instrument] = {}
    for instrument in instruments:
        for source in order[instrument.id]:
            found.setdefault(source, instrument)
    return found


async def _asked(source: SourceId, instrument: Instrument, setup: Setup) -> Sign:
    subject, now = f"source {source}", setup.now
    try:
        feed = await asyncio.to_thread(build_feed, source.feed, replace(setup, venue=source.venue))
    except FeedError as reason:
        return Sign(subject, works=False, told=str(reason))
    try:
        # A source that says what time it is stamps its bars with it; a little ahead that shows a slow clock here too.
        ahead = HOUR if source.feed == "yahoo" else 0
        bars = await feed.bars(Request(instrument, Interval.DAY, now - BACK, now + ahead))
    except FeedError as reason:
        return Sign(subject, works=False, told=str(reason))
    finally:
        await feed.close()
    if not len(bars):
        return Sign(subject, works=False, told=f"it has no day of {instrument.id} since {iso(now - BACK)}")
    told = f"{instrument.id} closed at {bars.close[-1]:g} on {iso(int(bars.end[-1]))}"
    theirs = int(bars.known_at[-1])
    return Sign(subject, works=True, told=told + (_difference(theirs - now) if ahead else ""))


def _difference(seconds: int) -> str:
    """What a source's clock says of this machine's."""
    if abs(seconds) < WRONG_CLOCK:
        return ", and its clock agrees with this machine's"
    way = "slow" if seconds > 0 else "fast"
    return f"; by its clock this machine's is {abs(seconds)} seconds {way}"
