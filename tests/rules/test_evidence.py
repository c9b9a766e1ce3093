"""How a rule did: by hand, and the laws that keep it honest."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.engine import evaluate, opened
from rules.evidence import LEAST, Base, Finding, Outcome, Past, evidence_of, outcome, past_of, subjects
from rules.model import Basis, Edge, Kind
from rules.outcomes import Followed
from rules.panel import Columns
from tests.rules.markets import INSTRUMENTS, market, rule, written

seeds = st.integers(0, 2**32 - 1)
NAMES = [each.name for each in fields(Columns)]
DIPS = rule("dips", "ret(RUT, 1) < -1%", "ret(RUT, 1) > 0%")


def told(base: Base | None) -> tuple[float, ...]:
    """What followed sessions, as plain numbers."""
    return () if base is None else (base.n, base.median, base.up)


def test_the_evidence_is_what_one_counts_by_hand() -> None:
    """It fires on the rows 1, 4 and 6, of which the last has no outcome yet."""
    panel = written(RUT="100 90 99 99 89 91 80")
    found = evidence_of(DIPS, panel, ("RUT",), (1,))
    assert [str(day) for day in found.fired] == ["2019-01-03", "2019-01-08", "2019-01-10"]
    assert str(found.since) == "2019-01-03", "the first row has no return"
    assert str(found.through) == "2019-01-10"
    assert found.spell == 1.0
    assert found.years == pytest.approx(7 / 365.25)
    assert found.a_year == pytest.approx(3 * 365.25 / 7)
    (after,) = found.outcomes
    assert (after.n, after.ups, after.effective) == (2, 2, 2.0)
    assert after.median == pytest.approx((0.1 + 91 / 89 - 1) / 2)
    ends = [99 / 90 - 1, 0.0, 89 / 99 - 1, 91 / 89 - 1, 80 / 91 - 1]
    assert told(after.base) == pytest.approx((5, np.median(ends), 2 / 5))
    assert after.same is None
    assert after.finding is Finding.TOO_FEW
    assert math.isnan(after.low)
    assert found.of("RUT", 1) is after
    assert found.of("RUT", 5) is None


@given(seeds)
def test_the_firings_are_those_of_the_engine(seed: int) -> None:
    panel = market(seed, 200)
    slow = rule("slow", "ret(RUT, 5) < -2%", "ret(RUT, 5) > 0%", confirm=2, cooldown=5, expires=12)
    events = evaluate([slow], {slow.track: panel}, opened([slow]), int(panel.clock.closes[-1]), grace=0).events
    fired = [event.session for event in events if event.edge is Edge.FIRED]
    assert list(evidence_of(slow, panel, ()).fired) == fired


@given(seeds, st.integers(40, 190))
@settings(max_examples=25)
def test_an_alert_is_told_what_could_be_known_when_it_fired(seed: int, row: int) -> None:
    """Whatever comes later, what is told of a panel up to a row is the same: outcomes are of the past alone."""
    panel = market(seed, 200)
    other = market(seed + 1, 200)
    mixed = {name: _spliced(panel.columns[name], other.columns[name], row + 1) for name in panel.columns}
    cut = evidence_of(DIPS, panel[: row + 1], ("RUT", "SOL"))
    assert repr(evidence_of(DIPS, replace(panel, columns=mixed)[: row + 1], ("RUT", "SOL"))) == repr(cut)
    for after in cut.outcomes:
        last = [day for day in cut.fired if np.datetime64(day) <= panel.clock.sessions[max(0, row - after.horizon)]]
        assert after.n <= len(last)


def _spliced(early: Columns, late: Columns, at: int) -> Columns:
    return Columns(*(np.concatenate([getattr(early, name)[:at], getattr(late, name)[at:]]) for name in NAMES))


def test_a_rule_on_trades_is_looked_at_by_its_closes_where_polls_count_nothing() -> None:
    panel = written(RUT="100 90 89 99 99 89 91 80")
    polled = rule("polled", "ret(RUT, 1) < -1%", "ret(RUT, 1) > 0%", confirm=3)
    live = replace(polled, rule=replace(polled.rule, basis=Basis.TICK))
    assert past_of(live, panel).by_closes
    assert past_of(live, panel).rows.tolist() == past_of(DIPS, panel).rows.tolist()
    assert past_of(polled, panel).rows.tolist() == []


def test_an_alert_of_ones_own_is_looked_at_from_the_beginning_of_history() -> None:
    panel = written(RUT="100 90 99 99 89 91 80")
    own = replace(DIPS, rule=replace(DIPS.rule, since=int(panel.clock.closes[-1]), personal=True))
    assert past_of(own, panel).rows.tolist() == past_of(DIPS, panel).rows.tolist()


def test_what_never_had_a_verdict_has_no_past() -> None:
    found = evidence_of(rule("long", "sma(RUT, 50) > 3"), written(RUT="1 2 3"), ("RUT",))
    assert (found.since, found.fired, found.years) == (None, (), 0.0)
    assert math.isnan(found.a_year)
    assert math.isnan(found.spell)
    assert {after.n for after in found.outcomes} == {0}


def test_an_empty_panel_is_no_fault() -> None:
    found = evidence_of(DIPS, written(RUT="1 2 3")[:0], ("RUT", "SOL"))
    assert (found.since, found.through, found.fired) == (None, None, ())


def test_the_base_rate_is_of_the_sessions_on_which_it_could_have_fired() -> None:
    panel = written(RUT="100 200 400 404 408 412 416", SOL=". . . 50 51 52 53")
    late = rule("late", "SOL < 40")
    (after,) = evidence_of(late, panel, ("RUT",), (1,)).outcomes
    assert after.base.n == 3
    assert after.base.median == pytest.approx(408 / 404 - 1, rel=0.01)


# --- The same regimes


def test_each_regime_counts_as_often_as_it_was_the_firings() -> None:
    """Two firings in state 0, one in state 2: the sessions of state 0 weigh two thirds, those of 1 nothing."""
    ends = np.array([0.01, 0.02, 0.03, 0.5, 0.5, -0.01, -0.02])
    regimes = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0])
    after = outcome(_past([0, 1, 6], 7), Followed("RUT", 1, ends, ends, ends), regimes)
    assert told(after.same) == pytest.approx((5, 0.01, 2 / 3))
    assert told(after.base) == pytest.approx((7, 0.02, 5 / 7))


def test_where_no_firing_has_a_regime_there_is_none_to_compare_with() -> None:
    ends = np.array([0.01, 0.02, 0.03])
    after = outcome(_past([0], 3), Followed("RUT", 1, ends, ends, ends), np.array([np.nan, 0.0, 0.0]))
    assert after.same is None


@given(st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=60), st.data())
def test_with_one_regime_the_same_regime_is_all_sessions(values: list[float], data: st.DataObject) -> None:
    ends = np.array(values)
    rows = sorted(data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1)))
    after = outcome(_past(rows, len(values)), Followed("RUT", 1, ends, ends, ends), np.zeros(len(values)))
    assert after.same is not None
    assert after.same.n == after.base.n
    assert after.same.median == pytest.approx(after.base.median, abs=1e-12)
    assert after.same.up == pytest.approx(after.base.up)


# --- What is claimed


@pytest.mark.parametrize(
    ("low", "high", "base", "same", "finding"),
    [
        (0.01, 0.03, 0.02, 0.02, Finding.NO_EDGE),
        (0.01, 0.03, 0.02, 0.00, Finding.NO_EDGE),
        (0.01, 0.03, 0.01, None, Finding.NO_EDGE),
        (0.01, 0.03, 0.00, 0.02, Finding.OF_THE_REGIME),
        (0.01, 0.03, 0.00, 0.04, Finding.OF_THE_REGIME),
        (0.01, 0.03, 0.00, 0.005, Finding.ABOVE),
        (0.01, 0.03, 0.00, None, Finding.ABOVE),
        (0.01, 0.03, 0.04, 0.05, Finding.BELOW),
    ],
)
def test_an_interval_that_covers_a_base_rate_claims_nothing(
    low: float, high: float, base: float, same: float | None, finding: Finding
) -> None:
    found = _found(low, high, base, same)
    assert found.finding is finding
    assert replace(found, n=LEAST - 1).finding is Finding.TOO_FEW
    assert replace(found, low=math.nan, high=math.nan).finding is Finding.TOO_FEW


def test_five_firings_in_one_stretch_are_one_and_claim_nothing() -> None:
    ends = np.full(100, 0.05)
    moves = Followed("RUT", 20, ends, ends, ends)
    crowded = outcome(_past([3, 4, 5, 6, 7], 100), moves, np.full(100, np.nan))
    assert crowded.n == 5
    assert crowded.effective == 1.0
    assert crowded.finding is Finding.TOO_FEW
    assert not math.isnan(outcome(_past([0, 20, 40, 60, 80], 100), moves, np.full(100, np.nan)).low)


def test_a_rule_that_never_fired_claims_nothing() -> None:
    ends = np.full(9, 0.05)
    after = outcome(_past([], 9), Followed("RUT", 1, ends, ends, ends), np.zeros(9))
    assert (after.n, after.ups, after.effective, after.same) == (0, 0, 0.0, None)
    assert math.isnan(after.median)
    assert after.finding is Finding.TOO_FEW
    assert after.base.n == 9


def _found(low: float, high: float, base: float, same: float | None) -> Outcome:
    beside = None if same is None else Base(100, same, 0.5)
    return Outcome("RUT", 20, 9, 9.0, 0.02, 5, low, high, -0.1, 0.1, Base(100, base, 0.5), beside)


def _past(rows: list[int], length: int) -> Past:
    return Past(np.array(rows, np.int64), np.ones(length, bool), np.array([], np.int64), by_closes=False)


# --- Whose prices


def test_nobody_holds_a_volatility_index() -> None:
    known = {**INSTRUMENTS, "VIX": replace(INSTRUMENTS["VIX"], kind=Kind.VOLATILITY)}
    calm = rule("calm", "VIX < 12 and RUT > 10")
    assert subjects(calm, known, ("SPX", "RUT")) == ("RUT", "SPX")
    assert subjects(rule("vix", "VIX > 20"), known, ("SPX",)) == ("SPX",)
    assert subjects(rule("vix", "VIX > 20"), known, ()) == ()


def test_of_many_three_are_looked_at() -> None:
    many = rule("many", "RUT > 1 and SPX > 1 and BTC > 1 and ETH > 1 and SOL > 1")
    assert subjects(many, INSTRUMENTS, ("SOL",)) == ("RUT", "SPX", "BTC", "SOL")
