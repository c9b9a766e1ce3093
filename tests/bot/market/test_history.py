"""History: what a feed holds, seen as of a moment, and never anything later."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from bot.answers.quality import Fault, Finding, Ruling
from bot.feeds.contract import FeedError, NoSuchBars, Request, Setup, TradeRemark, build_feed, untold
from bot.market.history import BEGINNING, BarSets, History, load_history
from rules.bars import HOUR, Bars, Interval, Origin, Tick
from rules.model import ALWAYS, XNYS, Instant, Instrument, Kind
from rules.panel import Panel
from tests.bot.markets import BTC, ETH, NOW, RUT, SESSIONS, SPX, Folder, at, hours, simulated, utc_days, weekdays

FTSE = Instrument("FTSE", "FTSE 100", Kind.INDEX, "XLON", "GBP")


@dataclass
class FakeFeed:
    """A feed that holds what it was given, and remembers what it was asked."""

    held: dict[tuple[str, Interval], list[tuple[Instant, float]]]
    name: str = "fake"
    asked: list[Request] = field(default_factory=list)
    breaks_on: str = ""
    told_at: Instant | None = None

    def notes(self, known: Iterable[str]) -> list[str]:
        return [f"knows {len(list(known))}"]

    async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
        return {}

    async def close(self) -> None:
        self.asked.clear()

    async def bars(self, request: Request) -> Bars:
        self.asked.append(request)
        if request.instrument.id == self.breaks_on:
            raise FeedError(f"{request.instrument.id} is out of order")
        rows = self.held.get((request.instrument.id, request.interval))
        if rows is None:
            raise NoSuchBars(f"no {request.interval} bars of {request.instrument.id}")
        end = np.array([row[0] for row in rows], dtype=np.int64)
        close = np.array([row[1] for row in rows], dtype=np.float64)
        origin = np.zeros(len(rows), dtype=np.int64)
        start = end - min(request.interval.seconds, HOUR)
        bars = Bars(
            request.interval, start, end, close, close, close, close, close, end, origin, (Origin("fake", "fake"),)
        )
        return bars.take((bars.end > request.after) & (bars.end <= request.until))


def load(feed: FakeFeed, *instruments: Instrument, now: Instant = NOW) -> History:
    return asyncio.run(load_history(feed, {each.id: each for each in instruments}, SESSIONS, now))


def closes(panel: Panel, name: str) -> dict[str, float]:
    """Session -> close, where there is one."""
    column = panel.field(name, "close")
    rows = np.flatnonzero(~np.isnan(column))
    return {panel.clock.session(int(row)).isoformat(): float(column[row]) for row in rows}


MONDAY, TUESDAY, WEDNESDAY = at("2025-12-08T21:00Z"), at("2025-12-09T21:00Z"), at("2025-12-10T21:00Z")
RUT_DAYS = {("RUT", Interval.DAY): [(MONDAY, 10.0), (TUESDAY, 11.0), (WEDNESDAY, 12.0)]}


def test_it_asks_for_days_and_of_coins_also_for_hours_from_1990_until_now() -> None:
    feed = FakeFeed(RUT_DAYS)
    load(feed, RUT, BTC)
    asked = {(each.instrument.id, each.interval) for each in feed.asked}
    assert asked == {("RUT", Interval.DAY), ("BTC", Interval.DAY), ("BTC", Interval.HOUR)}
    assert {(each.after, each.until) for each in feed.asked} == {(BEGINNING, NOW)}
    assert at("1990-01-02T00:00Z") == BEGINNING


def test_an_instrument_without_bars_is_simply_absent() -> None:
    history = load(FakeFeed(RUT_DAYS), RUT, SPX, BTC)
    assert list(history.bars) == ["RUT"]
    assert list(history.instruments) == ["RUT", "SPX", "BTC"]
    assert history.until == WEDNESDAY


@pytest.mark.parametrize("held", [{}, {("RUT", Interval.DAY): []}], ids=["nothing", "nothing but a header"])
def test_no_bars_at_all_are_told_in_one_sentence(held: dict[tuple[str, Interval], list[tuple[Instant, float]]]) -> None:
    with pytest.raises(FeedError) as told:
        load(FakeFeed(held), RUT, BTC)
    assert str(told.value) == "the fake feed has no bars of any configured instrument"


def test_a_source_that_is_out_of_order_is_not_mistaken_for_an_empty_one() -> None:
    with pytest.raises(FeedError, match="out of order"):
        load(FakeFeed(RUT_DAYS, breaks_on="SPX"), RUT, SPX)


@pytest.mark.parametrize(
    ("as_of", "seen"),
    [
        pytest.param("2025-12-10", ["2025-12-08", "2025-12-09", "2025-12-10"], id="the last session"),
        pytest.param("2025-12-09", ["2025-12-08", "2025-12-09"], id="a session before"),
        pytest.param("2025-12-07", [], id="a Sunday before the first"),
        pytest.param("0001-01-01", [], id="before there were exchanges"),
        pytest.param("9999-12-31", ["2025-12-08", "2025-12-09", "2025-12-10"], id="the future"),
    ],
)
def test_as_of_a_session_nothing_later_is_seen(as_of: str, seen: list[str]) -> None:
    panel = load(FakeFeed(RUT_DAYS), RUT).panel(XNYS, dt.date.fromisoformat(as_of))
    assert list(closes(panel, "RUT")) == seen
    assert (panel.clock.closes <= WEDNESDAY).all()


def test_as_of_is_a_prefix_of_the_whole_bit_for_bit() -> None:
    history = simulated().history
    for calendar in (XNYS, ALWAYS):
        whole = history.panel(calendar)
        for date in ("2025-11-28", "2025-11-29", "2025-11-27", "2024-02-29"):
            panel = history.panel(calendar, dt.date.fromisoformat(date))
            rows = len(panel)
            assert panel.clock.session(rows - 1) <= dt.date.fromisoformat(date)
            for name in whole.columns:
                for column in ("open", "high", "low", "close", "volume", "link"):
                    wanted = whole.field(name, column)[:rows]
                    np.testing.assert_array_equal(panel.field(name, column), wanted, err_msg=f"{name} {column}")


def test_a_coin_on_the_exchanges_clock_is_priced_at_the_closing_instant() -> None:
    held = {
        ("RUT", Interval.DAY): [(at("2025-11-26T21:00Z"), 10.0), (at("2025-11-28T18:00Z"), 11.0)],
        ("BTC", Interval.HOUR): [
            (at("2025-11-26T21:00Z"), 100.0),
            (at("2025-11-28T18:00Z"), 105.0),
            (at("2025-11-28T21:00Z"), 999.0),
        ],
    }
    panel = load(FakeFeed(held), RUT, BTC).panel(XNYS)
    assert closes(panel, "BTC") == {"2025-11-26": 100.0, "2025-11-28": 105.0}


def test_the_clock_that_never_stops_includes_the_bar_that_ends_the_day() -> None:
    held = {("BTC", Interval.DAY): [(at(f"2025-12-{day:02}T00:00Z"), float(day)) for day in range(10, 16)]}
    history = load(FakeFeed(held), BTC)
    assert closes(history.panel(ALWAYS, dt.date(2025, 12, 13)), "BTC") == {
        "2025-12-09": 10.0,
        "2025-12-10": 11.0,
        "2025-12-11": 12.0,
        "2025-12-12": 13.0,
        "2025-12-13": 14.0,
    }
    assert closes(history.panel(XNYS, dt.date(2025, 12, 13)), "BTC") == {}


def test_an_as_of_on_a_weekend_sees_the_coins_weekend_and_the_exchanges_friday() -> None:
    held = {
        **RUT_DAYS,
        ("BTC", Interval.DAY): [(at(f"2025-12-{day:02}T00:00Z"), float(day)) for day in range(5, 20)],
    }
    history = load(FakeFeed(held), RUT, BTC)
    sunday = dt.date(2025, 12, 7)
    assert closes(history.panel(XNYS, sunday), "RUT") == {}
    assert list(closes(history.panel(ALWAYS, sunday), "BTC"))[-1] == "2025-12-07"


def test_the_clock_that_never_stops_starts_with_the_first_coin() -> None:
    held = {("BTC", Interval.DAY): [(at("2025-12-10T00:00Z"), 1.0), (at("2025-12-11T00:00Z"), 2.0)]}
    panel = load(FakeFeed(held), BTC).panel(ALWAYS)
    assert panel.clock.session(0) >= dt.date(2025, 12, 9)


def test_a_panel_holds_what_trades_on_its_calendar_and_no_other_exchanges_instruments() -> None:
    history = load(FakeFeed({("FTSE", Interval.DAY): [(at("2025-12-10T16:30Z"), 9_000.0)], **RUT_DAYS}), RUT, FTSE, BTC)
    panels = {calendar: history.panel(calendar) for calendar in (XNYS, "XLON")}
    assert closes(panels["XLON"], "FTSE") == {"2025-12-10": 9_000.0}
    assert "FTSE" not in panels[XNYS].columns
    assert "RUT" not in panels["XLON"].columns


def test_it_says_whether_any_price_is_made_up() -> None:
    assert simulated().history.simulated
    assert not load(FakeFeed(RUT_DAYS), RUT).simulated


def test_days_alone_serve_only_approximately(tmp_path: Path) -> None:
    Folder(tmp_path).holds("RUT_1d.csv", *weekdays("2025-10-01", "2025-12-31")).holds(
        "ETH_1d.csv", *utc_days("2025-10-01", "2025-12-31")
    )
    feed = build_feed("files", Setup(SESSIONS, NOW, tmp_path))
    history = asyncio.run(load_history(feed, {"RUT": RUT, "ETH": ETH}, SESSIONS, NOW))
    assert closes(history.panel(XNYS), "ETH") == {}
    rough = history.panel(XNYS, approximate=True)
    assert len(closes(rough, "ETH")) > 60
    assert rough.columns["ETH"].approximate[-1]
    assert not rough.columns["RUT"].approximate.any()


def test_a_missing_hour_at_the_close_is_a_gap_and_not_a_guess(tmp_path: Path) -> None:
    rows = [row for row in hours("2025-12-01", "2025-12-12") if not row.startswith("2025-12-09T20:00")]
    Folder(tmp_path).holds("RUT_1d.csv", *weekdays("2025-12-01", "2025-12-12")).holds("BTC_1h.csv", *rows)
    feed = build_feed("files", Setup(SESSIONS, NOW, tmp_path))
    panel = asyncio.run(load_history(feed, {"RUT": RUT, "BTC": BTC}, SESSIONS, NOW)).panel(XNYS)
    assert "2025-12-09" not in closes(panel, "BTC")
    assert {"2025-12-08", "2025-12-10"} <= set(closes(panel, "BTC"))


def test_a_clock_of_before_everything_is_empty() -> None:
    panel = load(FakeFeed(RUT_DAYS), RUT).panel(XNYS, dt.date(1989, 1, 1))
    assert len(panel) == 0


def test_panels_are_made_once_and_rows_of_before_anew() -> None:
    history = load(FakeFeed(RUT_DAYS), RUT)
    assert history.panel(XNYS) is history.panel(XNYS)
    before = history.panel(XNYS, dt.date(2025, 12, 9))
    assert len(before) < len(history.panel(XNYS))
    assert before is not history.panel(XNYS, dt.date(2025, 12, 9))


def test_another_session_has_another_panel_of_the_same_bars() -> None:
    history = load(FakeFeed(RUT_DAYS), RUT)
    earlier = replace(history, until=TUESDAY)
    assert len(earlier.panel(XNYS)) + 1 == len(replace(earlier, until=WEDNESDAY).panel(XNYS))


def test_an_approximate_panel_shares_what_it_does_not_approximate(tmp_path: Path) -> None:
    Folder(tmp_path).holds("RUT_1d.csv", *weekdays("2025-12-01", "2025-12-12")).holds(
        "BTC_1h.csv", *hours("2025-12-08", "2025-12-12")
    ).holds("BTC_1d.csv", *utc_days("2025-12-01", "2025-12-12"))
    feed = build_feed("files", Setup(SESSIONS, NOW, tmp_path))
    history = asyncio.run(load_history(feed, {"RUT": RUT, "BTC": BTC}, SESSIONS, NOW))
    exact, rough = history.panel(XNYS), history.panel(XNYS, approximate=True)
    assert rough.columns["RUT"] is exact.columns["RUT"]
    assert len(closes(rough, "BTC")) > len(closes(exact, "BTC"))
    assert history.panel(ALWAYS, approximate=True) is history.panel(ALWAYS)


@pytest.mark.shared_data
def test_the_real_fall_of_2025_10_10_is_the_one_up_to_the_close(shared_data: Path) -> None:
    """ADA lost 5.2 % between the closes of New York and 22.1 % over the UTC day."""
    ada = Instrument("ADA", "Cardano", Kind.COIN, ALWAYS)
    feed = build_feed("files", Setup(SESSIONS, NOW, shared_data))
    history = asyncio.run(load_history(feed, {"RUT": RUT, "ADA": ada}, SESSIONS, NOW))
    at_close, by_day = closes(history.panel(XNYS), "ADA"), closes(history.panel(ALWAYS), "ADA")
    assert at_close["2025-10-10"] / at_close["2025-10-09"] - 1 == pytest.approx(-0.052, abs=0.001)
    assert by_day["2025-10-10"] / by_day["2025-10-09"] - 1 == pytest.approx(-0.221, abs=0.001)
    assert history.until == at("2026-01-01T00:00Z")


def test_what_the_screen_does_not_believe_is_absent_and_told() -> None:
    told = Finding("RUT", Interval.DAY, TUESDAY, "fake", Fault.OUTLIER, Ruling.REJECTED, "11.00 after 10.00")
    seen: list[tuple[str, list[str]]] = []

    def screen(instrument: Instrument, bars: Bars, beside: BarSets) -> tuple[Bars, tuple[Finding, ...]]:
        seen.append((instrument.id, sorted(beside)))
        return bars.take(bars.end != TUESDAY), (told,)

    feed = FakeFeed({**RUT_DAYS, ("SPX", Interval.DAY): [(WEDNESDAY, 12.0)]})
    history = asyncio.run(load_history(feed, {"RUT": RUT, "SPX": SPX}, SESSIONS, NOW, screen))
    assert closes(history.panel(XNYS), "RUT") == {"2025-12-08": 10.0, "2025-12-10": 12.0}
    assert history.findings == (told, told)
    assert seen == [("RUT", ["RUT", "SPX"]), ("SPX", ["RUT", "SPX"])]
