"""Groups and their topics: who may say there how the group is told, and what becomes of a topic or of the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.delivery.channel import Answer, Frame, Sent
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.guests import Guests
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.asking import NOT_CHECKED
from bot.telegram.incoming import Incoming
from bot.telegram.letterbox import StoredLetters
from tests.bot.store.stores import NOW, message, nothing, opened, owes, states, stored, subscribed, subscribes
from tests.bot.telegram.kept import KEYS, live_kept
from tests.bot.telegram.service import Pile, arrives, live, until
from tests.servers.telegram import TelegramServer

GROUP, ADMIN, MEMBER = -4242, 1001, 1002
FORUM: dict[str, Any] = {"chat": GROUP, "kind": "supergroup", "message_thread_id": 9, "is_topic_message": True}


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(GROUP, "supergroup")
        running.promotes(ADMIN, chat=GROUP)
        yield running


def mutes(line: str) -> bool:
    """As the registry has it."""
    return line.startswith("/mute")


async def said(incoming: Incoming) -> str:
    """Who may configure is in the answer."""
    return f"{incoming.text} {'may' if incoming.configures else 'may not'}"


# Who may say how a group is told


@pytest.mark.parametrize(("user", "may"), [(ADMIN, "may"), (MEMBER, "may not")])
def test_in_a_group_administrators_configure(server: TelegramServer, user: int, may: str) -> None:
    async def story(_service: TelegramService) -> None:
        server.hears("/mute", chat=GROUP, user=user, kind="supergroup")
        await arrives(server, "/mute")

    live(server, story, answer=said, configures=mutes)
    assert [each.plain for each in server.sent] == [f"/mute {may}"]


def test_alone_with_the_bot_everybody_configures_and_nobody_is_asked_about(server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        server.hears("/mute", user=MEMBER, chat=MEMBER)
        await arrives(server, "/mute may")

    live(server, story, answer=said, configures=mutes)
    assert server.calls.count("getChatMember") == 0


def test_telegram_is_asked_once_a_minute_and_only_where_it_matters(server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        for line in ("/corr", "/mute a", "/mute b", "/regime"):
            server.hears(line, chat=GROUP, user=ADMIN, kind="supergroup")
        await arrives(server, "/regime")

    live(server, story, answer=said, configures=mutes)
    assert server.calls.count("getChatMember") == 1
    assert {each.plain for each in server.sent} >= {"/mute a may", "/mute b may"}


def test_who_hides_behind_the_name_of_the_group_administers_it(server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        server.hears_anonymous("/mute", chat=GROUP)
        await arrives(server, "/mute may")

    live(server, story, answer=said, configures=mutes)
    assert server.calls.count("getChatMember") == 0


def test_who_writes_in_the_name_of_another_channel_does_not(server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        elsewhere = {"id": -777, "type": "channel", "title": "Elsewhere"}
        server.hears("/mute", chat=GROUP, user=136_817_688, kind="supergroup", sender_chat=elsewhere)
        await arrives(server, "/mute may not")

    live(server, story, answer=said, configures=mutes)


def test_a_tap_that_configures_is_for_administrators_too(server: TelegramServer, tmp_path: Path) -> None:
    asked: list[Incoming] = []

    async def answer(incoming: Incoming) -> Answer:
        asked.append(incoming)
        return Answer("Muted" if incoming.configures else "For administrators")

    async def story(service: TelegramService) -> None:
        await service.channel.send(str(GROUP), "RUT at a record", frame=Frame(KEYS))
        server.taps("Mute", chat=GROUP, user=MEMBER)
        await asyncio.to_thread(server.waits_for_flash, "For administrators")
        server.taps("Mute", chat=GROUP, user=ADMIN)
        await asyncio.to_thread(server.waits_for_flash, "Muted")

    live_kept(server, story, tmp_path, answer=answer, configures=mutes)
    assert [(each.user, each.configures) for each in asked] == [(MEMBER, False), (ADMIN, True)]


@pytest.mark.parametrize("tells", ["hidden", "500", "no answer"])
def test_where_it_cannot_be_checked_nothing_is_done_and_that_is_said(server: TelegramServer, tells: str) -> None:
    asked: list[Incoming] = []

    async def answer(incoming: Incoming) -> str:
        asked.append(incoming)
        return "done"

    if tells == "hidden":
        server.hides_members()
    elif tells == "500":
        server.fails_with(500, method="getChatMember")
    else:
        server.hangs(2, method="getChatMember")

    async def story(_service: TelegramService) -> None:
        server.hears("/mute", chat=GROUP, user=ADMIN, kind="supergroup")
        await arrives(server, NOT_CHECKED)

    live(server, story, answer=answer, configures=mutes)
    assert asked == []


# Topics


def test_an_alert_goes_to_its_topic_and_where_that_is_closed_or_gone_to_the_group(server: TelegramServer) -> None:
    server.opens_topic(9, chat=GROUP)

    async def story(service: TelegramService) -> None:
        for change in (lambda: None, lambda: server.closes_topic(9, chat=GROUP)):
            change()
            sent = await service.channel.send(str(GROUP), "alert", frame=Frame(KEYS, thread=9))
            assert isinstance(sent, Sent)
        server.deletes_topic(9, chat=GROUP)
        assert isinstance(await service.channel.send(str(GROUP), "alert", frame=Frame(thread=9)), Sent)

    live(server, story)
    assert [(each.thread, bool(each.buttons)) for each in server.sent] == [(9, True), (None, True), (None, False)]


def test_a_tap_in_a_topic_is_answered_there(server: TelegramServer, tmp_path: Path) -> None:
    async def answer(incoming: Incoming) -> Answer:
        return Answer("because") if incoming.tap else Answer("RUT at a record", buttons=KEYS)

    async def story(_service: TelegramService) -> None:
        server.hears("/corr", **FORUM)
        await arrives(server, "RUT at a record")
        server.taps("Why", chat=GROUP, user=MEMBER)
        await arrives(server, "because")

    live_kept(server, story, tmp_path, answer=answer)
    assert [each.thread for each in server.sent] == [9, 9]


def test_an_answer_to_a_topic_that_was_closed_meanwhile_comes_in_the_group(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str:
        server.closes_topic(9, chat=GROUP)
        return "late"

    async def story(_service: TelegramService) -> None:
        server.hears("/corr", **FORUM)
        await arrives(server, "late")

    live(server, story, answer=answer)
    assert [each.thread for each in server.sent] == [None]


# Replies


def test_an_alert_is_shown_as_a_reply_and_without_the_message_by_itself(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        first = await service.channel.send(str(GROUP), "fired")
        assert isinstance(first, Sent)
        await service.channel.send(str(GROUP), "resolved", frame=Frame(replies_to=first.message))
        server.deletes(server.sent[0])
        await service.channel.send(str(GROUP), "corrected", frame=Frame(replies_to=first.message))

    live(server, story)
    assert [each.replies_to for each in server.sent] == [None, server.sent[0].message_id, None]


# Where the bot is no more


def test_a_bot_that_was_removed_is_told_nothing_there_any_more(server: TelegramServer, tmp_path: Path) -> None:
    """It found out with the next alert, which may be weeks away."""

    async def before(database: Database) -> None:
        await subscribes(database, str(GROUP), "7")
        await owes(database, message(1))

    stored(tmp_path, before)

    async def story(_service: TelegramService) -> None:
        number = server.removes_bot(GROUP, date=NOW + 60)
        await until(lambda: server.has_handed_out(number))

    live_kept(server, story, tmp_path)

    async def after(database: Database) -> tuple[int, list[str]]:
        return len(await subscribed(database)), await states(database)

    assert stored(tmp_path, after) == (1, ["-4242: message 1 gone", "7: message 1 owed"])


def test_a_removal_that_is_told_after_a_new_wish_takes_nothing_back(server: TelegramServer, tmp_path: Path) -> None:
    """Updates lie at Telegram for a day: the bot may be back by the time it reads that it was removed."""
    stored(tmp_path, lambda database: subscribes(database, str(GROUP), now=NOW + 120))

    async def story(_service: TelegramService) -> None:
        number = server.removes_bot(GROUP, date=NOW + 60)
        await until(lambda: server.has_handed_out(number))

    live_kept(server, story, tmp_path)
    assert len(stored(tmp_path, subscribed)) == 1


def test_a_bot_that_was_added_somewhere_says_and_keeps_nothing(server: TelegramServer) -> None:
    pile = Pile()

    async def story(_service: TelegramService) -> None:
        number = server.adds_bot(-99)
        await until(lambda: server.has_handed_out(number))

    live(server, story, letters=pile)
    assert (server.sent, pile.left, pile.kept) == ([], [], {})


def test_a_chat_that_nobody_knew_may_leave(tmp_path: Path, server: TelegramServer) -> None:
    async def story(_service: TelegramService) -> None:
        server.knows(-77)
        number = server.removes_bot(-77)
        await until(lambda: server.has_handed_out(number))

    live_kept(server, story, tmp_path)

    async def back() -> int:
        database = opened(tmp_path)
        try:
            async with database.write() as connection:
                return await subscribe(connection, "telegram", "-77", "group", NOW)
        finally:
            await database.close()

    assert asyncio.run(back())


@pytest.mark.parametrize("at_once", [True, False])
def test_a_group_that_was_let_in_is_answered_where_it_has_moved_to(
    server: TelegramServer, tmp_path: Path, at_once: bool
) -> None:
    """Also by what is written there before anybody knows of the move, as far as the bot is concerned."""
    old, new = -5, -1005
    stored(tmp_path, nothing)
    database = opened(tmp_path)
    guests = Guests(database, "telegram")
    if at_once:
        server.hears("", chat=new, kind="supergroup", migrate_from_chat_id=old)
        server.hears("/first", chat=new, kind="supergroup")

    async def story(_service: TelegramService) -> None:
        if not at_once:
            server.hears("", chat=old, kind="group", migrate_to_chat_id=new)
            server.hears("/first", chat=new, kind="supergroup")
        await arrives(server, "you: /first")
        server.hears("/stranger", chat=-9, user=9, kind="group")
        await until(lambda: len(server.sent) == 2)

    letters = StoredLetters(database, lambda: NOW, {old}, guests.look)
    access = Access(frozenset({old}), decisions=guests)
    live(server, story, letters=letters, access=access, afterwards=database.close)
    assert "Your id is 9" in server.sent[1].plain
