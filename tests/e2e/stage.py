"""The whole bot in one process, between a simulated market and Telegram on loopback, played as a story.

Everything is the real thing but the market, Telegram and the clock: the library's application, the inbox, the commands,
the watch, the outbox. Whoever is on stage writes and taps, time passes, and when all is quiet again what happened is
written down as each reader saw it.
"""

from __future__ import annotations

import asyncio
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.delivery.pacing import Pace
from bot.feeds.contract import Setup, build_feed
from bot.fronts import open_front
from bot.market.sessions import Sessions
from bot.parts import Parts
from bot.reception import Reception
from bot.render.lines import PHONE
from bot.room import Room, door_of, one_feed, open_room
from bot.service import Service
from bot.settings import Settings, load_settings
from bot.store.database import Database
from bot.store.guests import Guests
from bot.store.schema import deliveries, inbox
from bot.store.states import is_owed
from rules.model import Instant
from tests.bot.markets import at
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.telegram_posted import Edited, Flashed, Happening, Posted, Tapped, Wrote

UNPACED = Pace(between=0.0, between_in_chat=0.0, in_group=1_000)
END = "2026-01-01T00:00Z"
"""Where the simulated market ends."""


class Wall:
    """A wall clock that is moved by hand."""

    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


@dataclass
class Story:
    """What happened, as it was seen. `cast` is who is called what, chats and people, in the order they are told of."""

    cast: Mapping[int, str]
    lines: list[str] = field(default_factory=list)

    def says(self, words: str) -> None:
        """What no message says."""
        self.lines += ["", f"# {words}"]

    def tells(self, happened: Sequence[Happening]) -> None:
        """What somebody did first; then chat by chat, in the order of the cast: Telegram promises none between them."""
        order = list(self.cast)
        for each in sorted(happened, key=lambda each: _turn(each, order.index(each.chat_id))):
            self.lines += self._told(each)

    def _told(self, each: Happening) -> list[str]:
        match each:
            case Wrote():
                where = "" if each.user == each.chat_id else f" in {self.cast[each.chat_id]}"
                thread = "" if each.thread is None else f", topic {each.thread}"
                who = self.cast.get(each.user, self.cast[each.chat_id])
                return ["", f"{who}{where}{thread}: {each.text}"]
            case Tapped():
                where = "" if each.user == each.chat_id else f" in {self.cast[each.chat_id]}"
                return ["", f"{self.cast[each.user]}{where} taps [{each.label}]"]
            case Flashed():
                return [f"    ({'alert' if each.alert else 'flashed'}: {each.text})"] if each.text else []
            case Edited():
                return [f"  {self.cast[each.posted.chat_id]} sees that message change", *_as_seen(each.posted)]
            case Posted():
                return [f"  {self.cast[each.chat_id]} reads{_how(each)}", *_as_seen(each)]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines).strip()


def _turn(each: Happening, chat: int) -> tuple[int, int, int]:
    """What somebody does comes before what it leads to, and a flash before a message."""
    leads = isinstance(each, Wrote | Tapped)
    return (0, 0, 0) if leads else (1, chat, 0 if isinstance(each, Flashed) else 1)


def _how(posted: Posted) -> str:
    ways = [
        "" if posted.thread is None else f"topic {posted.thread}",
        "in reply" if posted.replies_to is not None else "",
        "without a sound" if posted.disable_notification else "",
    ]
    told = ", ".join(way for way in ways if way)
    return f" ({told})" if told else ""


def _as_seen(posted: Posted) -> list[str]:
    """A message as a phone shows it: lines that are too wide are broken."""
    picture = [] if posted.size is None else [f"(picture {posted.size[0]}x{posted.size[1]})"]
    keys = ["  ".join(f"[{label}]" for label in row) for row in posted.labels]
    return [f"    | {line}".rstrip() for line in (*picture, *on_a_phone(posted.plain), *keys)]


def on_a_phone(words: str) -> list[str]:
    """Words in lines no wider than a phone."""
    return [piece for line in words.split("\n") for piece in textwrap.wrap(line, PHONE, break_on_hyphens=False) or [""]]


class Stage:
    """A started bot. Each verb returns when everything that it led to has been read."""

    def __init__(self, server: TelegramServer, service: Service, parts: Parts, wall: Wall, story: Story) -> None:
        self.server, self.story, self.wall = server, story, wall
        self._service, self._parts = service, parts
        self._told = 0

    async def writes(self, who: int, text: str, *, chat: int | None = None, thread: int | None = None) -> None:
        """Somebody writes a line, alone with the bot or in a group."""
        topic: dict[str, Any] = {} if thread is None else {"message_thread_id": thread, "is_topic_message": True}
        where, kind = (who, "private") if chat is None else (chat, "supergroup")
        name = self.story.cast[who]
        await self._settle(self.server.hears(text, chat=where, user=who, kind=kind, first_name=name, **topic))

    async def taps(self, who: int, label: str, *, chat: int | None = None) -> None:
        """Somebody taps the newest button with that label."""
        await self._settle(self.server.taps(label, chat=who if chat is None else chat, user=who))

    async def posts(self, text: str, *, chat: int) -> None:
        """A channel publishes something."""
        await self._settle(self.server.posts(text, chat=chat))

    async def happens(self, act: Callable[[], int]) -> None:
        """Something else that Telegram tells of; `act` returns the number of its update."""
        await self._settle(act())

    async def it_is(self, instant: str) -> None:
        """Time passes until then, and the market is looked at."""
        self.wall.now = at(instant)
        await self._service.tick()
        self._service.wake()
        await self._settle(None)

    async def _settle(self, update: int | None) -> None:
        """Wait until all is quiet, and write down what was seen."""
        await until(lambda: update is None or self.server.has_handed_out(update))
        await until(self._is_quiet)
        happened = self.server.timeline[self._told :]
        self._told += len(happened)
        self.story.tells(happened)

    async def _is_quiet(self) -> bool:
        """Nothing is to be answered, to be sent or to be flashed."""
        now = self.wall()
        async with self._parts.database.read() as connection:
            asked = await connection.scalar(sa.select(sa.func.count()).where(inbox.c.answered_at.is_(None)))
            begun = deliveries.c.owner.is_not(None)  # it is being sent: due again when its lease ends
            due = sa.select(sa.func.count()).where(is_owed(deliveries), (deliveries.c.due_at <= now) | begun)
            owed = await connection.scalar(due)
        return not asked and not owed and not self.server.unanswered_taps and self._is_answered()

    def _is_answered(self) -> bool:
        """Whoever did something has read something since: strangers too, of whom nothing is kept."""
        happened = self.server.timeline[self._told :]
        return not happened or any(not isinstance(each, Wrote) for each in happened)


async def until(true: Callable[[], bool | Awaitable[bool]], seconds: float = 60) -> None:
    """Wait for what happens elsewhere."""
    end = time.monotonic() + seconds
    while True:
        holds = true()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.02)


def _settings(folder: Path, server: TelegramServer, sections: str) -> Settings:
    file = folder / "story.toml"
    file.write_text(sections.format(telegram=server.url, token=TOKEN))
    return load_settings(file)


@asynccontextmanager
async def on_stage(
    folder: Path, server: TelegramServer, start: str, sections: str, cast: Mapping[int, str]
) -> AsyncIterator[Stage]:
    """A bot that has filled its history at `start`, configured by `sections`; `{telegram}` and `{token}` are filled."""
    wall, settings = Wall(at(start)), _settings(folder, server, sections)
    feed = build_feed("simulated", Setup(Sessions(at(END)), at(END), seed=settings.market.seed))
    order, build = one_feed(feed, settings.instrument_map)
    database = Database(folder / "story.db", durable=False)
    async with AsyncExitStack() as stack:
        room = open_room(settings, database, order, build, "telegram", wall.now)
        stack.push_async_callback(room.close)
        await database.migrate()
        await room.intake.backfill(wall.now, lambda _name, _share: None)
        yield await _start(settings, server, room, wall, stack, Story(cast))


async def _start(
    settings: Settings, server: TelegramServer, room: Room, wall: Wall, stack: AsyncExitStack, story: Story
) -> Stage:
    """As `bot.live` puts it together, on a clock that stands still."""
    grace, database = settings.market.grace_minutes * 60, room.database
    known = (database, room.intake, room.watch, settings.compiled, settings.scope, wall, settings.run.poll_seconds)
    parts = Parts(*known, grace, lambda _name, _share: None, door_of(settings), follow=settings.evidence.follow)
    reception = Reception(parts)
    stack.callback(reception.close)
    guests = Guests(database, "telegram")
    await guests.look()
    front, guarded, _ = open_front(
        settings, database, reception, guests, lambda: True, wall, lambda _secrets: None, UNPACED
    )
    service = Service(parts)
    stack.push_async_callback(service.stop)
    reception.outlook.front_state, reception.outlook.vitals = lambda: front.state, service.vitals
    reception.owed, reception.people_changed = service.wake, guests.look
    room.watch.briefs = reception.briefing()
    await service.start(front, "story", guarded)
    await service.tick()
    await until(lambda: len(room.watch.ready_rules) == len(settings.compiled))
    await until(lambda: front.state == "polling")
    return Stage(server, service, parts, wall, story)
