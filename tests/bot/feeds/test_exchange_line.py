"""The line to an exchange: a fault is never an empty answer, always a sentence, and the next question is a new one."""

from __future__ import annotations

import asyncio
import importlib
import itertools
from collections.abc import Callable, Iterator

import pytest

from bot.feeds._line import Pace
from bot.feeds._venues import VENUES, exchange_class
from bot.feeds.contract import Barred, Busy, SourceDown
from bot.feeds.exchange import ExchangeFeed
from rules.bars import HOUR, Interval
from tests.bot.feeds.exchanges import BTC, FIRST, TEN_TO_NINE, ask, evening, play, request
from tests.bot.markets import at
from tests.servers.coinbase import CoinbaseServer

BUSY, DOWN = "coinbase is busy and wants fewer requests", "coinbase cannot be reached"
PART = "coinbase answered only in part, or something that ccxt cannot read"
STRANGE = "coinbase answered something that is not an answer of its interface"


@pytest.fixture
def server() -> Iterator[CoinbaseServer]:
    with evening() as server:
        yield server


# Faults

FAULTS = [
    pytest.param(lambda s: s.fails_with(429, '{"error": "rate_limit_exceeded"}'), BUSY, id="429 in JSON"),
    pytest.param(lambda s: s.fails_with(429, '{"error": "Too Many Requests"}'), BUSY, id="429 in other JSON"),
    pytest.param(lambda s: s.fails_with(429, "<html>Too many</html>"), BUSY, id="429 as a page"),
    pytest.param(lambda s: s.fails_with(418, "teapot"), BUSY, id="418"),
    pytest.param(lambda s: s.fails_with(500, "oops"), "coinbase answered with status 500", id="500"),
    pytest.param(lambda s: s.fails_with(503, "<p>451</p>" * 500), "coinbase answered with status 503", id="503, long"),
    pytest.param(lambda s: s.fails_with(403, "<html>Cloudflare</html>"), "coinbase answered with status 403", id="403"),
    pytest.param(lambda s: s.fails_with(504), "coinbase answered with status 504", id="504"),
    pytest.param(
        lambda s: s.fails_with(500, '{"error": "unknown", "message": "Something went wrong"}'),
        'coinbase answered with an error: coinbase {"error": "unknown", "message": "Something went wrong"}',
        id="an error in JSON",
    ),
    pytest.param(lambda s: s.resets(times=2), DOWN, id="a reset"),
    pytest.param(lambda s: s.answers_false_gzip(), PART, id="gzip that is none"),
    pytest.param(lambda s: s.breaks_off(), PART, id="half an answer"),
    pytest.param(
        lambda s: s.fails_with(500, '{"error": "x", "message": "see https://status.example/a?b=1 for more"}'),
        'coinbase answered with an error: coinbase {"error": "x", "message": "see for more"}',
        id="an address in an error",
    ),
]
NO_ANSWERS = [
    pytest.param(lambda s: s.answers_html(), id="a page for people"),
    pytest.param(lambda s: s.answers_empty(), id="nothing"),
    pytest.param(lambda s: s.fails_with(200, '{"oops": 1}'), id="other JSON"),
    pytest.param(lambda s: s.fails_with(200, '{"candles": null, "trades": null, "products": null}'), id="null"),
    pytest.param(lambda s: s.fails_with(200, "null"), id="the word null"),
    pytest.param(lambda s: s.fails_with(529, "<html>Overloaded</html>"), id="a status that ccxt does not know"),
]
Fault = Callable[[CoinbaseServer], None]


async def told_and_recovered(feed: ExchangeFeed, server: CoinbaseServer, fault: Fault) -> str:
    """What is said of a fault; the same question after it must be answered."""
    fault(server)
    with pytest.raises(SourceDown) as told:
        await feed.bars(request())
    server.recovers()
    assert len(await feed.bars(request())) > 3_000
    assert len(str(told.value)) < 200
    assert "http" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(("fault", "sentence"), FAULTS)
def test_a_fault_at_the_list_of_markets_is_told_and_over_with_the_next_question(
    server: CoinbaseServer, fault: Fault, sentence: str
) -> None:
    assert play(lambda feed: told_and_recovered(feed, server, fault)) == sentence


@pytest.mark.parametrize(("fault", "sentence"), FAULTS)
def test_a_fault_at_the_candles_is_told_and_over_with_the_next_question(
    server: CoinbaseServer, fault: Fault, sentence: str
) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        await feed.ticks([BTC])
        return await told_and_recovered(feed, server, fault)

    assert play(scene) == sentence


@pytest.mark.parametrize("fault", NO_ANSWERS)
def test_what_is_no_list_of_markets_is_not_taken_for_an_exchange_without_any(
    server: CoinbaseServer, fault: Fault
) -> None:
    assert (
        play(lambda feed: told_and_recovered(feed, server, fault)) == "coinbase answered with an empty list of markets"
    )


@pytest.mark.parametrize("fault", NO_ANSWERS)
def test_what_holds_no_candles_is_not_taken_for_a_time_without_trades(server: CoinbaseServer, fault: Fault) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        await feed.ticks([BTC])
        return await told_and_recovered(feed, server, fault)

    assert play(scene) == STRANGE


@pytest.mark.parametrize("fault", NO_ANSWERS)
def test_what_lists_no_prices_is_not_taken_for_a_market_without_one(server: CoinbaseServer, fault: Fault) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        await feed.ticks([BTC])
        fault(server)
        with pytest.raises(SourceDown) as told:
            await feed.ticks([BTC])
        return str(told.value)

    assert play(scene) == STRANGE


def test_a_fault_in_the_middle_of_many_pages_is_no_shorter_answer(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        answer = asyncio.create_task(feed.bars(request(after=at(f"{FIRST}T00:00Z"))))
        while sum("candles" in asked for asked in server.asked) < 4:
            await asyncio.sleep(0)
        server.fails_with(503)
        with pytest.raises(SourceDown):
            await answer

    play(scene)


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (451, "<html>Unavailable for legal reasons</html>", "coinbase does not serve this location (451)"),
        (403, "Service unavailable from a restricted location", "coinbase does not serve this location (403)"),
        (400, '{"error": "Restricted Location"}', "coinbase does not serve this location (restricted)"),
        (451, '{"error": "not here"}', "coinbase does not serve this location (451)"),
    ],
)
def test_a_location_that_is_not_served_is_no_passing_fault(
    server: CoinbaseServer, status: int, body: str, sentence: str
) -> None:
    server.fails_with(status, body)
    with pytest.raises(Barred) as refused:
        ask(request())
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        pytest.param("90", 90, id="seconds"),
        pytest.param("Thu, 04 Dec 2025 21:00:00 GMT", 600, id="an instant ten minutes from now"),
        pytest.param("soon", None, id="neither"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_an_exchange_that_is_busy_says_for_how_long(server: CoinbaseServer, said: str | None, wait: int | None) -> None:
    server.fails_with(429, '{"error": "rate_limit_exceeded"}', retry_after=said)
    with pytest.raises(Busy) as busy:
        ask(request())
    assert (str(busy.value), busy.value.wait) == (BUSY, wait)


def test_brackets_without_an_end_are_no_answer(server: CoinbaseServer) -> None:
    """Python's parser of JSON raises RecursionError, others do not mind."""

    async def scene(feed: ExchangeFeed) -> str:
        await feed.ticks([BTC])
        return await told_and_recovered(feed, server, lambda server: server.fails_with(200, "[" * 100_000))

    assert "something that" in play(scene)


def test_451_in_the_middle_of_an_address_is_not_a_location(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        await feed.ticks([BTC])
        server.fails_with(503)
        with pytest.raises(SourceDown):
            await feed.bars(request(after=1_451_000_000 // HOUR * HOUR))
        assert "start=1450998000" in server.asked[-1]

    play(scene)


def test_a_hang_is_bounded_and_the_next_question_starts_anew(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        await feed.ticks([BTC])
        return await told_and_recovered(feed, server, lambda server: server.hangs(seconds=60))

    assert play(scene, timeout=0.5) == "coinbase did not answer within 0.5 s"
    assert server.asked.count("/api/v3/brokerage/market/products") == 2
    assert server.connections == 2


def test_an_exchange_that_is_not_there_is_told_and_found_when_it_is_back(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        await feed.bars(request())
        await asyncio.to_thread(server.stop)
        with pytest.raises(SourceDown, match=f"^{DOWN}$"):
            await feed.bars(request())
        await asyncio.to_thread(server.start)
        assert len(await feed.bars(request())) > 3_000

    play(scene)


# One line, paced, for the life of the feed


def test_one_connection_and_one_list_of_markets_serve_all_questions(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        bars, ticks = [feed.bars(request()), feed.bars(request(Interval.DAY))], [feed.ticks([BTC]), feed.ticks([BTC])]
        await asyncio.gather(*bars, *ticks)
        await feed.bars(request())

    play(scene)
    assert server.connections == 1
    lists = [asked for asked in server.asked if "/products?" in asked or asked.endswith("/products")]
    assert len([asked for asked in lists if "product_ids" not in asked]) == 2  # spot and futures


def test_a_tick_does_not_wait_for_the_end_of_a_backfill(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        await asyncio.gather(feed.bars(request()), feed.ticks([BTC]))

    play(scene)
    kinds = ["prices" if "product_ids=" in asked else "candles" for asked in server.asked if "BTC-USD" in asked]
    assert kinds.index("prices") < 3 < len(kinds)


@pytest.mark.parametrize("step", [-30, -3_600, 3_600])
def test_a_wall_clock_that_is_set_stalls_nothing(
    server: CoinbaseServer, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """ccxt's own throttler waits for as long as the clock was set back, and every question behind it too."""
    kind = exchange_class("coinbase")
    instants = itertools.count(2_000_000_000, step)
    throttler = importlib.import_module("ccxt.async_support.base.throttler")
    monkeypatch.setattr(throttler, "time", lambda: next(instants))
    monkeypatch.setattr(kind, "milliseconds", lambda _: next(instants) * 1_000)
    monkeypatch.setattr(kind, "seconds", lambda _: next(instants))

    async def scene(feed: ExchangeFeed) -> None:
        hours, ticks, days = await asyncio.gather(
            feed.bars(request()), feed.ticks([BTC]), feed.bars(request(Interval.DAY))
        )
        assert len(hours) > 3_000
        assert len(days) > 100
        assert ticks["BTC"].at == TEN_TO_NINE

    play(scene, timeout=10.0)


class Afternoon:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 9))
        self.now += seconds


def test_requests_leave_a_pause_between_them_and_none_after_a_rest() -> None:
    afternoon = Afternoon()
    pace = Pace(afternoon.time, afternoon.sleep)

    async def three_then_a_rest_then_one() -> None:
        for _ in range(3):
            await pace.turn(0.1)
        afternoon.now += 5.0
        await pace.turn(0.1)

    asyncio.run(three_then_a_rest_then_one())
    assert afternoon.slept == [0.1, 0.1]


@pytest.mark.parametrize("venue", VENUES)
def test_the_pace_of_a_venue_is_what_it_allows(venue: str) -> None:
    kind = exchange_class(venue)
    described = getattr(kind.describe, "__wrapped__", kind.describe)(
        kind()
    )  # whether redirected by another test or not
    assert 0.02 <= VENUES[venue].cost * described["rateLimit"] / 1000 <= 1.5
