"""Every message owed arrives: whatever goes wrong here, and wherever the process ends."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.delivery.channel import (
    BARE,
    Ambiguous,
    ChatGone,
    ChatMoved,
    Frame,
    Outcome,
    Rank,
    RetryLater,
    Sent,
)
from bot.delivery.worker import Limits, Worker
from bot.store.database import Database
from bot.store.schema import chats
from rules.model import Delivery
from tests.bot.delivery.post import QUICK, Post, played, until
from tests.bot.store.stores import HOUR, message, rows

ONCE = Delivery.AT_MOST_ONCE
REPEAT = "May be a repeat: its first sending went unanswered"


async def no_longer_hangs(running: asyncio.Task[None]) -> None:
    """Cancelled as the service does in the end; whatever it was sending is cut off."""
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# What goes wrong here


def test_a_channel_that_raises_is_logged_and_the_worker_lives_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(post: Post) -> None:
        post.channel.always_answers(RuntimeError("a bug"))
        async with post.at_work():
            await post.owes(message(1))
            await until(lambda: _is_postponed(post))
            post.channel.always_answers(Sent())
            post.now += 2
            post.worker.wake()
            await until(lambda: len(post.channel.sent) == 2)
        assert await post.states() == ["7: message 1 sent"]

    async def _is_postponed(post: Post) -> bool:
        return bool((await post.row())["reason"])

    caplog.set_level(logging.INFO, "bot.delivery.worker")
    played(tmp_path, story)
    (logged,) = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert (logged.getMessage(), logged.exc_info is not None) == ("delivery 1: the channel failed", True)
    fields = [{name: vars(each).get(name) for name in ("delivery", "attempt", "outcome")} for each in caplog.records]
    assert {"delivery": 1, "attempt": 1, "outcome": "Fault"} in fields
    assert {"delivery": 1, "attempt": 2, "outcome": "Sent"} in fields


@pytest.mark.parametrize("deaf", [False, True])
def test_a_sending_that_hangs_is_given_up_as_unanswered(tmp_path: Path, deaf: bool) -> None:
    async def story(post: Post) -> None:
        post.channel.hangs_on("7", deaf=deaf)
        await post.owes(message(1))
        async with post.at_work():
            await until(lambda: post.channel.sent)
            if deaf:
                await asyncio.sleep(0.2)
                assert (await post.row())["owner"] == "me"
                post.channel.goes_on()
                await until(lambda: post.channel.at_once == 0)
            else:
                await until(lambda: post.channel.at_once == 0)
        row = await post.row()
        expected = ("sent", "") if deaf else ("owed", "no answer within 0.1 s")
        assert (row["state"], row["reason"], bool(row["repeat"])) == (*expected, not deaf)

    played(tmp_path, story, sending=0.1)


def test_one_message_is_never_sent_twice_at_once_though_its_lease_has_ended(tmp_path: Path) -> None:
    """A laptop that slept: by the wall clock the lease is long over, and the sending still hangs."""

    async def story(post: Post) -> None:
        post.channel.hangs_on("7")
        await post.owes(message(1), message(2))
        async with post.at_work():
            await until(lambda: post.channel.sent)
            post.now += HOUR
            post.worker.wake()
            await post.owes(message(3), to=("8",))
            await until(lambda: len(post.channel.sent) == 2)
            await asyncio.sleep(0.05)
            assert post.channel.sent == ["7: message 1", "8: message 3"]
            post.channel.goes_on()
            await until(lambda: len(post.channel.sent) == 4)
        assert {each["attempts"] for each in await post.rows()} == {1}
        assert post.channel.sent[2:] == ["7: message 2", "7: message 3"]

    played(tmp_path, story)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """While another program writes."""
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.close()


def hasty(post: Post) -> Database:
    """The same database, but whoever writes does not wait for others."""
    return Database(post.database.path, patience=0.0)


def test_a_locked_database_stops_nothing_for_good(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1))
        calm, post.database = post.database, hasty(post)
        post.worker = post.employs("me")
        try:
            with locked(calm):
                running = asyncio.create_task(post.worker.run())
                await until(lambda: caplog.records)
                await asyncio.sleep(10 * QUICK.trouble)
                assert post.channel.sent == []
            await until(lambda: post.channel.sent)
            await post.worker.stop()
            await running
        finally:
            await post.database.close()
        post.database = calm
        assert await post.states() == ["7: message 1 sent"]

    played(tmp_path, story)
    [told] = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert told.startswith("nothing can be delivered: ")
    assert "database is locked" in told


def test_a_message_that_was_sent_is_not_sent_again_because_that_could_not_be_written(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        post.channel.hangs_on("7")
        await post.owes(message(1))
        calm, post.database = post.database, hasty(post)
        post.worker = post.employs("me")
        try:
            running = asyncio.create_task(post.worker.run())
            await until(lambda: post.channel.sent)
            with locked(calm):
                post.channel.goes_on()
                await asyncio.sleep(0.1)
                post.now += HOUR
                await asyncio.sleep(0.1)
            await until(lambda: _is_settled(calm))
            await post.worker.stop()
            await running
        finally:
            await post.database.close()
        assert post.channel.texts == ["message 1"]

    async def _is_settled(database: Database) -> bool:
        async with database.read() as connection:
            return bool((await connection.execute(sa.text("select 1 from deliveries where state = 'sent'"))).scalar())

    played(tmp_path, story)


def test_who_is_forgotten_while_a_message_is_under_way_leaves_no_trace(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        for outcome in (Sent(), ChatGone("blocked"), ChatMoved("9"), Ambiguous("no answer"), RuntimeError("a bug")):
            post.channel.hangs_on("7")
            post.channel.answers(outcome)
            await post.owes(message(1))
            async with post.at_work():
                await until(lambda: post.channel.at_once)
                async with post.database.write() as connection:
                    await connection.execute(sa.delete(chats))
            post.worker = post.employs("me")
            assert await post.rows() == []
            assert await rows(post.database, chats) == []

    played(tmp_path, story)


# The end of a process


def test_stopping_waits_for_what_is_being_sent_and_begins_nothing(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        post.channel.hangs_on("7", "8")
        await post.owes(message(1), message(2), to=("7", "8"))
        running = asyncio.create_task(post.worker.run())
        await until(lambda: post.channel.at_once == 2)
        await post.worker.stop()
        await asyncio.sleep(0.05)
        assert not running.done()
        post.channel.goes_on()
        await asyncio.wait_for(running, 5)
        assert await post.states() == [
            "7: message 1 sent", "8: message 1 sent", "7: message 2 owed", "8: message 2 owed",
        ]  # fmt: skip
        assert {each["owner"] for each in await post.rows()} == {None}

    played(tmp_path, story)


def test_an_idle_worker_stops_at_once(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        running = asyncio.create_task(post.worker.run())
        await asyncio.sleep(0.05)
        await post.worker.stop()
        await asyncio.wait_for(running, 5)

    played(tmp_path, story, idle=3_600.0)


def test_what_was_claimed_and_not_begun_is_given_back_without_a_mark(tmp_path: Path) -> None:
    """Stopped while the claim is being committed."""

    async def story(post: Post) -> None:
        await post.owes(message(1))

        def stop(_connection: object) -> None:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(post.worker.stop()))

        sa.event.listen(sa.Engine, "commit", stop)
        try:
            assert await post.worker.round() == 1
        finally:
            sa.event.remove(sa.Engine, "commit", stop)
        row = await post.row()
        assert (row["state"], row["owner"], row["attempts"], bool(row["repeat"])) == ("owed", None, 0, False)
        assert post.channel.sent == []
        await post.restarts()
        await post.delivers()
        assert post.channel.texts == ["message 1"]

    played(tmp_path, story)


@pytest.mark.parametrize("policy", list(Delivery))
def test_a_process_that_ends_after_the_claim_loses_nothing(tmp_path: Path, policy: Delivery) -> None:
    """Nobody knows whether it was sent: it is sent again and says so, or it is closed where a rule asked for that."""

    async def story(post: Post) -> None:
        post.channel.hangs_on("7")
        await post.owes(message(1, policy), message(2, policy))
        running = asyncio.create_task(post.worker.run())
        await until(lambda: post.channel.sent)
        await no_longer_hangs(running)
        post.channel.goes_on()
        await post.restarts()
        again = await post.delivers()
        if policy is ONCE:
            assert again == ["7: message 2"]
            assert await post.states() == ["7: message 1 unsure", "7: message 2 sent"]
            assert (await post.row())["reason"] == "it was being sent when the process ended"
        else:
            assert again == ["7: message 1", "7: message 2"]
            assert post.channel.texts[1:] == [f"message 1\n{REPEAT}", "message 2"]
            assert await post.states() == ["7: message 1 sent", "7: message 2 sent"]

    played(tmp_path, story)


def test_a_worker_that_starts_takes_over_at_once_what_another_left(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        post.channel.hangs_on("7")
        await post.owes(message(1))
        running = asyncio.create_task(post.worker.run())
        await until(lambda: post.channel.sent)
        await no_longer_hangs(running)
        post.channel.goes_on()
        post.worker = post.employs("new")
        async with post.at_work():
            await until(lambda: len(post.channel.sent) == 2)
        assert post.channel.texts == ["message 1", f"message 1\n{REPEAT}"]

    played(tmp_path, story)


def test_whoever_is_cut_off_anywhere_loses_nothing_and_marks_what_may_be_a_repeat(tmp_path: Path) -> None:
    """Cut off at a hundred instants: after the claim, while sending, after the acceptance, while settling."""

    async def story(post: Post) -> None:
        loop = asyncio.get_running_loop()
        for number in range(100):
            await post.owes(*(message(10 * number + each) for each in range(3)), to=("7", "8"))
            before = loop.time()
            running = asyncio.create_task(post.worker.run())
            await asyncio.sleep(number * 0.0002)
            running.cancel()
            await asyncio.wait([running], timeout=10)
            assert running.done(), f"cut off after {loop.time() - before} s"
            await post.restarts()
        await post.delivers()
        assert {each["state"] for each in await post.rows()} == {"sent"}
        told = [(sent, REPEAT in text) for sent, text in zip(post.channel.sent, post.channel.texts, strict=True)]
        first = [sent for sent, repeat in told if not repeat]
        assert len(first) == len(set(first)), "whatever is sent a second time says so"
        assert len({sent for sent, _ in told}) == 600

    played(tmp_path, story)


# What it costs


@contextmanager
def counted() -> Iterator[list[str]]:
    """The transactions that write."""
    begun: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            begun.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield begun
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(("each", "chats_told"), [(1, 1_000), (1_000, 1), (10, 100)])
def test_a_thousand_deliveries_cost_a_transaction_each(tmp_path: Path, each: int, chats_told: int) -> None:
    async def story(post: Post) -> None:
        await post.owes(*(message(number) for number in range(1, each + 1)), to=tuple(map(str, range(chats_told))))
        with counted() as transactions:
            async with post.at_work():
                await until(lambda: len(post.channel.sent) == 1_000)
        assert len(transactions) <= 1_000 + 3
        assert {row["state"] for row in await post.rows()} == {"sent"}

    played(tmp_path, story)


def test_a_worker_with_nothing_to_do_writes_nothing(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1))
        post.channel.answers(RetryLater("flood", 3_000))
        async with post.at_work():
            await until(lambda: post.channel.sent)
            await asyncio.sleep(0.05)
            with counted() as transactions:
                for _ in range(20):
                    post.worker.wake()
                    await asyncio.sleep(0.005)
        assert transactions == []

    played(tmp_path, story)


# Digests, and another process that works


def test_a_digest_goes_after_every_alert_that_is_due(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        await post.owes(replace(message(1), digest=True), to=("7", "8"))
        await post.owes(message(2), to=("9",))
        assert await post.delivers() == ["7: message 2", "8: message 2", "9: message 2", "7: message 1", "8: message 1"]
        assert post.channel.ranks == [Rank.ALERT, Rank.ALERT, Rank.ALERT, Rank.DIGEST, Rank.DIGEST]

    played(tmp_path, story, at_a_time=1)


def test_a_chat_that_has_just_been_told_comes_after_all_others_and_holds_up_no_lane(tmp_path: Path) -> None:
    """By due time alone the first chat's backlog would come first, a second apart, while everybody else waits."""

    async def story(post: Post) -> None:
        await post.owes(message(1), message(2), message(3), to=("7",))
        post.now += 1
        await post.owes(message(4), to=("8", "9"))
        assert await post.delivers() == [
            "7: message 1", "8: message 4", "9: message 4", "7: message 2", "7: message 3", "7: message 4",
        ]  # fmt: skip

    played(tmp_path, story, at_a_time=1)


def test_a_worker_that_may_not_send_claims_nothing_and_goes_on_when_it_may(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        post.is_relieved()
        await post.owes(message(1))
        assert await post.delivers() == []
        assert (await post.row())["attempts"] == 0
        async with post.at_work():
            await asyncio.sleep(0.05)
            assert post.channel.sent == []
            post.is_relieved(again=True)
            await until(lambda: post.channel.sent == ["7: message 1"])

    played(tmp_path, story)


def test_what_was_claimed_before_another_process_took_over_is_not_sent(tmp_path: Path) -> None:
    """The process was stopped between the claim and the sending; the other one has sent it meanwhile."""

    async def story(post: Post) -> None:
        await post.owes(message(1), message(2))
        post.channel.hangs_on("7")
        async with post.at_work():
            await until(lambda: len(post.channel.sent) == 1)
            post.is_relieved()
            post.channel.goes_on()
            await until(lambda: post.channel.at_once == 0)
            await asyncio.sleep(0.05)
        assert post.channel.sent == ["7: message 1"]

    played(tmp_path, story)


class Sink:
    """A channel that keeps nothing."""

    name = "telegram"

    def turn_away(self) -> None:
        """Nobody waits here."""

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        return Sent()


def test_memory_does_not_grow_with_what_is_owed(tmp_path: Path) -> None:
    """200 messages of 100 kB each are owed; no more than a few of them are ever held."""

    async def story(post: Post) -> None:
        long = "x" * 100_000
        await post.owes(*(replace(message(number), html=long) for number in range(100)), to=("7", "8"))
        worker = Worker(post.database, Sink(), "me", lambda: post.now, Limits(at_a_time=2))
        tracemalloc.start()
        try:
            assert await worker.round() == 200
            assert tracemalloc.get_traced_memory()[1] < 3_000_000
        finally:
            tracemalloc.stop()

    played(tmp_path, story)
