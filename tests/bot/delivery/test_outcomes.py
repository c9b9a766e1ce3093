"""Whatever a channel answers: what becomes of a message, when the next try is, and in which order a chat is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Outcome,
    Rejected,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.settle import LONGEST_PAUSE, LONGEST_UNSENT, pause_after
from bot.delivery.worker import Worker
from bot.store.schema import chats, subscriptions
from rules.model import Delivery
from tests.bot.delivery.post import Post, played, until
from tests.bot.store.stores import HOUR, NOW, Place, message, rows, subscribes

ONCE = Delivery.AT_MOST_ONCE
REPEAT = "May be a repeat: its first sending went unanswered"


# What a channel answers


def test_a_message_that_was_accepted_is_sent_once(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2, silent=True), to=("7", "8"))
        post.channel.answers(Sent("101"))
        assert await post.delivers() == ["7: message 1", "8: message 1", "7: message 2", "8: message 2"]
        assert await post.delivers(later=HOUR) == []
        assert {each["state"] for each in await post.rows()} == {"sent"}
        assert (await post.row())["message"] == "101"
        assert post.channel.marks == [(False, False), (False, False), (False, True), (False, True)]

    played(place, story)


@pytest.mark.parametrize(
    ("outcome", "policy", "state", "reason", "due_in", "repeat"),
    [
        (Sent("1"), Delivery.AT_LEAST_ONCE, "sent", "", None, False),
        (RetryLater("flood", 30.0), Delivery.AT_LEAST_ONCE, "owed", "flood", 30, False),
        (RetryLater("flood", 0.2), Delivery.AT_LEAST_ONCE, "owed", "flood", 1, False),
        (RetryLater("no network"), ONCE, "owed", "no network", 2, False),
        (Ambiguous("no answer"), Delivery.AT_LEAST_ONCE, "owed", "no answer", 2, True),
        (Ambiguous("no answer"), ONCE, "unsure", "no answer", None, False),
        (ChatGone("blocked"), Delivery.AT_LEAST_ONCE, "gone", "blocked", None, False),
        (ChatMoved("-1007"), Delivery.AT_LEAST_ONCE, "owed", "the chat has moved", 2, False),
        (Rejected("too long"), Delivery.AT_LEAST_ONCE, "rejected", "too long", None, False),
        (TokenRejected("unknown"), ONCE, "owed", "unknown", LONGEST_PAUSE, False),
        (RuntimeError("secret"), Delivery.AT_LEAST_ONCE, "owed", "a fault of the channel: RuntimeError", 2, True),
        (RuntimeError("secret"), ONCE, "unsure", "a fault of the channel: RuntimeError", None, False),
    ],
    ids=str,
)
def test_every_outcome_leaves_its_trace(
    place: Place,
    outcome: Outcome | Exception,
    policy: Delivery,
    state: str,
    reason: str,
    due_in: int | None,
    repeat: bool,
) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1, policy))
        post.channel.answers(outcome)
        assert await post.worker.round() == 1
        row = await post.row()
        assert (row["state"], row["reason"], row["attempts"], row["owner"]) == (state, reason, 1, None)
        assert bool(row["repeat"]) is repeat
        if due_in is None:
            assert row["settled_at"] == post.now
        else:
            assert (row["settled_at"], row["due_at"]) == (None, post.now + due_in)

    played(place, story)


def test_pauses_double_up_to_a_bound() -> None:
    assert [pause_after(attempts) for attempts in (1, 2, 3, 8, 9, 10, 1_000)] == [2, 4, 8, 256, 300, 300, 300]


def test_a_message_is_tried_until_it_is_no_longer_news(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1, lasts=HOUR))
        post.channel.always_answers(RetryLater("no network"))
        tries = 0
        while (await post.row())["state"] == "owed":
            post.now = int(str((await post.row())["due_at"]))
            tries += len(await post.delivers())
        assert await post.states() == ["7: message 1 expired"]
        assert (await post.row())["reason"] == "no longer news"
        assert post.now == NOW + 1 + HOUR
        after_2_4_8_and_16_s = 4
        assert tries == after_2_4_8_and_16_s + (HOUR - (2 + 4 + 8 + 16) - 1) // LONGEST_UNSENT

    played(place, story)


def test_an_unanswered_message_is_sent_again_and_says_so(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1))
        post.channel.answers(Ambiguous("no answer"), RetryLater("flood", 5), Sent())
        assert await post.delivers() == ["7: message 1"]
        assert await post.delivers(later=2) == ["7: message 1"]
        assert await post.delivers(later=5) == ["7: message 1"]
        assert post.channel.texts == ["message 1", f"message 1\n{REPEAT}", f"message 1\n{REPEAT}"]
        assert await post.states() == ["7: message 1 sent"]

    played(place, story)


def test_a_message_that_may_be_sent_once_only_is_never_sent_again(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1, ONCE))
        post.channel.answers(Ambiguous("no answer"))
        await post.delivers()
        assert await post.delivers(later=HOUR) == []
        assert await post.states() == ["7: message 1 unsure"]

    played(place, story)


def test_a_chat_that_is_gone_is_owed_nothing_more_and_not_told_until_it_comes_back(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2), message(3), to=("7", "8"))
        post.channel.answers(ChatGone("bot was blocked by the user"))
        assert await post.delivers() == ["7: message 1", "8: message 1", "8: message 2", "8: message 3"]
        assert [each for each in await post.states() if each.startswith("7")] == [
            "7: message 1 gone", "7: message 2 gone", "7: message 3 gone",
        ]  # fmt: skip
        assert (await rows(post.database, chats))[0]["gone"] == "bot was blocked by the user"
        assert [each["chat"] for each in await rows(post.database, subscriptions)] == [2]

    played(place, story)


def test_who_came_back_while_the_refusal_was_on_its_way_is_told_again(place: Place) -> None:
    """Telegram said "blocked"; that could not be written for a while, and the reader has written /start meanwhile."""

    async def story(post: Post) -> None:
        await post.owes(message(1), message(2))
        post.channel.answers(ChatGone("blocked"))
        post.channel.hangs_on("7")
        async with post.at_work():
            await until(lambda: len(post.channel.sent) == 1)
            post.now += 5
            await subscribes(post.database, "7", now=post.now)
            post.channel.goes_on()
            await until(lambda: post.channel.at_once == 0)
        await post.restarts()
        assert await post.delivers(later=60) == ["7: message 1", "7: message 2"]

    played(place, story)


def test_a_chat_that_has_to_rest_is_tried_again_when_it_has(place: Place) -> None:
    async def story(post: Post) -> None:
        post.channel.answers(Resting(1.2))
        await post.owes(message(1))
        assert len(await post.delivers()) == 1
        row = await post.row()
        assert (row["due_at"], row["attempts"], row["repeat"], row["owner"]) == (post.now + 2, 0, False, None)
        assert await post.delivers(later=2) == ["7: message 1"]

    played(place, story)


def test_a_chat_that_has_moved_is_told_where_it_is_now(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2), to=("-7",))
        post.channel.answers(ChatMoved("-1007"))
        assert await post.delivers() == ["-7: message 1"]
        assert await post.delivers(later=2) == ["-1007: message 1", "-1007: message 2"]
        assert await post.states() == ["-1007: message 1 sent", "-1007: message 2 sent"]

    played(place, story)


def test_a_chat_that_moves_to_where_one_was_gone_keeps_what_it_is_owed(place: Place) -> None:
    """The bot was thrown out of the one and let into the other, which is the same now."""

    async def story(post: Post) -> None:
        post.channel.answers(ChatGone("blocked"), ChatMoved("7"))
        await post.owes(message(1), to=("7", "8"))
        await post.delivers()
        await post.delivers(later=60)
        assert await post.states() == ["7: message 1 sent"]

    played(place, story)


def test_two_chats_that_say_they_moved_to_each_other_are_not_asked_without_end(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1, lasts=HOUR), to=("-7", "-8"))
        for number in range(1_000):
            post.channel.always_answers(ChatMoved("-7" if number % 2 else "-8"))
            await post.delivers(later=1)
        assert len(post.channel.sent) < 30

    played(place, story)


def test_what_is_not_understood_is_sent_once_as_plain_text(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2))
        post.channel.answers(NotUnderstood("can't parse"), Sent(), NotUnderstood("can't parse"), NotUnderstood("still"))
        assert await post.delivers() == ["7: message 1", "7: message 1", "7: message 2", "7: message 2"]
        assert [plain for plain, _ in post.channel.marks] == [False, True, False, True]
        assert await post.states() == ["7: message 1 sent", "7: message 2 rejected"]
        assert [each["reason"] for each in await post.rows()] == ["", "still"]
        assert post.channel.texts[1] == "message 1", "surely not delivered the first time"

    played(place, story)


def test_a_rejected_token_keeps_everything_and_asks_no_further(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), to=tuple(map(str, range(100, 200))))
        post.channel.always_answers(TokenRejected("Telegram does not know the bot's token"))
        async with post.at_work():
            await until(lambda: len(post.channel.sent) >= 8)
            post.now += HOUR
            post.worker.wake()
            await asyncio.sleep(0.1)
        assert len(post.channel.sent) == 8
        await post.restarts()
        post.channel.always_answers(Sent())
        assert len(await post.delivers(later=HOUR)) == 100
        assert {each["state"] for each in await post.rows()} == {"sent"}
        assert not any("repeat" in each for each in post.channel.texts)

    played(place, story)


# When


def test_what_is_no_longer_news_is_closed_with_a_reason_and_not_sent(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1, lasts=600), message(2))
        assert await post.delivers(later=1_000) == ["7: message 2"]
        first, second = await post.rows()
        assert (first["state"], first["reason"], first["settled_at"]) == ("expired", "no longer news", post.now)
        assert second["state"] == "sent"

    played(place, story)


@pytest.mark.parametrize(("after", "line"), [(0, ""), (1, "\n<b>Late</b>: this is 3 h old")])
def test_a_late_message_says_how_late_it_is(place: Place, after: int, line: str) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1))
        post.now = NOW + 1 + 3 * HOUR + after
        await post.delivers()
        assert post.channel.texts == [f"message 1{line}"]

    played(place, story)


def test_a_message_that_is_late_and_perhaps_a_repeat_says_both(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1))
        post.channel.answers(Ambiguous("no answer"))
        await post.delivers()
        await post.delivers(later=27 * HOUR // 2)
        assert post.channel.texts[1] == f"message 1\n<b>Late</b>: this is 13 h 30 min old\n{REPEAT}"

    played(place, story)


def test_a_postponed_message_goes_out_in_time_though_nobody_wakes_the_worker(tmp_path: Path) -> None:
    async def story(post: Post) -> None:
        begun = asyncio.get_running_loop().time()
        clock = asyncio.get_running_loop().time
        post.worker = Worker(post.database, post.channel, "me", lambda: NOW + 60 + int(clock() - begun), post.limits)
        await post.owes(message(1))
        post.channel.answers(RetryLater("flood", 1), Ambiguous("no answer"))
        async with post.at_work():
            await until(lambda: len(post.channel.sent) == 3)

    played(tmp_path, story, idle=3_600.0)


# In which order


def test_messages_of_a_chat_never_overtake_each_other(place: Place) -> None:
    """Whatever happens to the first, and however many are sent side by side."""

    async def story(post: Post) -> None:
        await post.owes(*(message(number) for number in range(1, 9)), to=("7", "8"))
        post.channel.answers(RetryLater("flood", 5), Sent(), Ambiguous("no answer"), Sent(), NotUnderstood("?"))
        for _ in range(20):
            await post.delivers(later=1)
        for chat in ("7", "8"):
            said = [each for each in post.channel.sent if each.startswith(chat)]
            assert list(dict.fromkeys(said)) == [f"{chat}: message {number}" for number in range(1, 9)]
            assert said == sorted(said)
        assert {each["state"] for each in await post.rows()} == {"sent"}

    played(place, story)


def test_chats_are_told_side_by_side_and_each_one_by_one(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2), to=tuple(map(str, range(10, 22))))
        post.channel.hangs_on(*map(str, range(10, 22)))
        async with post.at_work():
            await until(lambda: post.channel.at_once == 8)
            await asyncio.sleep(0.05)
            assert post.channel.sent == [f"{chat}: message 1" for chat in range(10, 18)]
            post.channel.goes_on()
            await until(lambda: len(post.channel.sent) == 24)
        assert post.channel.most_at_once == 8

    played(place, story)


def test_a_chat_that_hangs_holds_up_nobody_else(place: Place) -> None:
    async def story(post: Post) -> None:
        post.channel.hangs_on("7")
        await post.owes(message(1), message(2))
        async with post.at_work():
            await until(lambda: post.channel.sent == ["7: message 1"])
            await post.owes(message(3), to=("8",))
            await until(lambda: post.channel.sent == ["7: message 1", "8: message 3"])
            post.channel.goes_on()
            await until(lambda: len(post.channel.sent) == 4)
        assert post.channel.sent[2:] == ["7: message 2", "7: message 3"]

    played(place, story)


def test_a_message_that_our_own_fault_keeps_back_holds_up_nobody_not_even_its_chat(place: Place) -> None:
    async def story(post: Post) -> None:
        await post.owes(message(1), message(2))
        post.channel.answers(RuntimeError("a bug"))
        assert await post.delivers() == ["7: message 1", "7: message 2"]
        assert await post.delivers(later=2) == ["7: message 1"]
        assert post.channel.texts[-1] == f"message 1\n{REPEAT}"
        assert await post.states() == ["7: message 1 sent", "7: message 2 sent"]

    played(place, story)
