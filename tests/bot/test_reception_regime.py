"""/regime of a running service: a bar that is late, a price that is gone, a holiday, and the session in progress."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bot.parts import Parts, Question
from bot.reception import Reception
from rules.bars import DAY, HOUR, Interval
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.model import AlertEvent, Instant, Instrument, Kind, Rule
from tests.bot.market.stations import CHANNEL, GRACE, MINUTE, FakeFeed, Station, closes, told
from tests.bot.markets import BTC, SPX, at
from tests.bot.render.html import TelegramReader

VIX = Instrument("VIX", "VIX", Kind.VOLATILITY)
SCOPE = Scope({each.id: each for each in (SPX, VIX, BTC)}, {})

DAYS = closes("2024-05-01", "2025-12-04")
TUESDAY, WEDNESDAY, THURSDAY = DAYS[-3:]
MORNING = at("2025-12-01T12:00Z")
ASKED = Question(CHANNEL, "71", "private", "71", "/regime")


def rule(label: str) -> CompiledRule:
    return compile_rule(Rule(label.lower(), f"regime_is({label})"), SCOPE)


@cache
def paths() -> dict[str, np.ndarray]:
    """A calm year and a half, and two days of a crash, which ends on the Wednesday."""
    rng = np.random.default_rng(3)
    moves = {name: rng.standard_t(5, len(DAYS)) * size for name, size in (("SPX", 0.005), ("BTC", 0.025))}
    for name, falls in (("SPX", (-0.07, -0.07, 0.0)), ("BTC", (-0.1, -0.1, 0.0))):
        moves[name][-3:] = falls
    vix = np.round(15.0 * np.exp(rng.normal(0.0, 0.05, len(DAYS))), 2)
    vix[-3:] = 21.0, 44.0, 44.0
    return {"SPX": 5_000 * np.exp(np.cumsum(moves["SPX"])), "BTC": 60_000 * np.exp(np.cumsum(moves["BTC"])), "VIX": vix}


def source() -> FakeFeed:
    feed = FakeFeed()
    for name, path in paths().items():
        interval = Interval.HOUR if name == "BTC" else Interval.DAY
        feed.holds(name, interval, dict(zip(DAYS, path.tolist(), strict=True)))
    return feed


class Service:
    """A station with a reception, at a moment."""

    def __init__(self, path: Path, feed: FakeFeed) -> None:
        self.feed, self.now = feed, MORNING
        rules = [rule("RISK_OFF"), rule("RISK_ON")]
        names = {each.id: each for each in (SPX, VIX, BTC)}
        self.station = Station(path / "a.db", feed, rules=rules, instruments=names).starts(MORNING)
        station = self.station
        parts = Parts(
            station.database, station.intake, station.watch, rules, SCOPE, lambda: self.now, 60, GRACE, print
        )  # fmt: skip
        self.reception = Reception(parts, draw=lambda picture: b"drawn")

    def ticks(self, *moments: Instant) -> list[AlertEvent]:
        """Poll and judge, minute by minute or whenever; what happened."""
        self.now = moments[-1]
        return self.station.ticks(moments)

    def asked(self, now: Instant, line: str = "/regime") -> list[str]:
        """The answer at a moment, line by line."""
        self.now = self.feed.now = now
        question = Question(CHANNEL, "71", "private", "71", line)
        html: str = self.station.runs(self.reception.answer(question)).html
        return TelegramReader(html).text.split("\n")

    def closes(self) -> None:
        self.reception.close()
        with self.station:
            pass


@pytest.fixture
def feed() -> FakeFeed:
    return source()


@pytest.fixture
def service(tmp_path: Path, feed: FakeFeed) -> Iterator[Service]:
    opened = Service(tmp_path, feed)
    opened.ticks(MORNING)
    yield opened
    opened.closes()


def after(close: Instant, minutes: int) -> Instant:
    return close + minutes * MINUTE


def polls(close: Instant, minutes: int) -> range:
    """Every ten minutes from a close."""
    return range(close, close + minutes * MINUTE + 1, 10 * MINUTE)


def test_with_all_bars_it_is_of_the_close_and_the_alert_says_the_same(service: Service) -> None:
    happened = service.ticks(*polls(TUESDAY, 60), *polls(WEDNESDAY, 60))
    lines = service.asked(after(WEDNESDAY, 60))
    assert told(happened)[-1] == "risk_off fired 2025-12-03"
    assert lines[0] == "Regime: RISK_OFF since 2025-12-03"
    assert lines[-3:] == ["Close of Wed 2025-12-03", "Next open Thu 2025-12-04 14:30Z", "Source: fake USD"]


def test_a_vix_that_is_an_hour_late_is_waited_for_by_the_answer_and_by_the_alert(
    service: Service, feed: FakeFeed
) -> None:
    feed.is_late("VIX", WEDNESDAY, 105 * MINUTE)
    service.ticks(*polls(TUESDAY, 60))
    assert told(service.ticks(*polls(WEDNESDAY, 100))) == []
    lines = service.asked(after(WEDNESDAY, 100))
    assert not lines[0].startswith("Regime: RISK_OFF")
    assert lines[-3:] == ["Close of Tue 2025-12-02", "Waiting for VIX of 2025-12-03", "Source: fake USD"]
    assert told(service.ticks(after(WEDNESDAY, 106)))[-1:] == ["risk_off fired 2025-12-03"]
    lines = service.asked(after(WEDNESDAY, 106))
    assert lines[0] == "Regime: RISK_OFF since 2025-12-03"
    assert [line for line in lines if line.startswith("VIX 44.00")]


def test_a_vix_that_does_not_come_is_left_out_after_the_grace_and_that_is_said(
    service: Service, feed: FakeFeed
) -> None:
    feed.never_has("VIX", WEDNESDAY)
    service.ticks(*polls(TUESDAY, 60))
    assert told(service.ticks(*polls(WEDNESDAY, 110))) == []
    assert "Waiting for VIX of 2025-12-03" in service.asked(after(WEDNESDAY, 119))
    [event] = service.ticks(*polls(after(WEDNESDAY, 120), 10))[-1:]
    assert told([event]) == ["risk_off fired 2025-12-03"]
    lines = service.asked(after(WEDNESDAY, 130))
    assert lines[0] == "Regime: RISK_OFF since 2025-12-03"
    assert "VIX: no number, left out" in lines
    assert "Close of Wed 2025-12-03" in lines


def test_a_vix_that_is_back_the_next_day_counts_again(service: Service, feed: FakeFeed) -> None:
    feed.never_has("VIX", WEDNESDAY)
    service.ticks(*polls(TUESDAY, 60), *polls(WEDNESDAY, 130), *polls(THURSDAY, 60))
    lines = service.asked(after(THURSDAY, 60))
    assert "Close of Thu 2025-12-04" in lines
    assert [line for line in lines if line.startswith("VIX 44.00")]


def test_a_coin_that_is_gone_for_a_week_is_left_out(service: Service, feed: FakeFeed) -> None:
    for end in DAYS[-8:]:
        feed.never_has("BTC", end)
    for close in DAYS[-3:]:
        service.ticks(*polls(close, 130))
    lines = service.asked(after(THURSDAY, 130))
    assert lines[0].startswith("Regime: RISK_OFF since")
    assert [line for line in lines if line.startswith("VIX 44.00")]
    assert "Close of Thu 2025-12-04" in lines


def test_an_sp_500_that_does_not_come_leaves_the_answer_where_it_was(service: Service, feed: FakeFeed) -> None:
    feed.never_has("SPX", WEDNESDAY)
    service.ticks(*polls(TUESDAY, 60), *polls(WEDNESDAY, 200))
    for minutes, why in ((60, "Waiting for SPX of 2025-12-03"), (200, "No return of SPX on 2025-12-03")):
        assert service.asked(after(WEDNESDAY, minutes))[-3:-1] == ["Close of Tue 2025-12-02", why]


def test_on_a_holiday_it_is_of_the_session_before(tmp_path: Path, feed: FakeFeed) -> None:
    service = Service(tmp_path, feed)
    for moment in ("2025-11-27T11:00Z", "2025-11-27T18:00Z", "2025-11-28T14:00Z"):
        lines = service.asked(at(moment))
        assert lines[-3:-1] == ["Close of Wed 2025-11-26", "Next open Fri 2025-11-28 14:30Z"]
    service.closes()


# The session in progress

NOON = at("2025-12-04T17:00Z")


@pytest.fixture
def trading(service: Service) -> Service:
    """On the Thursday, two hours and a half after the open."""
    service.ticks(*polls(TUESDAY, 60), *polls(WEDNESDAY, 60), NOON)
    return service


def trades(feed: FakeFeed, when: Instant, **prices: float) -> None:
    for name, price in prices.items():
        feed.trades(name, price, when)


def last(name: str) -> float:
    return float(paths()[name][-2])


def test_in_a_session_the_answer_has_a_provisional_line(trading: Service, feed: FakeFeed) -> None:
    trades(feed, NOON, SPX=last("SPX"), VIX=44.0, BTC=last("BTC"))
    assert trading.asked(NOON)[-2] == "Provisional 17:00Z: OFF >99%"
    assert not [line for line in trading.asked(NOON, "/regime history") if "Provisional" in line]


def test_of_what_has_no_fresh_trade_it_says_so(trading: Service, feed: FakeFeed) -> None:
    trades(feed, NOON, SPX=last("SPX"), VIX=44.0)
    assert trading.asked(NOON)[-2] == "Provisional 17:00Z, no BTC: OFF >99%"
    trades(feed, NOON - HOUR, VIX=44.0)
    assert trading.asked(NOON + MINUTE)[-2].startswith("Provisional 17:00Z, by SPX: ")


def test_what_was_said_is_kept_for_a_poll(trading: Service, feed: FakeFeed) -> None:
    trades(feed, NOON, SPX=last("SPX"))
    assert trading.asked(NOON)[-2].startswith("Provisional 17:00Z")
    trades(feed, NOON + 30, SPX=last("SPX") * 1.2)
    assert trading.asked(NOON + 59)[-2].startswith("Provisional 17:00Z")
    trades(feed, NOON + MINUTE, SPX=last("SPX") * 1.2)
    assert trading.asked(NOON + MINUTE)[-2].startswith("Provisional 17:01Z")


def test_where_nothing_trades_it_is_the_last_close_alone_and_the_exchange_is_said_to_be_open(
    trading: Service, feed: FakeFeed
) -> None:
    """It named the next day's opening, as if the exchange were closed."""
    assert trading.asked(NOON)[-2] == "Exchange open, no price of SPX yet"
    trades(feed, NOON - DAY, SPX=5_000.0)
    assert trading.asked(NOON + MINUTE)[-2] == "Exchange open, no price of SPX yet"
    feed.falls_silent()
    assert trading.asked(NOON + 2 * MINUTE)[-2] == "Exchange open, no price of SPX yet"


def test_outside_of_a_session_nobody_is_asked_for_trades(service: Service, feed: FakeFeed) -> None:
    service.ticks(*polls(TUESDAY, 60))
    trades(feed, after(TUESDAY, 60), SPX=1.0, VIX=1.0, BTC=1.0)
    assert service.asked(after(TUESDAY, 60))[-2] == "Next open Wed 2025-12-03 14:30Z"
