"""The exchange feed, through the real ccxt, against a coinbase on loopback: what is a bar, a tick, a market."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.answers.quality import Fault
from bot.feeds._line import RELOAD, Line
from bot.feeds._venues import VENUES
from bot.feeds.contract import FeedError, NoSuchBars, Setup, SourceDown, build_feed
from bot.feeds.exchange import ExchangeFeed
from bot.feeds.files import FilesFeed
from rules.bars import DAY, HOUR, Interval, Origin, Tick
from rules.model import ALWAYS, Instrument, Kind, Source
from tests.bot.feeds.exchanges import BTC, FIRST, LAST, TEN_TO_NINE, ask, evening, play, request
from tests.bot.markets import NOW, SESSIONS, at, hours, utc_days
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt


def coin(name: str) -> Instrument:
    return Instrument(name, name, Kind.COIN, ALWAYS, sources=(Source("exchange", f"{name}/USD"),))


ADA, SOL, DOGE = map(coin, ("ADA", "SOL", "DOGE"))


@pytest.fixture
def server() -> Iterator[CoinbaseServer]:
    with evening() as server:
        yield server


def opens(*stamps: str) -> list[int]:
    return [at(stamp) for stamp in stamps]


# What is a bar


def test_every_hour_comes_once_and_bit_for_bit(server: CoinbaseServer) -> None:
    bars = ask(request())
    table = pd.DataFrame([row.split(",") for row in hours(FIRST, LAST)]).iloc[: len(bars)]
    assert len(bars) > 3_000
    assert bars.start.tolist() == list(range(at(f"{FIRST}T00:00Z"), at("2025-12-04T20:00Z"), HOUR))
    for column, name in enumerate(("open", "high", "low", "close", "volume"), start=1):
        assert getattr(bars, name).tolist() == table[column].astype(float).tolist(), name


@pytest.mark.parametrize(
    ("interval", "ends"),
    [(Interval.HOUR, "2025-12-04T20:00Z"), (Interval.DAY, "2025-12-04T00:00Z")],
)
@pytest.mark.parametrize("ahead", [0, HOUR, DAY], ids=["ours agrees", "ours is an hour fast", "ours is a day fast"])
def test_the_candle_in_progress_is_no_bar_by_the_venue_s_own_clock(
    server: CoinbaseServer, interval: Interval, ends: str, ahead: int
) -> None:
    """It is shown last, and looks like any other. Our clock was an hour fast, and half a candle was taken for one."""
    bars = ask(request(interval, until=TEN_TO_NINE + ahead))
    assert bars.end[-1] == at(ends)
    assert bars.known_at[-1] == TEN_TO_NINE


@pytest.mark.parametrize(
    "off", [-DAY, -HOUR, HOUR, DAY], ids=["a day slow", "an hour slow", "an hour fast", "a day fast"]
)
def test_a_venue_whose_clock_is_wrong_hides_no_bar(server: CoinbaseServer, off: int) -> None:
    """That a candle has begun which by its Date is in the future proves that slow."""
    server.date_is_off = off
    assert ask(request()).end[-1] == at("2025-12-04T20:00Z")


def test_a_feed_says_what_time_it_was_by_the_venue_when_it_answered(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> list[int | None]:
        told = [feed.told_at]
        await feed.bars(request())
        told.append(feed.told_at)
        server.date_is_off = -300
        await feed.ticks([BTC])
        told.append(feed.told_at)
        with suppress(NoSuchBars):  # nothing is asked
            await feed.bars(request(Interval.FIVE_MINUTES))
        return [*told, feed.told_at]

    assert play(scene) == [None, TEN_TO_NINE, TEN_TO_NINE - 300, None]


def test_a_day_ends_with_the_next_midnight(server: CoinbaseServer) -> None:
    bars = ask(request(Interval.DAY, after=at("2025-12-01T00:00Z")))
    assert bars.end.tolist() == opens("2025-12-02T00:00Z", "2025-12-03T00:00Z", "2025-12-04T00:00Z")
    assert (bars.end - bars.start == DAY).all()


def test_bars_say_who_printed_them_and_are_known_when_they_were_asked_for(server: CoinbaseServer) -> None:
    bars = ask(request())
    assert bars.origins == (Origin("exchange", "coinbase", "USD", "base"),)
    assert set(bars.known_at.tolist()) == {TEN_TO_NINE}


def test_little_is_asked_beyond_until_and_is_no_bar(server: CoinbaseServer) -> None:
    bars = ask(request(after=at("2025-12-01T10:30Z"), until=at("2025-12-01T13:59Z")))
    assert bars.end.tolist() == opens("2025-12-01T11:00Z", "2025-12-01T12:00Z", "2025-12-01T13:00Z")
    (asked,) = (each for each in server.asked if "candles" in each)
    assert asked.endswith(f"start={at('2025-12-01T10:00Z')}&end={at('2025-12-01T16:00Z')}")


@pytest.mark.parametrize(
    ("silence", "most"),
    [
        pytest.param(("2025-09-10T03:00Z", "2025-09-10T05:00Z"), 14, id="two hours"),
        pytest.param(("2025-09-01T00:00Z", "2025-11-01T00:00Z"), 14, id="two months, pages on end"),
    ],
)
def test_a_gap_stays_a_gap(server: CoinbaseServer, silence: tuple[str, str], most: int) -> None:
    first, last = opens(*silence)
    rows = [row for row in hours(FIRST, LAST) if not first <= at(row.split(",")[0]) < last]
    server.holds("BTC", rows)
    bars = ask(request(after=at(f"{FIRST}T00:00Z")))
    wanted = [
        start for start in range(at(f"{FIRST}T00:00Z"), at("2025-12-04T20:00Z"), HOUR) if not first <= start < last
    ]
    assert bars.start.tolist() == wanted
    assert sum("candles" in asked for asked in server.asked) <= most


def test_hours_that_are_missing_where_there_are_days_are_a_gap_too(server: CoinbaseServer) -> None:
    server.holds("BTC", hours("2025-11-01", LAST), utc_days(FIRST, LAST))
    assert ask(request()).start[0] == at("2025-11-01T00:00Z")


def test_the_years_before_a_listing_are_skipped_by_days(server: CoinbaseServer) -> None:
    server.holds("BTC", hours("2025-11-20", LAST))
    assert ask(request(after=at("1990-01-02T00:00Z"))).start[0] == at("2025-11-20T00:00Z")
    assert sum("candles" in asked for asked in server.asked) < 30


def test_what_has_no_close_or_stands_off_the_grid_is_no_bar_and_twice_is_once(server: CoinbaseServer) -> None:
    server.holds(
        "BTC",
        [
            "2025-12-04T10:00:00Z,1,1,1,1,1",
            "2025-12-04T11:00:00Z,2,2,2,,2",
            "2025-12-04T12:07:00Z,3,3,3,3,3",
            "2025-12-04T13:00:00Z,,0,4,4,4",
            "2025-12-04T14:00:00Z,5,5,5,5,5",
            "2025-12-04T14:00:00Z,5,5,5,5,5",
            "2025-12-04T15:00:00Z,6,6,6,0,6",
        ],
    )
    bars = ask(request())
    assert bars.start.tolist() == opens("2025-12-04T10:00Z", "2025-12-04T13:00Z", "2025-12-04T14:00Z")
    assert bars.close.tolist() == [1.0, 4.0, 5.0]
    assert np.isnan([bars.open[1], bars.high[1]]).all()


def test_an_hour_without_trades_yet_is_a_fair_answer(server: CoinbaseServer) -> None:
    server.holds("BTC", hours(FIRST, "2025-12-03"))
    assert len(ask(request(after=at("2025-12-04T19:00Z")))) == 0


@pytest.mark.shared_data
def test_two_years_of_real_hours_are_those_of_the_files(shared_data: Path) -> None:
    wanted = request(after=TEN_TO_NINE - 730 * DAY)
    with CoinbaseServer.from_folder(shared_data, ["BTC"], clock=lambda: TEN_TO_NINE) as real:
        redirect_ccxt("coinbase", real.url)
        bars = ask(wanted)
    held = asyncio.run(FilesFeed(shared_data, SESSIONS).bars(wanted))
    assert len(bars) > 17_000
    for name in ("start", "end", "open", "high", "low", "close", "volume"):
        assert getattr(bars, name).tobytes() == getattr(held, name).tobytes(), name


# The latest trade


def test_a_tick_is_the_price_of_the_candle_in_progress_and_knows_no_session(server: CoinbaseServer) -> None:
    tick = play(lambda feed: feed.ticks([BTC]))["BTC"]
    server.clock, wanted = partial(int, TEN_TO_NINE + 600), request(until=at("2025-12-04T21:00Z"))
    shown = ask(wanted)
    assert (tick.instrument, tick.at) == ("BTC", TEN_TO_NINE)
    assert tick.price == pytest.approx(shown.open[-1] + (shown.close[-1] - shown.open[-1]) * 5 / 6)
    assert np.isnan([tick.open, tick.high, tick.low]).all()
    assert tick.origin == shown.origins[0]


def test_a_trade_at_a_price_that_is_none_is_left_out_and_told(server: CoinbaseServer) -> None:
    server.freezes("BTC", -92_000.0)
    heard: list[tuple[str, Fault]] = []
    assert play(lambda feed: feed.ticks([BTC, SOL], lambda *told: heard.append(told))) == {}
    assert heard == [("BTC", Fault.NOT_A_PRICE)]


def test_there_is_no_tick_before_the_first_trade(server: CoinbaseServer) -> None:
    server.holds("BTC", hours("2025-12-10", LAST))
    assert play(lambda feed: feed.ticks([BTC])) == {}


def test_the_trades_of_many_coins_are_one_question_and_the_first_of_each_another(server: CoinbaseServer) -> None:
    """Coinbase's list of prices does not say when they were traded."""
    server.holds("ADA", hours(FIRST, LAST)).holds("SOL", hours(FIRST, LAST))

    async def scene(feed: ExchangeFeed) -> list[int]:
        asked = []
        for _ in range(3):
            before = len(server.asked)
            assert set(await feed.ticks([BTC, ADA, SOL, DOGE])) == {"BTC", "ADA", "SOL"}
            asked.append(sum("/products?" not in each or "product_ids" in each for each in server.asked[before:]))
        return asked

    first, *later = play(scene)
    assert (first, later) == (4 + 1, [1, 1])  # ccxt asks for the list of markets without a question mark


def test_a_price_that_is_frozen_grows_old_and_one_that_moves_is_of_now(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> list[int]:
        ticks: list[Tick] = []
        for minute in range(5):
            server.clock = partial(int, TEN_TO_NINE + 60 * minute)
            if minute == 3:
                server.freezes("BTC", ticks[-1].price)
            ticks.append((await feed.ticks([BTC]))["BTC"])
        return [tick.at - TEN_TO_NINE for tick in ticks]

    assert play(scene) == [0, 60, 120, 120, 120]


def test_a_trade_of_another_market_is_refused(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        server.holds("ETH", hours(FIRST, LAST))
        await feed.bars(request())
        told = {"trade_id": "1", "product_id": "ETH-USD", "price": "3000", "time": "2025-12-04T20:49:59Z"}
        listed = {"product_id": "BTC-USD", "price": "92000", "quote_currency_id": "USD", "base_currency_id": "BTC"}
        server.fails_with(200, json.dumps({"products": [listed]}))
        server.fails_with(200, json.dumps({"trades": [told]}))
        with pytest.raises(SourceDown) as refused:
            await feed.ticks([BTC])
        return str(refused.value)

    assert play(scene) == "coinbase answered for ETH/USD when asked for BTC/USD"


def test_a_coin_that_is_taken_off_the_list_costs_no_other_its_trade(server: CoinbaseServer) -> None:
    server.holds("ADA", hours(FIRST, LAST))

    async def scene(feed: ExchangeFeed) -> list[set[str]]:
        before = set(await feed.ticks([BTC, ADA]))
        server.loses("ADA")
        return [before, set(await feed.ticks([BTC, ADA]))]

    assert play(scene) == [{"BTC", "ADA"}, {"BTC"}]


# Markets


@pytest.mark.parametrize(
    ("instrument", "sentence"),
    [
        pytest.param(
            ADA, "coinbase has no 1h bars of ADA: it trades ADA/EUR, ADA/USDT, not ADA/USD", id="other quotes"
        ),
        pytest.param(
            Instrument("SOL", "Solana", Kind.COIN, ALWAYS, sources=(Source("exchange", "SOL/USD"),)),
            "coinbase has no 1h bars of SOL: it trades no SOL, not SOL/USD",
            id="not at all",
        ),
        pytest.param(
            Instrument("RUT", "Russell 2000", Kind.INDEX),
            "coinbase has no 1h bars of RUT: no market of an exchange is among its sources",
            id="no source",
        ),
        pytest.param(
            Instrument("IBIT", "Bitcoin ETF", Kind.ETF, sources=(Source("exchange", "BTC/USD"),)),
            "coinbase has no 1h bars of IBIT: it trades in sessions",
            id="sessions",
        ),
    ],
)
def test_what_the_venue_does_not_trade_is_refused(
    server: CoinbaseServer, instrument: Instrument, sentence: str
) -> None:
    server.holds("ADA", quote="EUR").holds("ADA", quote="USDT")
    with pytest.raises(NoSuchBars) as refused:
        ask(request(instrument=instrument))
    assert str(refused.value) == sentence


@pytest.mark.parametrize("venue", ["", "mtgox"])
def test_an_exchange_that_is_not_known_is_answered_with_those_that_are(venue: str) -> None:
    with pytest.raises(FeedError, match=r"the exchanges are coinbase, kraken, okx, bybit, kucoin, binance$"):
        build_feed("exchange", Setup(SESSIONS, NOW, venue=venue))


def test_a_market_that_is_taken_off_the_list_is_no_fault_of_the_venue(server: CoinbaseServer) -> None:
    """It was one, and every other coin lost the venue with it."""

    async def scene(feed: ExchangeFeed) -> str:
        await feed.bars(request())
        server.loses("BTC")
        with pytest.raises(NoSuchBars) as told:
            await feed.bars(request())
        return str(told.value)

    assert play(scene).startswith("coinbase has no such market: ")


def test_a_market_that_is_listed_later_is_found_within_the_hour(server: CoinbaseServer) -> None:
    hour = [0.0]

    async def scene() -> list[int]:
        line = Line(VENUES["coinbase"], 10.0, clock=lambda: hour[0])
        found = [len(await line.markets("ADA/USD"))]
        server.holds("ADA", hours(FIRST, LAST))
        for clock in (RELOAD - 1, RELOAD, 2 * RELOAD - 1):
            hour[0] = clock
            found.append(len(await line.markets("ADA/USD")))
        await line.close()
        return found

    assert asyncio.run(scene()) == [1, 1, 2, 2]


# What is left out, and why


def test_what_is_left_out_is_told_by_its_fault(server: CoinbaseServer) -> None:
    server.holds(
        "BTC",
        [
            "2025-12-04T09:00:00Z,1,1,1,,1",
            "2025-12-04T10:00:00Z,1,1,1,1,1",
            "2025-12-04T11:00:00Z,2,2,2,,2",
            "2025-12-04T12:07:00Z,3,3,3,3,3",
            "2025-12-04T13:00:00Z,4,4,-4,4,4",
            "2025-12-04T14:00:00Z,5,5,5,5,5",
            "2025-12-04T14:00:00Z,5,5,5,5,5",
            "2025-12-04T15:00:00Z,6,6,6,0,6",
            "2025-12-04T16:00:00Z,7,7,7,-7,7",
            "2025-12-04T20:00:00Z,7,7,7,,7",
        ],
    )
    heard: list[tuple[Fault, int]] = []
    wanted = replace(request(after=at("2025-12-04T10:00Z")), remark=lambda fault, rows: heard.append((fault, rows)))
    assert ask(wanted).start.tolist() == opens("2025-12-04T10:00Z", "2025-12-04T13:00Z", "2025-12-04T14:00Z")
    assert heard == [(Fault.OFF_GRID, 1), (Fault.NO_PRICE, 2), (Fault.NOT_A_PRICE, 2), (Fault.TWICE, 1)]


def told(*rows: tuple[str, float]) -> str:
    """An answer of candles as Coinbase gives it, each at one price."""
    columns = ("open", "high", "low", "close", "volume")
    return json.dumps(
        {
            "candles": [
                {"start": str(at(f"2025-12-04T{clock}Z"))} | dict.fromkeys(columns, str(price)) for clock, price in rows
            ]
        }
    )


def judged(server: CoinbaseServer, answer: str, after: str = "2025-12-04T17:00Z") -> tuple[list[float], list[Fault]]:
    """The closes that the feed takes from a first page, and what it remarks."""
    heard: list[Fault] = []

    async def scene(feed: ExchangeFeed) -> list[float]:
        await feed.ticks([BTC])
        server.fails_with(200, answer)
        wanted = request(after=at(after), until=at("2025-12-04T20:00Z"))
        bars = await feed.bars(replace(wanted, remark=lambda fault, rows: heard.extend([fault] * rows)))
        closes: list[float] = bars.close.tolist()
        return closes

    return play(scene), heard


def test_of_the_newest_candle_told_twice_the_later_counts_though_ccxt_cuts_the_answer(server: CoinbaseServer) -> None:
    """It was asked for three, sorted four, and dropped the true copy."""
    answer = told(("20:00", 7.0), ("19:00", 5.0), ("19:00", 6.0), ("18:00", 2.0), ("17:00", 1.0))
    assert judged(server, answer) == ([1.0, 2.0, 6.0], [Fault.TWICE])


def test_where_a_page_is_full_its_last_candle_is_asked_for_again(server: CoinbaseServer) -> None:
    """It may have been cut between two copies of that."""
    server.holds("BTC", ["2025-12-04T18:00:00Z,8,8,8,8,8", "2025-12-04T19:00:00Z,9,9,9,9,9"])
    answer = told(*[("18:00", 5.0)] * 9, ("17:00", 1.0))
    assert judged(server, answer) == ([1.0, 8.0, 9.0], [])


def test_a_page_of_nothing_but_copies_is_no_trap(server: CoinbaseServer) -> None:
    assert judged(server, told(*[("17:00", 5.0)] * 9))[0][0] == 5.0


def test_a_candle_of_the_future_is_told_and_one_that_is_in_progress_is_not(server: CoinbaseServer) -> None:
    assert judged(server, told(("22:00", 9.0), ("20:00", 7.0), ("19:00", 3.0), ("18:00", 2.0), ("17:00", 1.0))) == (
        [1.0, 2.0, 3.0],
        [Fault.FUTURE],
    )


def test_of_a_sound_answer_nothing_is_told(server: CoinbaseServer) -> None:
    heard: list[tuple[Fault, int]] = []
    ask(replace(request(), remark=lambda fault, rows: heard.append((fault, rows))))
    assert heard == []
