"""The exchange feed, through the real ccxt, against a coinbase on loopback: what is a bar, a tick, a market."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.feeds.contract import FeedError, NoSuchBars, Setup, SourceDown, build_feed
from bot.feeds.exchange import ExchangeFeed
from bot.feeds.files import FilesFeed
from rules.bars import DAY, HOUR, Interval, Origin
from rules.model import ALWAYS, Instrument, Kind, Source
from tests.bot.feeds.exchanges import BTC, FIRST, LAST, TEN_TO_NINE, ask, evening, play, request
from tests.bot.markets import NOW, SESSIONS, at, hours, utc_days
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt

ADA = Instrument("ADA", "Cardano", Kind.COIN, ALWAYS, sources=(Source("exchange", "ADA/USD"),))


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
    ("interval", "open_since", "ends"),
    [
        (Interval.HOUR, "2025-12-04T20:00Z", "2025-12-04T20:00Z"),
        (Interval.DAY, "2025-12-04T00:00Z", "2025-12-04T00:00Z"),
    ],
)
def test_the_candle_in_progress_is_shown_last_and_is_no_bar(
    server: CoinbaseServer, interval: Interval, open_since: str, ends: str
) -> None:
    shown = ask(request(interval, until=at("2025-12-05T00:00Z")))
    assert shown.start[-1] == at(open_since)
    assert ask(request(interval)).end[-1] == at(ends)


def test_a_day_ends_with_the_next_midnight(server: CoinbaseServer) -> None:
    bars = ask(request(Interval.DAY, after=at("2025-12-01T00:00Z")))
    assert bars.end.tolist() == opens("2025-12-02T00:00Z", "2025-12-03T00:00Z", "2025-12-04T00:00Z")
    assert (bars.end - bars.start == DAY).all()


def test_bars_say_who_printed_them_and_are_known_when_they_were_asked_for(server: CoinbaseServer) -> None:
    bars = ask(request())
    assert bars.origins == (Origin("exchange", "coinbase", "USD", "base"),)
    assert set(bars.known_at.tolist()) == {TEN_TO_NINE}


def test_nothing_is_asked_beyond_until(server: CoinbaseServer) -> None:
    bars = ask(request(after=at("2025-12-01T10:30Z"), until=at("2025-12-01T13:59Z")))
    assert bars.end.tolist() == opens("2025-12-01T11:00Z", "2025-12-01T12:00Z", "2025-12-01T13:00Z")
    (asked,) = (each for each in server.asked if "candles" in each)
    assert asked.endswith(f"start={at('2025-12-01T10:00Z')}&end={at('2025-12-01T13:00Z')}")


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
    tick = play(lambda feed: feed.tick(BTC))
    shown = ask(request(until=at("2025-12-04T21:00Z")))
    assert tick is not None
    assert (tick.instrument, tick.at, tick.price) == ("BTC", TEN_TO_NINE, shown.close[-1])
    assert np.isnan([tick.open, tick.high, tick.low]).all()
    assert tick.origin == shown.origins[0]


def test_there_is_no_tick_before_the_first_trade(server: CoinbaseServer) -> None:
    server.holds("BTC", hours("2025-12-10", LAST))
    assert play(lambda feed: feed.tick(BTC)) is None


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


def test_a_market_that_is_taken_off_the_list_is_a_fault_that_is_told(server: CoinbaseServer) -> None:
    async def scene(feed: ExchangeFeed) -> str:
        await feed.bars(request())
        server.loses("BTC")
        with pytest.raises(SourceDown) as told:
            await feed.bars(request())
        return str(told.value)

    assert "valid product_id is required" in play(scene)
