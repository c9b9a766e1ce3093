"""A line that was written is answered, in its turn, whatever fails on the way and whichever process answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.delivery.channel import Answer, RetryLater
from bot.store.errors import Fenced
from bot.telegram.access import Access
from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming, Move
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


def test_what_follows_an_answer_happens_when_it_has_gone_and_is_forgotten(server: TelegramServer) -> None:
    """A configuration was taken first: the process that began anew with it answered the line once more, otherwise."""
    happened: list[tuple[int, int]] = []
    letters = Pile()

    async def answer(_incoming: Incoming) -> Answer:
        return Answer("taken", afterwards=lambda: happened.append((len(server.sent), len(letters.kept))))

    async def story(_service: TelegramService) -> None:
        server.fails_with(429, retry_after=1)
        server.hears("/reload")
        await arrives(server, "taken")
        await until(lambda: bool(happened))

    live(server, story, answer=answer, letters=letters)
    assert happened == [(1, 0)]


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


def test_a_line_that_changes_something_is_taken_however_many_wait(server: TelegramServer) -> None:
    pile = Pile()

    async def answer(incoming: Incoming) -> str | None:
        await asyncio.sleep(0.05)
        return incoming.text

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        for number in range(6):
            server.hears(f"/corr {number}")
        server.hears("/stop")
        await arrives(server, "/stop")

    live(server, story, answer=answer, letters=pile, limits=replace(SOON, waiting=3), always="/stop".__eq__)
    assert read(server)[-4:] == ["/corr 0", "/corr 1", "/corr 2", "/stop"]


def test_lines_that_are_handed_out_again_after_a_kill_take_no_room_twice(server: TelegramServer) -> None:
    pile = Pile(*(written(FIRST + number, f"/corr {number}") for number in range(3)))
    for number in range(3):
        server.hears(f"/corr {number}")
    server.hears("/regime")

    async def answer(incoming: Incoming) -> str | None:
        await asyncio.sleep(0.1)
        return incoming.text

    async def story(service: TelegramService) -> None:
        await arrives(server, "/regime")

    live(server, story, answer=answer, letters=pile, limits=replace(SOON, waiting=4))
    assert [line.partition("\n")[0] for line in read(server)] == ["/corr 0", "/corr 1", "/corr 2", "/regime"]


def test_a_line_whose_answer_cannot_be_sent_by_a_fault_of_ours_is_not_carried_out_again_later(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Carried out by the next process, a /start would undo the /stop that was acknowledged after it."""
    pile = Pile()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.answers_with(b'{"ok": true, "result": true}', method="sendMessage")
        server.hears("/start")
        server.hears("/stop")
        await arrives(server, "you: /stop")
        await until(lambda: len(pile.done) == 2)

    live(server, story, letters=pile)
    assert "could not be answered" in caplog.text


def test_while_it_is_not_sure_that_this_process_works_nothing_is_asked_answered_or_sent(server: TelegramServer) -> None:
    ours = False
    server.knows(1001)
    server.hears("/new")
    pile = Pile(written(3, "/left"))

    async def story(service: TelegramService) -> None:
        nonlocal ours
        await until(lambda: service.state == "connecting: it is not sure that this process works")
        assert isinstance(await service.channel.send("1001", "alert"), RetryLater)
        assert (server.sent, server.calls.count("getUpdates"), service.listening_age() < 1) == ([], 0, True)
        ours = True
        await arrives(server, "you: /new")

    live(server, story, letters=pile, limits=SOON_AGAIN, works=lambda: ours)
    assert [line.partition("\n")[0] for line in read(server)] == ["you: /left", "you: /new"]


def test_a_process_that_was_replaced_leaves_its_lines_to_the_one_that_works(server: TelegramServer) -> None:
    pile = Pile()

    async def answer(incoming: Incoming) -> str | None:
        raise Fenced("another process has taken over")

    async def story(service: TelegramService) -> None:
        server.hears("/stop")
        server.hears("/start")
        await until(lambda: len(pile.kept) == 2)
        await asyncio.sleep(0.2)

    live(server, story, answer=answer, letters=pile)
    assert (read(server), pile.done) == ([], [])


def test_a_line_of_last_week_is_carried_out_and_its_answer_tried_once(server: TelegramServer) -> None:
    server.knows(1001)
    pile = Pile(replace(written(3, "/stop"), waited=7 * 86_400))

    async def story(service: TelegramService) -> None:
        server.fails_with(429, retry_after=100)
        await until(lambda: [each.text for each in pile.done] == ["/stop"])

    live(server, story, letters=pile, limits=replace(SOON_AGAIN, latest=0.5))
    assert server.calls.count("sendMessage") == 1


@pytest.mark.parametrize("told_in", ["the old chat", "the new one"])
def test_a_group_that_becomes_a_supergroup_is_kept_with_what_was_written(server: TelegramServer, told_in: str) -> None:
    pile, old, new = Pile(), -5, -1005

    async def story(service: TelegramService) -> None:
        if told_in == "the old chat":
            server.hears("", chat=old, kind="group", migrate_to_chat_id=new)
        else:
            server.hears("", chat=new, kind="supergroup", migrate_from_chat_id=old)
        server.hears("/stop", chat=new, kind="supergroup")
        await arrives(server, "/stop")

    live(server, story, letters=pile)
    assert pile.moves == [Move("-5", "-1005")]


def test_what_was_written_before_a_group_moved_is_carried_out_and_answered_where_it_is_now(
    server: TelegramServer,
) -> None:
    pile, old, new = Pile(written(3, "/left", chat=-5)), -5, -1005
    server.knows(new, "supergroup")
    asked: list[Incoming] = []

    async def answer(incoming: Incoming) -> str | None:
        if incoming.text == "/left" and incoming.address == "-5":
            await asyncio.sleep(0.1)
        asked.append(incoming)
        return incoming.text

    server.hears("/stop", chat=old, kind="group")
    server.hears("", chat=old, kind="group", migrate_to_chat_id=new)

    async def story(service: TelegramService) -> None:
        await arrives(server, "/stop")

    live(server, story, answer=answer, letters=pile)
    assert [(each.text, each.address) for each in asked if each.text == "/stop"] == [("/stop", "-1005")]
    assert [each.chat_id for each in server.sent if each.plain == "/stop"] == [new]


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

    live(server, story, answer=answer, limits=replace(SOON_AGAIN, latest=0.5, fresh=0.1))
    [told] = read(server)
    assert int(told.removeprefix("answer ")) > 1


def test_an_answer_that_is_still_fresh_is_not_found_anew(server: TelegramServer) -> None:
    answers = iter(range(1, 1_000))

    async def answer(incoming: Incoming) -> str | None:
        return f"answer {next(answers)}"

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=1, times=2)
        server.hears("/stop")
        await arrives(server, "answer")

    live(server, story, answer=answer, limits=replace(SOON_AGAIN, latest=0.5))
    assert read(server) == ["answer 1"]


def test_an_answer_that_may_have_arrived_says_so_also_when_it_is_sent_much_later(server: TelegramServer) -> None:
    """The answer to the first sending is lost, and then the network is gone for a while."""

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.loses_answers()
        server.hears("/corr")
        await arrives(server, "you: /corr")
        server.goes_down()
        await until(lambda: service.state.startswith("connecting"))
        await asyncio.sleep(0.3)
        server.comes_back()
        await until(lambda: len(server.sent) == 2)

    live(server, story, limits=replace(SOON_AGAIN, attempts=1))
    assert read(server) == ["you: /corr", f"you: /corr\n{REPEAT}"]


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
