"""The regime of a market that goes on: a close that is not complete yet, and the session in progress."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from bot.answers import Regime
from bot.queries.regime import regime
from rules.bars import HOUR, Origin, Tick
from rules.evaluation import evaluate
from rules.model import XNYS, Instant
from rules.panel import Panel
from rules.regime.filter import STATES, probabilities
from rules.regime.label import label
from tests.bot.markets import SESSIONS, at
from tests.bot.queries.panels import PanelView, closes, without
from tests.rules.regimes import BTC, SPX, VIX, restless, with_close

ROWS = 400
NOON = at("2020-07-15T16:00Z")
"""In the session after the last of 400 rows."""


def asked(panel: Panel) -> Regime:
    return regime(PanelView(panel))


# A close that is not complete


@pytest.mark.parametrize("late", [(VIX,), (BTC,), (SPX, VIX), (SPX, VIX, BTC)])
def test_a_bar_that_may_still_come_is_waited_for_and_after_the_grace_it_is_left_out(late: tuple[str, ...]) -> None:
    panel = restless(4, ROWS)
    for name in late:
        panel = without(panel, name, slice(-1, None))
    close = int(panel.clock.closes[-1])
    within = regime(PanelView(panel, grace=2 * HOUR, until=close + 2 * HOUR - 1))
    assert (within.as_of, within.waiting) == (panel.clock.session(ROWS - 2), panel.clock.session(ROWS - 1))
    assert within.late == late
    assert within == replace(asked(panel[:-1]), waiting=within.waiting, late=late)
    over = regime(PanelView(panel, grace=2 * HOUR, until=close + 2 * HOUR))
    assert (over.waiting, over.late) == (None, ())
    if SPX in late:
        assert (over.as_of, over.gap) == (within.as_of, panel.clock.session(ROWS - 1))
        assert over.flips is None, "no return can start from there"
    else:
        assert (over.as_of, over.gap) == (panel.clock.session(ROWS - 1), None)
        assert [name for name, found in over.drivers.items() if found is None] == list(late)
        assert over == asked(panel), "as a replay has it"


def test_an_older_gap_is_waited_for_no_more() -> None:
    panel = without(restless(4, ROWS), VIX, slice(-3, -2))
    close = int(panel.clock.closes[-1])
    assert regime(PanelView(panel, grace=2 * HOUR, until=close + 60)) == asked(panel)


def test_a_bar_that_is_awaited_is_waited_for_however_late_it_is() -> None:
    """Its source could not be asked: nothing is known of it, not even that it is missing."""
    panel = without(restless(4, ROWS), VIX, slice(-2, None))
    view = PanelView(panel, grace=2 * HOUR, until=NOON, awaited=frozenset([VIX]))
    answer = regime(view)
    assert (answer.as_of, answer.late) == (panel.clock.session(ROWS - 3), (VIX,))
    assert answer.waiting == panel.clock.session(ROWS - 2)


def test_the_row_after_a_gap_has_no_return_either_and_from_its_close_the_next_one_is_judged() -> None:
    panel = without(restless(4, ROWS), SPX, slice(-2, -1))
    answer = asked(panel)
    assert (answer.as_of, answer.gap, answer.waiting) == (
        panel.clock.session(ROWS - 3), panel.clock.session(ROWS - 2), None,
    )  # fmt: skip
    assert answer.flips is not None


# The session in progress


def tick(name: str, price: float, when: Instant = NOON, venue: str = "TEST") -> Tick:
    return Tick(name, when, price, math.nan, math.nan, math.nan, Origin("test", venue))


def trading(panel: Panel, **moves: float) -> Mapping[str, Tick]:
    """Trades so far from the last closes, as shares of them."""
    last = closes(panel, len(panel) - 1)
    return {name: tick(name, last[name] * (1 + move)) for name, move in moves.items()}


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("moved", [(SPX, BTC, VIX), (SPX, BTC), (SPX, VIX), (SPX,)])
def test_a_session_in_progress_is_judged_as_if_it_closed_at_its_prices(seed: int, moved: tuple[str, ...]) -> None:
    panel, rng = restless(seed, ROWS), np.random.default_rng(seed)
    trades = trading(panel, **{name: float(rng.normal(0.0, 0.05)) for name in moved})
    found = regime(PanelView(panel), trades, NOON + 60).provisional
    closed = with_close(panel, **{name: each.price for name, each in trades.items()})
    p, labels = evaluate([probabilities(), label()], closed).columns.values()
    assert found is not None
    assert (found.at, found.label) == (NOON, STATES[int(labels[-1])])
    assert list(found.probabilities.values()) == p[-1].tolist()
    assert found.missing == tuple(name for name in (SPX, BTC, VIX) if name not in moved)


def test_the_official_answer_is_the_same_beside_it() -> None:
    panel = restless(1, ROWS)
    answer = regime(PanelView(panel), trading(panel, SPX=-0.09, VIX=1.0), NOON)
    assert answer.provisional is not None
    assert replace(answer, provisional=None) == asked(panel)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, ()),
        ({VIX: {"at": NOON - 1_200}}, ()),
        ({VIX: {"at": NOON - 1_201}}, (VIX,)),
        ({VIX: {"at": NOON - 86_400}}, (VIX,)),
        ({BTC: {"origin": Origin("test", "ELSEWHERE")}}, (BTC,)),
        ({BTC: {"origin": Origin("test", "TEST", "USDT")}}, (BTC,)),
        ({BTC: {"at": NOON + 60}}, ()),
        ({BTC: {"at": NOON + 86_400}}, (BTC,)),
        ({SPX: {"at": NOON - 1_201}}, None),
        ({SPX: {"at": NOON - 86_400}}, None),
        ({SPX: {"origin": Origin("test", "ELSEWHERE")}}, None),
    ],
)
def test_a_trade_that_is_stale_of_another_session_or_venue_says_nothing(
    changes: Mapping[str, dict[str, object]], missing: tuple[str, ...] | None
) -> None:
    panel = restless(1, ROWS)
    trades = dict(trading(panel, SPX=0.01, BTC=0.01, VIX=0.01))
    trades |= {name: replace(trades[name], **change) for name, change in changes.items()}  # type: ignore[arg-type]
    found = regime(PanelView(panel), trades, NOON).provisional
    assert (None if found is None else found.missing) == missing


@pytest.mark.parametrize("now", ["2020-07-15T13:29Z", "2020-07-15T20:00Z", "2020-07-16T02:00Z", "2020-07-18T16:00Z"])
def test_between_sessions_nothing_is_provisional(now: str) -> None:
    panel = restless(1, ROWS)
    trades = {name: replace(each, at=at(now)) for name, each in trading(panel, SPX=0.01, BTC=0.01).items()}
    assert SESSIONS.in_progress(XNYS, at(now)) is None
    assert regime(PanelView(panel), trades, at(now)).provisional is None


def test_a_coin_alone_and_no_trade_at_all_make_nothing_provisional() -> None:
    panel = restless(1, ROWS)
    assert regime(PanelView(panel), trading(panel, BTC=-0.3), NOON).provisional is None
    assert regime(PanelView(panel), {}, NOON).provisional is None


def test_while_the_last_close_is_waited_for_nothing_is_provisional() -> None:
    panel = restless(1, ROWS)
    view = PanelView(without(panel, VIX, slice(-1, None)), grace=86_400, until=NOON)
    answer = regime(view, trading(panel, SPX=0.01, BTC=0.01, VIX=0.01), NOON)
    assert (answer.provisional, answer.late) == (None, (VIX,))
