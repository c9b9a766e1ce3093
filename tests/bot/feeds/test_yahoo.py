"""The Yahoo feed with the real yfinance over loopback: what stamps and zeros mean, and a sentence for every fault."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from bot.answers.quality import Fault
from bot.feeds._yahoo_client import REACH  # at once: importing it may take as long as a short time-out
from bot.feeds.contract import Busy, Feed, FeedError, NoSuchBars, Request, Setup, SourceDown, build_feed, told_time
from rules.bars import DAY, HOUR, Bars, Interval, Tick
from rules.model import ALWAYS, XNYS, Instant, Instrument, Kind, Source
from tests.bot.markets import SESSIONS, at, day, hours, utc_days, weekdays
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import CRUMB, YahooServer

NOW = at("2025-12-04T20:50Z")
AUTUMN = at("2025-10-01T00:00Z")
CLOSE = at("2025-12-04T21:00Z")
WEEK = [day("2025-12-01", 10), day("2025-12-02", 11), day("2025-12-03", 12), day("2025-12-04", 13)]


def listed(name: str, symbol: str, kind: Kind = Kind.INDEX, currency: str = "USD") -> Instrument:
    calendar = ALWAYS if kind is Kind.COIN else XNYS
    return Instrument(name, name, kind, calendar, currency, (Source("exchange", "no"), Source("yahoo", symbol)))


RUT = listed("RUT", "^RUT")
VIX = listed("VIX", "^VIX", Kind.VOLATILITY)
IWM = listed("IWM", "IWM", Kind.ETF)
BTC = listed("BTC", "BTC-USD", Kind.COIN)


class Yahoo(YahooServer):
    """The server, with a clock that is set as text, and a feed that asks it."""

    def __init__(self) -> None:
        super().__init__(SESSIONS)
        self.says("2025-12-04T20:50Z")
        self.feed: Feed = self.listens()

    def says(self, text: str) -> None:
        """What time it is there."""
        self.clock = lambda: at(text)

    def listens(self, now: Instant = NOW, timeout: float = 5.0) -> Feed:
        """A feed of its own, closed by the test."""
        return build_feed("yahoo", Setup(SESSIONS, now, timeout=timeout))

    def gives(
        self,
        instrument: Instrument = RUT,
        interval: Interval = Interval.DAY,
        after: Instant = AUTUMN,
        until: Instant = 2 * NOW,
    ) -> Bars:
        """What the feed makes of its answer."""
        return asyncio.run(self.feed.bars(Request(instrument, interval, after, until)))

    def ticks(self, *instruments: Instrument) -> dict[str, Tick]:
        """The latest trades by the feed."""
        return asyncio.run(self.feed.ticks(instruments or (RUT,)))

    def tick(self, instrument: Instrument = RUT) -> Tick:
        """The latest trade of one."""
        return self.ticks(instrument)[instrument.id]

    @property
    def charts(self) -> list[dict[str, str]]:
        """The queries of all charts that were asked for."""
        return [query for path, query in self.asked if "/chart/" in path]


@pytest.fixture
def yahoo() -> Iterator[Yahoo]:
    with Yahoo() as server, redirect_yahoo(server.url):
        yield server
        asyncio.run(server.feed.close())


@pytest.fixture
def week(yahoo: Yahoo) -> Yahoo:
    yahoo.holds("^RUT", Interval.DAY, WEEK)
    return yahoo


def closes(bars: Bars) -> list[float]:
    return [float(price) for price in bars.close]


def ends(bars: Bars) -> list[int]:
    return [int(end) for end in bars.end]


# What a day is


def test_a_sessions_day_is_a_label_that_ends_with_the_sessions_close(week: Yahoo) -> None:
    bars = week.gives()
    assert bars.start.tolist() == [at(f"2025-12-0{date}T00:00Z") for date in (1, 2, 3)]
    assert ends(bars) == [at(f"2025-12-0{date}T21:00Z") for date in (1, 2, 3)]
    assert closes(bars) == [10.0, 11.0, 12.0]


def test_a_half_day_ends_early(yahoo: Yahoo) -> None:
    yahoo.holds("^RUT", Interval.DAY, [day("2025-11-26", 10), day("2025-11-28", 11)])
    assert ends(yahoo.gives()) == [at("2025-11-26T21:00Z"), at("2025-11-28T18:00Z")]


@pytest.mark.parametrize(
    ("there", "until", "last"),
    [
        pytest.param("2025-12-04T15:00Z", CLOSE + DAY, 12.0, id="in the morning, asked about the future"),
        pytest.param("2025-12-04T20:59:59Z", CLOSE, 12.0, id="a second before the close by Yahoo's clock"),
        pytest.param("2025-12-04T21:00:00Z", CLOSE, 13.0, id="at the close"),
        pytest.param("2025-12-05T09:00Z", CLOSE, 13.0, id="the next morning"),
        pytest.param("2025-12-04T21:00:30Z", CLOSE - 1, 12.0, id="after the close, asked about before"),
    ],
)
def test_the_row_in_progress_is_no_bar_until_its_session_has_closed(
    week: Yahoo, there: str, until: Instant, last: float
) -> None:
    week.says(there)
    assert closes(week.gives(until=until))[-1] == last


def test_a_bar_is_known_when_yahoo_answered_or_by_until(week: Yahoo) -> None:
    assert set(week.gives().known_at.tolist()) == {NOW}
    assert set(week.gives(until=NOW - 60).known_at.tolist()) == {NOW - 60}


def test_of_a_row_that_comes_twice_the_later_counts(yahoo: Yahoo) -> None:
    yahoo.holds("^RUT", Interval.DAY, [*WEEK[:3], "2025-12-04T00:00:00Z,20,24,19,22,0"])
    yahoo.repeats_the_live_row()
    yahoo.says("2025-12-04T21:00:20Z")
    bars = yahoo.gives()
    assert closes(bars) == [10.0, 11.0, 12.0, 22.0]
    assert (bars.open[-1], bars.high[-1], bars.low[-1]) == (20.0, 24.0, 19.0)


def test_a_row_without_a_close_is_dropped_and_other_gaps_are_unknown(yahoo: Yahoo) -> None:
    rows = ["2025-12-01T00:00:00Z,,,,,", "2025-12-02T00:00:00Z,,12,0,11,5", "2025-12-03T00:00:00Z,9,13,8,,5"]
    bars = yahoo.holds("IWM", Interval.DAY, rows, kind="etf").gives(IWM)
    assert closes(bars) == [11.0]
    assert bars.high.tolist() == [12.0]
    assert np.isnan([bars.open[0], bars.low[0]]).all()


def test_rows_of_the_vix_on_holidays_are_dropped(yahoo: Yahoo) -> None:
    rows = [day("2025-11-26", 17), day("2025-11-27", 16), day("2025-11-28", 15)]
    yahoo.holds("^VIX", Interval.DAY, rows, zone="America/Chicago")
    assert closes(yahoo.gives(VIX)) == [17.0, 15.0]


def test_prices_are_raw_whatever_was_paid_since(yahoo: Yahoo) -> None:
    rows = ["2025-12-02T00:00:00Z,100,101,99,100,7,50", "2025-12-03T00:00:00Z,90,91,89,90,7,90"]
    yahoo.holds("IWM", Interval.DAY, rows, kind="etf").pays("IWM", "2025-12-03", 10.0)
    bars = yahoo.gives(IWM)
    assert closes(bars) == [100.0, 90.0]
    assert bars.open.tolist() == [100.0, 90.0]


def test_a_dividend_before_the_first_trade_of_its_day_makes_no_bar(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, WEEK[:3], kind="etf").pays("IWM", "2025-12-04", 1.0)
    assert closes(yahoo.gives(IWM)) == [10.0, 11.0, 12.0]


@pytest.mark.parametrize(
    ("instrument", "held_as", "unit", "volume"),
    [
        pytest.param(RUT, "index", "none", [np.nan, np.nan], id="an index has none"),
        pytest.param(VIX, "index", "none", [np.nan, np.nan], id="nor has volatility"),
        pytest.param(IWM, "etf", "base", [500.0, np.nan], id="shares of a fund; zero is not said"),
        pytest.param(BTC, "coin", "quote", [500.0, np.nan], id="dollars of a coin; zero is not said"),
    ],
)
def test_a_volume_counts_what_its_instrument_trades_in(
    yahoo: Yahoo, instrument: Instrument, held_as: str, unit: str, volume: list[float]
) -> None:
    rows = [day("2025-12-01", 10, "500"), day("2025-12-02", 11, "0")]
    bars = yahoo.holds(instrument.sources[1].symbol, Interval.DAY, rows, held_as).gives(instrument)
    np.testing.assert_array_equal(bars.volume, volume)
    assert {(origin.feed, origin.venue, origin.quote, origin.volume_unit) for origin in bars.origins} == {
        ("yahoo", "yahoo", "USD", unit)
    }


def test_a_coins_day_is_the_utc_day(yahoo: Yahoo) -> None:
    yahoo.holds("BTC-USD", Interval.DAY, utc_days("2025-11-30", "2025-12-06"), kind="coin")
    bars = yahoo.gives(BTC)
    assert ends(bars) == [at(f"2025-12-0{date}T00:00Z") for date in (1, 2, 3, 4)]
    assert (bars.end - bars.start == DAY).all()


# What is shorter than a day


def test_a_coins_hours_run_to_the_last_whole_one(yahoo: Yahoo) -> None:
    yahoo.holds("BTC-USD", Interval.HOUR, hours("2025-12-04", "2025-12-05"), kind="coin")
    bars = yahoo.gives(BTC, Interval.HOUR, after=at("2025-12-04T17:00Z"))
    assert ends(bars) == [at(f"2025-12-04T{hour}:00Z") for hour in (18, 19, 20)]


def test_of_rows_within_one_hour_the_last_counts(yahoo: Yahoo) -> None:
    stamps = {"18:00": 1, "18:40": 2, "19:00": 3, "20:00": 4}
    rows = [f"2025-12-04T{stamp}:00Z,1,9,1,{close},9" for stamp, close in stamps.items()]
    bars = yahoo.holds("BTC-USD", Interval.HOUR, rows, kind="coin").gives(BTC, Interval.HOUR)
    assert (ends(bars), closes(bars)) == ([at("2025-12-04T19:00Z"), at("2025-12-04T20:00Z")], [2.0, 3.0])


@pytest.mark.parametrize(
    ("opens", "closes_at"),
    [
        pytest.param("2025-12-02T14:30Z", "2025-12-02T15:30Z", id="the first hour of a session"),
        pytest.param("2025-12-02T20:30Z", "2025-12-02T21:00Z", id="the last half hour"),
        pytest.param("2025-11-28T17:30Z", "2025-11-28T18:00Z", id="the last half hour of a half day"),
        pytest.param("2025-10-31T13:30Z", "2025-10-31T14:30Z", id="in summer time"),
    ],
)
def test_hours_of_a_session_are_counted_from_its_open(yahoo: Yahoo, opens: str, closes_at: str) -> None:
    yahoo.holds("^RUT", Interval.HOUR, [f"{opens},1,1,1,1,1"])
    assert ends(yahoo.gives(RUT, Interval.HOUR)) == [at(closes_at)]


def test_five_minutes_of_a_session_end_with_it(yahoo: Yahoo) -> None:
    rows = [f"2025-12-03T{minute}:00Z,1,1,1,1,1" for minute in ("14:30", "20:50", "20:55")]
    bars = yahoo.holds("^RUT", Interval.FIVE_MINUTES, rows).gives(RUT, Interval.FIVE_MINUTES)
    assert ends(bars) == [at(f"2025-12-03T{minute}Z") for minute in ("14:35", "20:55", "21:00")]


@pytest.mark.parametrize(("interval", "first"), [(Interval.HOUR, "2023-11-01"), (Interval.FIVE_MINUTES, "2025-09-01")])
def test_older_than_yahoo_keeps_them_bars_are_not_asked_for(yahoo: Yahoo, interval: Interval, first: str) -> None:
    yahoo.holds("BTC-USD", interval, hours(first, "2025-12-05"), kind="coin")
    bars = yahoo.gives(BTC, interval, after=0)
    assert 0 <= bars.start[0] - (NOW - REACH[interval]) < 3_600
    assert len(yahoo.charts) == 1
    assert len(yahoo.gives(BTC, interval, after=0, until=NOW - 800 * DAY)) == 0
    assert len(yahoo.charts) == 1


def test_a_feed_that_slept_for_days_learns_from_yahoo_what_time_it_is(yahoo: Yahoo) -> None:
    yahoo.holds("BTC-USD", Interval.HOUR, hours("2023-11-01", "2025-12-05"), kind="coin")
    asyncio.run(yahoo.feed.close())
    yahoo.feed = yahoo.listens(now=NOW - 10 * DAY)
    assert yahoo.gives(BTC, Interval.HOUR, after=0).start[0] == at("2023-12-06T21:00Z")


# What was asked


def test_one_question_is_one_request_and_asks_for_what_is_new(week: Yahoo) -> None:
    week.gives()
    before = len(week.asked)
    assert len(week.gives(after=at("2025-12-02T21:00Z"))) == 1
    assert len(week.asked) == before + 1
    assert int(week.charts[-1]["period1"]) > at("2025-11-20T00:00Z")


@pytest.mark.parametrize("week_of_1970", [0, 1, 2])
def test_history_is_asked_for_from_the_first_day(yahoo: Yahoo, week_of_1970: int) -> None:
    """yfinance takes a start of zero for none, and gives a month."""
    yahoo.holds("^RUT", Interval.DAY, weekdays("1988-01-04", "2025-12-04"))
    assert yahoo.gives(after=week_of_1970 * 7 * DAY).start[0] == at("1990-01-02T00:00Z")


@pytest.mark.parametrize(
    ("after", "until"),
    [
        pytest.param("2025-12-03T21:00Z", "2025-12-04T20:50Z", id="nothing has closed since"),
        pytest.param("2025-12-03T21:00Z", "2025-12-03T21:00Z", id="no time at all"),
        pytest.param("2025-12-03T21:00Z", "2025-12-01T00:00Z", id="backwards"),
        pytest.param("2001-01-01T00:00Z", "2002-01-01T00:00Z", id="before the first trade"),
        pytest.param("2026-06-01T00:00Z", "2026-07-01T00:00Z", id="in the future"),
        pytest.param("2025-12-04T20:40Z", "2025-12-31T00:00Z", id="the last ten minutes"),
    ],
)
def test_none_is_a_fair_answer(week: Yahoo, after: str, until: str) -> None:
    assert len(week.gives(after=at(after), until=at(until))) == 0


# The latest trades


def test_a_tick_is_the_session_so_far(yahoo: Yahoo) -> None:
    yahoo.holds("^RUT", Interval.DAY, [*WEEK[:3], "2025-12-04T00:00:00Z,12,99,1,50,0"])
    yahoo.holds(
        "^RUT", Interval.FIVE_MINUTES, ["2025-12-04T14:30:00Z,12,14,11,13,0", "2025-12-04T14:35:00Z,13,15,12,14,0"]
    )
    yahoo.says("2025-12-04T14:41Z")
    tick = yahoo.tick()
    assert (tick.instrument, tick.at, tick.price) == ("RUT", at("2025-12-04T14:41Z"), 14.0)
    assert (tick.open, tick.high, tick.low) == (12.0, 15.0, 11.0)
    assert (tick.origin.venue, tick.origin.quote) == ("yahoo", "USD")


def test_the_trades_of_all_are_one_request_and_no_chart(week: Yahoo) -> None:
    week.holds("BTC-USD", Interval.DAY, utc_days("2025-12-01", "2025-12-04"), kind="coin")
    week.holds("IWM", Interval.DAY, WEEK, kind="etf")
    week.ticks(RUT)
    before = len(week.asked)
    ticks = week.ticks(RUT, BTC, VIX, IWM)
    assert {name: tick.at for name, tick in ticks.items()} == {"RUT": NOW, "BTC": NOW, "IWM": NOW}
    [(path, query)] = week.asked[before:]
    assert (path, query["symbols"]) == ("/v7/finance/quote", "^RUT,BTC-USD,^VIX,IWM")
    assert week.charts == []


def test_before_the_open_the_latest_trade_is_yesterdays(week: Yahoo) -> None:
    week.says("2025-12-04T12:00Z")
    tick = week.tick()
    assert (tick.at, tick.price) == (at("2025-12-03T21:00Z"), 12.0)


def test_without_a_trade_there_is_no_tick(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, [day("2025-12-05", 10)], kind="etf")
    assert yahoo.ticks(IWM) == {}


QUOTE = '{"quoteResponse": {"result": [%s], "error": null}}'
RUT_TOLD = '{"symbol": "^RUT", "currency": "USD", "regularMarketPrice": %s, "regularMarketTime": 1764880000}'


def test_what_yahoo_does_not_say_of_a_tick_is_unknown(yahoo: Yahoo) -> None:
    yahoo.answers(QUOTE % RUT_TOLD % "9.5", on="quote")
    tick = yahoo.tick()
    assert (tick.at, tick.price) == (1764880000, 9.5)
    assert np.isnan([tick.open, tick.high, tick.low]).all()


@pytest.mark.parametrize("price", ["0", "-9.5", "null", '"9.5"', "true", "NaN", "1e999"])
def test_what_is_no_price_is_no_trade(yahoo: Yahoo, price: str) -> None:
    yahoo.answers(QUOTE % RUT_TOLD % price, on="quote")
    assert yahoo.ticks() == {}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(RUT_TOLD.replace("^RUT", "^GSPC") % "9.5", id="of another symbol"),
        pytest.param(RUT_TOLD.replace("USD", "EUR") % "9.5", id="in another currency"),
        pytest.param("", id="of none"),
    ],
)
def test_a_trade_of_something_else_is_none(yahoo: Yahoo, told: str) -> None:
    yahoo.answers(QUOTE % told, on="quote")
    assert yahoo.ticks() == {}


def test_an_instrument_that_yahoo_is_not_asked_for_is_left_out(week: Yahoo) -> None:
    sol = Instrument("SOL", "Solana", Kind.COIN, ALWAYS, sources=(Source("exchange", "SOL/USD"),))
    assert set(week.ticks(sol, RUT)) == {"RUT"}
    assert week.ticks(sol) == {}


NO_QUOTES = "it answered with something that is no list of quotes"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(lambda yahoo: yahoo.fails_with(429, on="crumb"), "it answered with HTTP 401", id="no crumb"),
        pytest.param(lambda yahoo: yahoo.fails_with(500, on="quote"), "it answered with HTTP 500", id="a 500"),
        pytest.param(lambda yahoo: yahoo.fails_with(404, on="quote"), "it answered with HTTP 404", id="gone"),
        pytest.param(lambda yahoo: yahoo.answers_html(on="quote"), NO_QUOTES, id="a page"),
        pytest.param(lambda yahoo: yahoo.answers("[1]", on="quote"), NO_QUOTES, id="other JSON"),
        pytest.param(lambda yahoo: yahoo.answers(QUOTE % "7", on="quote"), NO_QUOTES, id="other entries"),
        pytest.param(lambda yahoo: yahoo.answers('{"quoteRes', on="quote"), NO_QUOTES, id="half a text"),
    ],
)
def test_without_quotes_the_charts_tell_the_trades(
    yahoo: Yahoo, fault: Callable[[Yahoo], None], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A rule on ticks must not cost the closing bars their source."""
    yahoo.holds("^RUT", Interval.DAY, [*WEEK[:3], "2025-12-04T00:00:00Z,12,15,11,14,0"])
    yahoo.holds("IWM", Interval.DAY, WEEK, kind="etf", quote="EUR")
    fault(yahoo)
    first, again = yahoo.ticks(RUT, VIX, IWM), yahoo.ticks(RUT, VIX, IWM)
    assert list(first) == list(again) == ["RUT"]
    tick = again["RUT"]
    assert (tick.at, tick.price, tick.open, tick.high, tick.low) == (NOW, 14.0, 12.0, 15.0, 11.0)
    (told,) = [each.getMessage() for each in caplog.records]
    assert told.startswith(f"yahoo did not give trades of RUT, VIX, IWM: {reason}")
    assert told.endswith("; the charts are asked one by one")
    yahoo.recovers()
    before = len(yahoo.charts)
    assert set(yahoo.ticks(RUT)) == {"RUT"}
    assert len(yahoo.charts) == before


# What goes wrong, in one sentence, and is forgotten

NO_CHART = "it answered with something that is no chart of prices"
FAULTS: list[tuple[str, Callable[[Yahoo], None], str]] = [
    ("refused", lambda yahoo: yahoo.fails_with(429), "it is refusing requests (429); it counts them by address, and"),
    ("a 500", lambda yahoo: yahoo.fails_with(500), "it answered with HTTP 500"),
    ("a 503", lambda yahoo: yahoo.fails_with(503), "it answered with HTTP 503"),
    ("a 401", lambda yahoo: yahoo.fails_with(401), "it answered with HTTP 401"),
    ("a lost page", lambda yahoo: yahoo.fails_with(404), "it answered with HTTP 404"),
    ("a page", lambda yahoo: yahoo.answers_html(), NO_CHART),
    ("nothing", lambda yahoo: yahoo.answers(""), NO_CHART),
    ("half a text", lambda yahoo: yahoo.answers('{"chart": {"resu'), NO_CHART),
    ("other JSON", lambda yahoo: yahoo.answers("[1, 2]"), NO_CHART),
    ("brackets without an end", lambda yahoo: yahoo.answers("[" * 100_000), NO_CHART),
    ("no result", lambda yahoo: yahoo.answers('{"chart": {"result": [], "error": null}}'), NO_CHART),
    ("no rows", lambda yahoo: yahoo.answers(WITHOUT_ROWS), NO_CHART),
    ("columns of two lengths", lambda yahoo: yahoo.answers(ROWS % "[1]"), NO_CHART),
    ("prices in words", lambda yahoo: yahoo.answers(ROWS % '["high", "low"]'), NO_CHART),
    ("a price that is true", lambda yahoo: yahoo.answers(ROWS % "[1, true]"), NO_CHART),
    ("a pause", lambda yahoo: yahoo.answers("Will be right back...", kind="text/html"), NO_CHART),
    ("a cut", lambda yahoo: yahoo.resets(), "the connection failed: "),
    ("silence", lambda yahoo: yahoo.hangs(30), "no answer came in time"),
]
ROWS = """{"chart": {"result": [{"meta": {"currency": "USD", "symbol": "^RUT", "firstTradeDate": 1000000000,
 "exchangeTimezoneName": "America/New_York", "instrumentType": "INDEX", "validRanges": []},
 "timestamp": [1764599400, 1764685800], "indicators": {"adjclose": [{"adjclose": [1, 1]}], "quote": [
 {"open": [1, 1], "high": [1, 1], "low": [1, 1], "volume": [0, 0], "close": %s}]}}], "error": null}}"""
WITHOUT_ROWS = (
    '{"chart": {"result": [{"meta": {"currency": "USD", "symbol": "^RUT", "firstTradeDate": 1000000000},'
    ' "indicators": {"quote": [{}], "adjclose": [{}]}}], "error": null}}'
)


@pytest.mark.parametrize(("fault", "reason"), [pytest.param(*rest, id=name) for name, *rest in FAULTS])
@pytest.mark.parametrize("known", [True, False], ids=["later", "at first"])
def test_a_fault_is_told_once_and_the_next_question_is_answered(
    week: Yahoo,
    fault: Callable[[Yahoo], None],
    reason: str,
    known: bool,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """yfinance remembers what failed at first, such as a probe of the time zone, for the life of the process."""
    asyncio.run(week.feed.close())
    week.feed = week.listens(timeout=1.0)
    if known:
        week.gives()
    fault(week)
    with pytest.raises(SourceDown) as told:
        week.gives()
    assert str(told.value).startswith(f"yahoo did not give 1d bars of RUT (^RUT): {reason}")
    assert "\n" not in str(told.value)
    week.recovers()
    assert closes(week.gives()) == [10.0, 11.0, 12.0]
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(lambda yahoo: yahoo.fails_with(429, on="quote"), "it is refusing requests (429)", id="refused"),
        pytest.param(lambda yahoo: yahoo.resets(on="quote"), "the connection failed: ", id="a cut"),
        pytest.param(lambda yahoo: yahoo.hangs(30, on="quote"), "no answer came in time", id="silence"),
    ],
)
def test_a_fault_of_the_quotes_is_told_and_over_with_the_next_question(
    week: Yahoo, fault: Callable[[Yahoo], None], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(week.feed.close())
    week.feed = week.listens(timeout=1.0)
    week.ticks()
    fault(week)
    with pytest.raises(SourceDown) as told:
        week.ticks()
    assert str(told.value).startswith(f"yahoo did not give trades of RUT: {reason}")
    week.recovers()
    assert set(week.ticks()) == {"RUT"}
    assert caplog.records == []


@pytest.mark.parametrize("on", ["chart", "quote"])
@pytest.mark.parametrize(
    ("said", "wait"), [("600", 600), ("Thu, 04 Dec 2025 21:50:00 GMT", 3_600), ("a while", None), (None, None)]
)
def test_a_yahoo_that_refuses_may_say_for_how_long(week: Yahoo, on: str, said: str | None, wait: int | None) -> None:
    week.fails_with(429, on=on, retry_after=said)
    with pytest.raises(Busy) as busy:
        week.ticks() if on == "quote" else week.gives()
    assert busy.value.wait == wait


# An answer to another question


def test_an_answer_for_another_symbol_is_refused(week: Yahoo) -> None:
    """Of this question alone: what Yahoo says of the others is none the worse for it."""
    week.holds("^GSPC", Interval.DAY, WEEK).swaps("^RUT", "^GSPC")
    with pytest.raises(FeedError) as refused:
        week.gives()
    assert type(refused.value) is FeedError
    assert str(refused.value) == "yahoo did not give 1d bars of RUT (^RUT): it answered for ^GSPC"


def test_a_symbol_may_be_written_small(yahoo: Yahoo) -> None:
    yahoo.holds("btc-usd", Interval.DAY, utc_days("2025-12-01", "2025-12-04"), kind="coin")
    yahoo.swaps("btc-usd", "BTC-USD")
    yahoo.holds("BTC-USD", Interval.DAY, utc_days("2025-12-01", "2025-12-04"), kind="coin")
    assert len(yahoo.gives(listed("BTC", "btc-usd", Kind.COIN))) == 3


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        pytest.param("Asia/Tokyo", "it tells the time of another place (Asia/Tokyo, +9 h)", id="closes at six"),
        pytest.param("Europe/London", "it tells the time of another place (Europe/London, +0 h)", id="closes at nine"),
        pytest.param(
            "Pacific/Auckland", "its days are those of another time zone than Pacific/Auckland", id="another date"
        ),
    ],
)
def test_days_of_another_time_zone_are_refused(yahoo: Yahoo, zone: str, told: str) -> None:
    yahoo.holds("^RUT", Interval.DAY, WEEK, zone=zone)
    with pytest.raises(FeedError) as refused:
        yahoo.gives()
    assert str(refused.value) == f"yahoo did not give 1d bars of RUT (^RUT): {told}"


@pytest.mark.parametrize(
    ("symbol", "shift", "told"),
    [
        pytest.param(RUT, -DAY // 2, "its days are those of another time zone than America/New_York", id="a session"),
        pytest.param(BTC, -3_600, "its days are those of another time zone than UTC", id="a day that begins at eleven"),
    ],
)
def test_days_that_are_stamped_elsewhere_are_refused(yahoo: Yahoo, symbol: Instrument, shift: int, told: str) -> None:
    name, kind = symbol.sources[1].symbol, "coin" if symbol is BTC else "index"
    rows = utc_days("2025-11-20", "2025-12-04") if symbol is BTC else WEEK
    yahoo.holds(name, Interval.DAY, rows, kind=kind).stamps(name, shift)
    with pytest.raises(FeedError) as refused:
        yahoo.gives(symbol)
    assert str(refused.value).endswith(told)


def test_the_zone_of_chicago_is_the_vixs(yahoo: Yahoo) -> None:
    yahoo.holds("^VIX", Interval.DAY, WEEK, zone="America/Chicago")
    assert len(yahoo.gives(VIX)) == 3


# What is left out, and why


def test_what_is_left_out_is_told_by_its_fault(yahoo: Yahoo) -> None:
    rows = [
        day("2025-11-26", 10),
        day("2025-11-27", 10),
        "2025-11-28T00:00:00Z,,,,,",
        "2025-12-01T00:00:00Z,9,9,9,0,0",
        "2025-12-02T00:00:00Z,9,9,9,-9,0",
        "2025-12-03T00:00:00Z,9,-1,9,9,0",
        "2025-12-04T00:00:00Z,,,,,",
    ]
    heard = left_out(yahoo.holds("IWM", Interval.DAY, rows, kind="etf"), after="2025-11-26T00:00Z")
    assert heard == [(Fault.OFF_CALENDAR, 1), (Fault.NO_PRICE, 2), (Fault.NOT_A_PRICE, 2)]
    assert closes(yahoo.gives(IWM)) == [10.0, 9.0]


def test_the_row_in_progress_is_no_fault_and_one_that_has_closed_without_a_price_is(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, [*WEEK[:3], "2025-12-04T00:00:00Z,,,,,"], kind="etf")
    assert left_out(yahoo) == []
    yahoo.says("2025-12-04T21:00:30Z")
    assert left_out(yahoo) == [(Fault.NO_PRICE, 1)]


def test_a_row_told_twice_is_told(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, WEEK, kind="etf")
    yahoo.repeats_the_live_row()
    yahoo.says("2025-12-04T21:00:20Z")
    assert left_out(yahoo) == [(Fault.TWICE, 1)]


def test_rows_that_run_backwards_are_put_in_order_and_told(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, WEEK, kind="etf").shuffles("IWM")
    assert left_out(yahoo) == [(Fault.OUT_OF_ORDER, 1)]
    assert closes(yahoo.gives(IWM)) == [10.0, 11.0, 12.0]


def test_a_row_that_comes_late_is_told_though_the_one_it_comes_behind_was_not_asked_for(yahoo: Yahoo) -> None:
    rows = [day("2025-12-02", 11), day("2025-11-20", 9), *WEEK[2:]]
    yahoo.holds("IWM", Interval.DAY, rows, kind="etf")
    assert left_out(yahoo, after="2025-12-02T00:00Z") == []
    yahoo.holds("IWM", Interval.DAY, [WEEK[2], WEEK[0], WEEK[1], WEEK[3]], kind="etf")
    assert left_out(yahoo, after="2025-12-02T00:00Z") == [(Fault.OUT_OF_ORDER, 1)]


def test_what_was_not_asked_for_is_no_fault(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, ["2025-12-01T00:00:00Z,,,,,", *WEEK[1:]], kind="etf")
    assert left_out(yahoo, after="2025-12-02T00:00Z") == []


def test_a_row_of_the_future_is_told_and_no_bar(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, [*WEEK, day("2025-12-05", 99)], kind="etf")
    yahoo.says("2025-12-06T20:50Z")
    yahoo.date_is_off = -2 * DAY
    assert left_out(yahoo, until="2025-12-04T00:00Z") == [(Fault.FUTURE, 1)]
    assert closes(yahoo.gives(IWM, until=at("2025-12-04T00:00Z"))) == [10.0, 11.0, 12.0]


# Clocks


@pytest.mark.parametrize("ahead", [0, HOUR, DAY], ids=["ours agrees", "ours is an hour fast", "ours is a day fast"])
def test_a_day_in_progress_is_no_bar_by_yahoo_s_own_clock(week: Yahoo, ahead: int) -> None:
    bars = week.gives(until=CLOSE + ahead)
    assert closes(bars) == [10.0, 11.0, 12.0]
    assert int(bars.known_at[-1]) == NOW


@pytest.mark.parametrize(
    "off", [-DAY, -HOUR, HOUR, DAY], ids=["a day slow", "an hour slow", "an hour fast", "a day fast"]
)
def test_a_yahoo_whose_clock_is_wrong_hides_no_bar(week: Yahoo, off: int) -> None:
    """That somebody has traded who by its Date has not yet proves that slow."""
    week.says("2025-12-04T21:30:00Z")
    week.date_is_off = off
    assert closes(week.gives(until=CLOSE)) == [10.0, 11.0, 12.0, 13.0]


def test_a_feed_says_what_time_it_was_by_yahoo_when_it_answered(week: Yahoo) -> None:
    told = [week.feed.told_at]
    week.gives()
    told.append(week.feed.told_at)
    week.date_is_off = -300
    week.ticks()
    told.append(week.feed.told_at)
    with pytest.raises(NoSuchBars):  # nothing is asked
        week.gives(Instrument("XYZ", "Nobody's", Kind.INDEX))
    assert [*told, week.feed.told_at] == [None, NOW, NOW - 300, None]


def test_a_cache_says_how_old_its_answer_is() -> None:
    assert told_time("Thu, 04 Dec 2025 20:50:00 GMT", "120") == NOW + 120
    assert told_time("Thu, 04 Dec 2025 20:50:00 GMT", "soon") == NOW
    assert told_time(None, "120") is None


def test_a_trade_below_zero_is_left_out_and_told(yahoo: Yahoo) -> None:
    yahoo.holds("^RUT", Interval.DAY, [*WEEK[:3], day("2025-12-04", -13)])
    heard: list[tuple[str, Fault]] = []
    assert asyncio.run(yahoo.feed.ticks([RUT], lambda *told: heard.append(told))) == {}
    assert heard == [("RUT", Fault.NOT_A_PRICE)]


def left_out(yahoo: Yahoo, after: str = "2025-11-20T00:00Z", until: str = "") -> list[tuple[Fault, int]]:
    """What the feed remarks on an answer of IWM."""
    heard: list[tuple[Fault, int]] = []
    wanted = Request(
        IWM, Interval.DAY, at(after), at(until) if until else 2 * NOW, lambda fault, rows: heard.append((fault, rows))
    )
    asyncio.run(yahoo.feed.bars(wanted))
    return heard


# What does not exist


def test_an_unknown_symbol_is_told_and_may_be_listed_later(yahoo: Yahoo) -> None:
    with pytest.raises(NoSuchBars) as told:
        yahoo.gives()
    assert str(told.value) == "yahoo has no 1d bars of RUT (^RUT): the symbol may be delisted or misspelt"
    yahoo.holds("^RUT", Interval.DAY, WEEK)
    assert len(yahoo.gives()) == 3


def test_an_instrument_without_a_symbol_here_is_told(yahoo: Yahoo) -> None:
    with pytest.raises(NoSuchBars) as told:
        yahoo.gives(Instrument("SOL", "Solana", Kind.COIN, ALWAYS, sources=(Source("exchange", "SOL/USD"),)))
    assert str(told.value) == "SOL has no yahoo source, so there are no 1d bars of SOL"


def test_a_price_in_another_currency_is_not_taken(yahoo: Yahoo) -> None:
    yahoo.holds("IWM", Interval.DAY, WEEK, kind="etf", quote="GBp")
    with pytest.raises(NoSuchBars) as told:
        yahoo.gives(IWM)
    assert str(told.value) == "yahoo has no 1d bars of IWM (IWM) in USD: it is priced in GBp"


@pytest.mark.parametrize("fault", ["refused", "page"])
def test_an_error_page_never_becomes_a_crumb(week: Yahoo, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    """yfinance would send it with every request from then on."""
    if fault == "refused":
        week.fails_with(429, on="crumb")
    else:
        week.answers_html(on="crumb")
    assert len(week.gives()) == 3
    assert len(week.gives()) == 3
    week.recovers()
    assert len(week.gives()) == 3
    assert [query.get("crumb") for query in week.charts] == [None, None, CRUMB]
    assert caplog.records == []


def test_a_yahoo_that_is_gone_comes_back(week: Yahoo) -> None:
    assert len(week.gives()) == 3
    week.stop()
    with pytest.raises(SourceDown, match="the connection failed: "):
        week.gives()
    week.start()
    assert len(week.gives()) == 3


def test_hung_questions_end_in_time_and_give_their_threads_back(week: Yahoo) -> None:
    """Yahoo still hangs on the first two when the third is answered, so no thread can be waiting for it."""
    feed = week.listens(timeout=1.0)
    week.hangs(30, times=2)
    request = Request(RUT, Interval.DAY, NOW - 30 * DAY, NOW)

    async def three() -> tuple[list[Bars | BaseException], Bars]:
        hung = await asyncio.gather(*(feed.bars(request) for _ in range(2)), return_exceptions=True)
        return hung, await feed.bars(request)

    hung, bars = asyncio.run(three())
    assert {type(each) for each in hung} == {SourceDown}
    assert len(bars) == 3
    asyncio.run(feed.close())


def test_no_rows_where_some_are_owed_is_a_fault_even_of_one_day(week: Yahoo) -> None:
    week.answers(WITHOUT_ROWS)
    with pytest.raises(SourceDown, match=NO_CHART):
        week.gives(after=at("2025-12-03T21:00Z"))


def test_what_is_listed_today_owes_no_rows_yet(week: Yahoo) -> None:
    week.answers(WITHOUT_ROWS.replace("1000000000", str(at("2025-12-04T14:30Z"))))
    assert len(week.gives()) == 0


# What it costs


def test_a_hundred_questions_leave_no_thread_and_no_descriptor_behind(week: Yahoo) -> None:
    process = psutil.Process()

    async def many() -> None:
        request = Request(RUT, Interval.DAY, NOW - 30 * DAY, NOW)
        await asyncio.gather(*(week.feed.bars(request) for _ in range(50)), return_exceptions=True)

    def held() -> tuple[int, int]:
        gc.collect()  # of the tests before
        return process.num_fds(), threading.active_count()

    asyncio.run(many())
    descriptors, threads = held()
    asyncio.run(many())
    week.fails_with(500)
    asyncio.run(many())
    now = held()
    assert now[0] <= descriptors
    assert now[1] <= threads


def test_a_closed_feed_gives_its_threads_back_though_a_question_hangs(week: Yahoo) -> None:
    feed = week.listens(timeout=0.3)
    week.hangs(30)

    async def ask_and_leave() -> list[threading.Thread]:
        asked = asyncio.ensure_future(feed.bars(Request(RUT, Interval.DAY, 0, NOW)))
        while not week.charts:
            await asyncio.sleep(0.01)
        await feed.close()
        threads = [thread for thread in threading.enumerate() if thread.name.startswith("yahoo")]
        with pytest.raises(FeedError):
            await asked
        return threads

    for thread in asyncio.run(ask_and_leave()):
        thread.join(10)
        assert not thread.is_alive()


def test_a_closed_feed_asks_nothing_more(week: Yahoo) -> None:
    week.hangs(30, on="crumb")

    async def ask_and_leave() -> None:
        asked = asyncio.ensure_future(week.feed.bars(Request(RUT, Interval.DAY, 0, NOW)))
        while not any("crumb" in path for path, _ in week.asked):
            await asyncio.sleep(0.01)
        await week.feed.close()
        week.recovers()
        with pytest.raises(SourceDown):
            await asked

    asyncio.run(ask_and_leave())
    assert week.charts == []


def test_importing_the_feed_does_not_import_yfinance() -> None:
    subprocess.run([sys.executable, "-c", NO_YFINANCE], check=True)


NO_YFINANCE = "import sys, bot.feeds.yahoo; sys.exit('yfinance' in sys.modules or 'curl_cffi' in sys.modules)"


def test_another_process_asks_the_same_and_writes_no_file(week: Yahoo, tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": ""}
    asked = [sys.executable, "-c", ANOTHER_PROCESS, week.url]
    told = subprocess.run(asked, env=home, capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("[10.0, 11.0, 12.0]\n", "")
    assert list(tmp_path.iterdir()) == []


ANOTHER_PROCESS = """
import asyncio, sys
from bot.answers.quality import Fault
from bot.feeds._yahoo_client import REACH  # at once: importing it may take as long as a short time-out
from bot.feeds.contract import Request
from tests.bot.feeds.test_yahoo import NOW, RUT, build_feed, Setup, SESSIONS, Interval, redirect_yahoo
redirect_yahoo(sys.argv[1])
feed = build_feed("yahoo", Setup(SESSIONS, NOW))
print(asyncio.run(feed.bars(Request(RUT, Interval.DAY, NOW - 30 * 86_400, NOW))).close.tolist())
asyncio.run(feed.close())
"""


# Real prices


@pytest.mark.shared_data
def test_real_prices_come_through_the_wire_as_they_are_in_the_files(shared_data: Path) -> None:
    held = {"RUT": "^RUT", "VIX": "^VIX", "IWM": "IWM", "BTC": "BTC-USD"}
    now = at("2026-01-01T12:00Z")
    files = build_feed("files", Setup(SESSIONS, now, shared_data))
    server = YahooServer.from_folder(shared_data, held, SESSIONS, lambda: now)
    asked = [(each, Interval.DAY) for each in (RUT, VIX, IWM, BTC)]

    async def both(instrument: Instrument, interval: Interval, after: Instant) -> tuple[Bars, Bars]:
        request = Request(instrument, interval, after, now)
        return await feed.bars(request), await files.bars(request)

    with server, redirect_yahoo(server.url):
        feed = build_feed("yahoo", Setup(SESSIONS, now))
        for instrument, interval in asked:
            wire, file = asyncio.run(both(instrument, interval, at("1990-01-01T00:00Z")))
            assert ends(wire) == ends(file), instrument.id
            assert wire.close.tobytes() == file.close.tobytes(), instrument.id
        wire, file = asyncio.run(both(BTC, Interval.HOUR, now - 700 * DAY))
        assert (ends(wire), closes(wire)) == (ends(file), closes(file))
        wire, file = asyncio.run(both(RUT, Interval.FIVE_MINUTES, now - 30 * DAY))
        assert (ends(wire), closes(wire)) == (ends(file), closes(file))
        asyncio.run(feed.close())
