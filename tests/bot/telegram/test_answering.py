"""A line that was written is answered, in its turn, whatever fails on the way and whichever process answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.delivery.channel import Answer
from bot.telegram.access import Access
from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from tests.bot.telegram.service import SOON, Pile, arrives, live, png, until
from tests.servers.telegram import TelegramServer

REPEAT = "May be a repeat: its first sending went unanswered"
SOON_AGAIN = replace(SOON, again=0.05)
FIRST = 880_001
"""The number of the server's first update."""


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


def written(number: int, text: str, *, chat: int = 1001) -> Incoming:
    return Incoming(str(chat), "private", chat, text, number=number)


def read(server: TelegramServer) -> list[str]:
    return [each.plain for each in server.sent]


def test_the_lines_of_a_chat_are_answered_in_the_order_they_were_written(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str | None:
        await asyncio.sleep(0.2 if incoming.text == "/slow" else 0)
        return incoming.text

    async def story(service: TelegramService) -> None:
        for line in ("/slow", "/stop", "/start", "/corr"):
            server.hears(line)
        await arrives(server, "/corr")

    live(server, story, answer=answer)
    assert read(server) == ["/slow", "/stop", "/start", "/corr"]


def test_a_line_is_confirmed_only_when_it_is_kept(server: TelegramServer) -> None:
    pile = Pile()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        pile.breaks(3)
        server.hears("/start")
        await until(lambda: service.state.startswith("connecting: what people write cannot be kept: "))
        await arrives(server, "you: /start")
        await until(lambda: service.state == "polling")

    live(server, story, letters=pile)
    assert [each.text for each in pile.done] == ["/start"]


def test_a_line_that_telegram_hands_out_twice_is_answered_once(server: TelegramServer) -> None:
    """Its confirmation was lost with the process, or with the answer to it."""
    pile = Pile()
    server.hears("/start")
    pile.done.append(written(FIRST, "/start"))

    async def story(service: TelegramService) -> None:
        server.hears("/last")
        await arrives(server, "you: /last")

    live(server, story, letters=pile)
    assert read(server) == ["you: /last"]


def test_what_an_earlier_process_left_is_answered_before_anything_new(server: TelegramServer) -> None:
    """Of each chat it may have sent the first answer, not the others."""
    pile = Pile(written(3, "/start"), written(4, "/stop"), written(5, "/corr", chat=7))
    server.knows(7)
    server.hears("/new")

    async def story(service: TelegramService) -> None:
        await arrives(server, "you: /new")
        await arrives(server, "you: /corr")

    live(server, story, letters=pile)
    assert [each.plain for each in server.sent if each.chat_id == 1001] == [
        f"you: /start\n{REPEAT}",
        "you: /stop",
        "you: /new",
    ]
    assert [each.plain for each in server.sent if each.chat_id == 7] == [f"you: /corr\n{REPEAT}"]


def test_an_answer_beneath_a_picture_says_too_that_it_may_be_a_repeat(server: TelegramServer) -> None:
    server.knows(1001)

    async def answer(incoming: Incoming) -> Answer:
        return Answer("numbers", png())

    async def story(service: TelegramService) -> None:
        await arrives(server, "numbers")

    live(server, story, answer=answer, letters=Pile(written(3, "/corr")))
    assert read(server) == [f"numbers\n{REPEAT}"]


def test_what_cannot_be_read_from_the_store_at_first_is_read_later(server: TelegramServer) -> None:
    server.knows(1001)
    pile = Pile(written(3, "/start"))
    pile.breaks(2)

    async def story(service: TelegramService) -> None:
        await arrives(server, "you: /start")

    live(server, story, letters=pile, limits=SOON_AGAIN)


def test_who_was_let_out_meanwhile_gets_no_answer_and_the_line_is_forgotten(server: TelegramServer) -> None:
    pile = Pile(written(3, "/corr"), written(4, "/corr", chat=7))
    server.knows(7)

    async def story(service: TelegramService) -> None:
        await arrives(server, "you: /corr")
        await until(lambda: len(pile.done) == 2)

    live(server, story, letters=pile, access=Access(frozenset({7})))
    assert [each.chat_id for each in server.sent] == [7]


def test_an_answer_that_surely_has_not_arrived_is_found_anew_and_sent_as_long_as_somebody_waits(
    server: TelegramServer,
) -> None:
    answers = iter(range(1, 1_000))

    async def answer(incoming: Incoming) -> str | None:
        return f"answer {next(answers)}"

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=1, times=2)
        server.hears("/corr")
        await arrives(server, "answer")

    live(server, story, answer=answer, limits=replace(SOON_AGAIN, latest=0.5))
    [told] = read(server)
    assert int(told.removeprefix("answer ")) > 1


def test_nobody_waits_for_ever(server: TelegramServer) -> None:
    pile = Pile()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=100)
        server.hears("/old")
        await until(lambda: [each.text for each in pile.done] == ["/old"])

    live(server, story, letters=pile, limits=replace(SOON_AGAIN, latest=0.5, lasting=0.2))
    assert server.sent == []


def test_that_a_line_is_answered_is_written_down_until_that_works(server: TelegramServer) -> None:
    pile = Pile()

    async def answer(incoming: Incoming) -> str | None:
        pile.breaks(2)
        return incoming.text

    async def story(service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "/corr")
        await until(lambda: [each.text for each in pile.done] == ["/corr"])

    live(server, story, answer=answer, letters=pile, limits=SOON_AGAIN)
    assert read(server) == ["/corr"]


def test_a_stop_leaves_what_is_not_answered_to_the_next_process(server: TelegramServer) -> None:
    pile, began = Pile(), asyncio.Event()

    async def answer(incoming: Incoming) -> str | None:
        began.set()
        await asyncio.sleep(60)
        return "never"

    async def story(service: TelegramService) -> None:
        for line in ("/corr", "/stop"):
            server.hears(line)
        await began.wait()
        await until(lambda: len(pile.kept) == 2)

    live(server, story, answer=answer, letters=pile, limits=replace(SOON, stop=0.2))
    assert (read(server), pile.done) == ([], [])

    async def after(service: TelegramService) -> None:
        await arrives(server, "you: /stop")

    live(server, after, letters=pile)
    assert read(server) == [f"you: /corr\n{REPEAT}", "you: /stop"]


def test_a_line_that_waits_for_its_next_try_does_not_hold_up_the_end(server: TelegramServer) -> None:
    pile = Pile()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=100)
        server.hears("/corr")
        await asyncio.to_thread(server.waits_for_calls, "sendMessage")
        await asyncio.sleep(0.05)

    live(server, story, letters=pile, limits=Limits(latest=0.5, again=600.0, stop=600.0))
    assert [each.text for each in pile.kept.values()] == ["/corr"]
