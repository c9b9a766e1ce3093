"""Dollar volume, its tiers and shares, impact and spread, against plain loops and figures worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from statistics import fmean, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.alignment import build_panel
from rules.bars import HOUR, Bars, Floats, Interval, Origin, Tick, VolumeUnit
from rules.edge import HOURS, spreads
from rules.evaluation import evaluate
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS
from rules.panel import Panel
from rules.provisional import with_provisional
from rules.windows import span
from tests.rules.markets import (
    INSTRUMENTS,
    SCOPE,
    bars_of,
    bouncing_hours,
    column,
    market,
    prices,
    same_bits,
    tape,
    weekdays,
    written,
)

HUGE = 1e300


def sold(**turnovers: str | Floats) -> Panel:
    """Instruments by the money traded of them; where a dot is, nothing is known of the row. The price is 10, then 11,
    10, 11 ..."""
    told = {name: prices(each) if isinstance(each, str) else each for name, each in turnovers.items()}
    panel = written(**{name: " ".join(_price(k, x) for k, x in enumerate(each)) for name, each in told.items()})
    columns = {name: replace(panel.columns[name], turnover=each) for name, each in told.items()}
    return replace(panel, columns=columns, origins=dict.fromkeys(told, (tape("A"),)))


def _price(row: int, money: float) -> str:
    return "." if np.isnan(money) else str(10 + row % 2)


def windows(x: Floats, n: int) -> Iterator[tuple[int, list[float]]]:
    """Each row with a full window: the last n known values within ceil(n / 0.8) rows, the row's own among them."""
    for row in np.flatnonzero(~np.isnan(x)).tolist():
        known = [value for value in x[max(0, row - span(n) + 1) : row + 1].tolist() if value == value]
        if len(known) >= n:
            yield row, known[-n:]


def by_loop(x: Floats, n: int, of: Callable[[list[float]], float]) -> Floats:
    out = np.full(len(x), np.nan)
    for row, window in windows(x, n):
        out[row] = of(window)
    return out


# --- turnover and its median


def test_turnover_is_the_money_of_the_row() -> None:
    np.testing.assert_array_equal(column("turnover(SOL)", sold(SOL="5 . 7")), prices("5 . 7"))


def test_adv_is_the_middle_one_of_the_last_turnovers() -> None:
    found = column("adv(SOL, 3)", sold(SOL="1 9 2 . 100 3 4"))
    np.testing.assert_array_equal(found, prices(". . 2 . 9 3 4"))


def test_of_an_even_number_it_is_the_mean_of_the_middle_two() -> None:
    np.testing.assert_array_equal(column("adv(SOL, 4)", sold(SOL="1 9 2 4 100")), prices(". . . 3 6.5"))


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_adv_is_the_median_of_every_full_window(seed: int, n: int) -> None:
    panel = market(seed, 120)
    turnover = panel.field("SOL", "turnover")
    assert same_bits(column(f"adv(SOL, {n})", panel), by_loop(turnover, n, median))


def test_a_turnover_without_a_sign_is_the_same_nothing_whichever_came_first() -> None:
    """-0.0 sorts as 0.0 does: which of the two is in the middle would depend on rows long gone."""
    both = column("adv(SOL, 3)", sold(SOL=np.array([-0.0, 0.0, -0.0, 0.0, -0.0])))
    assert same_bits(both[2:], np.zeros(3))


# --- tiers


def test_a_tier_is_entered_at_its_boundary_and_left_below_seven_tenths_of_it() -> None:
    millions = "0.9 1 0.7 0.69 9.9 10 7 6.9 50 35 34.9 60 0.1 49.9 ."
    panel = sold(SOL=prices(millions) * 1e6)
    found = evaluate([node := read("tier(SOL)", SCOPE).column], panel).columns[node]
    assert np.isnan(found).all(), "fewer than thirty rows"
    steady = sold(SOL=np.repeat(prices(millions.removesuffix(" .")) * 1e6, 60))
    told = column("tier(SOL)", steady)[59::60]
    np.testing.assert_array_equal(told, prices("0 1 1 0 1 2 2 1 3 3 2 3 0 2"))


@given(seed=st.integers(0, 2**32 - 1))
def test_tiers_are_those_of_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turnover = np.exp(np.log(5e6) + np.cumsum(rng.normal(0, 0.3, 200)))
    turnover[rng.random(200) < 0.05] = np.nan
    panel = sold(SOL=turnover)
    tier, wanted = 0, []
    for adv in column("adv(SOL)", panel).tolist():
        if adv == adv:
            while tier < 3 and adv >= (1e6, 10e6, 50e6)[tier]:
                tier += 1
            while tier > 0 and adv < 0.7 * (1e6, 10e6, 50e6)[tier - 1]:
                tier -= 1
        wanted.append(float(tier) if adv == adv else np.nan)
    np.testing.assert_array_equal(column("tier(SOL)", panel), wanted)


# --- price impact


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_amihud_is_the_mean_of_what_a_million_moved(seed: int, n: int) -> None:
    panel = market(seed, 120)
    with np.errstate(invalid="ignore"):
        moved = np.abs(column("ret(SOL)", panel)) / panel.field("SOL", "turnover") * 1e6
    np.testing.assert_allclose(column(f"amihud(SOL, {n})", panel), by_loop(moved, n, fmean), rtol=1e-12)


def test_amihud_is_what_one_computes_by_hand() -> None:
    """+10 % on two millions, then -1/11 on four."""
    found = column("amihud(SOL, 2)", sold(SOL=prices("1 2 4") * 1e6))
    np.testing.assert_allclose(found, [np.nan, np.nan, (0.1 / 2 + 1 / 11 / 4) / 2], rtol=1e-12)


@pytest.mark.parametrize("turnover", [0.0, -0.0, -5.0, 1e-320])
def test_a_row_without_trade_has_no_impact_and_is_not_in_the_mean(turnover: float) -> None:
    found = column("amihud(SOL, 3)", sold(SOL=np.array([1e6, 1e6, 1e6, turnover, 1e6, 1e6])))
    np.testing.assert_allclose(found[4:], fmean([0.1, 1 / 11, 0.1]), rtol=0.05)
    assert np.isnan(found[3])


# --- shares


def test_a_share_is_of_both_baskets_together() -> None:
    panel = sold(ETH="1 1 1", SOL="2 2 5", RUT="3 3 3", SPX="4 4 4")
    found = column("volume_share(ALTS, CORE, 2)", panel)
    np.testing.assert_allclose(found, [np.nan, 3 / 10, (1 + 3.5) / (1 + 3.5 + 7)])


def test_a_member_of_both_counts_once() -> None:
    panel = sold(ETH="1 1", SOL="3 3")
    np.testing.assert_array_equal(column("volume_share(LONE, ALTS, 1)", panel), [0.75, 0.75])
    np.testing.assert_array_equal(column("volume_share(ALTS, LONE, 1)", panel), [1.0, 1.0])


def test_a_share_is_unknown_while_a_single_member_is() -> None:
    panel = sold(ETH="1 . 1 1", SOL="3 3 3 3", RUT="1 1 1 .", SPX="1 1 1 1")
    np.testing.assert_array_equal(~np.isnan(column("volume_share(ALTS, CORE, 1)", panel)), [True, False, True, False])


def test_a_share_is_unknown_where_two_venues_print_the_members() -> None:
    """A perpetual exchange's money beside a spot one's says nothing of what is traded more."""
    panel = sold(ETH="1 1 1", SOL="3 3 3")
    away = replace(panel.columns["SOL"], origin=np.array([0, 1, 0]))
    spot = Origin("test", "A", "USDT", VolumeUnit.QUOTE)
    for other, known in ((tape("B"), False), (spot, True)):
        mixed = replace(
            panel, columns={**panel.columns, "SOL": away}, origins={**panel.origins, "SOL": (tape("A"), other)}
        )  # fmt: skip
        assert (~np.isnan(column("volume_share(LONE, ALTS, 1)", mixed))).tolist() == [True, known, True]


def test_a_share_of_nothing_is_unknown() -> None:
    assert np.isnan(column("volume_share(LONE, ALTS, 1)", sold(ETH="0 0", SOL="0 0"))).all()


def test_a_share_is_between_none_and_all_whatever_is_traded() -> None:
    panel = sold(ETH=np.array([0.0, 1e-320, HUGE, 1.0]), SOL=np.array([1.0, 1.0, HUGE, 1e-320]))
    found = column("volume_share(LONE, ALTS, 1)", panel)
    assert ((found >= 0) & (found <= 1)).all()


# --- numbers beyond all bounds


@pytest.mark.parametrize("size", [1e-320, 1.7e308, HUGE])
@pytest.mark.parametrize("text", ["adv(SOL, 2)", "tier(SOL)", "amihud(SOL, 2)", "volume_share(LONE, ALTS, 2)"])
def test_a_number_beyond_all_bounds_is_unknown_and_no_warning(text: str, size: float) -> None:
    found = column(text, sold(SOL=np.full(40, size), ETH=np.full(40, size)))
    assert np.isfinite(found[~np.isnan(found)]).all()


# --- spread


class Untouched(Mapping[str, Bars]):
    """Hours that nobody may look at."""

    def __getitem__(self, name: str) -> Bars:
        raise AssertionError(f"the hours of {name} were read")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the hours were listed")

    def __len__(self) -> int:
        raise AssertionError("the hours were counted")

    def __contains__(self, name: object) -> bool:
        raise AssertionError(f"the hours of {name} were looked for")


def test_a_spread_is_that_of_the_hours_up_to_the_close() -> None:
    panel = market(5, 100, scars=False)
    hours = panel.hours["SOL"]
    for row in (0, 41, 99):
        upto = hours.upto(int(panel.clock.closes[row]))
        assert same_bits(column("spread(SOL)", panel)[row : row + 1], spreads(upto, upto.end[-1:]))
    np.testing.assert_allclose(column("spread(SOL)", panel), 0.02, rtol=0.1)


def test_a_spread_needs_thirty_days_of_hours() -> None:
    panel = market(5, 100, scars=False)
    late = replace(panel, hours={"SOL": panel.hours["SOL"].take(slice(40 * 24, None))})
    known = ~np.isnan(column("spread(SOL)", late))
    first = int(np.argmax(known))
    assert known[first:].all()
    assert late.clock.closes[first - 1] < late.hours["SOL"].end[HOURS - 1] <= late.clock.closes[first]


def test_what_has_no_hours_has_no_spread() -> None:
    panel = market(5, 100, scars=False)
    assert np.isnan(column("spread(SOL)", replace(panel, hours={}))).all()
    assert np.isnan(column("spread(ADA)", panel)).all()


def test_a_spread_costs_nothing_where_no_rule_asks() -> None:
    panel = replace(market(5, 100), hours=Untouched())
    column("adv(SOL) + close(SOL)", panel[10:60])
    with pytest.raises(AssertionError, match="hours"):
        column("spread(SOL)", panel)


def test_only_the_hours_of_the_rows_asked_for_are_read() -> None:
    panel = market(5, 100, scars=False)
    node = read("spread(SOL)", SCOPE).column
    hours = panel.hours["SOL"]
    recent = hours.take(slice(int(np.searchsorted(hours.end, panel.clock.closes[98] - 900 * HOUR)), None))
    cut = replace(panel, hours={"SOL": recent})
    whole = evaluate([node], panel).columns[node]
    assert same_bits(evaluate([node], cut, 98).columns[node], whole[98:])
    assert same_bits(panel.field("SOL", "spread", 98), whole[98:])
    assert panel.field("SOL", "spread", 100).shape == (0,)


@pytest.mark.parametrize(("first", "stop"), [(0, 0), (0, 1), (40, 41), (40, 90), (99, 100), (100, 100)])
def test_a_slice_has_the_spreads_of_its_rows(first: int, stop: int) -> None:
    panel, rows = market(6, 100), slice(first, stop)
    assert same_bits(column("spread(SOL)", panel[rows]), column("spread(SOL)", panel)[rows])


def test_a_session_in_progress_has_the_spread_of_the_hours_that_have_ended() -> None:
    whole = market(5, 60, scars=False)
    panel = whole[:59]
    at = int(whole.clock.closes[59]) - HOUR // 2
    tick = Tick("SOL", at, 20.0, 20.0, 20.0, 20.0, panel.origins["SOL"][0])
    live = with_provisional(panel, whole.clock.session(59), {"SOL": tick})
    found = column("spread(SOL)", live)
    assert same_bits(found[:59], column("spread(SOL)", panel))
    assert same_bits(found[59:], spreads(panel.hours["SOL"], np.array([at - HOUR // 2])))


def test_a_panel_keeps_the_hours_of_what_never_stops_and_of_nothing_else() -> None:
    hours = bouncing_hours(60)
    day = bars_of(Interval.DAY, "2019-01-30 16:00 | 1 1 1 1 1", "2019-01-31 16:00 | 1 1 1 1 1")
    bars = {"SOL": {Interval.HOUR: hours}, "RUT": {Interval.DAY: day, Interval.HOUR: hours}, "ETH": {}}
    panel = build_panel(weekdays(12), INSTRUMENTS, bars)
    assert list(panel.hours) == ["SOL"]
    assert np.isnan(column("spread(RUT)", panel)).all()
    assert not np.isnan(column("spread(SOL)", panel)).all()
    assert panel.clock.calendar == XNYS


def test_on_a_clock_without_pause_too_the_spread_is_that_of_the_hours() -> None:
    hours = bouncing_hours(60)
    clock = weekdays(15, ALWAYS)
    days = hours.take(np.isin(hours.end, clock.closes))
    days = replace(days, interval=Interval.DAY, start=days.end - 24 * HOUR, origins=(tape("ELSEWHERE"),))
    panel = build_panel(clock, INSTRUMENTS, {"SOL": {Interval.DAY: days, Interval.HOUR: hours}})
    assert same_bits(column("spread(SOL)", panel), spreads(hours, clock.closes))


def test_a_panel_of_no_rows_has_columns_of_none() -> None:
    panel = market(1, 40)[:0]
    for text in ("turnover(SOL)", "adv(SOL)", "tier(SOL)", "amihud(SOL)", "spread(SOL)", "volume_share(ALTS, CORE)"):
        assert column(text, panel).shape == (0,)


# --- what they take


@pytest.mark.parametrize(
    "text", ["adv(SOL, 0)", "amihud(SOL, 2521)", "tier(SOL / BTC)", "spread(ALTS)", "volume_share(SOL, ALTS)", "adv(5)"]
)
def test_what_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(LanguageError):
        read(text, SCOPE)
