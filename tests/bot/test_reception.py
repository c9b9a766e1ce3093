"""Questions: the market and the chat on a desk, what changes is stored first, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.feeds.contract import Setup, build_feed
from bot.live import one_feed, open_room
from bot.market.sessions import Sessions
from bot.reception import Parts, Question, Reception
from bot.settings import load_settings
from bot.store.chats import subscribe, subscribers
from bot.store.database import Database
from tests.bot.markets import NOW

ASKED = Question("telegram", "71", "private", "71", "/start")


def in_a_room(path: Path, use: Callable[[Reception, Parts], Awaitable[None]]) -> None:
    """A reception over a database that holds a simulated market."""

    async def run() -> None:
        settings = load_settings()
        feed = build_feed("simulated", Setup(Sessions(NOW), NOW))
        order, build = one_feed(feed, settings.instrument_map)
        room = open_room(settings, Database(path / "room.db", durable=False), order, build, "telegram", NOW)
        parts = Parts(room.database, room.intake, room.watch, settings.compiled, settings.scope, lambda: NOW, 60, print)
        reception = Reception(parts)
        try:
            await room.database.migrate()
            await room.intake.backfill(NOW, lambda _name, _share: None)
            await room.watch.tick(NOW)
            await use(reception, parts)
        finally:
            reception.close()
            await room.close()

    asyncio.run(run())


def says(text: str) -> Question:
    return replace(ASKED, text=text)


def test_what_a_reply_says_is_done_before_it_is_given(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        assert "Alerts come here from now on" in await reception.answer(ASKED)
        async with parts.database.read() as connection:
            [subscriber] = await subscribers(connection, "telegram")
        assert subscriber.since == NOW
        assert "Alerts already come here, since" in await reception.answer(ASKED)
        assert "No more alerts come here." in await reception.answer(says("/stop"))
        await reception.answer(ASKED)
        assert "is deleted" in await reception.answer(says("/forget yes"))
        async with parts.database.read() as connection:
            assert await subscribers(connection, "telegram") == []

    in_a_room(tmp_path, use)


def test_a_change_that_cannot_be_stored_is_not_said_to_be_done(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        other = Database(parts.database.path)
        holds, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with other.write():
                holds.set()
                await done.wait()

        impatient = Database(parts.database.path, patience=0.1)
        holder = asyncio.create_task(hold())
        await holds.wait()
        refused = await Reception(replace(parts, database=impatient)).answer(ASKED)
        done.set()
        await holder
        await impatient.close()
        await other.close()
        assert refused == "The database does not answer; nothing was changed. Please try again later."
        assert "from now on" in await reception.answer(ASKED)

    in_a_room(tmp_path, use)


def test_a_slow_answer_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.commands import registry

    release = threading.Event()

    def slow(_desk: registry.Desk, _words: object) -> registry.Reply:
        assert release.wait(30)
        return registry.Reply("at last")

    known = registry.all_commands()
    command = replace(known["regime"], name="slow", usage="/slow", run=slow)
    monkeypatch.setitem(known, "slow", command)

    async def use(reception: Reception, parts: Parts) -> None:
        waiting = asyncio.create_task(reception.answer(says("/slow")))
        assert "RUT and SOL" in await reception.answer(says("/corr RUT SOL"))
        assert not waiting.done()
        release.set()
        assert await waiting == "at last"

    in_a_room(tmp_path, use)


def test_the_status_is_the_services_own(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        reception.front_state = lambda: "connecting: no route"
        text = await reception.answer(says("/status"))
        assert text.startswith("<b>Not all is well</b>")
        assert "Telegram: connecting: no route" in text
        reception.front_state = lambda: "polling"
        text = await reception.answer(says("/status"))
        assert text.startswith("<b>All is well</b>")
        assert "simulated" in text
        assert "room.db" in text

    in_a_room(tmp_path, use)


def test_the_status_of_telegram_counts_no_terminal(tmp_path: Path) -> None:
    """Who tries it without a token first and then with one: the terminal stays subscribed in the database."""

    async def use(reception: Reception, parts: Parts) -> None:
        async with parts.database.write() as connection:
            await subscribe(connection, "console", "terminal", "terminal", NOW)
        await reception.answer(ASKED)
        assert "Chats: 1\n" in await reception.answer(says("/status"))

    in_a_room(tmp_path, use)


def test_rules_stand_where_the_service_left_them(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        text = await reception.answer(says("/rules"))
        assert "firing since" in text
        assert "not judged yet" not in text

    in_a_room(tmp_path, use)
