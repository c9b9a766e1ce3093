"""Answers with a picture on their way to a reader: whatever becomes of the picture, the text comes, and comes once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.delivery.channel import Answer
from bot.delivery.pacing import Pace
from bot.render.alerts import SIMULATED_LINE
from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.captions import LONGEST_CAPTION
from bot.telegram.incoming import Incoming
from tests.bot.telegram.service import IMPATIENT, SOON, Story, arrives, live, png, until
from tests.servers.telegram import TelegramServer

CHAT = 1001
PICTURE = png()
SHORT = "<b>RUT and SOL</b>, 60 returns\nr <b>.41</b> &amp; more"
LONG = SHORT + "\nWhat else is known of it." * 50
READ = "RUT and SOL, 60 returns"
REPEAT = "May be a repeat: its first sending went unanswered"
PHOTO = "sendPhoto"
BRIEF = replace(IMPATIENT, upload=0.2)


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


def asked(server: TelegramServer, html: str, *, messages: int = 1, limits: Limits = SOON) -> None:
    """One question, answered with a picture and a text, until so many messages have come; then a last one, so that
    whatever came too much would be seen."""

    async def answer(incoming: Incoming) -> Answer:
        return Answer("the last") if incoming.text == "/last" else Answer(html, PICTURE)

    async def story(service: TelegramService) -> None:
        server.hears("/corr RUT SOL")
        await until(lambda: len(server.sent) == messages)
        server.hears("/last")
        await arrives(server, "the last")

    live(server, story, answer=answer, waits=BRIEF, limits=limits)
    assert server.sent.pop().plain == "the last"
    assert len(server.sent) == messages


def texts(server: TelegramServer) -> list[str]:
    """What a reader reads, picture by picture and text by text."""
    return [f"{'[picture] ' if each.photo else ''}{each.plain}" for each in server.sent]


# One message or two


def test_a_text_that_fits_stands_beneath_its_picture(server: TelegramServer) -> None:
    asked(server, SHORT)
    [posted] = server.sent
    assert posted.photo == PICTURE
    assert (posted.text, posted.parse_mode, posted.disable_notification) == (SHORT, "HTML", False)


def test_a_text_that_does_not_fit_comes_after_its_picture_which_makes_no_sound(server: TelegramServer) -> None:
    asked(server, LONG, messages=2)
    picture, text = server.sent
    assert picture.photo == PICTURE
    assert (picture.plain, picture.parse_mode, picture.disable_notification) == (READ, "HTML", True)
    assert (text.photo, text.text, text.disable_notification) == (None, LONG, False)


@pytest.mark.parametrize("sign", ["x", "&amp;", "🟠"])
def test_what_fits_is_counted_as_telegram_counts(server: TelegramServer, sign: str) -> None:
    fits = "<b>" + sign * (LONGEST_CAPTION // (2 if sign == "🟠" else 1)) + "</b>"
    asked(server, fits)
    server.sent.clear()
    asked(server, fits + "!", messages=2)


def test_a_headline_of_made_up_prices_says_so(server: TelegramServer) -> None:
    asked(server, f"{SIMULATED_LINE}\n{LONG}", messages=2)
    assert server.sent[0].plain == f"SIMULATED: not real prices\n{READ}"


def test_a_first_line_that_is_no_headline_is_left_out(server: TelegramServer) -> None:
    asked(server, "x" * 2_000, messages=2)
    assert server.sent[0].plain == ""


def test_a_headline_that_opens_what_a_later_line_closes_is_sent_as_plain_words(server: TelegramServer) -> None:
    asked(server, f"<pre>RUT {'.' * 20}\n{'x' * 2_000}</pre>", messages=2)
    assert (server.sent[0].plain, server.sent[0].parse_mode) == (f"RUT {'.' * 20}", None)


def test_both_go_to_the_topic_of_the_question(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> Answer:
        return Answer(LONG, PICTURE)

    async def story(service: TelegramService) -> None:
        server.hears("/corr", chat=-4242, kind="supergroup", message_thread_id=9, is_topic_message=True)
        await until(lambda: len(server.sent) == 2)

    live(server, story, answer=answer)
    assert [each.thread for each in server.sent] == [9, 9]


# The text comes without the picture


Break = Callable[[TelegramServer], None]

REFUSALS = [
    pytest.param(lambda s: s.forbids_photos(CHAT), id="no rights"),
    pytest.param(
        lambda s: s.fails_with(403, "Forbidden: CHAT_SEND_PHOTOS_FORBIDDEN", method=PHOTO), id="no rights, otherwise"
    ),
    pytest.param(lambda s: s.fails_with(400, "Bad Request: PHOTO_INVALID_DIMENSIONS", method=PHOTO), id="dimensions"),
    pytest.param(lambda s: s.fails_with(400, "Bad Request: IMAGE_PROCESS_FAILED", method=PHOTO), id="not processed"),
    pytest.param(
        lambda s: s.fails_with(400, "Bad Request: message caption is too long", method=PHOTO), id="caption too long"
    ),
    pytest.param(lambda s: s.fails_with(413, method=PHOTO), id="too large"),
    pytest.param(lambda s: s.answers_html(413, method=PHOTO), id="too large for a proxy"),
    pytest.param(lambda s: s.fails_with(404, method=PHOTO), id="no such method"),
]
UNANSWERED = [
    pytest.param(lambda s: s.fails_with(500, method=PHOTO), id="500"),
    pytest.param(lambda s: s.answers_html(502, method=PHOTO), id="502"),
    pytest.param(lambda s: s.resets(method=PHOTO), id="reset"),
    pytest.param(lambda s: s.hangs(1.5, method=PHOTO), id="no answer"),
]


@pytest.mark.parametrize("html", [SHORT, LONG], ids=["caption", "text"])
@pytest.mark.parametrize("breaks", REFUSALS)
def test_a_picture_that_is_refused_leaves_the_text_whole_and_once(
    server: TelegramServer, caplog: pytest.LogCaptureFixture, breaks: Break, html: str
) -> None:
    breaks(server)
    asked(server, html)
    [posted] = server.sent
    assert (posted.photo, posted.text, posted.parse_mode) == (None, html, "HTML")
    assert server.calls.count(PHOTO) == 1
    assert "a picture was not sent" in caplog.text


@pytest.mark.parametrize("breaks", UNANSWERED)
def test_a_caption_that_was_not_answered_is_followed_by_a_text_that_may_be_a_repeat(
    server: TelegramServer, breaks: Break
) -> None:
    breaks(server)
    asked(server, SHORT)
    assert server.sent[0].plain == f"{READ}\nr .41 & more\n{REPEAT}"
    assert server.calls.count(PHOTO) == 1


@pytest.mark.parametrize("breaks", UNANSWERED)
def test_a_picture_beside_the_text_that_was_not_answered_makes_no_repeat(server: TelegramServer, breaks: Break) -> None:
    breaks(server)
    asked(server, LONG)
    assert server.sent[0].text == LONG


def test_the_reader_of_a_caption_whose_answer_was_lost_knows_why_the_text_comes_again(server: TelegramServer) -> None:
    server.loses_answers(method=PHOTO)
    asked(server, SHORT, messages=2)
    assert texts(server) == [f"[picture] {READ}\nr .41 & more", f"{READ}\nr .41 & more\n{REPEAT}"]


def test_a_picture_that_does_not_get_through_is_tried_once_and_is_no_repeat(server: TelegramServer) -> None:
    server.hangs(5, method=PHOTO)

    async def answer(incoming: Incoming) -> Answer:
        return Answer(SHORT, png(padding=40_000_000))

    async def story(service: TelegramService) -> None:
        server.hears("/corr RUT SOL")
        await arrives(server, READ)

    live(server, story, answer=answer, waits=BRIEF)
    assert texts(server) == [f"{READ}\nr .41 & more"]
    assert server.calls.count(PHOTO) == 1


# Both come, in other ways


def test_a_caption_whose_markup_is_wrong_is_sent_as_plain_words_beneath_its_picture(server: TelegramServer) -> None:
    asked(server, "RUT < record")
    assert texts(server) == ["[picture] RUT < record"]
    assert server.sent[0].parse_mode is None


def test_a_picture_that_telegram_wants_later_is_sent_later(server: TelegramServer) -> None:
    server.fails_with(429, retry_after=1, method=PHOTO)
    began = time.monotonic()
    asked(server, SHORT)
    assert texts(server) == [f"[picture] {READ}\nr .41 & more"]
    assert server.sent[0].at - began > 1.0


def test_a_picture_that_telegram_wants_later_again_leaves_the_text(server: TelegramServer) -> None:
    server.fails_with(429, retry_after=1, method=PHOTO, times=2)
    asked(server, SHORT)
    assert texts(server) == [f"{READ}\nr .41 & more"]
    assert server.calls.count(PHOTO) == 2


def test_a_pause_that_is_too_long_is_kept_for_the_text_too(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(incoming: Incoming) -> Answer:
        return Answer(SHORT, PICTURE)

    async def story(service: TelegramService) -> None:
        server.fails_with(429, retry_after=300, method=PHOTO)
        server.hears("/corr")
        await until(lambda: "a reply was not sent: RetryLater" in caplog.text)

    live(server, story, answer=answer)
    assert server.sent == []
    assert "sendMessage" not in server.calls


def test_who_has_blocked_the_bot_costs_two_calls_and_a_line_in_the_log(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A picture is refused in the same words as all messages are; only the text tells which it was."""

    async def answer(incoming: Incoming) -> Answer:
        server.blocks(CHAT)
        return Answer(SHORT, PICTURE)

    async def story(service: TelegramService) -> None:
        server.hears("/corr")
        await until(lambda: "a reply was not sent: ChatGone" in caplog.text)

    live(server, story, answer=answer)
    assert [each for each in server.calls if each.startswith("send")] == [PHOTO, "sendMessage"]


# Beside others


def answers_of(story: Story, server: TelegramServer, pace: Pace) -> None:
    """Answers with picture and text to whoever asks for /corr; else only words."""

    async def answer(incoming: Incoming) -> Answer:
        return Answer(f"{incoming.text}\n{LONG}", PICTURE) if "/corr" in incoming.text else Answer(incoming.text)

    live(server, story, answer=answer, pace=pace)


def test_picture_and_text_take_a_turn_each() -> None:
    """At the pace that Telegram bears; a server that counts refuses nothing."""

    with TelegramServer(enforces_limits=True) as server:

        async def story(service: TelegramService) -> None:
            server.hears("/corr 1")
            server.hears("/corr 2")
            await until(lambda: len(server.sent) == 4)

        answers_of(story, server, Pace())
    assert server.floods == 0
    assert sorted(bool(each.photo) for each in server.sent) == [False, False, True, True]


def test_pictures_overtake_alerts(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        for chat in range(3_000, 3_200):
            server.knows(chat)
        alerts = [asyncio.create_task(service.channel.send(str(chat), "alert")) for chat in range(3_000, 3_200)]
        await arrives(server, "alert")
        server.hears("/corr")
        await asyncio.to_thread(server.waits_for, lambda posted: posted.photo is not None)
        assert len(server.sent) < 60
        for each in alerts:
            each.cancel()
        await asyncio.gather(*alerts, return_exceptions=True)

    answers_of(story, server, Pace())


def test_a_picture_on_its_way_holds_up_no_answer_in_another_chat(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.hangs(3, method=PHOTO)
        server.hears("/corr")
        await asyncio.to_thread(server.waits_for_calls, PHOTO)
        server.hears("/other", chat=1002, user=1002)
        await arrives(server, "/other")
        assert not [each for each in server.sent if each.photo]

    answers_of(story, server, Pace(between=0.0, between_in_chat=0.0))


def test_it_stops_within_a_bound_while_a_picture_is_on_its_way(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> Answer:
        return Answer(SHORT, PICTURE)

    async def story(service: TelegramService) -> None:
        server.hangs(60, method=PHOTO)
        server.hears("/corr")
        await asyncio.to_thread(server.waits_for_calls, PHOTO)
        began = time.monotonic()
        await service.stop()
        assert time.monotonic() - began < 3.0

    live(server, story, answer=answer, limits=replace(SOON, stop=0.3))
