"""Notices to those who run the service are owed like alerts: once, to them alone, and as long as they may help."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.delivery.channel import ChatGone, RetryLater
from bot.delivery.notices import LASTING, ON_TIME, Noticeboard
from bot.store.chats import subscribe, unsubscribe
from bot.store.database import Database
from bot.store.schema import deliveries
from rules.model import Instant
from tests.bot.delivery.post import Post, played
from tests.bot.store.stores import NOW, Place, message, owes, rows, states, stored, subscribed, subscribes

STOPPED = "\u26a0 <b>Not well: the outbox</b>"


def board(post: Post, *admins: str) -> Noticeboard:
    return Noticeboard(post.database, "telegram", admins, lambda: post.now, post.worker.wake)


def test_every_administrator_is_told_once_and_nobody_else(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), to=("7",))
        await post.delivers()
        notices = board(post, "7", "-100")
        for _ in range(2):
            await notices.post("notice/outbox/stopped/1", STOPPED)
        assert [row["silent"] for row in await post.rows() if row["html"] == STOPPED] == [False, False], "it sounds"
        assert sorted(await post.delivers()) == [f"-100: {STOPPED}", f"7: {STOPPED}"]
        assert [each.chat for each in await subscribed(post.database)] == [1]

    played(tmp_path, story)


def test_a_notice_outlives_the_process_and_says_how_late_it_is(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await board(post, "7").post("notice/outbox/stopped/1", STOPPED)
        await post.restarts()
        await post.delivers(later=ON_TIME + 60)
        assert post.channel.texts == [f"{STOPPED}\n<b>Late</b>: this is 6 min old"]

    played(tmp_path, story)


def test_a_notice_of_last_week_helps_nobody(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await board(post, "7").post("notice/outbox/stopped/1", STOPPED)
        assert await post.delivers(later=LASTING) == []
        assert [row["state"] for row in await post.rows()] == ["expired"]

    played(tmp_path, story)


def test_an_administrator_who_stops_the_alerts_is_still_told(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        async with post.database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW)
            await unsubscribe(connection, "telegram", "7")
        await board(post, "7").post("notice/outbox/stopped/1", STOPPED)
        assert await post.delivers() == [f"7: {STOPPED}"]

    played(tmp_path, story)


def test_without_administrators_nothing_is_written(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await board(post).post("notice/outbox/stopped/1", STOPPED)
        assert await post.rows() == []

    played(tmp_path, story)


def test_the_next_process_knows_what_was_posted_in_the_last_days(place: Place) -> None:
    async def story(database: Database) -> list[tuple[str, Instant]]:
        at, woken = [NOW], list[Instant]()
        notices = Noticeboard(database, "telegram", ("7", "-100"), lambda: at[0], lambda: woken.append(at[0]))
        await subscribes(database, "7", "8")
        await owes(database, message(1))
        await notices.post("service/started/1/2", STOPPED)
        for key in ("notice/polling/stopped/1", "notice/polling/back/2", "notice/polling/ending/3"):
            at[0] += LASTING // 2
            await notices.post(key, STOPPED)
        assert woken == [NOW + number * (LASTING // 2) for number in range(4)], "whoever sends hears of each"
        return await notices.posted()

    last = NOW + 3 * (LASTING // 2)
    assert stored(place, story) == [
        ("notice/polling/stopped/1", last - LASTING),
        ("notice/polling/back/2", last - LASTING // 2),
        ("notice/polling/ending/3", last),
    ]


def test_past_the_database_each_administrator_is_told_until_he_has_it_and_then_no_more(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        notices = Noticeboard(post.database, "telegram", ("7", "8"), lambda: post.now, post.worker.wake, post.channel)
        post.channel.answers(RetryLater("no connection"))
        assert not await notices.shout(STOPPED)
        assert await notices.shout(STOPPED)
        assert await notices.shout(STOPPED)
        assert post.channel.sent == [f"7: {STOPPED}", f"8: {STOPPED}", f"7: {STOPPED}"], "the first did not arrive"
        assert await post.rows() == []

    played(tmp_path, story)


def test_whoever_has_blocked_the_bot_is_told_past_the_database_no_second_time(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        notices = Noticeboard(post.database, "telegram", ("7",), lambda: post.now, post.worker.wake, post.channel)
        post.channel.answers(ChatGone("blocked"))
        assert await notices.shout(STOPPED)
        assert await notices.shout(STOPPED)
        assert post.channel.sent == [f"7: {STOPPED}"]

    played(tmp_path, story)


def test_without_a_way_past_the_database_nothing_is_told(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        assert not await board(post, "7").shout(STOPPED)

    played(tmp_path, story)


def test_a_notice_has_gone_out_when_nobody_is_owed_it(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        notices = board(post, "7", "8")
        await notices.post("service/stopped/1", STOPPED)
        assert not await notices.has_gone_out("service/stopped/1")
        await post.delivers()
        assert await notices.has_gone_out("service/stopped/1")

    played(tmp_path, story)


def test_no_alert_has_the_key_of_a_notice_and_those_of_earlier_versions_are_understood(place: Place) -> None:
    """A rule may be called `notice`; the id of none begins so."""

    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await owes(database, replace(message(1), event="notice/polling/stopped/1"))
        notices = Noticeboard(database, "telegram", ("7",), lambda: NOW, lambda: None)
        await notices.post("notice/polling/back/2", STOPPED)
        assert [str(row["event"]) for row in await rows(database, deliveries)] == [
            "notice/polling/stopped/1",
            "@notice/polling/back/2",
        ]
        assert [key for key, _ in await notices.posted()] == ["notice/polling/stopped/1", "notice/polling/back/2"]

    stored(place, story)


def test_who_wants_no_alerts_is_still_told_what_he_is_to_hear_as_an_administrator(place: Place) -> None:
    """Who wrote /stop as the database stopped never heard of it."""

    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await owes(database, message(1))
        await Noticeboard(database, "telegram", ("7",), lambda: NOW, lambda: None).post("service/stopped/1", "bye")
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "7")
        return await states(database)

    assert stored(place, story) == ["7: bye owed"]
