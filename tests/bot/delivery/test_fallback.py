"""Told in Telegram's place: when it is down, only what is grave enough, once, whatever is killed in between."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest
import sqlalchemy as sa

from bot.delivery.announce import News
from bot.delivery.channel import Ambiguous, RetryLater
from bot.delivery.fallback import Fallback, Main
from bot.delivery.owing import Owing, Readers
from bot.store.alerts import save_events
from bot.store.errors import StoreError
from bot.store.further import UNTAKEN, Roll, enrolled
from bot.store.messages import owe
from bot.store.schema import chats, deliveries
from bot.store.summaries import take_back
from rules.bars import DAY
from rules.model import AlertEvent, Edge, Severity
from tests.bot.delivery.outage import AFTER, Killed, Mortal, Outage, told
from tests.bot.store.stores import NOW, Place, event, message, states
from tests.bot.test_watch_further import grave
from tests.bot.watched import HIGH

MINUTE = 60


def plays(place: Place, story: Callable[[Outage], Awaitable[None]], least: Severity = Severity.CRITICAL) -> None:
    asyncio.run(told(place, story, least))


def test_what_is_critical_is_told_once_however_many_chats_wait_for_it_and_telegram_gets_its_own(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1", "2", "3")
        outage.is_down()
        await outage.owes(1)
        await outage.owes(2, Severity.HIGH)
        outage.passes(9 * MINUTE)
        await outage.works()
        assert outage.pager.texts == []
        outage.passes(MINUTE)
        await outage.works()
        await outage.works()
        notice, alert = outage.pager.texts
        since = "Thu 2025-12-04 21:31Z"
        assert notice.startswith(f"⚠ <b>Telegram has not been reachable since {since}</b>\nAlerts from critical on")
        assert alert == f"Telegram has not been reachable since {since}\nmessage 1"
        outage.is_down(down=False)
        outage.passes(5 * MINUTE)
        for _ in range(3):
            await outage.works()
        assert len(outage.pager.texts) == 2
        assert (await states(outage.database))[:6] == [
            f"{chat}: message {number} sent" for number in (1, 2) for chat in (1, 2, 3)
        ]

    plays(place, story)


def test_while_it_lasts_each_alert_is_told_when_telegram_has_had_its_time(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.passes(AFTER)
        await outage.works()
        await outage.owes(2)
        await outage.works()
        assert outage.paged == ["message 1"]
        outage.passes(30)
        await outage.works()
        assert outage.paged == ["message 1", "message 2"]

    plays(place, story)


def test_what_is_not_answered_counts_as_down_though_nothing_was_owed_before(place: Place) -> None:
    """The token rejected, or no network: polling says it."""

    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.silent = AFTER
        await outage.works()
        [notice] = outage.pager.texts
        assert "Thu 2025-12-04 21:21Z" in notice
        await outage.owes(1)
        outage.passes(30)
        outage.silent += 30
        await outage.works()
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_a_chat_that_takes_nothing_while_others_do_is_no_outage(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1", "2")
        await outage.owes(1)
        outage.telegram.answers(RetryLater("flood", 2 * AFTER))
        await outage.works()
        outage.passes(AFTER - 1)
        await outage.owes(2)
        await outage.works()
        outage.passes(AFTER - 1)
        await outage.works()
        assert outage.pager.texts == []

    plays(place, story)


def test_what_nobody_in_telegram_is_owed_is_told_nobody(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens()
        outage.is_down()
        outage.silent = 2 * AFTER
        await outage.owes(1)
        outage.passes(MINUTE)
        await outage.works()
        assert outage.pager.texts == []

    plays(place, story)


@pytest.mark.parametrize("what", ["@asks/9/1", "@decided/9/1", "#1.2/fired/1"])
def test_what_is_meant_for_one_chat_is_told_in_nobodys_place(place: Place, what: str) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1, event=what)
        outage.passes(2 * AFTER)
        await outage.works()
        assert ["message 1" in text for text in outage.pager.texts] == [False]

    plays(place, story, Severity.INFO)


def test_who_is_not_let_in_any_more_is_nobody(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.admitted = frozenset({"2"})
        outage.begins_anew()
        outage.passes(AFTER)
        await outage.works()
        assert outage.pager.texts == []

    plays(place, story)


def test_what_is_no_news_any_more_and_what_is_older_than_the_channel_is_not_told(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1, expires_at=outage.now + AFTER)
        await outage.owes(2, at=NOW + 10)
        outage.passes(AFTER)
        await outage.works()
        assert outage.paged == []

    plays(place, story)


def test_a_lower_bar_tells_more(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        for number, severity in enumerate(Severity):
            await outage.owes(number, severity)
        outage.passes(AFTER)
        await outage.works()
        assert outage.paged == ["message 2", "message 3"]

    plays(place, story, Severity.HIGH)


def test_what_waits_here_when_telegram_is_back_is_not_sent_and_may_be_another_day(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.pager_is_down()
        await outage.owes(1)
        outage.passes(AFTER)
        await outage.works()
        assert "pager: message 1 owed" in [_last(each) for each in await states(outage.database)]
        outage.is_down(down=False)
        await outage.delivers()
        outage.pager_is_down(down=False)
        tried = len(outage.pager.texts)
        outage.passes(MINUTE)
        for _ in range(2):
            await outage.works()
        assert len(outage.pager.texts) == tried
        assert await states(outage.database) == ["1: message 1 sent"]

    plays(place, story)


def test_a_process_that_begins_anew_and_knows_of_no_trouble_leaves_what_waits_here(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.pager_is_down()
        outage.silent = 2 * AFTER
        await outage.owes(1)
        outage.passes(30)
        await outage.works()
        outage.begins_anew()
        await outage.opens()
        outage.pager_is_down(down=False)
        outage.passes(MINUTE)
        await outage.works()
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_what_may_have_arrived_here_is_not_sent_again_when_telegram_is_back(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.pager.always_answers(Ambiguous("no answer"))
        await outage.owes(1)
        outage.passes(AFTER)
        await outage.works()
        outage.is_down(down=False)
        await outage.delivers()
        outage.passes(MINUTE)
        for _ in range(2):
            await outage.works()
        assert [each.rpartition(" ")[2] for each in await states(outage.database)] == ["sent", "unsure"]

    plays(place, story)


def test_what_may_have_arrived_here_is_corrected_here(place: Place) -> None:
    """Once Telegram was back it was withdrawn, as if nobody had been told; a 504 of a relay is no proof of that."""

    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.silent = AFTER
        await outage.works()
        await outage.owes(1)
        outage.passes(30)
        outage.pager.always_answers(Ambiguous("not accepted: HTTP status 504"))
        await outage.works()
        outage.is_down(down=False)
        outage.silent = 0
        await outage.delivers()
        outage.passes(MINUTE)
        await outage.works()
        assert (await states(outage.database))[-1].endswith("message 1 unsure")
        async with outage.database.write() as connection:
            to = await enrolled(connection, outage.least, UNTAKEN)
            assert to[0].chat in await take_back(connection, event(1).key, outage.now)

    plays(place, story)


def test_an_ordinary_start_is_no_outage_however_long_nobody_ran(place: Place) -> None:
    """The pager was told of an outage, and the critical alert came twice, when a service that owed one message was
    started in the morning: it had not even tried.
    """

    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.passes(8 * 3_600)
        outage.begins_anew()
        await outage.opens()
        outage.is_down(down=False)
        await outage.works()
        await outage.works()
        assert outage.pager.texts == []
        assert await states(outage.database) == ["1: message 1 sent"]

    plays(place, story)


def test_an_outage_that_goes_on_after_a_start_is_told_when_this_process_has_tried_for_long_enough(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.passes(AFTER - 1)
        outage.begins_anew()
        await outage.opens()
        outage.passes(AFTER - 1)
        await outage.works()
        assert outage.pager.texts == []
        outage.passes(1)
        await outage.works()
        assert "since Thu 2025-12-04 21:40Z" in outage.pager.texts[0], "what went before nobody knows"
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_an_outage_that_was_told_goes_on_after_a_start_once_this_process_has_tried_too(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.passes(AFTER)
        await outage.works()
        await outage.owes(2)
        outage.passes(2 * 3_600)
        outage.begins_anew()
        await outage.opens()
        outage.passes(29)
        await outage.looks()
        assert await _owed_to_the_pager(outage) == ["message 1"]
        outage.passes(1)
        await outage.works()
        assert outage.paged == ["message 1", "message 2"]
        assert len(outage.pager.texts) == 3, "that Telegram is down was told"

    plays(place, story)


def test_an_outage_that_was_told_and_is_over_at_the_next_start_tells_nothing_more(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        outage.passes(AFTER)
        await outage.works()
        await outage.owes(2)
        outage.passes(2 * 3_600)
        outage.begins_anew()
        await outage.opens()
        outage.is_down(down=False)
        await outage.works()
        outage.passes(MINUTE)
        await outage.works()
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_another_configuration_does_not_begin_an_outage_anew(place: Place) -> None:
    """It did: who reloaded every few minutes, to see whether that helps, was never told of an outage."""

    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.takes_another_configuration()
        await outage.owes(1)
        for _ in range(AFTER // 30 - 1):
            outage.passes(30)
            outage.takes_another_configuration()
            await outage.works()
        assert outage.paged == []
        outage.passes(30)
        outage.takes_another_configuration()
        await outage.works()
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_a_pause_between_two_configurations_in_which_nobody_tried_is_no_outage(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.takes_another_configuration()
        await outage.owes(1)
        outage.passes(AFTER)
        outage.takes_another_configuration()
        await outage.looks()
        assert await states(outage.database) == ["1: message 1 owed"]

    plays(place, story)


def test_a_machine_that_slept_wakes_up_to_no_outage(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        await outage.owes(1)
        looks = asyncio.Semaphore(0)

        def trouble() -> float:
            looks.release()
            return outage.silent

        async def sees() -> None:
            for _ in range(4):
                await asyncio.wait_for(looks.acquire(), 10)

        fallback = Fallback(
            outage.database, Main("telegram", trouble), outage.least, AFTER, lambda: outage.now, lambda: None, 0.01
        )
        looking = asyncio.create_task(fallback.run())
        await sees()
        outage.passes(8 * 3_600)
        outage.silent = 8.0 * 3_600  # the process was stopped, not the machine: its clock went on
        await sees()
        looking.cancel()
        await asyncio.wait([looking])
        assert await states(outage.database) == ["1: message 1 owed"]

    plays(place, story)


def test_a_notice_from_before_it_was_configured_is_nothing_to_a_channel(place: Place) -> None:
    async def story(outage: Outage) -> None:
        outage.is_down()
        await outage.opens("1")
        await outage.owes(1, Severity.NOTICE, event="@notice/the database/stopped/1", at=NOW + 59)
        outage.passes(AFTER)
        await outage.works()
        assert outage.paged == []

    plays(place, story)


async def _owed_to_the_pager(outage: Outage) -> list[str]:
    """The last lines of the alerts that it ever was."""
    lines = [_last(each) for each in await states(outage.database)]
    return [line.removeprefix("pager: ").rpartition(" ")[0] for line in lines if line.startswith("pager: message")]


async def _fires(outage: Outage) -> tuple[Owing, AlertEvent]:
    """An alert whose end is told too, as it is owed to everybody."""
    compiled = grave(HIGH, Severity.CRITICAL)
    roll = Roll(fallback=outage.least)
    owing = Owing(Readers("telegram", None, roll), {compiled.rule.id: compiled}, News(lambda _, __: None, 600, DAY))
    fired = replace(event(1, compiled.rule.id), at=outage.now, severity=Severity.CRITICAL)
    await _happens(outage, owing, fired)
    return owing, fired


async def _happens(outage: Outage, owing: Owing, what: AlertEvent) -> None:
    async with outage.database.write() as connection:
        await save_events(connection, [what], outage.now)
        await owing.tell(connection, [what], outage.now)


async def _ends(outage: Outage, owing: Owing, fired: AlertEvent) -> None:
    await _happens(outage, owing, replace(fired, edge=Edge.RESOLVED, at=outage.now, since=fired.at))


@pytest.mark.parametrize("looks_first", [True, False], ids=["the look is first", "the worker is first"])
def test_who_was_told_here_that_it_began_is_told_here_that_it_ended_also_when_telegram_is_back(
    place: Place, looks_first: bool
) -> None:
    """Whether it was depended on who came first, the look or the worker."""

    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        owing, fired = await _fires(outage)
        outage.passes(AFTER)
        await outage.works()
        assert len(outage.pager.texts) == 2
        outage.is_down(down=False)
        await outage.delivers()
        outage.passes(3_600)
        await _ends(outage, owing, fired)
        await outage.delivers()
        first, second = (outage.looks, outage.pages) if looks_first else (outage.pages, outage.looks)
        await first()
        await second()
        await outage.works()
        assert len(outage.pager.texts) == 3
        assert outage.pager.texts[2].startswith("✓ <b>Over: A record</b>")

    plays(place, story)


def test_who_was_never_told_here_that_it_began_is_not_told_that_it_ended(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        outage.pager_is_down()
        owing, fired = await _fires(outage)
        outage.passes(AFTER)
        await outage.works()
        await _ends(outage, owing, fired)
        outage.is_down(down=False)
        await outage.delivers()
        outage.passes(AFTER)
        await outage.looks()
        async with outage.database.read() as connection:
            assert {row.address for row in await connection.execute(EVER_OWED)} == {"1"}

    plays(place, story)


EVER_OWED = sa.select(chats.c.address).join(deliveries, deliveries.c.chat == chats.c.id)


def _last(state: str) -> str:
    """Without the line above an alert."""
    chat, _, rest = state.partition(": ")
    return f"{chat}: {rest.rpartition(chr(10))[2]}"


def test_a_notice_that_something_has_stopped_is_told_here_too_and_that_telegram_has_once(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        of_telegram = "Telegram/stopped/1", "Telegram's updates/stopped/1", "what is owed/stopped/1"
        for name in ("the database/stopped/1", *of_telegram, "the database/back/1"):
            await outage.owes(1, Severity.NOTICE, event=f"@notice/{name}", html=f"message {name}")
        await outage.owes(1, Severity.NOTICE, event="notice/the disk/ending/1", html="message of an earlier version")
        outage.passes(AFTER)
        await outage.works()
        assert outage.paged == ["message the database/stopped/1", "message of an earlier version"]
        outage.passes(2 * 3_600)
        await outage.works()
        assert len(outage.pager.texts) == 3

    plays(place, story)


def test_trouble_that_has_no_beginning_has_lasted_for_a_month(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.silent = math.inf
        await outage.works()
        assert "since Tue 2025-11-04 21:31Z" in outage.pager.texts[0]

    plays(place, story)


def test_what_was_told_here_and_is_not_so_is_corrected_here_also_when_telegram_is_well(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        async with outage.database.write() as connection:
            to = await enrolled(connection, outage.least, UNTAKEN)
            news = replace(message(1), event="high/corrected/1", at=outage.now, severity=Severity.CRITICAL)
            await owe(connection, [news], to, outage.now)
        await outage.works()
        assert outage.paged == ["message 1"]

    plays(place, story)


def test_the_next_outage_is_told_too(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        for number in (1, 2):
            outage.is_down()
            await outage.owes(number)
            outage.passes(AFTER)
            await outage.works()
            outage.is_down(down=False)
            outage.passes(3_600)
            await outage.works()
        assert outage.paged == ["message 1", "message 2"]
        assert len(outage.pager.texts) == 4

    plays(place, story)


def steps(outage: Outage) -> Sequence[Callable[[], Awaitable[None]]]:
    """An outage from its first alert to its end. Each may be done again: so it is after a kill."""

    async def begins() -> None:
        outage.is_down()
        await outage.owes(1, at=NOW + 60)

    async def lasts() -> None:
        await outage.owes(2, at=NOW + 61)
        await outage.owes(3, Severity.HIGH, at=NOW + 61)

    async def is_over() -> None:
        outage.is_down(down=False)

    async def later() -> None:
        outage.passes(11 * MINUTE)

    return (begins, later, outage.works, lasts, later, outage.works, is_over, later, outage.works, outage.works)


@pytest.mark.parametrize(
    "committed",
    [
        pytest.param(False, id="before it commits"),
        pytest.param(True, id="when it has committed", marks=pytest.mark.soak),
    ],
)
def test_killed_anywhere_it_goes_on_and_tells_each_once(new_place: Callable[[], Place], committed: bool) -> None:
    """At every transaction that it makes, one after the other."""

    async def story(outage: Outage, at: int) -> bool:
        await outage.opens("1", "2")
        database = cast(Mortal, outage.database)
        database.dies(at, committed=committed)
        killed = False
        for step in steps(outage):
            try:
                await step()
            except BaseException as end:
                if not _is_kill(end):
                    raise
                killed = True
                outage.begins_anew()
                await outage.opens()
                outage.passes(MINUTE)
                await step()
        told_of = list(dict.fromkeys(each.removesuffix(" again") for each in outage.paged))
        assert told_of == ["message 1", "message 2"]
        assert len(set(outage.paged)) == len(outage.paged) <= 3, "what was being sent may come twice, and says so"
        found = [each for each in await states(outage.database) if not each.startswith("pager")]
        assert sorted(found) == [f"{chat}: message {number} sent" for chat in (1, 2) for number in (1, 2, 3)]
        return killed

    at = 1
    while _killed(new_place(), story, at):
        at += 1
    assert at > 20


def _killed(place: Place, story: Callable[[Outage, int], Awaitable[bool]], at: int) -> bool:
    found: list[bool] = []

    async def one(outage: Outage) -> None:
        found.append(await story(outage, at))

    plays(place, one)
    return found[0]


def _is_kill(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_kill(each) for each in error.exceptions)
    return isinstance(error, Killed)


def test_nothing_is_told_where_telegram_is_well_again_by_the_time_it_would_be_written(place: Place) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        ages = iter([2.0 * AFTER, 0.0])
        main, now = Main("telegram", ages.__next__), lambda: outage.now
        fallback = Fallback(outage.database, main, outage.least, AFTER, now, lambda: None)
        outage.passes(AFTER)
        assert await fallback.look() == 0
        assert list(ages) == [], "it is asked once more"

    plays(place, story)


def test_a_store_that_does_not_answer_is_told_once_and_looked_into_again(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(outage: Outage) -> None:
        await outage.opens("1")
        outage.is_down()
        await outage.owes(1)
        owed = asyncio.Event()
        broken = Broken(outage.database)
        main = Main("telegram", lambda: 0.0)
        fallback = Fallback(broken, main, outage.least, MINUTE, lambda: outage.now, owed.set, 0.01)  # type: ignore[arg-type]
        outage.passes(MINUTE - 1)
        looking = asyncio.create_task(fallback.run())
        await asyncio.sleep(0)
        outage.passes(1)
        await asyncio.wait_for(owed.wait(), 10)
        looking.cancel()
        async with outage.database.read() as connection:
            assert len(await enrolled(connection, outage.least, UNTAKEN)) == 1
        assert caplog.text.count("it cannot be seen what Telegram does not take") == 1

    plays(place, story)


class Broken:
    """A database that fails a few times."""

    def __init__(self, database: object) -> None:
        self._database, self._left = database, 3

    def read(self) -> object:
        self._left -= 1
        if self._left >= 0:
            raise StoreError("the disk is full")
        return self._database.read()  # type: ignore[attr-defined]

    def write(self) -> object:
        return self._database.write()  # type: ignore[attr-defined]
