"""A session in progress as a panel's last row: what it holds, what it does not, and that it leaves nothing behind."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from rules.bars import HOUR, Origin, Tick
from rules.model import Instant
from rules.panel import Panel, due_rows
from rules.provisional import with_provisional
from tests.rules.markets import column, market, same_bits, written

HERE = {name: Origin("test", f"{name}-VENUE") for name in ("RUT", "SPX")}
PANEL = written(RUT="100 101 102", SPX="50 51 52")
TODAY = dt.date(2019, 1, 7)
LAST = int(PANEL.clock.closes[-1])
NOON = LAST + 20 * HOUR


def tick(name: str, price: float, at: Instant = NOON, origin: Origin | None = None, **session: float) -> Tick:
    """A trade; the source does not say open, high and low unless it is told here."""
    spans = {"open": np.nan, "high": np.nan, "low": np.nan} | session
    return Tick(name, at, price, **spans, origin=origin or HERE[name])


def extended(*ticks: Tick, panel: Panel = PANEL) -> Panel:
    return with_provisional(panel, TODAY, {each.instrument: each for each in ticks})


def test_the_row_closes_at_the_latest_trade_and_ends_with_the_newest() -> None:
    panel = extended(tick("RUT", 103.0, NOON - 60, open=102.5, high=104.0, low=101.0), tick("SPX", 53.0))
    assert len(panel) == 4
    assert (int(panel.clock.closes[-1]), panel.clock.session(3)) == (NOON, TODAY)
    assert [panel.field("RUT", name)[-1] for name in ("open", "high", "low", "close")] == [102.5, 104.0, 101.0, 103.0]
    assert np.isnan(panel.field("RUT", "volume")[-1])
    assert panel.provisional
    assert panel.trades == {"RUT": NOON - 60, "SPX": NOON}


def test_what_has_not_been_traded_is_unknown_on_it() -> None:
    panel = extended(tick("RUT", 103.0))
    assert np.isnan(panel.field("SPX", "close")[-1])
    assert panel.origin("SPX", 3) is None
    assert panel.origin("RUT", 3) == "RUT-VENUE USD"


def test_the_rows_before_it_are_what_they_were_and_the_panel_it_was_made_of_too() -> None:
    panel = extended(tick("RUT", 103.0), tick("SPX", 53.0))
    for name in ("RUT", "SPX"):
        for field in ("open", "high", "low", "close", "volume", "link"):
            assert same_bits(panel.field(name, field)[:3], PANEL.field(name, field))
    assert not panel[:3].provisional
    assert (len(PANEL), PANEL.provisional, PANEL.trades) == (3, False, {})


@pytest.mark.parametrize(
    ("rows", "provisional"),
    [
        (slice(0, 4), True), (slice(2, None), True), (slice(3, 4), True), (slice(-1, None), True),
        (slice(0, 3), False), (slice(1, 1), False), (slice(4, 4), False), (slice(None, -1), False),
    ],
)  # fmt: skip
def test_a_part_of_the_panel_is_provisional_when_it_has_that_row(rows: slice, provisional: bool) -> None:
    assert extended(tick("RUT", 103.0))[rows].provisional is provisional


def test_a_return_to_a_trade_starts_from_the_last_close_of_the_same_venue() -> None:
    panel = extended(tick("RUT", 103.0), tick("SPX", 53.0))
    assert column("ret(RUT, 1)", panel)[-1] == pytest.approx(103 / 102 - 1)
    assert column("ret(RUT, 2)", panel)[-1] == pytest.approx(103 / 101 - 1)


@pytest.mark.parametrize("other", [Origin("test", "ELSEWHERE"), Origin("test", "RUT-VENUE", "USDT")])
def test_a_trade_at_another_venue_or_in_another_quote_has_a_price_and_no_return(other: Origin) -> None:
    panel = extended(tick("RUT", 103.0, origin=other))
    assert column("RUT", panel)[-1] == 103.0
    assert np.isnan(column("ret(RUT, 1)", panel)[-1])
    assert panel.origin("RUT", 3) == str(other)
    assert panel.origin("RUT", 2) == "RUT-VENUE USD"


def test_over_a_missing_close_there_is_no_return_and_the_venue_is_that_of_the_close_before() -> None:
    panel = extended(tick("RUT", 103.0), panel=written(RUT="100 101 .", SPX="50 51 52"))
    assert np.isnan(column("ret(RUT, 1)", panel)[-1])
    assert column("ret(RUT, 2)", panel)[-1] == pytest.approx(103 / 101 - 1)


def test_a_first_trade_of_what_has_no_close_yet_has_no_return() -> None:
    panel = extended(tick("RUT", 103.0), panel=written(RUT=". . .", SPX="50 51 52"))
    assert column("RUT", panel)[-1] == 103.0
    assert np.isnan(panel.field("RUT", "link")[-1])


def test_a_record_is_of_the_closes_before_and_a_drawdown_of_this_row_too() -> None:
    panel = extended(tick("RUT", 110.0))
    assert column("record(RUT)", panel)[-1] == 102.0
    assert column("drawdown(RUT)", panel)[-1] == 0.0


def test_a_trade_that_is_not_after_the_last_close_is_refused() -> None:
    for at in (LAST, LAST - 60):
        with pytest.raises(ValueError, match="after every close"):
            extended(tick("RUT", 103.0), tick("SPX", 53.0, at))


def test_without_a_trade_of_an_instrument_of_the_panel_there_is_no_such_row() -> None:
    for ticks in ((), (tick("BTC", 9.0, origin=HERE["RUT"]),)):
        with pytest.raises(ValueError, match="made of trades"):
            extended(*ticks)


def test_it_may_be_the_first_row_of_all() -> None:
    panel = extended(tick("RUT", 103.0), panel=PANEL[:0])
    assert panel.field("RUT", "close").tolist() == [103.0]


def test_a_session_in_progress_is_due_with_all_its_trades_and_by_no_grace() -> None:
    panel = extended(tick("RUT", 103.0))
    assert due_rows(panel, ("RUT",), 3, NOON, 0) == 4
    assert due_rows(panel, ("RUT", "SPX"), 3, NOON + 9 * HOUR, 0) == 3


def test_a_big_panel_is_extended_on_every_instrument() -> None:
    panel, at = market(3), int(market(3).clock.closes[-1]) + HOUR
    ticks = {name: tick(name, 5.0, at, Origin("test", "TEST")) for name in panel.columns}
    wide = with_provisional(panel, dt.date(2030, 1, 1), ticks)
    assert {float(wide.field(name, "close")[-1]) for name in wide.columns} == {5.0}
    assert wide.whole
