"""The whole surface as a trader holds it in the hand, through the real library: stories that a person has read.

Every message passes a server that reads HTML, counts and refuses as Telegram does. GOLDEN=write writes them anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.schema import alerts
from bot.telegram.asking import NOT_IN_A_CHANNEL, TOO_OLD
from tests.bot.golden import assert_golden
from tests.e2e.stage import Stage, on_stage
from tests.servers.telegram import TelegramServer
from tests.servers.telegram_posted import Tapped, Wrote

GOLDEN = Path(__file__).parent / "golden"

ANN, BOB = 1001, 1002
FORUM, TOPIC, DESK, MOVED, NEWS = -1_005_005, 9, -4242, -1_004_242, -1_000_042
CAST = {ANN: "Ann", BOB: "Bob", FORUM: "the forum", DESK: "the desk", MOVED: "the new desk", NEWS: "News", 0: "News"}

BEFORE_THE_RECORD, AFTER_IT = "2025-11-04T20:30Z", "2025-11-04T21:50Z"

CONFIGURED = """
[telegram]
token = "{token}"
base_url = "{telegram}"
admins = [1001]
allow = [-1005005, -4242, -1004242, -1000042]
"""

Play = Callable[[Stage], Awaitable[None]]


def plays(folder: Path, name: str, play: Play) -> TelegramServer:
    """A story on a stage, and what it reads like. Returns the Telegram of it, which has refused nothing."""
    with TelegramServer() as server:
        server.knows(ANN)

        async def run() -> str:
            async with on_stage(folder, server, BEFORE_THE_RECORD, CONFIGURED, CAST) as stage:
                try:
                    async with asyncio.timeout(240):
                        await play(stage)
                except AssertionError:
                    print(stage.story.text)
                    raise
                return stage.story.text

        assert_golden(GOLDEN / f"{name}.txt", asyncio.run(run()))
        of_messages = [each for each in server.refusals if not each.startswith("setMyCommands")]
        assert (of_messages, server.floods) == ([], 0)
        return server


def test_a_newcomer_is_let_in_and_has_a_first_alert_in_three_messages(tmp_path: Path) -> None:
    """Counted from when the bot answers: every line and every tap."""
    steps = 0

    async def alerts_of_bob() -> int:
        database = Database(tmp_path / "story.db")
        try:
            async with database.read() as connection:
                return int((await connection.execute(sa.select(sa.func.count()).select_from(alerts))).scalar_one())
        finally:
            await database.close()

    async def play(stage: Stage) -> None:
        nonlocal steps
        stage.story.says("Ann runs the bot. Bob has heard of it.")
        await stage.writes(BOB, "/start")
        await stage.writes(BOB, "/ask")
        await stage.writes(ANN, "/users")
        await stage.taps(ANN, "Let in Bob")
        stage.story.says("Bob is in. From here on his lines and taps are counted.")
        before = len(stage.server.timeline)
        await stage.writes(BOB, "/start")
        await stage.writes(BOB, "/alert RUT within 5% of record")
        await stage.taps(BOB, "Save")
        steps = sum(isinstance(each, Wrote | Tapped) for each in stage.server.timeline[before:])
        assert await alerts_of_bob() == 1

    plays(tmp_path, "a-newcomer", play)
    assert steps <= 3


def test_a_record_is_told_and_what_follows_is_one_tap_away(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.writes(ANN, "/start")
        stage.story.says("The market closes, and fifty minutes later its prices are in.")
        await stage.it_is(AFTER_IT)
        for label in ("Why", "Now", "Chart", "60", "Refresh", "Snooze", "1 h"):
            await stage.taps(ANN, label)
        await stage.writes(ANN, "/mute")
        await stage.writes(ANN, "/history")
        for line in ("/stats", "/stats rut-record-close", "/backtest vix > 20"):
            await stage.writes(ANN, line)
        await stage.taps(ANN, "Make it an alert")

    plays(tmp_path, "a-record", play)


def test_answers_and_what_is_one_tap_away_from_them(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.writes(ANN, "/corr RUT SOL 60")
        await stage.taps(ANN, "250")
        await stage.taps(ANN, "RUT ADA")
        await stage.taps(ANN, "Refresh")
        await stage.writes(ANN, "/corr")
        await stage.taps(ANN, "RUT")
        await stage.writes(ANN, "/regime")
        for label in ("Gauges", "History"):
            await stage.taps(ANN, label)
        for line in ("/price RUT", "/chart RUT", "/rule rut-record-close", "/test rut-record-close", "/why vix-25"):
            await stage.writes(ANN, line)
        for line in ("/rules", "/help", "/help drawdown", "/id"):
            await stage.writes(ANN, line)

    plays(tmp_path, "answers", play)


def test_an_alert_of_ones_own(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for line in ("/alert", "/alert RUT record", "/alert sol < 120"):
            await stage.writes(ANN, line)
        await stage.taps(ANN, "Save")
        await stage.writes(ANN, "/alert corr RUT SOL 60 > 0.6")
        await stage.taps(ANN, "Save")
        await stage.writes(ANN, "/alerts")
        await stage.writes(ANN, "/alert close(RUT) > record(RUT)")
        await stage.taps(ANN, "Save")
        await stage.it_is("2025-11-04T20:31Z")
        stage.story.says("The market closes at a record.")
        await stage.it_is(AFTER_IT)
        await stage.writes(ANN, "/alerts")
        await stage.taps(ANN, "#2")
        for label in ("Pause", "Remove"):
            await stage.taps(ANN, label)

    plays(tmp_path, "an-alert-of-ones-own", play)


def test_quiet_hours_mutes_and_a_brief(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        await stage.writes(ANN, "/start")
        for line in (
            "/timezone America/New_York",
            "/quiet 16:00-07:00",
            "/subscribe",
            "/mute #altcoins",
            "/digest 08:00",
        ):
            await stage.writes(ANN, line)
        stage.story.says("A record, within Ann's quiet hours.")
        await stage.it_is(AFTER_IT)
        stage.story.says("They are over, and then it is eight.")
        await stage.it_is("2025-11-05T12:05Z")
        await stage.it_is("2025-11-05T13:05Z")
        for line in ("/mute", "/quiet off", "/stop"):
            await stage.writes(ANN, line)

    plays(tmp_path, "quiet", play)


def test_a_group_with_topics_and_a_channel(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        server = stage.server
        for chat in (FORUM, NEWS):
            server.promotes(ANN, chat=chat)
        stage.story.says("Ann administers the forum and the channel, Bob reads both.")
        await stage.writes(BOB, "/start", chat=FORUM, thread=TOPIC)
        await stage.writes(ANN, "/start", chat=FORUM, thread=TOPIC)
        await stage.writes(BOB, "/price RUT", chat=FORUM, thread=TOPIC)
        await stage.posts("/start", chat=NEWS)
        stage.story.says("A record: the forum is told in the topic that it chose, the channel too.")
        await stage.it_is(AFTER_IT)
        await stage.taps(BOB, "Why", chat=FORUM)
        await stage.taps(BOB, "Mute", chat=FORUM)
        await stage.taps(ANN, "Mute", chat=FORUM)
        await stage.taps(ANN, "Undo", chat=FORUM)
        await stage.taps(BOB, "Why", chat=NEWS)
        stage.story.says("The channel has enough of the bot: nothing is sent there any more.")
        await stage.happens(lambda: server.removes_bot(NEWS, date=stage.wall.now))
        await stage.writes(ANN, "/broadcast Prices are late today.")
        await stage.taps(ANN, "Send to 1")

    server = plays(tmp_path, "a-forum-and-a-channel", play)
    assert NOT_IN_A_CHANNEL in [each.text for each in server.flashes]


def test_a_group_that_becomes_a_supergroup(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        server = stage.server
        server.knows(DESK, "group")
        for chat in (DESK, MOVED):
            server.promotes(ANN, chat=chat)
        for line in ("/start", "/timezone Europe/Berlin", "/mute vix-25", "/alert SOL < 90"):
            await stage.writes(ANN, line, chat=DESK)
        await stage.taps(ANN, "Save", chat=DESK)
        stage.story.says("The desk becomes a supergroup. What it chose and made goes along.")
        server.migrates(DESK, MOVED)
        await stage.happens(
            lambda: server.hears("", chat=MOVED, user=ANN, kind="supergroup", migrate_from_chat_id=DESK)
        )
        for line in ("/timezone", "/mute", "/alerts"):
            await stage.writes(ANN, line, chat=MOVED)
        stage.story.says("And it is told there.")
        await stage.it_is(AFTER_IT)

    plays(tmp_path, "a-group-that-moves", play)


def test_what_is_not_understood_and_who_is_not(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        for line in ("/corrr RUT", "/corr RUT XXX", "/alert drawdwn(RUT) > 3%", "/quiet 25:00", "hello", "/corr <b>&"):
            await stage.writes(ANN, line)
        stage.story.says("Bob was never let in, and finds a client that sends what it likes.")
        await stage.writes(BOB, "/health")
        stage.story.says("Ann taps what was never shown to her.")
        await stage.happens(lambda: stage.server.taps_data("f00d", chat=ANN, user=ANN))

    server = plays(tmp_path, "not-understood", play)
    assert [each.text for each in server.flashes] == [TOO_OLD]
