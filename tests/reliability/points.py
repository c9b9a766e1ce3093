"""Kill points: places in the code where a process is killed on purpose, and what leads it there.

A point is a transaction, known by what it would leave behind, and its side: before the commit or after it. What is
done by then at Telegram, and not yet written down, is the other kind: after the acceptance of a message.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.store.chats import subscribe
from bot.store.database import Database
from tests.bot.markets import at
from tests.bot.store.stores import told
from tests.e2e.world import Clock, Service
from tests.reliability.deadly import AFTER, BEFORE
from tests.reliability.lines import ALERT
from tests.reliability.places import Place
from tests.reliability.town import COUNT, SUPER, Town, writes

PEOPLE, GROUP = (11, 12, 13), -14
SUPERGROUP = GROUP - SUPER
START = "2025-11-04T12:00:00Z"


@dataclass(frozen=True, slots=True)
class Point:
    """The first transaction in which `query` finds something, killed on one side of its commit. `line`: what somebody
    wrote to lead to it. `moves`: a group has moved. Otherwise a session has closed.
    """

    name: str
    when: str
    query: str
    line: str = ""
    moves: bool = False


def _both(name: str, query: str, line: str = "", moves: bool = False) -> Iterator[Point]:
    for when in (BEFORE, AFTER):
        yield Point(f"{when} the commit of {name}", when, query, line, moves)


_HEARS = f"select 1 from subscriptions join chats on chats.id = chat where address = '{PEOPLE[0]}'"

POINTS = (
    *_both("a tick", "select 1 from events"),
    *_both("a claim", "select 1 from deliveries where owner is not null"),
    *_both("how a sending ended", "select 1 from deliveries where state = 'sent'"),
    *_both("a chat's new address", f"select 1 from chats where address = '{SUPERGROUP}'", moves=True),
    *_both("a line that was received", "select 1 from inbox", line="/stop"),
    *_both("a wish to hear no more", f"select 1 where not exists ({_HEARS})", line="/stop"),
    *_both("an alert of one's own", "select 1 from alerts", line=ALERT),
    *_both("that a line was answered", "select 1 from inbox where answered_at is not null", line="/forget yes"),
)


def settle(home: Path, place: Place) -> None:
    """Make a database of a service that has adopted its rules, has subscribers and was stopped; nobody wrote."""

    async def subscribes(database: Database) -> None:
        async with database.write() as connection:
            for chat in (*PEOPLE, GROUP):
                kind = "private" if chat > 0 else "group"
                await subscribe(connection, "telegram", str(chat), kind, at(START))

    asyncio.run(told(place.url if place.url.startswith("postgresql") else home / "bellwether.db", subscribes))
    with Town(home, place, Clock(START)) as town:
        service = town.starts()
        service.says(f"{COUNT} of {COUNT} rules adopted")
        assert service.stop() == 0


@contextmanager
def town_after(home: Path, settled: Place) -> Iterator[Town]:
    """The day after, with everything as `settle` has left it."""
    with Town(home, settled.copy(home), Clock(START)) as town:
        town.adopted_at, town.faithful = at(START), [*PEOPLE, GROUP]
        for chat in town.faithful:
            town.telegram.knows(chat, "private" if chat > 0 else "group")
        yield town


def dies_at(town: Town, point: Point) -> Service:
    """Lead a process to a point, where it is killed."""
    if point.line:
        town.faithful.remove(PEOPLE[0])
        writes(town.telegram, PEOPLE[0], point.line)
    else:
        town.leaps(20)
    if point.moves:
        town.moves(GROUP, SUPERGROUP)
    service = town.starts(("-m", "tests.reliability.deadly", point.when, point.query, "run"))
    assert service.process.wait(30) == -signal.SIGKILL, service.output[-2000:]
    return service
