"""The session in progress as a row: which trades may speak of it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.market.progress import STALE, in_progress
from rules.bars import Origin, Tick
from rules.model import ALWAYS, XNYS, Instant
from rules.panel import Panel
from tests.bot.markets import SESSIONS, at
from tests.rules.markets import TAPE, columns_of

OPEN, CLOSE = at("2025-12-03T14:30Z"), at("2025-12-03T21:00Z")
HALF_DAY = at("2025-11-28T17:00Z")


def closed(until: Instant, calendar: str = XNYS) -> Panel:
    """RUT and BTC at the closes until then."""
    clock = SESSIONS.clock(calendar, until)[-3:]
    path = columns_of(np.array([100.0, 101.0, 102.0]))
    return Panel(clock, {"RUT": path, "BTC": path}, {"RUT": (TAPE,), "BTC": (TAPE,)})


def trade(name: str, when: Instant, price: float = 103.0) -> dict[str, Tick]:
    return {name: Tick(name, when, price, math.nan, math.nan, math.nan, Origin("test", "TEST"))}


@pytest.mark.parametrize("now", [OPEN, OPEN + 60, CLOSE - 1, HALF_DAY])
def test_a_fresh_trade_is_a_row_of_its_session(now: Instant) -> None:
    before = closed(now)
    panel = in_progress(before, trade("RUT", now), SESSIONS, now)
    assert panel is not None
    assert (len(panel), panel.provisional) == (len(before) + 1, True)
    assert panel.clock.session(-1) == SESSIONS.in_progress(XNYS, now)
    assert panel.clock.closes[-1] == now
    assert panel.field("RUT", "close")[-1] == 103.0
    assert np.isnan(panel.field("BTC", "close")[-1])


@pytest.mark.parametrize("old", [0, 1, STALE, -STALE, STALE + 1, -STALE - 1])
def test_a_trade_speaks_of_now_for_twenty_minutes(old: int) -> None:
    now = OPEN + 2 * 3_600
    assert (in_progress(closed(now), trade("RUT", now - old), SESSIONS, now) is not None) is (abs(old) <= 1_200)


def test_a_stale_trade_does_not_spoil_a_fresh_one() -> None:
    now = OPEN + 2 * 3_600
    panel = in_progress(closed(now), trade("RUT", now) | trade("BTC", now - STALE - 1), SESSIONS, now)
    assert panel is not None
    assert np.isnan(panel.field("BTC", "close")[-1])
    assert set(panel.trades) == {"RUT"}


@pytest.mark.parametrize("when", [OPEN - 1, OPEN - 600])
def test_a_trade_from_before_the_open_is_not_of_the_session(when: Instant) -> None:
    """A coin trades all night; what it did before the open is not the session's."""
    assert in_progress(closed(OPEN), trade("BTC", when), SESSIONS, OPEN + 60) is None


@pytest.mark.parametrize("now", [OPEN - 1, CLOSE, CLOSE + 60, at("2025-11-28T18:00Z"), at("2025-11-27T16:00Z")])
def test_between_sessions_there_is_no_row(now: Instant) -> None:
    assert in_progress(closed(now), trade("RUT", now), SESSIONS, now) is None


def test_what_the_panel_does_not_know_is_no_row() -> None:
    assert in_progress(closed(OPEN), trade("SPX", OPEN + 60), SESSIONS, OPEN + 60) is None
    assert in_progress(closed(OPEN), {}, SESSIONS, OPEN + 60) is None


def test_on_utc_days_there_is_always_a_session() -> None:
    now = at("2025-11-29T16:00Z")
    panel = in_progress(closed(now, ALWAYS), trade("BTC", now), SESSIONS, now)
    assert panel is not None
    assert panel.clock.session(-1).isoformat() == "2025-11-29"
