"""The simulated market: one seed, one market; its truth is what the engine finds; it never passes for a real one."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise

import numpy as np
import pytest

from bot.feeds._scenario import COINS, DEMO_YEAR, FUNDS, HISTORY, INDICES, SCENARIO, Phase, Story
from bot.feeds.contract import FeedError, Request
from bot.feeds.simulated import SimulatedFeed, Truth
from bot.queries.view import View
from rules.bars import DAY, HOUR, Bars, Floats, Interval
from rules.evaluation import evaluate
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS, Edge, Instant, Instrument, Kind, Label
from tests.bot.markets import NOW, SESSIONS, at, seen, simulated

NAMES = (*INDICES, "VIX", *FUNDS, *COINS)
YEAR = sum(phase.sessions for phase in DEMO_YEAR)


def market(seed: int = 7, until: Instant = NOW) -> SimulatedFeed:
    return SimulatedFeed(SESSIONS, until, seed)


def bars_of(feed: SimulatedFeed, name: str, interval: Interval = Interval.DAY, until: Instant = NOW) -> Bars:
    instrument = Instrument(name, name, Kind.COIN if name in COINS else Kind.INDEX, ALWAYS if name in COINS else XNYS)
    return asyncio.run(feed.bars(Request(instrument, interval, 0, until)))


def bits(bars: Bars) -> tuple[bytes, ...]:
    columns = (bars.start, bars.end, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.origin)
    return tuple(column.tobytes() for column in columns)


def column(view: View, text: str) -> Floats:
    """An expression on the sessions of the simulated market's truth."""
    node = read(text, view.scope).column
    rows = len(truth().sessions)
    return evaluate([node], view.panel(XNYS)).columns[node][-rows:]


def truth(seed: int = 7) -> Truth:
    return market(seed).truth


# One seed, one market


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name: str) -> None:
    assert bits(bars_of(market(), name)) == bits(bars_of(market(), name))


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_other_prices(name: str) -> None:
    one, other = bars_of(market(7), name), bars_of(market(8), name)
    assert one.end.tolist() == other.end.tolist()
    assert (one.close != other.close).mean() > 0.9


def test_another_end_plays_the_same_story_on_other_dates() -> None:
    later = NOW + 30 * DAY
    one, other = bars_of(market(), "RUT"), bars_of(market(until=later), "RUT", until=later)
    assert one.close.tobytes() == other.close.tobytes()
    assert one.end[-1] < other.end[-1]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        pytest.param("2025-12-10T20:59:59Z", "2025-12-09T21:00Z", id="a second before the close"),
        pytest.param("2025-12-10T21:00:00Z", "2025-12-10T21:00Z", id="at the close"),
        pytest.param("2025-12-13T12:34:56Z", "2025-12-12T21:00Z", id="on a Saturday"),
        pytest.param("2025-11-28T18:30:00Z", "2025-11-28T18:00Z", id="after a half day"),
        pytest.param("2025-11-27T20:00:00Z", "2025-11-26T21:00Z", id="on a holiday"),
    ],
)
def test_it_ends_with_the_last_session_that_has_closed(until: str, last: str) -> None:
    feed = market(until=at(until))
    assert bars_of(feed, "RUT").end[-1] == at(last)
    hour = at(until) // HOUR * HOUR
    assert bars_of(feed, "BTC", Interval.HOUR).end[-1] == hour
    assert bars_of(feed, "BTC").end[-1] == hour // DAY * DAY


def test_it_cannot_be_older_than_its_calendar() -> None:
    with pytest.raises(FeedError) as told:
        bars_of(market(until=at("1991-01-01T00:00Z")), "RUT")
    assert str(told.value) == "the simulated market needs 1008 closed sessions of XNYS, the calendar has 253"


# It never passes for a real one


@pytest.mark.parametrize("name", NAMES)
def test_every_bar_says_simulated(name: str) -> None:
    for interval in (Interval.DAY, Interval.HOUR) if name in COINS else (Interval.DAY,):
        bars = bars_of(market(), name, interval)
        assert {str(bars.origins[index]) for index in bars.origin.tolist()} == {"SIMULATED"}
        assert all(origin.simulated for origin in bars.origins)


def test_its_note_says_that_nothing_was_traded() -> None:
    assert market(11).notes([]) == ["every price is simulated (seed 11); none was ever traded"]


def test_history_events_and_answers_on_it_are_simulated() -> None:
    view = seen()
    assert view.simulated
    assert all(event.origins == ("SIMULATED",) for event in view.events())


# Bars that could have been


@pytest.mark.parametrize("name", NAMES)
def test_no_print_is_absurd(name: str) -> None:
    bars = bars_of(market(), name)
    moves = np.abs(np.diff(np.log(bars.close)))
    assert moves.max() < 0.45
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()


def test_volume_is_of_what_is_traded_and_unknown_for_an_index() -> None:
    assert np.isnan(bars_of(market(), "RUT").volume).all()
    for name in (*FUNDS, *COINS):
        bars = bars_of(market(), name)
        assert (bars.volume >= 0).all(), name
        assert (bars.volume == np.round(bars.volume)).all(), name
        assert {origin.volume_unit for origin in bars.origins} == {"base"}, name


@pytest.mark.parametrize("name", COINS)
def test_a_coins_days_are_made_of_its_hours(name: str) -> None:
    days, hours = bars_of(market(), name), bars_of(market(), name, Interval.HOUR)
    assert days.start[0] == hours.start[0]
    for row in (0, 1, 500, len(days) - 1):
        inside = hours.take((hours.end > days.start[row]) & (hours.end <= days.end[row]))
        assert len(inside) == 24
        assert (days.open[row], days.close[row]) == (inside.open[0], inside.close[-1])
        assert (days.high[row], days.low[row]) == (inside.high.max(), inside.low.min())
        assert days.volume[row] == inside.volume.sum()


def test_the_demo_year_is_the_last_252_sessions() -> None:
    assert YEAR == 252
    assert (*HISTORY, *DEMO_YEAR) == SCENARIO
    assert len(truth().sessions) == sum(phase.sessions for phase in SCENARIO)


# The truth, and what the engine finds


def test_the_truth_tells_each_sessions_phase() -> None:
    told = truth()
    spells = [(phase.name, str(phase.regime), phase.rho) for phase in SCENARIO for _ in range(phase.sessions)]
    assert list(zip(told.phase.tolist(), told.regime.tolist(), told.rho.tolist(), strict=True)) == spells
    assert told.closes.tolist() == SESSIONS.closes_of(XNYS, told.sessions).tolist()
    assert all(before < after for before, after in pairwise(told.closes.tolist()))


@pytest.mark.parametrize("seed", range(7, 12))
def test_each_phase_reaches_its_planned_gains(seed: int) -> None:
    story = Story(SCENARIO, seed)
    for name, planned in (("SPX", "spx"), ("RUT", "rut"), *((coin, "coins") for coin in COINS)):
        gains = np.bincount(story.phase, story.returns[name])
        np.testing.assert_allclose(gains, [getattr(phase, planned) for phase in SCENARIO], atol=1e-12, err_msg=name)


def test_the_record_of_the_story_is_the_record_the_engine_finds() -> None:
    view = seen()
    close = column(view, "RUT")
    above = np.flatnonzero(close[1:] > np.maximum.accumulate(close)[:-1]) + 1
    fired = column(view, "close(RUT) > record(RUT)")
    assert np.flatnonzero(fired == 1.0).tolist() == above.tolist()
    assert {"breakout"} <= set(truth().phase[above].tolist())
    assert "sell-off" not in truth().phase[above].tolist()[1:]


@pytest.mark.parametrize("coin", COINS)
def test_the_correlation_of_a_phase_is_near_the_true_one(coin: str) -> None:
    view, told = seen(), truth()
    rut, other = column(view, "logret(RUT, 1)"), column(view, f"logret({coin}, 1)")
    for rho in np.unique(told.rho).tolist():
        rows = (told.rho == rho) & ~np.isnan(rut) & ~np.isnan(other)
        found = np.corrcoef(rut[rows], other[rows])[0, 1]
        assert abs(found - rho) < 3.5 * (1 - rho**2) / np.sqrt(rows.sum()), (rho, found)


@pytest.mark.parametrize("coin", COINS)
def test_the_filter_is_sure_at_the_end_of_a_coupling_and_of_a_calm(coin: str) -> None:
    probability = column(seen(), f"p_corr(RUT, {coin}, above=0.6)")
    told = truth()
    ends = {name: int(np.flatnonzero(told.phase == name)[-1]) for name in ("coupling", "catch-up", "breakout")}
    assert probability[ends["coupling"]] > 0.9
    assert probability[ends["catch-up"]] < 0.05
    assert probability[ends["breakout"]] < 0.05


def test_every_spell_of_risk_off_is_found_and_hardly_any_other_session_called_so() -> None:
    off, told = column(seen(), "regime_is(RISK_OFF)"), truth()
    true = told.regime == Label.RISK_OFF
    for phase in (each for each in SCENARIO if each.regime is Label.RISK_OFF):
        rows = told.phase == phase.name
        if np.isnan(off[rows]).all():
            continue
        assert np.nanmax(off[rows]) == 1.0, phase.name
    known = ~np.isnan(off)
    assert (off[known & ~true] == 1.0).mean() < 0.10


def test_volatility_is_what_it_was_drawn_with() -> None:
    told = truth()
    realised = column(seen(), "logret(SPX, 1)")
    for label in Label:
        rows = (told.regime == label) & ~np.isnan(realised)
        ratio = realised[rows].std() * np.sqrt(252) / np.sqrt((told.volatility[rows] ** 2).mean())
        assert 0.75 < ratio < 1.3, (label, ratio)


def test_the_vix_is_highest_in_risk_off() -> None:
    vix, told = column(seen(), "VIX"), truth()
    medians = {label: float(np.median(vix[told.regime == label])) for label in Label}
    assert medians[Label.RISK_ON] < medians[Label.NEUTRAL] < medians[Label.RISK_OFF]


IN_THE_STORY = re.compile(
    r"rut-(record-.*|rally-10|drawdown-10|lags-spx|(sol|ada|btc|eth|xrp)-(coupled.*|shift))|vix-25|regime-.*"
)


@pytest.mark.parametrize("seed", [7, 1, 2])
def test_every_rule_that_the_story_is_about_fires_in_its_last_year(seed: int) -> None:
    """Of the others each has a market of its own, tests/acceptance/pack."""
    view = simulated(seed).view()
    first = truth(seed).sessions[-YEAR].item()
    fired = {event.rule for event in view.events() if event.edge is Edge.FIRED and event.session >= first}
    every = {rule.rule.id for rule in view.rules}
    told = {name for name in every if IN_THE_STORY.fullmatch(name)} - {rule.rule.id for rule in view.live_only}
    assert len(told) == 29
    assert told <= fired
    assert len(fired) > len(every) / 2


def test_a_story_may_be_any_list_of_phases() -> None:
    quiet = (Phase("quiet", 30, Label.RISK_ON, 0.5, 0.01, 0.02, 0.03),)
    feed = SimulatedFeed(SESSIONS, NOW, 3, quiet)
    assert len(bars_of(feed, "RUT")) == 30
    assert feed.truth.phase.tolist() == ["quiet"] * 30
