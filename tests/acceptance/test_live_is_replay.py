"""185 sessions of the running service (in the soak 250), poll by poll, with stops and kills in between, and one
replay over what it has stored: the same events, the same evidence in each alert, and what followed to the last bit.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pytest

from bot.app import Options, open_app
from bot.feeds.contract import Feed, Setup, build_feed
from bot.market.sessions import Sessions
from bot.parts import Parts
from bot.queries.view import View
from bot.records import Beside, recounted
from bot.render.evidence import record_in_short, record_lines
from bot.room import Room, one_feed, open_room
from bot.service import Service
from bot.settings import Settings, load_settings
from bot.store import schema
from bot.store.alerts import recorded_events
from bot.store.chats import subscribe
from rules.evidence import subjects
from rules.model import AlertEvent, Basis, Edge, Instant
from rules.outcomes import Followed, followed
from tests.bot.market.stations import FAR, MINUTE, Disk, closes
from tests.bot.markets import at

END = at("2026-01-01T12:00Z")
ENDS = closes("2024-06-01", "2025-12-31")
SEED = 5
"""Of a market in which much happens in the last half-year."""
SETTLED = 46 * MINUTE


@dataclass(frozen=True)
class Pace:
    """How many of the last sessions are played. How often it is looked: `polls` after each close, `idle` polls between
    two of them. How many sessions are missed, and with how many closes a process stops or is killed.
    """

    sessions: int
    polls: int
    idle: int
    missed: int
    stops: int
    kills: int

    @property
    def ends(self) -> Sequence[Instant]:
        """The closes from the one before the first session on."""
        return ENDS[-self.sessions - 1 :]


@dataclass
class Town:
    """One store, and the processes that come and go over it."""

    folder: Path
    now: Instant
    left: list[Room] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.config = self.folder / "bellwether.toml"
        self.config.write_text(f'[market]\nseed = {SEED}\n[store]\nurl = "sqlite:///{self.folder}/live.db"\n')
        self.settings: Settings = load_settings(self.config)
        self.feed: Feed = build_feed("simulated", Setup(Sessions(END), END, seed=self.settings.market.seed))
        self.rules = [each.rule for each in self.settings.compiled if each.rule.basis is Basis.CLOSE]

    async def starts(self) -> None:
        """A process begins."""
        disk = Disk(self.folder / "live.db", durable=False)
        order, build = one_feed(self.feed, self.settings.instrument_map)
        self.room = room = open_room(self.settings, disk, order, build, "console", self.now)
        known = (disk, room.intake, room.watch, self.settings.compiled, self.settings.scope)
        grace = self.settings.market.grace_minutes * MINUTE
        self.disk, self.service = disk, Service(Parts(*known, lambda: self.now, 60, grace, lambda _name, _share: None))
        await disk.migrate()
        await room.intake.restore()
        await room.watch.restore()
        await room.intake.backfill(self.now, lambda _name, _share: None)

    async def ticks(self, now: Instant) -> None:
        self.now = now
        await self.service.tick()

    async def restarts(self) -> None:
        """It ends as it should, and another begins."""
        await self.room.close()
        await self.starts()

    async def is_killed(self, now: Instant, *, committed: bool, after: int) -> None:
        """In the middle of a tick, before one of its transactions is committed or right after; nothing is closed. Where
        the tick has fewer of them, at its end.
        """
        if committed:
            self.disk.loses_an_answer(asyncio.CancelledError(), after=after)
        else:
            self.disk.is_full(after=after)
        with suppress(asyncio.CancelledError):
            await self.ticks(now)
        self.left.append(self.room)
        await self.starts()

    async def closes(self) -> None:
        for room in (*self.left, self.room):
            await room.close()


async def played(town: Town, pace: Pace) -> None:
    """Session by session."""
    chance = random.Random(1)
    marked = chance.sample(pace.ends[1:-1], pace.missed + pace.stops + pace.kills)
    missed, stops, kills = marked[: pace.missed], marked[pace.missed :][: pace.stops], marked[-pace.kills :]
    await town.starts()
    async with town.disk.write() as connection:
        await subscribe(connection, "console", "terminal", "terminal", 0)
    await town.ticks(town.now)
    for before, end in itertools.pairwise(pace.ends):
        for moment in sorted(chance.sample(range(before + 3 * 3_600, end), pace.idle)):
            await town.ticks(moment)
        if end in missed:
            continue  # judged with the next
        moments = sorted(end + chance.randint(SETTLED, 3 * 3_600) for _ in range(pace.polls))
        if end in stops:
            await town.restarts()
        if end in kills:
            await town.is_killed(moments[0], committed=chance.random() < 0.5, after=chance.randint(0, 2))
        for moment in moments:
            await town.ticks(moment)
    await town.ticks(END)


async def read(town: Town) -> tuple[list[AlertEvent], list[Any], list[Any]]:
    """Events, deliveries and what followed, as they are stored."""
    async with town.disk.read() as connection:
        events = await recorded_events(connection, None, FAR)
        told = list(await connection.execute(schema.deliveries.select()))
        return events, told, list(await connection.execute(schema.outcomes.select()))


async def story(town: Town, pace: Pace) -> tuple[list[AlertEvent], list[Any], list[Any]]:
    try:
        await played(town, pace)
        return await read(town)
    finally:
        await town.closes()


def replayed(town: Town) -> View:
    """The store as `bellwether replay --store` sees it."""
    return open_app(Options(config=town.config, store=True), at=END).view()


def of_close_rules(events: Sequence[AlertEvent], town: Town) -> list[AlertEvent]:
    ids = {rule.id for rule in town.rules}
    return sorted((each for each in events if each.rule in ids), key=lambda each: (each.at, each.key))


def evidence_in(view: View, events: Sequence[AlertEvent]) -> Iterator[tuple[str, str, str]]:
    """Of each event that fired: its key, and its evidence in full and in short, from the replay's own panel."""
    rules = {each.rule.id: each for each in view.rules}
    panels = {each.calendar: view.panel(each.calendar) for each in view.rules}
    beside = Beside(view.scope.instruments, view.follow)
    for key, record in recounted([(each, rules[each.rule]) for each in events], panels, beside).items():
        clock = rules[key.split("/")[0]].calendar
        full = record_lines(record.evidence, record.instrument, clock)
        yield key, escape("\n".join(full)), escape(record_in_short(record.evidence, record.instrument))


def following(view: View, events: Sequence[AlertEvent]) -> dict[tuple[str, str, int], tuple[float, ...]]:
    """What followed each event that fired, by the engine."""
    rules, found = {each.rule.id: each for each in view.rules}, {}
    moves: dict[tuple[str, str], tuple[Followed, ...]] = {}
    for event in events:
        rule = rules[event.rule]
        panel = view.panel(rule.calendar)
        row = panel.clock.closes.tolist().index(event.at)
        for name in subjects(rule, view.scope.instruments, view.follow):
            key = rule.calendar, name
            moves[key] = moves.get(key) or followed(panel, name)
            for each in moves[key]:
                numbers = tuple(float(of[row]) for of in (each.end, each.worst, each.best))
                if numbers[0] == numbers[0]:
                    found[event.key, name, each.horizon] = numbers
    return found


@pytest.mark.parametrize(
    "pace",
    [
        pytest.param(Pace(185, polls=1, idle=0, missed=24, stops=2, kills=4), id="a look a session"),
        pytest.param(Pace(250, polls=1, idle=0, missed=40, stops=2, kills=4), marks=pytest.mark.soak, id="a year"),
        pytest.param(Pace(250, polls=4, idle=3, missed=9, stops=8, kills=30), marks=pytest.mark.soak, id="many"),
    ],
)
def test_live_is_replay(tmp_path: Path, pace: Pace) -> None:
    town = Town(tmp_path, pace.ends[0] + SETTLED)
    recorded, deliveries, outcomes = asyncio.run(story(town, pace))
    view = replayed(town)
    live = of_close_rules(recorded, town)
    assert live == of_close_rules([each for each in view.outcome.events if each.at > pace.ends[0]], town)
    fired = [each for each in live if each.edge is Edge.FIRED]
    assert len({each.rule for each in fired}) > 40

    html = {row.event: row.html for row in deliveries}
    told = [(html[key], full, short) for key, full, short in evidence_in(view, fired) if key in html]
    assert len(told) > 40
    assert all(full in text or short in text for text, full, short in told)
    assert sum(full in text for text, full, _ in told) > 0.9 * len(told)

    ids = {each.key for each in fired}
    written = {(row.event, row.instrument, row.horizon): (row.end, row.worst, row.best) for row in outcomes}
    assert {key: numbers for key, numbers in written.items() if key[0] in ids} == following(view, fired)
