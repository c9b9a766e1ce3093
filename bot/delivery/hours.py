"""Clocks on walls: instants of a time of day in a chat's zone.

A time that a day skips is the instant at which it would have been by the clock of before; one that a day has twice is
the first of the two. So each is once a day, and an interval of the day begins and ends once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.answers.preferences import SATURDAY, WEEKLY_AT, Preferences
from rules.bars import DAY
from rules.model import Instant

_ONE = dt.timedelta(days=1)


def local(now: Instant, zone: str) -> dt.datetime:
    """What the clock on the wall says."""
    return dt.datetime.fromtimestamp(now, ZoneInfo(zone))


def instant_of(day: dt.date, minute: int, zone: str) -> Instant:
    """When it is `minute` of a day."""
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60), ZoneInfo(zone))
    return int(wall.timestamp())


def midnight_before(now: Instant, zone: str) -> Instant:
    """When the day began that it is."""
    return max(each for each in _around(now, zone, 0) if each <= now)


def following(now: Instant, minute: int, zone: str) -> Instant:
    """The first instant after `now` at which it is `minute` of a day."""
    return min(each for each in _around(now, zone, minute) if each > now)


def quiet_until(now: Instant, chat: Preferences) -> Instant | None:
    """When the quiet hours end that it is in; None where it is in none."""
    if chat.quiet is None:
        return None
    first, last = chat.quiet
    today = local(now, chat.zone).date()
    for day in (today - 2 * _ONE, today - _ONE, today):
        begin = instant_of(day, first, chat.zone)
        end = instant_of(day if first < last else day + _ONE, last, chat.zone)
        if begin <= now < end:
            return end
    return None


def next_digest(now: Instant, chat: Preferences) -> Instant:
    """When what is gathered now is read: at the next brief, or at the end of the week."""
    if chat.digests:
        return min(following(now, minute, chat.zone) for minute in chat.digests)
    return min(each for each in _weekly(now, chat.zone) if each > now)


def last_digest(now: Instant, chat: Preferences) -> Instant | None:
    """When the last brief was due by now that the chat has asked for; None where there was none."""
    due = [each for minute in chat.digests for each in _around(now, chat.zone, minute) if each <= now]
    return max((each for each in due if each >= chat.digests_since), default=None)


def digest_before(at: Instant, chat: Preferences) -> Instant:
    """When the digest before the one at `at` was due."""
    if chat.digests:
        earlier = [each for minute in chat.digests for each in _around(at, chat.zone, minute) if each < at]
        return max(earlier)
    return at - 7 * DAY


def _around(now: Instant, zone: str, minute: int) -> Iterator[Instant]:
    """When it is `minute` on the days about now; two on each side, for a zone may have skipped one."""
    today = local(now, zone).date()
    return (instant_of(today + ahead * _ONE, minute, zone) for ahead in range(-2, 4))


def _weekly(now: Instant, zone: str) -> Iterator[Instant]:
    today = local(now, zone).date()
    days = (today + ahead * _ONE for ahead in range(15))
    return (instant_of(day, WEEKLY_AT, zone) for day in days if day.weekday() == SATURDAY)
