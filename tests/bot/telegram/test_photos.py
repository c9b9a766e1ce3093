"""Every way that sending a picture can end, through the real client and real uploads, is told as an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    Frame,
    NotUnderstood,
    Outcome,
    Rejected,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.pacing import Pacer
from bot.telegram.captions import LONGEST_CAPTION
from bot.telegram.channel import TelegramChannel
from bot.telegram.wire import Waits, open_bot
from tests.bot.telegram.service import IMPATIENT, open_channel, png
from tests.servers.telegram import TOKEN, TelegramServer

CHAT = 1001
PICTURE = png()
BRIEF = replace(IMPATIENT, upload=0.2)
"""Too little for what never gets through."""


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        running.knows(CHAT)
        yield running


def show(
    server: TelegramServer,
    picture: bytes = PICTURE,
    caption: str = "",
    *,
    waits: Waits = IMPATIENT,
    plain: bool = False,
    silent: bool = False,
    thread: int | None = None,
) -> Outcome:
    """Send one picture."""

    async def story() -> Outcome:
        async with open_channel(server, waits=waits) as channel:
            frame = Frame(thread=thread)
            return await channel.send_photo(str(CHAT), picture, caption, plain=plain, silent=silent, frame=frame)

    return asyncio.run(story())


# Sent


def test_a_picture_arrives_byte_for_byte_with_its_caption(server: TelegramServer) -> None:
    picture = png(padding=150_000)
    outcome = show(server, picture, "<b>RUT</b> &lt; record")
    posted = server.sent[0]
    assert outcome == Sent(str(posted.message_id))
    assert posted.photo == picture
    assert (posted.chat_id, posted.plain, posted.parse_mode) == (CHAT, "RUT < record", "HTML")
    assert not posted.disable_notification


def test_a_picture_needs_no_caption(server: TelegramServer) -> None:
    assert isinstance(show(server), Sent)
    assert server.sent[0].plain == ""


def test_a_caption_goes_without_markup_silently_and_to_a_topic_where_asked(server: TelegramServer) -> None:
    server.opens_topic(9, chat=CHAT)
    show(server, PICTURE, "<b>RUT</b> &lt; record", plain=True, silent=True, thread=9)
    posted = server.sent[0]
    assert (posted.text, posted.parse_mode) == ("RUT < record", None)
    assert posted.disable_notification
    assert posted.thread == 9


@pytest.mark.parametrize("sign", ["x", "&amp;", "🟠", "<b>x</b>"])
def test_a_caption_may_be_as_long_as_telegram_counts(server: TelegramServer, sign: str) -> None:
    fits = sign * (LONGEST_CAPTION // (2 if sign == "🟠" else 1))
    assert isinstance(show(server, PICTURE, fits), Sent)
    assert show(server, PICTURE, fits + "!") == Rejected("Message caption is too long")


# Not sent, and why


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        pytest.param(png(10_000, 1), "Photo_invalid_dimensions", id="width and height over 10000"),
        pytest.param(png(1_000, 40), "Photo_invalid_dimensions", id="longer than 20 to 1"),
        pytest.param(png(padding=10_485_760), "File of size", id="over 10 MB"),
        pytest.param(png(padding=50 * 2**20), "the request is too large", id="over 50 MB"),
        pytest.param(b"GIF89a" + bytes(100), "Image_process_failed", id="no PNG"),
        pytest.param(PICTURE[:20], "Image_process_failed", id="cut off"),
        pytest.param(b"", "File must be non-empty", id="empty"),
    ],
)
def test_a_picture_that_telegram_cannot_show_is_rejected(server: TelegramServer, picture: bytes, reason: str) -> None:
    outcome = show(server, picture)
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith(reason)
    assert server.sent == []


@pytest.mark.parametrize("size", [png(5_000, 5_000), png(2_000, 100), png(padding=10_000_000)])
def test_a_picture_at_the_limits_is_sent(server: TelegramServer, size: bytes) -> None:
    assert isinstance(show(server, size, waits=Waits()), Sent)


Break = Callable[[TelegramServer], None]
PHOTO = "sendPhoto"


@pytest.mark.parametrize(
    ("breaks", "outcome"),
    [
        pytest.param(
            lambda s: s.fails_with(429, retry_after=7, method=PHOTO),
            RetryLater("Too many requests: wait 7 s", 7.0),
            id="429",
        ),
        pytest.param(
            lambda s: s.answers_html(429, method=PHOTO), RetryLater("Too many requests", 30.0), id="429 in HTML"
        ),
        pytest.param(
            lambda s: s.forbids_photos(CHAT),
            Rejected("Not enough rights to send photos to the chat"),
            id="no rights",
        ),
        pytest.param(
            lambda s: s.fails_with(403, "Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN", method=PHOTO),
            Rejected("Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN"),
            id="no rights, said by Telegram's inner server",
        ),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: IMAGE_PROCESS_FAILED", method=PHOTO),
            Rejected("Image_process_failed"),
            id="not processed",
        ),
        pytest.param(
            lambda s: s.fails_with(413, "Request Entity Too Large", method=PHOTO),
            Rejected("the request is too large"),
            id="413",
        ),
        pytest.param(
            lambda s: s.answers_html(413, method=PHOTO), Rejected("the request is too large"), id="413 in HTML"
        ),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: can't parse entities: x", method=PHOTO),
            NotUnderstood("Can't parse entities: x"),
            id="markup",
        ),
        pytest.param(lambda s: s.blocks(CHAT), ChatGone("Forbidden: bot was blocked by the user"), id="blocked"),
        pytest.param(lambda s: s.migrates(CHAT, -100_555), ChatMoved("-100555"), id="migrated"),
        pytest.param(
            lambda s: s.fails_with(401, method=PHOTO), TokenRejected("Telegram does not know the bot's token"), id="401"
        ),
        pytest.param(lambda s: s.fails_with(500, method=PHOTO), Ambiguous("Internal Server Error"), id="500"),
        pytest.param(lambda s: s.hangs(5, method=PHOTO), Ambiguous("Timed out"), id="no answer"),
        pytest.param(
            lambda s: s.goes_down(), RetryLater("httpx.ConnectError: All connection attempts failed"), id="down"
        ),
    ],
)
def test_an_error_becomes_an_outcome(server: TelegramServer, breaks: Break, outcome: Outcome) -> None:
    breaks(server)
    assert show(server, waits=BRIEF) == outcome
    assert server.sent == []


def test_a_lost_connection_is_ambiguous_whether_the_picture_arrived_or_not(server: TelegramServer) -> None:
    server.resets(method=PHOTO)
    assert isinstance(show(server, PICTURE, "never looked at"), Ambiguous)
    server.loses_answers(method=PHOTO)
    assert isinstance(show(server, PICTURE, "accepted"), Ambiguous)
    assert [each.plain for each in server.sent] == ["accepted"]


def test_a_picture_that_does_not_get_through_in_time_was_surely_not_sent(server: TelegramServer) -> None:
    """Nobody takes it off the line; more of it than the system holds for us is left when time is up."""
    server.hangs(5, method=PHOTO)
    assert show(server, png(padding=40_000_000), waits=BRIEF) == RetryLater("Timed out")
    assert server.sent == []


def test_no_upload_lasts_for_ever(server: TelegramServer) -> None:
    server.hangs(2, method=PHOTO)
    waits = Waits(longest=0.1, upload=0.1)
    assert show(server, waits=waits) == Ambiguous(f"no answer within {waits.longest_upload:g} s")


def test_new_connections_do_not_cut_off_a_picture_on_its_way(server: TelegramServer) -> None:
    """The old ones are closed when they are replaced again; not before the longest upload may have ended."""

    async def story() -> Outcome:
        waits = Waits(longest=0.01, upload=5.0)
        bot, polling, sending = open_bot(TOKEN, server.url, waits)
        server.hangs(0.5, method=PHOTO)
        try:
            under_way = asyncio.create_task(TelegramChannel(bot, Pacer(), waits).send_photo(str(CHAT), PICTURE))
            await asyncio.to_thread(server.waits_for_calls, PHOTO)
            for _ in range(2):
                await sending.renew()
                await asyncio.sleep(2 * waits.longest)
            return await under_way
        finally:
            await polling.shutdown()
            await sending.shutdown()

    assert isinstance(asyncio.run(story()), Sent)


@pytest.mark.parametrize("status", [400, 403, 413, 429, 500, 502])
def test_no_reason_holds_the_token_whatever_a_proxy_quotes(server: TelegramServer, status: int) -> None:
    server.answers_html(status, method=PHOTO)
    assert TOKEN.partition(":")[2] not in repr(show(server))


# Words and pictures side by side


def test_words_and_pictures_share_the_pause_that_telegram_asks_for(server: TelegramServer) -> None:
    async def story() -> Outcome:
        async with open_channel(server) as channel:
            await channel.send_photo(str(CHAT), PICTURE)
            return await channel.send(str(CHAT), "text")

    server.fails_with(429, retry_after=30, method=PHOTO)
    assert isinstance(asyncio.run(story()), RetryLater)
    assert server.calls == [PHOTO]


def test_a_slow_line_takes_so_many_pictures_and_holds_up_no_words(server: TelegramServer) -> None:
    async def story() -> tuple[Outcome, Outcome, list[Outcome]]:
        async with open_channel(server, waits=replace(IMPATIENT, connections=3, uploads=2, upload=5.0)) as channel:
            server.hangs(1, method=PHOTO, times=2)
            slow = [asyncio.create_task(channel.send_photo(str(CHAT), PICTURE)) for _ in range(2)]
            await asyncio.to_thread(server.waits_for_calls, PHOTO, 2)
            refused = await channel.send_photo(str(CHAT), PICTURE)
            words = await channel.send(str(CHAT), "words")
            assert not any(each.done() for each in slow)
            return refused, words, await asyncio.gather(*slow)

    refused, words, slow = asyncio.run(story())
    assert refused == RetryLater("too many pictures are on their way")
    assert isinstance(words, Sent)
    assert all(isinstance(each, Sent) for each in slow)
