"""Every way a sending can end, through the real client against a server on loopback, is told as an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.answers.buttons import Button
from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    Frame,
    NotUnderstood,
    Outcome,
    Rank,
    Rejected,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.pacing import Pace
from bot.render.plain import LONGEST, units
from bot.telegram.wire import Waits
from tests.bot.telegram.service import IMPATIENT, open_channel, png
from tests.servers.telegram import TOKEN, TelegramServer

CHAT = 1001
GROUP = -4242


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer(enforces_limits=True) as running:
        running.knows(CHAT)
        running.knows(GROUP, "supergroup")
        yield running


def send(
    server: TelegramServer, *messages: str, to: int = CHAT, token: str = TOKEN, waits: Waits = IMPATIENT, **how: Any
) -> list[Outcome]:
    """One after the other."""

    async def story() -> list[Outcome]:
        async with open_channel(server, token=token, waits=waits) as channel:
            return [await channel.send(str(to), html, **how) for html in messages]

    return asyncio.run(story())


# Sent


def test_a_message_arrives_as_html(server: TelegramServer) -> None:
    outcome = send(server, "<b>RUT</b> &lt; record")[0]
    posted = server.sent[0]
    assert outcome == Sent(str(posted.message_id))
    assert (posted.chat_id, posted.plain, posted.parse_mode) == (CHAT, "RUT < record", "HTML")
    assert not posted.disable_notification


def test_plain_words_go_without_markup_and_without_escapes(server: TelegramServer) -> None:
    send(server, "<b>RUT</b> &lt; record &amp; more", plain=True)
    posted = server.sent[0]
    assert (posted.text, posted.parse_mode) == ("RUT < record & more", None)


def test_a_silent_message_makes_no_sound(server: TelegramServer) -> None:
    send(server, "info", silent=True)
    assert server.sent[0].disable_notification


def test_what_is_too_long_is_shortened_and_says_so(server: TelegramServer) -> None:
    long = "\n".join(f"<b>{number}</b> 🟠 &amp;" for number in range(2_000))
    assert isinstance(send(server, long)[0], Sent)
    assert isinstance(send(server, long, plain=True, to=GROUP)[0], Sent)
    for posted in server.sent:
        assert posted.plain.endswith("\n… shortened")
        assert LONGEST - 60 < units(posted.text if posted.parse_mode else posted.plain) <= LONGEST


# What is around the words


def test_words_that_fit_stand_beneath_their_picture(server: TelegramServer) -> None:
    assert isinstance(send(server, "<b>RUT</b>", frame=Frame(picture=png()))[0], Sent)
    [posted] = server.sent
    assert (posted.size, posted.plain, posted.disable_notification) == ((1_080, 600), "RUT", False)


def test_words_that_do_not_fit_go_before_their_picture_which_makes_no_sound() -> None:
    with TelegramServer() as server:
        server.knows(CHAT)
        long = "headline\n" + "x" * 2_000
        assert send(server, long, frame=Frame(picture=png())) == [Sent(str(server.sent[0].message_id))]
        words, picture = server.sent
    assert (words.plain, words.disable_notification, words.size) == (long, False, None)
    assert (picture.plain, picture.disable_notification) == ("headline", True)
    assert picture.replies_to == words.message_id


@pytest.mark.parametrize(
    "breaks",
    [
        pytest.param(lambda s: s.forbids_photos(CHAT), id="no rights"),
        pytest.param(lambda s: s.fails_with(400, "Bad Request: IMAGE_PROCESS_FAILED", method="sendPhoto"), id="400"),
        pytest.param(
            lambda s: s.fails_with(403, "Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN", method="sendPhoto"), id="403"
        ),
        pytest.param(lambda s: s.fails_with(413, method="sendPhoto"), id="too large"),
    ],
)
def test_a_picture_that_is_refused_leaves_the_words_whole_and_once(
    server: TelegramServer, breaks: Callable[[TelegramServer], None]
) -> None:
    breaks(server)
    assert isinstance(send(server, "alert", frame=Frame(picture=png()))[0], Sent)
    assert [(each.plain, each.size) for each in server.sent] == [("alert", None)]
    assert server.calls.count("sendPhoto") == 1


def test_a_picture_that_was_not_answered_is_not_followed_by_the_same_words(server: TelegramServer) -> None:
    """They may have arrived beneath it: whoever settles this knows whether they may come twice."""
    server.loses_answers(method="sendPhoto")
    assert isinstance(send(server, "alert", frame=Frame(picture=png()))[0], Ambiguous)
    assert [each.plain for each in server.sent] == ["alert"]


def test_a_pause_that_telegram_asks_for_holds_for_the_words_too(server: TelegramServer) -> None:
    server.fails_with(429, retry_after=7, method="sendPhoto")
    [outcome] = send(server, "alert", frame=Frame(picture=png()))
    assert isinstance(outcome, RetryLater)
    assert server.sent == []


def test_without_a_place_to_keep_what_they_stand_for_no_buttons_are_shown(server: TelegramServer) -> None:
    send(server, "alert", frame=Frame(((Button("Why", "/why 7"),),)))
    assert server.sent[0].buttons == ()


# Not sent, and why


Break = Callable[[TelegramServer], None]


@pytest.mark.parametrize(
    ("breaks", "outcome"),
    [
        pytest.param(
            lambda s: s.fails_with(429, retry_after=7), RetryLater("Too many requests: wait 7 s", 7.0), id="429"
        ),
        pytest.param(lambda s: s.answers_html(429), RetryLater("Too many requests", 30.0), id="429 in HTML"),
        pytest.param(lambda s: s.fails_with(429), RetryLater("Too many requests", 30.0), id="429 without a time"),
        pytest.param(lambda s: s.blocks(CHAT), ChatGone("Forbidden: bot was blocked by the user"), id="blocked"),
        pytest.param(
            lambda s: s.fails_with(403, "Forbidden: bot was kicked from the group chat"),
            ChatGone("Forbidden: bot was kicked from the group chat"),
            id="kicked",
        ),
        pytest.param(lambda s: s.migrates(CHAT, -100_555), ChatMoved("-100555"), id="migrated"),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: not enough rights"), Rejected("Not enough rights"), id="400"
        ),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: message is too long"), Rejected("Message is too long"), id="long"
        ),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: can't parse entities: x"),
            NotUnderstood("Can't parse entities: x"),
            id="markup",
        ),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: user is deactivated"),
            ChatGone("User is deactivated"),
            id="deleted",
        ),
        pytest.param(lambda s: s.fails_with(401), TokenRejected("Telegram does not know the bot's token"), id="401"),
        pytest.param(lambda s: s.fails_with(404), TokenRejected("Telegram does not know the bot's token"), id="404"),
        pytest.param(lambda s: s.fails_with(500), Ambiguous("Internal Server Error"), id="500"),
        pytest.param(lambda s: s.hangs(5), Ambiguous("Timed out"), id="no answer"),
        pytest.param(
            lambda s: s.goes_down(), RetryLater("httpx.ConnectError: All connection attempts failed"), id="down"
        ),
    ],
)
def test_an_error_becomes_an_outcome(server: TelegramServer, breaks: Break, outcome: Outcome) -> None:
    breaks(server)
    assert send(server, "alert") == [outcome]
    assert server.sent == []


def test_a_chat_that_is_not_known_is_gone(server: TelegramServer) -> None:
    assert send(server, "alert", to=999) == [ChatGone("Chat not found")]


def test_bad_markup_is_not_understood_and_passes_as_plain_words(server: TelegramServer) -> None:
    assert send(server, "a < b") == [NotUnderstood("Can't parse entities: a bare <")]
    assert isinstance(send(server, "a < b", plain=True)[0], Sent)


def test_a_message_without_words_is_rejected(server: TelegramServer) -> None:
    assert send(server, "<b> </b>") == [Rejected("Message text is empty")]


@pytest.mark.parametrize("status", [502, 503])
def test_a_page_of_a_proxy_is_ambiguous(server: TelegramServer, status: int) -> None:
    """A gateway may give up on a request that arrived."""
    server.answers_html(status)
    assert isinstance(send(server, "alert")[0], Ambiguous)


def test_a_lost_connection_is_ambiguous_whether_the_message_arrived_or_not(server: TelegramServer) -> None:
    server.resets()
    assert isinstance(send(server, "never looked at")[0], Ambiguous)
    server.loses_answers()
    assert isinstance(send(server, "accepted")[0], Ambiguous)
    assert [each.plain for each in server.sent] == ["accepted"]


def test_a_wrong_token_is_told_without_quoting_it(server: TelegramServer) -> None:
    wrong = TOKEN[:-3] + "xyz"
    outcome = send(server, "alert", token=wrong)[0]
    assert isinstance(outcome, TokenRejected)
    assert wrong not in repr(outcome)


@pytest.mark.parametrize("status", [400, 403, 429, 500, 502])
def test_no_reason_holds_the_token_whatever_a_proxy_quotes(server: TelegramServer, status: int) -> None:
    server.answers_html(status)
    outcome = repr(send(server, "alert")[0])
    assert TOKEN not in outcome
    assert TOKEN.partition(":")[2] not in outcome


def test_a_token_that_is_no_part_of_an_address_is_no_exception(server: TelegramServer) -> None:
    outcome = send(server, "alert", token="12:ab\ncd")[0]
    assert not isinstance(outcome, Sent)


# The pause that Telegram asks for


def test_a_pause_is_kept_without_asking_again(server: TelegramServer) -> None:
    server.fails_with(429, retry_after=30)
    first, second = send(server, "one", "two")
    assert isinstance(first, RetryLater)
    assert isinstance(second, RetryLater)
    assert second.seconds == pytest.approx(30, abs=2)
    assert server.calls == ["sendMessage"]


def test_after_the_end_of_the_service_nothing_is_sent_and_that_is_sure(server: TelegramServer) -> None:
    async def story() -> Outcome:
        async with open_channel(server) as channel:
            pass
        return await channel.send(str(CHAT), "late")

    assert asyncio.run(story()) == RetryLater("the connection is closed")


def test_no_sending_lasts_for_ever(server: TelegramServer) -> None:
    server.hangs(1)
    assert send(server, "alert", waits=Waits(longest=0.1)) == [Ambiguous("no answer within 0.1 s")]


def test_a_pool_that_is_wedged_is_replaced(server: TelegramServer) -> None:
    """One connection, and it hangs: the next request finds no place, the one after it a new pool."""

    async def story() -> tuple[Outcome, Outcome, Outcome]:
        async with open_channel(server, waits=Waits(connect=0.3, connections=1)) as channel:
            server.hangs(1)
            stuck = asyncio.create_task(channel.send(str(CHAT), "stuck"))
            await asyncio.to_thread(server.waits_for_calls, "sendMessage")
            refused = await channel.send(str(GROUP), "no place")
            passed = await channel.send(str(GROUP), "a new pool")
            return await stuck, refused, passed

    late, refused, passed = asyncio.run(story())
    assert isinstance(refused, RetryLater)
    assert "not* sent" in refused.reason
    assert isinstance(passed, Sent)
    assert isinstance(late, Sent), "what was under way is not cut off"


# The pace


@pytest.fixture
def crowd(server: TelegramServer) -> range:
    """Chats that each get one alert."""
    chats = range(2_001, 2_121)
    for chat in chats:
        server.knows(chat)
    return chats


def test_without_a_pace_telegram_refuses_some(server: TelegramServer, crowd: range) -> None:
    async def story() -> list[Outcome]:
        async with open_channel(server, waits=Waits()) as channel:
            return await asyncio.gather(*(channel.send(str(chat), "alert") for chat in crowd))

    assert any(isinstance(each, RetryLater) for each in asyncio.run(story()))
    assert server.floods > 0


def test_the_pace_draws_no_429_and_a_reply_comes_in_between(server: TelegramServer, crowd: range) -> None:
    async def story() -> float:
        async with open_channel(server, waits=Waits(), pace=Pace()) as channel:
            alerts = [asyncio.create_task(channel.send(str(chat), "alert")) for chat in crowd]
            await asyncio.to_thread(server.waits_for, "alert")
            loop = asyncio.get_running_loop()
            asked = loop.time()
            assert isinstance(await channel.send(str(CHAT), "reply", rank=Rank.REPLY), Sent)
            waited = loop.time() - asked
            assert {type(each) for each in await asyncio.gather(*alerts)} == {Sent}
            return waited

    assert asyncio.run(story()) < 1.0
    assert server.floods == 0
    assert server.sent[-1].at - server.sent[0].at > len(crowd) / 30
