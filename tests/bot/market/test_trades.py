"""Latest trades for answers: one question for all who ask, and nobody waits for a source that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import pytest

from bot.market.trades import LatestTrades
from rules.bars import Origin, Tick
from rules.model import Instant
from tests.bot.markets import NOW

PAIR = ("SPX", "VIX")
KEPT = 60


class Exchange:
    """Answers with a trade of every instrument at the instant of the question, unless a verb says otherwise."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], Instant]] = []
        self._answers = asyncio.Event()
        self._answers.set()
        self._fails = False

    def is_slow(self) -> None:
        """What is asked from now on is not answered before it goes on."""
        self._answers.clear()

    def goes_on(self) -> None:
        """All that was asked is answered."""
        self._answers.set()

    def fails(self) -> None:
        """It answers with an error from now on."""
        self._fails = True

    def recovers(self) -> None:
        """It answers again."""
        self._fails = False

    async def __call__(self, names: tuple[str, ...], now: Instant) -> Mapping[str, Tick]:
        self.asked.append((names, now))
        await self._answers.wait()
        if self._fails:
            raise ConnectionError("no route")
        return {name: Tick(name, now, 1.0, 1.0, 1.0, 1.0, Origin("test", "A")) for name in names}


def at(trades: Mapping[str, Tick]) -> dict[str, Instant]:
    return {name: tick.at - NOW for name, tick in trades.items()}


Use = Callable[[LatestTrades, Exchange], Awaitable[None]]


def plays(use: Use, patience: float = 30.0) -> None:
    """Trades of an exchange, closed afterwards."""

    async def run() -> None:
        exchange = Exchange()
        trades = LatestTrades(exchange, KEPT, patience)
        try:
            await use(trades, exchange)
        finally:
            trades.close()

    asyncio.run(run())


def test_many_who_ask_at_once_are_one_question() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        exchange.is_slow()
        waiting = [asyncio.create_task(trades.of(PAIR, NOW)) for _ in range(20)]
        await asyncio.sleep(0)
        assert not any(each.done() for each in waiting)
        exchange.goes_on()
        found = await asyncio.gather(*waiting)
        assert [at(each) for each in found] == [{"SPX": 0, "VIX": 0}] * 20
        assert exchange.asked == [(PAIR, NOW)]

    plays(use)


def test_what_was_said_is_kept_for_a_poll_and_then_asked_for_again() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        seen = [at(await trades.of(PAIR, NOW + after))["SPX"] for after in (0, 1, KEPT - 1, KEPT, KEPT + 1, 2 * KEPT)]
        assert seen == [0, 0, 0, KEPT, KEPT, 2 * KEPT]

    plays(use)


def test_a_clock_that_is_set_back_does_not_keep_what_is_of_the_future() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        await trades.of(PAIR, NOW)
        assert at(await trades.of(PAIR, NOW - 3_600))["SPX"] == -3_600

    plays(use)


def test_other_instruments_are_another_question() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        assert at(await trades.of(PAIR, NOW)) == {"SPX": 0, "VIX": 0}
        assert at(await trades.of(("BTC",), NOW + 1)) == {"BTC": 1}
        assert len(exchange.asked) == 2

    plays(use)


def test_what_is_fresh_is_shared_by_those_who_ask_for_something_else_too() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        await trades.of(PAIR, NOW)
        assert at(await trades.of(("VIX", "BTC"), NOW + 30)) == {"VIX": 0, "BTC": 30}
        assert at(await trades.of(("BTC", "SPX"), NOW + 40)) == {"BTC": 30, "SPX": 0}
        assert at(await trades.of(("BTC", "SPX"), NOW + KEPT)) == {"BTC": 30, "SPX": KEPT}
        assert [names for names, _ in exchange.asked] == [PAIR, ("BTC",), ("SPX",)]

    plays(use)


def test_a_burst_of_different_questions_is_one() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        sets = [("SPX",), ("VIX", "SPX"), ("BTC",), ("SPX", "BTC"), ("ETH",)] * 4
        found = await asyncio.gather(*(trades.of(names, NOW) for names in sets))
        assert [tuple(each) for each in found] == sets
        assert exchange.asked == [(("SPX", "VIX", "BTC", "ETH"), NOW)]

    plays(use)


def test_who_asks_for_nothing_is_told_nothing() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        assert await trades.of((), NOW) == {}
        assert exchange.asked == []

    plays(use)


def test_nobody_waits_longer_than_his_patience_and_what_comes_later_serves_the_next() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        exchange.is_slow()
        assert [dict(each) for each in await asyncio.gather(*(trades.of(PAIR, NOW) for _ in range(5)))] == [{}] * 5
        assert await trades.of(PAIR, NOW + 30) == {}
        exchange.goes_on()
        while not (late := await trades.of(PAIR, NOW + 59)):
            pass
        assert at(late) == {"SPX": 0, "VIX": 0}
        assert len(exchange.asked) == 1, "it was one question all the while"

    plays(use, patience=0.01)


def test_a_source_that_does_not_answer_is_not_asked_again_before_it_does() -> None:
    """Eighteen questions were waiting for it at once."""

    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        exchange.is_slow()
        for after in range(0, 3 * KEPT, 20):
            assert await trades.of(PAIR, NOW + after) == {}
        exchange.goes_on()
        await asyncio.sleep(0.01)
        await trades.of(PAIR, NOW + 3 * KEPT)
        assert [now - NOW for _, now in exchange.asked] == [0, 3 * KEPT]

    plays(use, patience=0.001)


@pytest.mark.parametrize("waits", [True, False])
def test_what_fails_gives_no_trades_is_written_down_once_and_asked_again_with_the_next_poll(
    caplog: pytest.LogCaptureFixture, waits: bool
) -> None:
    """Where nobody waited any more it was `Task exception was never retrieved`, some time later."""

    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        if not waits:
            exchange.is_slow()
        exchange.fails()
        assert await trades.of(PAIR, NOW) == {}
        exchange.goes_on()
        assert await trades.of(PAIR, NOW + KEPT - 1) == {}
        await asyncio.sleep(0)
        exchange.recovers()
        while not (again := await trades.of(PAIR, NOW + KEPT)):
            pass
        assert at(again)["SPX"] == KEPT

    plays(use, patience=30.0 if waits else 0.0)
    [written] = caplog.records
    assert (written.levelname, written.message) == ("ERROR", "latest trades could not be asked for")
    assert "ConnectionError: no route" in caplog.text


def test_who_stops_waiting_leaves_the_others_what_they_wait_for() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        exchange.is_slow()
        gone, stays = (asyncio.create_task(trades.of(PAIR, NOW)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        exchange.goes_on()
        assert at(await stays) == {"SPX": 0, "VIX": 0}

    plays(use)


def test_when_it_is_closed_who_waits_goes_without() -> None:
    async def use(trades: LatestTrades, exchange: Exchange) -> None:
        exchange.is_slow()
        waiting = asyncio.create_task(trades.of(PAIR, NOW))
        while not exchange.asked:
            await asyncio.sleep(0)
        trades.close()
        assert await waiting == {}
        assert await trades.of(PAIR, NOW + KEPT) == {}
        assert len(exchange.asked) == 1, "who is closed asks nothing more"

    plays(use)
