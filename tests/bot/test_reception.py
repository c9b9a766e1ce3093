"""Questions: the market and the chat on a desk, what changes is stored first, and nobody waits for anybody.

Nor for pictures: they are drawn in a thread of their own, and a text goes alone rather than late.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers import CorrelationList, Picture
from bot.answers.quality import Fault, Finding, Ruling
from bot.commands import registry
from bot.delivery.channel import Answer
from bot.drawing import Drawing
from bot.market.ledger import of_findings
from bot.parts import Parts, Question
from bot.reception import Reception
from bot.store.chats import subscribe, subscribers
from bot.store.database import Database
from rules.bars import DAY, Interval
from rules.model import XNYS
from tests.bot.markets import NOW
from tests.bot.rooms import in_a_room
from tests.bot.store.stores import Place, opened
from tests.servers.telegram_messages import read_photo, size_of

ASKED = Question("telegram", "71", "private", "71", "/start")
PICTURE = CorrelationList("RUT", 60, 0.6, (), XNYS, dt.date(2025, 12, 31), NOW, simulated=True)

Draw = Callable[[Picture], bytes]


async def told(reception: Reception, line: str) -> str:
    """The text of an answer."""
    return (await reception.answer(replace(ASKED, text=line))).html


def knows_command(monkeypatch: pytest.MonkeyPatch, name: str, run: registry.Run) -> None:
    """A command more, for a test."""
    known = registry.all_commands()
    monkeypatch.setitem(known, name, replace(known["regime"], name=name, usage=f"/{name}", run=run))


def test_what_a_reply_says_is_done_before_it_is_given(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        assert "Alerts come here from now on" in await told(reception, "/start")
        async with parts.database.read() as connection:
            [subscriber] = await subscribers(connection, "telegram")
        assert subscriber.since == NOW
        assert "Alerts come here since" in await told(reception, "/start")
        assert "No more alerts come here." in await told(reception, "/stop")
        await reception.answer(ASKED)
        assert "is deleted" in await told(reception, "/forget yes")
        async with parts.database.read() as connection:
            assert await subscribers(connection, "telegram") == []

    in_a_room(tmp_path, use)


def test_a_change_that_cannot_be_stored_is_not_said_to_be_done(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        other = Database(parts.database.path)
        holds, done = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            async with other.write():
                holds.set()
                await done.wait()

        impatient = Database(parts.database.path, patience=0.1)
        holder = asyncio.create_task(hold())
        await holds.wait()
        refused = await told(Reception(replace(parts, database=impatient)), "/start")
        done.set()
        await holder
        await impatient.close()
        await other.close()
        assert refused == (
            "The database does not answer; it is not known whether that was done. Please try again later."
        )
        assert "from now on" in await told(reception, "/start")

    in_a_room(tmp_path, use)


def test_a_slow_answer_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def slow(_desk: registry.Desk, _words: object) -> registry.Reply:
        assert release.wait(30)
        return registry.Reply("at last")

    knows_command(monkeypatch, "slow", slow)

    async def use(reception: Reception, parts: Parts) -> None:
        waiting = asyncio.create_task(told(reception, "/slow"))
        assert "Regime: " in await told(reception, "/regime")
        assert not waiting.done()
        release.set()
        assert await waiting == "at last"

    in_a_room(tmp_path, use)


def test_the_status_is_the_services_own(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        reception.outlook.front_state = lambda: "connecting: no route"
        text = await told(reception, "/status")
        assert text.startswith("<b>Not all is well</b>")
        assert "Telegram: connecting: no route" in text
        reception.outlook.front_state = lambda: "polling"
        text = await told(reception, "/status")
        assert text.startswith("<b>All is well</b>")
        assert "simulated" in text
        assert "room.db" in text

    in_a_room(tmp_path, use)


def test_the_status_names_what_is_wrong_with_prices_and_counts_it(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        reception.outlook.front_state = lambda: "polling"
        found = Finding("RUT", Interval.DAY, NOW - DAY, "yahoo", Fault.SCALE, Ruling.REJECTED, "25.1 after 2,510")
        parts.intake.ledger.note(("RUT", "rows of 1d"), of_findings([found]), NOW - 120)
        text = await told(reception, "/status")
        assert text.startswith("<b>Not all is well</b>")
        assert (
            "⚠ yahoo: RUT's close of 2025-12-31 rejected, off by a power of ten (25.1 after 2,510) (for 2 min)" in text
        )
        parts.intake.ledger.note(("RUT", "rows of 1d"), [], NOW - 60)
        text = await told(reception, "/status")
        assert text.startswith("<b>All is well</b>")
        assert "Since the start: yahoo 1 rejected (off by a power of ten)" in text

    in_a_room(tmp_path, use)


def test_the_status_names_clocks_that_differ(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        parts.intake._sources.clocks.compare("yahoo", NOW - 3600, NOW)
        assert "⚠ Our clock and yahoo's differ by 1 h" in await told(reception, "/status")

    in_a_room(tmp_path, use)


def test_the_status_of_telegram_counts_no_terminal(tmp_path: Path) -> None:
    """Who tries it without a token first and then with one: the terminal stays subscribed in the database."""

    async def use(reception: Reception, parts: Parts) -> None:
        async with parts.database.write() as connection:
            await subscribe(connection, "console", "terminal", "terminal", NOW)
        await reception.answer(ASKED)
        assert "Chats: 1\n" in await told(reception, "/status")

    in_a_room(tmp_path, use)


def test_rules_stand_where_the_service_left_them(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        text = await told(reception, "/rules")
        assert "firing since" in text
        assert "not judged yet" not in text

    in_a_room(tmp_path, use)


# Pictures


class Painter:
    """Draws when it is let; remembers how many it drew, in which threads, and how many at once."""

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.most = 0
        self._at_once = 0
        self._free = threading.Event()
        self._free.set()
        self._began = threading.Semaphore(0)

    def __call__(self, picture: Picture) -> bytes:
        self.threads.append(threading.current_thread().name)
        self._at_once += 1
        self.most = max(self.most, self._at_once)
        self._began.release()
        assert self._free.wait(30)
        self._at_once -= 1
        return b"drawn"

    def pauses(self) -> None:
        """What it draws from now on is not ready before it goes on."""
        self._free.clear()

    def goes_on(self) -> None:
        """All that was begun becomes ready."""
        self._free.set()

    async def begins(self) -> None:
        """Until one more picture is being drawn."""
        assert await asyncio.to_thread(self._began.acquire, timeout=30)


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """Whose pictures /picture gives."""
    knows_command(monkeypatch, "picture", lambda _desk, _words: registry.Reply("text", picture=PICTURE))
    return Painter()


def while_drawing(draw: Draw, limit: float, use: Callable[[Drawing], Awaitable[None]]) -> None:
    """Something that draws, closed afterwards."""

    async def run() -> None:
        drawing = Drawing(draw, limit)
        try:
            await use(drawing)
        finally:
            drawing.close()

    asyncio.run(run())


def test_an_answer_brings_its_picture(tmp_path: Path, painter: Painter) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        assert await reception.answer(replace(ASKED, text="/picture")) == Answer("text", b"drawn")
        assert (await reception.answer(replace(ASKED, text="/regime history"))).picture is None

    in_a_room(tmp_path, use, painter)
    assert painter.threads == ["draw_0"]


@pytest.mark.parametrize("line", ["/corr RUT SOL", "/corr RUT", "/corr", "/regime"])
def test_an_answer_is_drawn_as_telegram_takes_it(tmp_path: Path, line: str) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        answer = await reception.answer(replace(ASKED, text=line))
        assert size_of(read_photo(answer.picture))[0] == 1_080

    in_a_room(tmp_path, use)


def test_while_a_picture_is_drawn_others_are_answered_and_the_loop_goes_round(tmp_path: Path, painter: Painter) -> None:
    """More pictures wait than there are threads that answer: none of those is held by them."""

    async def use(reception: Reception, parts: Parts) -> None:
        painter.pauses()
        waiting = [asyncio.create_task(reception.answer(replace(ASKED, text="/picture"))) for _ in range(10)]
        await painter.begins()
        for _ in range(10):
            assert "Regimes" in await told(reception, "/regime history")
        assert not any(each.done() for each in waiting)
        painter.goes_on()
        assert await asyncio.gather(*waiting) == [Answer("text", b"drawn")] * 10

    in_a_room(tmp_path, use, painter, limit=60.0)
    assert painter.most == 1


def test_a_picture_that_cannot_be_drawn_leaves_the_text(
    tmp_path: Path, painter: Painter, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(picture: Picture) -> bytes:
        raise ZeroDivisionError("in a chart")

    async def use(reception: Reception, parts: Parts) -> None:
        assert await reception.answer(replace(ASKED, text="/picture")) == Answer("text")

    in_a_room(tmp_path, use, fails)
    assert "ZeroDivisionError: in a chart" in caplog.text


def test_a_picture_that_takes_too_long_is_left_out_and_those_behind_it_do_not_wait(
    painter: Painter, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(drawing: Drawing) -> None:
        painter.pauses()
        first = asyncio.create_task(drawing.draw(PICTURE))
        await painter.begins()
        assert await drawing.draw(PICTURE) is None
        assert await first is None
        assert await drawing.draw(PICTURE) is None
        assert len(painter.threads) == 1, "who comes later is told at once, who waited is taken from the line"
        painter.goes_on()
        while (picture := await drawing.draw(PICTURE)) is None:
            await asyncio.sleep(0.005)
        assert picture == b"drawn"

    while_drawing(painter, 0.5, use)
    assert caplog.text.count("it was not ready within 0.5 s") == 2
    assert "the one before it is not ready" in caplog.text


def test_who_no_longer_waits_for_a_picture_gives_up_its_place(painter: Painter) -> None:
    async def use(drawing: Drawing) -> None:
        painter.pauses()
        first = asyncio.create_task(drawing.draw(PICTURE))
        await painter.begins()
        second = asyncio.create_task(drawing.draw(PICTURE))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        painter.goes_on()
        assert await first == b"drawn"
        assert await drawing.draw(PICTURE) == b"drawn"

    while_drawing(painter, 30.0, use)
    assert len(painter.threads) == 2


def test_the_library_that_draws_is_loaded_with_the_first_picture() -> None:
    """A fresh process imports all that the service is made of."""
    code = "import sys, bot.live, bot.telegram.application; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_twenty_people_who_ask_at_once_are_all_answered(place: Place, tmp_path: Path) -> None:
    """Who holds a connection and waits for a second one while others do the same waits for ever."""

    async def use(_reception: Reception, parts: Parts) -> None:
        database = opened(place)
        await database.migrate()
        reception = Reception(replace(parts, database=database))
        asking = (reception.answer(replace(ASKED, address=str(n), text="/status")) for n in range(20))
        answers = await asyncio.wait_for(asyncio.gather(*asking), 20)
        assert [each.html for each in answers if "does not answer" in each.html] == []
        reception.close()
        await database.close()

    in_a_room(tmp_path, use)
