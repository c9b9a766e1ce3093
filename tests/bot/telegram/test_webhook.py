"""The webhook: what is pushed is kept before Telegram hears so, once, in order; and what a watchdog sees of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.database import Database
from bot.store.schema import inbox
from bot.telegram.access import Access
from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Departure, Incoming, Move
from bot.telegram.letterbox import StoredLetters
from bot.telegram.polling import ALLOWED
from bot.telegram.webhook import CONNECTIONS, LARGEST_NUMBER, Door
from tests.bot.store.stores import NOW, nothing, opened, stored
from tests.bot.telegram.pushed import BRISK, URL, Hook, live_pushed
from tests.bot.telegram.service import Pile, arrives, live, until
from tests.servers.telegram import TOKEN, TelegramServer

KEY = TOKEN.partition(":")[2]
ANN: dict[str, object] = {"id": 1001, "is_bot": False, "first_name": "Ann"}
CHAT: dict[str, object] = {"id": 1001, "type": "private", "first_name": "Ann"}


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


@pytest.fixture(autouse=True)
def no_secret_in_any_output(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot."))
    assert KEY not in ours


async def is_up(hook: Hook) -> None:
    await until(lambda: hook.service.state == "webhook")


# What is pushed


def test_a_question_is_pushed_and_answered(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        server.hears("/corr@bellwether_test_bot RUT SOL", chat=-4242, kind="supergroup")
        await arrives(server, "you: /corr RUT SOL")

    live_pushed(server, story)
    assert [each.chat_id for each in server.sent] == [-4242]
    assert "getUpdates" not in server.calls


def test_what_was_written_while_the_bot_was_away_is_pushed(server: TelegramServer) -> None:
    """Nothing that waits is dropped when the webhook is set."""
    for number in range(5):
        server.hears(f"/line {number}", chat=1_001 + number)

    async def story(hook: Hook) -> None:
        await until(lambda: len(server.sent) == 5)

    live_pushed(server, story)
    assert {each.plain for each in server.sent} == {f"you: /line {number}" for number in range(5)}


def test_the_lines_of_a_chat_are_answered_in_order(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        for number in range(20):
            server.hears(f"/line {number}", chat=1_001 + number % 4)
        await until(lambda: len(server.sent) == 20)

    live_pushed(server, story)
    for chat in range(1_001, 1_005):
        said = [int(each.plain.split()[-1]) for each in server.sent if each.chat_id == chat]
        assert said == sorted(said)


def test_lines_that_are_pushed_at_once_are_kept_one_by_one(server: TelegramServer) -> None:
    class Narrow(Pile):
        """Whoever comes while another one is here is one too many."""

        def __init__(self) -> None:
            super().__init__()
            self.here, self.most = 0, 0

        async def keep(
            self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
        ) -> Sequence[Incoming]:
            self.here += 1
            self.most = max(self.most, self.here)
            await asyncio.sleep(0.02)
            self.here -= 1
            return await super().keep(lines, moves, left)

    letters = Narrow()

    async def story(hook: Hook) -> None:
        for chat in range(1_001, 1_011):
            server.hears("/all at once", chat=chat, user=chat)
        await until(lambda: len(server.sent) == 10)

    live_pushed(server, story, letters=letters)
    assert letters.most == 1


def test_telegram_hears_that_a_line_came_when_it_is_kept(server: TelegramServer) -> None:
    class Slow(Pile):
        """Keeps when it is let."""

        def __init__(self) -> None:
            super().__init__()
            self.may = asyncio.Event()

        async def keep(
            self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
        ) -> Sequence[Incoming]:
            await self.may.wait()
            return await super().keep(lines, moves, left)

    letters = Slow()

    async def story(hook: Hook) -> None:
        number = server.hears("/slow")
        await is_up(hook)
        await asyncio.sleep(0.2)
        assert server.statuses(number) == []
        letters.may.set()
        await until(lambda: server.statuses(number) == [200])
        await arrives(server, "/slow")

    live_pushed(server, story, letters=letters)


def test_a_line_that_cannot_be_kept_is_pushed_again_and_answered_once(server: TelegramServer) -> None:
    letters = Pile()

    async def story(hook: Hook) -> None:
        await is_up(hook)
        letters.breaks(times=3)
        number = server.hears("/kept at last")
        await arrives(server, "/kept at last")
        assert server.statuses(number) == [503, 503, 503, 200]

    live_pushed(server, story, letters=letters)
    assert len(server.sent) == 1


def live_stored(server: TelegramServer, story: Callable[[Hook], Awaitable[None]], folder: Path) -> None:
    """With the real inbox."""
    stored(folder, nothing)
    database = opened(folder)
    live_pushed(server, story, letters=StoredLetters(database, lambda: NOW), afterwards=database.close)


def test_a_fault_of_ours_is_logged_and_the_line_comes_again(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [ZeroDivisionError("in the works")]

    class Faulty(Access):
        """Stumbles once."""

        def admits(self, incoming: Incoming) -> bool:
            if faults:
                raise faults.pop()
            return True

    async def story(hook: Hook) -> None:
        number = server.hears("/again")
        await arrives(server, "/again")
        await until(lambda: server.statuses(number) == [503, 200])

    live_pushed(server, story, access=Faulty())
    assert "ZeroDivisionError: in the works" in caplog.text


def test_a_database_that_is_locked_is_an_update_that_comes_again(server: TelegramServer, tmp_path: Path) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        other = opened(tmp_path)
        async with other.write():
            number = server.hears("/locked out")
            await until(lambda: 503 in server.statuses(number), 15)
        await arrives(server, "/locked out")
        await other.close()
        await until(lambda: server.statuses(number)[-1] == 200)
        assert set(server.statuses(number)[:-1]) == {503}

    server.patience = 10.0
    live_stored(server, story, tmp_path)
    assert [each.plain for each in server.sent] == ["you: /locked out"]


def test_the_same_update_twice_is_one_line(server: TelegramServer, tmp_path: Path) -> None:
    """The inbox knows its number: also once it is answered."""

    async def story(hook: Hook) -> None:
        number = server.hears("/once")
        await arrives(server, "/once")
        for count in (2, 3):
            server.pushes_again(number)
            await asyncio.to_thread(server.waits_for_pushes, number, count)
        server.hears("/after")
        await arrives(server, "/after")
        assert server.statuses(number) == [200] * 3

    async def lines(database: Database) -> int:
        async with database.read() as connection:
            return len((await connection.execute(sa.select(inbox.c.id))).all())

    live_stored(server, story, tmp_path)
    assert [each.plain for each in server.sent] == ["you: /once", "you: /after"]
    assert stored(tmp_path, lines) == 2


# Who knocks


def test_who_does_not_know_the_secret_gets_nothing_in(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        update = json.dumps({"update_id": 1, "message": {}}).encode()
        assert await hook.is_sent(update, **{"x-telegram-bot-api-secret-token": "guessed"}) == 403
        assert await hook.is_sent(update, **{"x-telegram-bot-api-secret-token": ""}) == 403

    letters = Pile()
    live_pushed(server, story, letters=letters)
    assert letters.kept == {}


def test_each_process_has_a_secret_of_its_own() -> None:
    door, other = Door(), Door()
    assert door.secret != other.secret
    assert door.knows(door.secret)
    assert not door.knows(other.secret)
    assert not door.knows(door.secret[:-1])
    assert not door.knows(door.secret + "\xe9\ud800")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"\xff\xfe",
        b"[]",
        b"17",
        b"null",
        b'"update_id"',
        b"{}",
        b'{"update_id": null}',
        b'{"update_id": "1"}',
        b'{"update_id": true}',
        b'{"update_id": 1.5}',
        b'{"update_id": -1}',
        b'{"update_id": %d}' % (LARGEST_NUMBER + 1),
        b'{"update_id": 1' + b"0" * 10_000 + b"}",
        b"[" * 100_000,
        b'{"update_id": NaN}',
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
def test_what_is_no_update_is_refused_and_told_once(
    server: TelegramServer, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        assert [await hook.is_sent(content) for _ in range(3)] == [400] * 3
        server.hears("/well")
        await arrives(server, "/well")

    live_pushed(server, story)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "something that is no update came with the right secret, and is left"
    ]


def test_an_update_that_the_library_cannot_read_is_passed_by(server: TelegramServer) -> None:
    """It was retried for ever."""
    server.poisons()

    async def story(hook: Hook) -> None:
        server.hears("/after")
        await arrives(server, "/after")
        await until(lambda: len(server.pushed) == 2)

    live_pushed(server, story)
    assert [status for _, status in server.pushed] == [200, 200]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("callback_query", {"id": "1", "from": ANN, "chat_instance": "1", "data": "/stop"}),
        ("inline_query", {"id": "1", "from": ANN, "query": "/stop", "offset": ""}),
        ("edited_message", {"message_id": 1, "date": 1, "chat": CHAT, "from": ANN, "text": "/stop"}),
        ("edited_channel_post", {"message_id": 1, "date": 1, "chat": {"id": -7, "type": "channel"}, "text": "/stop"}),
        ("something_new", {"text": "/stop"}),
    ],
)
def test_no_other_kind_of_update_does_anything(server: TelegramServer, kind: str, content: dict[str, object]) -> None:
    """Nothing can be asked inline or edited here; Telegram is told not to send it, and it is passed by. So is a tap
    under a message that came by way of another bot.
    """
    letters = Pile()

    async def story(hook: Hook) -> None:
        await is_up(hook)
        assert await hook.is_sent(json.dumps({"update_id": 7, kind: content}).encode()) == 200
        server.hears("/after")
        await arrives(server, "/after")

    live_pushed(server, story, letters=letters)
    assert [each.text for each in (*letters.done, *letters.kept.values())] == ["/after"]


def test_strangers_are_told_and_not_kept(server: TelegramServer) -> None:
    letters = Pile()

    async def story(hook: Hook) -> None:
        server.hears("/corr")
        await arrives(server, "Your id is 1001")

    live_pushed(server, story, access=Access(), letters=letters)
    assert letters.kept == {}
    assert [status for _, status in server.pushed] == [200]


# How it is set, lost and found


def test_the_webhook_is_set_as_polling_would_ask(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        assert server.webhook is not None
        assert (server.webhook.url, server.webhook.secret) == (URL, hook.door.secret)
        assert (set(server.webhook.kinds), server.webhook.connections) == (set(ALLOWED), CONNECTIONS)
        await until(lambda: server.menu != [])

    live_pushed(server, story)


@pytest.mark.parametrize("url", ["https://Bot.Example.org", "https://bot.example.org/Telegram%20In"])
def test_an_address_that_telegram_writes_in_its_own_way_is_ours(server: TelegramServer, url: str) -> None:
    """It was taken for another process's, and set again each minute."""

    async def story(hook: Hook) -> None:
        await is_up(hook)
        await asyncio.sleep(2 * BRISK.look)
        server.hears("/well")
        await arrives(server, "/well")
        assert hook.service.state == "webhook"

    live_pushed(server, story, url=url)
    assert server.calls.count("setWebhook") == 1


def test_at_the_end_the_webhook_stays_and_polling_takes_it_away(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)

    async def polls(service: TelegramService) -> None:
        await arrives(server, "/between")

    live_pushed(server, story)
    assert server.webhook is not None
    server.hears("/between")
    live(server, polls)
    assert server.webhook is None


def test_nothing_is_taken_before_what_an_earlier_process_has_left(server: TelegramServer) -> None:
    letters = Pile(Incoming("1001", "private", 1001, "/left", number=1))
    letters.breaks(times=1)

    async def story(hook: Hook) -> None:
        number = server.hears("/new")
        await arrives(server, "/new")
        assert server.sent[0].plain.startswith("you: /left")
        assert server.statuses(number)[-1] == 200

    live_pushed(server, story, letters=letters, limits=Limits(retry=0.05, stop=2.0, again=0.3))


def test_while_another_process_works_telegram_is_asked_to_come_again(server: TelegramServer) -> None:
    ours = True

    async def story(hook: Hook) -> None:
        nonlocal ours
        await is_up(hook)
        ours = False
        number = server.hears("/whose")
        await until(lambda: server.statuses(number)[:2] == [503, 503])
        assert server.sent == []
        ours = True
        await arrives(server, "/whose")

    live_pushed(server, story, works=lambda: ours)


def test_a_hushed_bot_takes_nothing_more(server: TelegramServer) -> None:
    letters = Pile()

    async def story(hook: Hook) -> None:
        await is_up(hook)
        await hook.service.hush()
        number = server.hears("/late")
        await until(lambda: server.statuses(number)[:1] == [503])

    live_pushed(server, story, letters=letters)
    assert (letters.kept, server.webhook is not None) == ({}, True)


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        pytest.param(lambda s: s.sets_webhook(), "conflict: another process has set another webhook", id="another"),
        pytest.param(
            lambda s: setattr(s, "webhook", None),
            "conflict: another process has deleted the webhook; perhaps it polls",
            id="deleted",
        ),
    ],
)
def test_a_webhook_that_somebody_took_away_is_set_again_and_that_is_told(
    server: TelegramServer, caplog: pytest.LogCaptureFixture, breaks: Callable[[TelegramServer], None], says: str
) -> None:
    caplog.set_level("INFO")

    async def story(hook: Hook) -> None:
        await is_up(hook)
        breaks(server)
        await until(lambda: hook.service.state == says)
        assert hook.service.trouble() == says
        server.hears("/back")
        await arrives(server, "/back")
        await is_up(hook)
        assert hook.service.trouble() == ""

    live_pushed(server, story)
    told = [record.getMessage() for record in caplog.records if record.name == "bot.telegram.webhook"]
    assert told == ["Telegram: webhook", f"Telegram: {says}", "Telegram: webhook"]


def test_pushes_that_fail_are_told_until_they_do_not(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        server.proxies.clear()
        server.hears("/lost on the way")
        await until(lambda: hook.service.trouble() != "")
        assert hook.service.state == (
            "connecting: 1 updates wait, Telegram cannot hand them over: "
            "Failed to resolve host: Name or service not known"
        )
        age = hook.service.trouble_age()
        await asyncio.sleep(3 * BRISK.look)
        assert hook.service.trouble_age() > age
        server.stands_behind(URL, hook.address)
        await arrives(server, "/lost on the way")
        await is_up(hook)
        assert hook.service.trouble() == ""

    live_pushed(server, story)


def test_what_failed_while_nobody_listened_is_no_trouble_now(server: TelegramServer) -> None:
    async def first(hook: Hook) -> None:
        await is_up(hook)

    async def second(hook: Hook) -> None:
        await is_up(hook)
        for _ in range(10):
            await asyncio.sleep(BRISK.look / 5)
            assert hook.service.trouble() == ""

    live_pushed(server, first)
    number = server.hears("/while away")
    server.waits_for_pushes(number, 2)
    live_pushed(server, second)
    assert [each.plain for each in server.sent] == ["you: /while away"]


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        pytest.param(lambda s: s.fails_with(401, method="getMe", times=3), "token rejected: ", id="token"),
        pytest.param(lambda s: s.fails_with(500, method="setWebhook", times=3), "connecting: ", id="telegram fails"),
        pytest.param(lambda s: s.answers_html(502, method="setWebhook", times=3), "connecting: ", id="a proxy fails"),
        pytest.param(lambda s: s.resets(method="getWebhookInfo", times=3), "connecting: ", id="no connection"),
        pytest.param(lambda s: s.hangs(9, method="setWebhook"), "connecting: ", id="it hangs"),
        pytest.param(
            lambda s: s.fails_with(400, "Bad Request: bad webhook: HTTPS url must be provided", method="setWebhook"),
            "connecting: Bad webhook: https url must be provided",
            id="telegram does not like the url",
        ),
    ],
)
def test_whatever_goes_wrong_is_told_and_tried_again(
    server: TelegramServer, caplog: pytest.LogCaptureFixture, breaks: Callable[[TelegramServer], None], says: str
) -> None:
    breaks(server)

    async def story(hook: Hook) -> None:
        server.hears("/well again")
        await arrives(server, "/well again")
        await is_up(hook)

    live_pushed(server, story)
    told = [record.getMessage() for record in caplog.records if record.name == "bot.telegram.webhook"]
    assert any(each.startswith(f"Telegram: {says}") for each in told)


def test_listening_is_alive_while_it_waits_for_the_next_look(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        for _ in range(20):
            assert hook.service.listening_age() < 1.0
            await asyncio.sleep(0.05)

    live_pushed(server, story)


def test_listening_that_ended_is_seen_and_begun_anew(server: TelegramServer) -> None:
    async def story(hook: Hook) -> None:
        await is_up(hook)
        [listening] = [task for task in asyncio.all_tasks() if task.get_name() == "telegram listening"]
        listening.cancel()
        await until(lambda: hook.service.listening_age() == float("inf"))
        number = server.hears("/after")
        await until(lambda: server.statuses(number)[:1] == [503])
        await hook.service.listen_anew()
        await arrives(server, "/after")

    live_pushed(server, story)


def test_two_processes_with_addresses_of_their_own_both_say_so(server: TelegramServer) -> None:
    """Each sets it again, once a look; every line is answered by the one or the other, once."""
    other = "https://other.example.org/telegram"

    async def story(hook: Hook) -> None:
        await is_up(hook)
        await asyncio.to_thread(live_pushed, server, beside, url=other)
        await is_up(hook)

    async def beside(hook: Hook) -> None:
        for number in range(5):
            server.hears(f"/line {number}")
            await arrives(server, f"/line {number}")
        await until(lambda: hook.service.state.startswith("conflict"))

    live_pushed(server, story)
    assert len(server.sent) == 5
