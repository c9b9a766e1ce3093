"""Which world knows when a rule should fire, what the rule tells of there, and how well."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.tuning.market import market_of
from bot.tuning.truth import Kind, Live, Lived, Place, live, sense_of, truth_of
from bot.tuning.worlds import pairs, regime
from bot.tuning.worlds.found import delays_of_state, entries_a_year
from bot.tuning.worlds.paths import fires_on, price_of, renamed
from rules.columns import instruments_of
from rules.language.compile import compile_rule
from rules.model import Rule
from tests.bench.stats import detectors, prices
from tests.bot.tuning.tuned import compiled, tuned
from tests.rules.markets import SCOPE, market

COUPLED = Rule("coupled", "corr(RUT, SOL, 30) >= 0.7", "corr(RUT, SOL, 30) <= 0.4")
APART = Rule("apart", "corr(RUT, SOL, 30) <= 0.3", "corr(RUT, SOL, 30) >= 0.5")
FEAR = Rule("fear", "close(VIX) >= 25", "close(VIX) <= 20")


def lived(rule: Rule, name: str, paths: int = 6) -> Lived:
    truth = truth_of(compiled(rule))
    assert truth is not None
    place = next(each for each in truth.places if each.name == name)
    (found,) = live(Live((rule,), place, truth.legs, seed=3, paths=paths), _nowhere())
    return found


def _nowhere():
    return market_of(market(1, 60), SCOPE, [compiled(FEAR)], "RUT", 5)


@pytest.mark.parametrize(
    ("when", "worlds"),
    [
        ("p_corr(RUT, SOL, above=0.6) >= 50%", 7),
        ("corr_shift(RUT, SOL) > 90% and rho(RUT, SOL) > rho_ref(RUT, SOL)", 7),
        ("classic(BTC, ETH, 60)", 7),
        ("close(VIX) >= 25", 3),
        ("drawdown(RUT) >= 10% and ret(BTC, 21) < 0", 3),
        ("regime_is(RISK_OFF)", 3),
        ("corr(RUT, SPX, 60) > 0.9 and close(VIX) > 20", 3),
        ("corr(RUT, SOL, 60) > 0.5 and ret(RUT) > 0", 0),
        ("p_corr(RUT, SOL) >= 50% and p_corr(RUT, ETH) >= 50%", 0),
        ("drawdown(SOL) >= 10%", 0),
        ("high(RUT) > record(RUT)", 0),
        ("vol_ratio(RUT) >= 0.6", 0),
        ("avg_corr(RISK, 60) > 0.6", 0),
    ],
)
def test_the_worlds_of_a_rule_are_those_that_have_a_truth_for_it(when: str, worlds: int) -> None:
    truth = truth_of(compiled(Rule("x", when)))
    assert (0 if truth is None else len(truth.places)) == worlds


def test_a_clear_that_reads_something_else_leaves_the_worlds() -> None:
    assert truth_of(compiled(Rule("x", "p_corr(RUT, SOL) >= 50%", "ret(RUT) < 0"))) is None


def test_a_rule_on_a_rising_correlation_finds_the_rise_and_not_the_fall() -> None:
    rise, fall, still = (lived(COUPLED, name) for name in (".2->.8", ".8->.2", "constant .20"))
    assert rise.missed == 0
    assert 0 < rise.delay < 40
    assert fall.missed == 1 or math.isnan(fall.missed)
    assert still.a_year < 0.5


def test_what_a_rule_tells_of_is_how_it_did() -> None:
    places = [each.name for each in truth_of(compiled(COUPLED)).places]  # type: ignore[union-attr]
    assert sense_of([lived(COUPLED, name) for name in places]).words == "a correlation that rises"
    falls = sense_of([lived(APART, name) for name in places])
    assert (falls.words, falls.quiet) == ("a correlation that falls", ("constant .70", "constant .80"))
    never = Rule("never", "corr(RUT, SOL, 30) > 2")
    nothing = sense_of([lived(never, name) for name in places])
    assert nothing.words.startswith("nothing that the worlds know")
    assert not nothing.quiet


def test_fear_tells_of_risk_off_and_a_record_does_not() -> None:
    places = [each.name for each in truth_of(compiled(FEAR)).places]  # type: ignore[union-attr]
    found = [lived(FEAR, name) for name in places]
    assert sense_of(found).words == "RISK_OFF"
    by_name = {each.place.name: each for each in found}
    switching = by_name["switching, base era"]
    assert switching.inside > 0.5 > switching.outside
    assert switching.missed < 0.3
    assert math.isnan(by_name["always calm, base era"].delay)
    record = Rule("record", "fresh_record(RUT)")
    assert sense_of([lived(record, name) for name in places]).words.startswith("nothing that the worlds know")


def test_the_benchmark_finds_the_same_firings_on_the_same_paths() -> None:
    """The bench evaluates a rule written anew for every path; here the columns are renamed. They agree row for row."""
    drawn = pairs.draw(pairs.STEP_TO_80, 5, range(4))
    (mine,) = fires_on([compiled(COUPLED)], {"RUT": price_of(drawn.x), "SOL": price_of(drawn.y)})
    bench = Rule("x", "corr({pair}, 30) >= 0.7", "corr({pair}, 30) <= 0.4")
    theirs = detectors.fires_of([bench], prices.panel_of(drawn))["x"]
    assert np.array_equal(mine[1:], theirs)
    assert entries_a_year(theirs, pairs.WARMUP) > 0
    assert len(delays_of_state(theirs)) == 4


def test_columns_are_renamed_to_their_depths_and_nothing_else_is() -> None:
    rule = compile_rule(Rule("x", "regime_is(RISK_OFF) and ret(RUT) > 0"), SCOPE)
    names = {name: f"{name}/7" for name in ("SPX", "VIX", "BTC", "RUT")}
    there = renamed(rule.when, names)
    assert set(instruments_of([there])) == set(names.values())
    assert renamed(there, {new: old for old, new in names.items()}) == rule.when


def test_the_worlds_are_named_once() -> None:
    names = [world.name for world in (*pairs.WORLDS, *regime.WORLDS)]
    assert len(set(names)) == len(names)


def test_every_variant_has_its_false_alarms_and_its_delay() -> None:
    found = tuned(market(4, 400, scars=False), "enter=0.6,0.7", rule=COUPLED, paths=4)
    assert found.sense is not None
    assert [each.place for each in found.points[0].lived] == [
        *(Place(name, Kind.CONSTANT) for name in ("constant .20", "constant .50")),
        *(Place(name, Kind.CHANGE) for name in (".2->.8", ".2->.7")),
    ]
    low, high = (each.lived for each in found.points)
    assert low[1].a_year > high[1].a_year > 0
    assert low[2].delay <= high[2].delay
    assert found.as_is.lived == high
