"""The bot in Telegram, through the real client and real long polls: it answers, it recovers, it says how it is."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.delivery.channel import RetryLater, Sent, TokenRejected
from bot.delivery.pacing import Pace
from bot.logs import install
from bot.redaction import HIDDEN, Redaction
from bot.telegram.access import Access
from bot.telegram.admission import TOO_MANY
from bot.telegram.answering import FAILED, TOO_SLOW, Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from tests.bot.telegram.service import MENU, QUICK, SOON, arrives, live, until
from tests.servers.telegram import TOKEN, TelegramServer

STRANGER = "Your id is 1001."
REPEAT = "May be a repeat: its first sending went unanswered"
KEY = TOKEN.partition(":")[2]


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_token_in_any_output(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Even without the filter, nothing of ours prints the token; the library's own loggers are the filter's work."""
    yield
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    out, err = capfd.readouterr()
    assert KEY not in "\n".join([*ours, out, err])


def test_no_output_holds_the_token_even_when_every_library_talks(server: TelegramServer) -> None:
    """With the filter in place: a whole life at DEBUG, with each error that quotes the token."""
    stream = io.StringIO()

    async def story(service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "/corr")
        for method in ("getUpdates", "sendMessage"):
            server.fails_with(401, method=method)
            server.answers_html(502, method=method)
            server.resets(method=method)
        for _ in range(3):
            await service.channel.send("1001", "alert")
        server.poisons()
        server.hears("/after")
        await until(lambda: service.state == "polling")
        await arrives(server, "/after")

    server.fails_with(401, method="getMe", times=2)
    with install(Redaction([TOKEN]), stream, level=logging.DEBUG) as undo:
        for name in ("httpx", "httpcore", "telegram"):
            undo.callback(logging.getLogger(name).setLevel, logging.getLogger(name).level)
            logging.getLogger(name).setLevel(logging.DEBUG)
        live(server, story)
    said = stream.getvalue()
    assert KEY not in said
    for room in ("httpx: ", "httpcore.http11: ", "telegram.Bot: ", "telegram.polling: "):
        assert room in said
    assert said.count(HIDDEN) > 10


# Answers


def test_a_command_is_answered_in_its_chat(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.hears("/corr@bellwether_test_bot RUT SOL", chat=-4242, kind="supergroup")
        await arrives(server, "you: /corr RUT SOL")

    live(server, story)
    assert [(each.chat_id, each.text) for each in server.sent] == [(-4242, "<b>you</b>: /corr RUT SOL")]


def test_what_was_written_while_the_bot_was_away_is_answered(server: TelegramServer) -> None:
    for number in range(5):
        server.hears(f"/line {number}")

    async def story(service: TelegramService) -> None:
        await until(lambda: len(server.sent) == 5)

    live(server, story)
    assert {each.plain for each in server.sent} == {f"you: /line {number}" for number in range(5)}


def test_nothing_is_answered_twice_after_a_restart(server: TelegramServer) -> None:
    async def first(service: TelegramService) -> None:
        server.hears("/one")
        await arrives(server, "/one")
        await until(lambda: server.calls.count("getUpdates") >= 2)

    async def second(service: TelegramService) -> None:
        server.hears("/two")
        await arrives(server, "/two")

    live(server, first)
    live(server, second)
    assert [each.plain for each in server.sent] == ["you: /one", "you: /two"]


def test_edits_news_and_other_bots_commands_are_not_answered(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.edits("/corr RUT SOL")
        server.posts("RUT and SOL have coupled", chat=-77)
        server.hears("/corr@otherbot RUT SOL")
        server.hears("good morning", chat=-4242, kind="group")
        server.hears("/last")
        await arrives(server, "/last")

    live(server, story)
    assert len(server.sent) == 1


def test_no_answer_is_an_answer(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str | None:
        return None if "quiet" in incoming.text else "yes"

    async def story(service: TelegramService) -> None:
        server.hears("/quiet")
        server.hears("/loud")
        await arrives(server, "yes")

    live(server, story, answer=answer)
    assert len(server.sent) == 1


def test_a_reply_in_a_topic_goes_to_the_topic(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.hears("/corr", chat=-4242, kind="supergroup", message_thread_id=9, is_topic_message=True)
        await arrives(server, "/corr")

    live(server, story)
    assert server.sent[0].thread == 9


# None waits for another


def test_an_answer_in_progress_never_blocks_another_chats(server: TelegramServer) -> None:
    released = asyncio.Event()

    async def answer(incoming: Incoming) -> str | None:
        if "slow" in incoming.text:
            await released.wait()
        return incoming.text

    async def story(service: TelegramService) -> None:
        for user in range(1_001, 1_011):
            server.hears("/slow", chat=user, user=user)
        server.hears("/quick", chat=1_011, user=1_011)
        await arrives(server, "/quick")
        assert len(server.sent) == 1
        released.set()
        await until(lambda: len(server.sent) == 11)

    live(server, story, answer=answer)


def test_an_answer_that_takes_too_long_is_given_up_with_a_word(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str | None:
        await asyncio.sleep(30)
        return "never"

    async def story(service: TelegramService) -> None:
        server.hears("/slow")
        await arrives(server, TOO_SLOW)

    live(server, story, answer=answer, limits=Limits(answer=0.1))


def test_an_answer_that_fails_says_so_and_the_next_one_is_fine(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(incoming: Incoming) -> str | None:
        if "bad" in incoming.text:
            raise ZeroDivisionError("in a command")
        return "fine"

    async def story(service: TelegramService) -> None:
        server.hears("/bad")
        await arrives(server, FAILED)
        server.hears("/good")
        await arrives(server, "fine")

    live(server, story, answer=answer)
    assert "ZeroDivisionError: in a command" in caplog.text
    assert "Traceback" not in "".join(each.plain for each in server.sent)


def test_a_chat_that_asks_too_much_is_told_once_and_takes_no_place_from_others(server: TelegramServer) -> None:
    released = asyncio.Event()

    async def answer(incoming: Incoming) -> str | None:
        if incoming.user == 1001:
            await released.wait()
        return incoming.text

    async def story(service: TelegramService) -> None:
        for number in range(50):
            server.hears(f"/flood {number}")
        server.hears("/other", chat=1002, user=1002)
        await arrives(server, "/other")
        await arrives(server, TOO_MANY)
        released.set()
        await until(lambda: len(server.sent) == 1 + 1 + 3)
        server.hears("/again")
        await arrives(server, "/again")

    live(server, story, answer=answer, limits=Limits(waiting=3, answers=8))
    assert [each.plain for each in server.sent].count(TOO_MANY) == 1


def test_more_answers_than_places_wait_for_one(server: TelegramServer) -> None:
    at_once, most = 0, 0

    async def answer(incoming: Incoming) -> str | None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.02)
        at_once -= 1
        return incoming.text

    async def story(service: TelegramService) -> None:
        for user in range(2_000, 2_020):
            server.hears(f"/from {user}", chat=user, user=user)
        await until(lambda: len(server.sent) == 20)

    live(server, story, answer=answer, limits=Limits(answers=4))
    assert most == 4


# Strangers


def test_strangers_read_their_id_and_no_command_is_run(server: TelegramServer) -> None:
    asked: list[Incoming] = []

    async def answer(incoming: Incoming) -> str | None:
        asked.append(incoming)
        return "secret numbers"

    async def story(service: TelegramService) -> None:
        server.hears("/corr RUT SOL")
        await arrives(server, STRANGER)
        server.hears("/corr RUT SOL", chat=7, user=7)
        await arrives(server, "secret numbers")

    live(server, story, answer=answer, access=Access(frozenset({7})))
    assert [each.user for each in asked] == [7]


@pytest.mark.parametrize("line", ["/id", "/start", "hello", "/id@bellwether_test_bot"])
def test_whatever_a_stranger_writes_the_sentence_is_the_same(server: TelegramServer, line: str) -> None:
    async def story(service: TelegramService) -> None:
        server.hears(line)
        await arrives(server, STRANGER)

    live(server, story, access=Access())


def test_a_stranger_who_insists_is_told_once_a_minute(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        for _ in range(30):
            server.hears("/start")
        server.hears("/start", chat=1002, user=1002)
        await arrives(server, "Your id is 1002.")
        server.hears("/last", chat=7, user=7)
        await arrives(server, "/last")

    live(server, story, access=Access(frozenset({7})))
    assert len([each for each in server.sent if each.plain.startswith(STRANGER)]) == 1


# Replies that do not go through at once


def test_a_reply_that_telegram_wants_later_is_sent_later(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.fails_with(429, retry_after=1)
        server.hears("/corr")
        await arrives(server, "/corr")

    began = time.monotonic()
    live(server, story)
    assert server.sent[0].at - began > 1.0


def test_a_reply_whose_markup_is_wrong_is_sent_as_plain_words(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str | None:
        return "RUT < record"

    async def story(service: TelegramService) -> None:
        server.hears("/corr")
        await arrives(server, "RUT < record")

    live(server, story, answer=answer)
    assert server.sent[0].parse_mode is None


def test_a_reply_that_is_refused_is_given_up_and_one_without_an_answer_is_sent_once_more(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(service: TelegramService) -> None:
        server.fails_with(403)
        server.hears("/gone")
        await until(lambda: "a reply was not sent" in caplog.text)
        server.fails_with(500)
        server.hears("/ambiguous")
        server.hears("/fine")
        await arrives(server, "/fine")

    live(server, story)
    assert server.calls.count("sendMessage") == 4
    assert [each.plain for each in server.sent] == [f"you: /ambiguous\n{REPEAT}", "you: /fine"]


def test_replies_overtake_alerts(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        for chat in range(3_000, 3_200):
            server.knows(chat)
        alerts = [asyncio.create_task(service.channel.send(str(chat), "alert")) for chat in range(3_000, 3_200)]
        await arrives(server, "alert")
        server.hears("/corr")
        await arrives(server, "/corr")
        assert len(server.sent) < 60
        for each in alerts:
            each.cancel()
        await asyncio.gather(*alerts, return_exceptions=True)

    live(server, story, pace=Pace())


# The menu


def test_the_menu_lists_the_commands(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: bool(server.menu))

    live(server, story)
    assert server.menu == [{"command": name, "description": text} for name, text in MENU.commands.items()]


def test_a_menu_that_cannot_be_set_is_only_logged(server: TelegramServer, caplog: pytest.LogCaptureFixture) -> None:
    async def story(service: TelegramService) -> None:
        server.fails_with(400, "Bad Request: BOT_COMMAND_INVALID", method="setMyCommands")
        server.hears("/corr")
        await arrives(server, "/corr")
        await until(lambda: "the menu of commands could not be set" in caplog.text)

    server.stop()
    server.fails_with(400, "Bad Request: BOT_COMMAND_INVALID", method="setMyCommands")
    server.start()
    live(server, story)


# Telegram is away


def test_telegram_down_at_start_is_told_and_does_not_block_and_it_recovers(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server.hears("/written before")
    server.goes_down()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state.startswith("connecting: httpx.ConnectError"))
        assert service.heard_age is None
        assert isinstance(await service.channel.send("1001", "alert"), RetryLater)
        await asyncio.sleep(0.3)
        server.comes_back()
        await arrives(server, "/written before")
        assert service.state == "polling"
        assert isinstance(await service.channel.send("1001", "alert"), Sent)

    live(server, story)
    told = [record.getMessage() for record in caplog.records if record.name == "bot.telegram.polling"]
    assert told == ["Telegram: connecting: httpx.ConnectError: All connection attempts failed", "Telegram: polling"]


def test_telegram_down_later_is_told_and_it_recovers(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.goes_down()
        await until(lambda: service.state.startswith("connecting"))
        assert service.heard_age is not None
        server.comes_back()
        server.hears("/back")
        await arrives(server, "/back")
        await until(lambda: service.state == "polling")

    live(server, story)


Break = Callable[[TelegramServer], None]


@pytest.mark.parametrize(
    ("breaks", "state"),
    [
        pytest.param(lambda s: s.fails_with(404, method="getUpdates", times=3), "token rejected", id="404"),
        pytest.param(lambda s: s.fails_with(401, method="getUpdates", times=3), "token rejected", id="401"),
        pytest.param(lambda s: s.fails_with(500, method="getUpdates", times=3), "connecting", id="500"),
        pytest.param(lambda s: s.answers_html(502, method="getUpdates", times=3), "connecting", id="502"),
        pytest.param(lambda s: s.answers_html(404, method="getUpdates", times=3), "token rejected", id="404 page"),
        pytest.param(lambda s: s.resets(method="getUpdates", times=3), "connecting", id="reset"),
        pytest.param(lambda s: s.conflicts(times=3), "conflict: ", id="another poller"),
        pytest.param(lambda s: s.sets_webhook(), "conflict: ", id="a webhook"),
        pytest.param(lambda s: s.hangs(2.5, method="getUpdates"), "connecting", id="no answer"),
        pytest.param(lambda s: s.answers_with(b"<", method="getUpdates", times=3), "connecting", id="no json"),
        pytest.param(
            lambda s: s.answers_with(b'{"ok": true, "result": 17}', method="getUpdates", times=3),
            "connecting",
            id="nonsense",
        ),
    ],
)
def test_whatever_befalls_a_poll_it_is_told_and_polling_goes_on(
    server: TelegramServer, breaks: Break, state: str
) -> None:
    states: list[str] = []

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        breaks(server)
        server.hears("/before")
        await until(lambda: service.state.startswith(state))
        states.append(service.state)
        server.hears("/after")
        await arrives(server, "/after")
        await until(lambda: service.state == "polling")

    live(server, story)
    assert KEY not in states[0]
    assert sorted(each.plain for each in server.sent) == ["you: /after", "you: /before"]


def test_a_flood_of_polls_waits_as_long_as_telegram_says(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=1, method="getUpdates")
        await until(lambda: service.state.startswith("connecting: Too many requests"))
        polls = server.calls.count("getUpdates")
        await asyncio.sleep(0.5)
        assert server.calls.count("getUpdates") == polls
        server.hears("/after")
        await arrives(server, "/after")

    live(server, story)


def test_a_rejected_token_is_told_and_asked_again(server: TelegramServer) -> None:
    right = server.token
    server.token = "1:another"

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "token rejected: Telegram does not know the bot's token")
        assert isinstance(await service.channel.send("1001", "alert"), TokenRejected)
        server.token = right
        server.hears("/corr")
        await arrives(server, "/corr")

    live(server, story, token=right)


def test_an_update_that_cannot_be_read_is_passed_by(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.poisons()
        server.hears("/after")
        await arrives(server, "/after")
        server.poisons()
        await until(lambda: server.calls.count("getUpdates") >= 3)
        server.hears("/later")
        await arrives(server, "/later")
        assert service.state == "polling"

    live(server, story)


def test_silence_gets_new_connections(server: TelegramServer) -> None:
    """Polls that are never answered: after a while new connections are tried, and one of them is heard."""

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.hangs(60, method="getUpdates", times=2)
        server.hears("/at last")
        await until(lambda: service.state.startswith("connecting"))
        await arrives(server, "/at last")

    live(server, story)


def test_the_age_of_the_last_poll_is_known(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.hangs(60, method="getUpdates")
        server.hears("/x")
        await until(lambda: (service.heard_age or 0.0) > 0.5)

    live(server, story)


# The end


def test_it_stops_within_a_bound_whatever_is_in_progress(server: TelegramServer) -> None:
    async def answer(incoming: Incoming) -> str | None:
        await asyncio.sleep(60)
        return "never"

    async def story(service: TelegramService) -> None:
        server.hears("/slow")
        server.hangs(60)
        sending = asyncio.create_task(service.channel.send("1001", "alert"))
        await until(lambda: "sendMessage" in server.calls)
        began = time.monotonic()
        await service.stop()
        assert time.monotonic() - began < 3.0
        assert service.state == "stopped"
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

    live(server, story, answer=answer, limits=Limits(stop=0.3))


def test_an_answer_in_progress_is_still_sent_at_the_end(server: TelegramServer) -> None:
    began = asyncio.Event()

    async def answer(incoming: Incoming) -> str | None:
        began.set()
        await asyncio.sleep(0.2)
        return "just in time"

    async def story(service: TelegramService) -> None:
        server.hears("/slow")
        await began.wait()

    live(server, story, answer=answer)
    assert [each.plain for each in server.sent] == ["just in time"]


def test_it_stops_while_telegram_is_down(server: TelegramServer) -> None:
    server.goes_down()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state.startswith("connecting: "))
        await service.stop()
        assert service.state == "stopped"

    live(server, story)


def test_no_task_is_left_behind(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        before = len(asyncio.all_tasks())
        for user in range(2_000, 2_100):
            server.hears("/corr", chat=user, user=user)
        await until(lambda: len(server.sent) == 100)
        await until(lambda: len(asyncio.all_tasks()) <= before)

    live(server, story)


# The server's own journal


def test_the_journal_holds_each_message_before_it_is_answered(tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    with TelegramServer(journal=journal) as server:

        async def story(service: TelegramService) -> None:
            server.hears("/corr")
            await arrives(server, "/corr")

        live(server, story, patience=QUICK, limits=SOON)
    assert '"plain": "you: /corr"' in journal.read_text()
