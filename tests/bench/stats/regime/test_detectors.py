"""Who judges the regime: ours is the program's label bit for bit, and nobody sees a row after the one judged."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from bot.tuning.worlds.regime import NEUTRAL, OFF, ON, SWITCHING, WARMUP, Paths, draw
from rules.bars import Floats
from rules.engine import evaluate as judge_rules
from rules.engine import opened
from rules.evaluation import evaluate
from rules.language.compile import compile_rule
from rules.model import XNYS, Edge
from rules.panel import Panel
from rules.regime.label import label
from tests.bench.stats.regime.detectors import RULES, Detector, judge, judge_slowly
from tests.bench.stats.regime.hmm import PERCENT, forward, turbulent, unfitted
from tests.bench.stats.regime.prices import NAMES, PRICED, ids_of, panel_of, scope_of, written
from tests.rules.markets import TAPE, same_bits


@pytest.fixture(scope="module")
def paths() -> Paths:
    return draw(SWITCHING, 20261125, range(3))


@pytest.fixture(scope="module")
def panel(paths: Paths) -> Panel:
    return panel_of(paths)


@pytest.fixture(scope="module")
def labels(panel: Panel) -> dict[Detector, Floats]:
    return judge(panel)


def first_rows(paths: Paths, rows: int) -> Paths:
    return Paths(**{column.name: getattr(paths, column.name)[:rows] for column in fields(Paths)})


def test_prices_have_the_returns_of_their_path_and_the_vix_its_level(paths: Paths, panel: Panel) -> None:
    for path in range(3):
        for word in PRICED:
            returns = np.diff(np.log(panel.field(ids_of(path)[word], "close")))
            assert returns == pytest.approx(getattr(paths, word)[:, path], abs=1e-12)
        assert same_bits(panel.field(ids_of(path)["vix"], "close")[1:], np.ascontiguousarray(paths.vix[:, path]))


def test_ours_on_a_path_is_the_label_of_the_program_on_a_panel_of_its_own(
    panel: Panel, labels: dict[Detector, Floats]
) -> None:
    for path in range(3):
        ids = ids_of(path)
        columns = {word.upper(): panel.columns[ids[word]] for word in NAMES}
        alone = replace(panel, columns=columns, origins=dict.fromkeys(columns, (TAPE,)))
        column = evaluate([label()], alone).columns[label()][1:]
        assert same_bits(column, np.ascontiguousarray(labels[Detector.OURS][:, path]))


@pytest.mark.parametrize("detector", RULES)
def test_a_rule_tells_what_the_engine_tells_of_it(
    detector: Detector, panel: Panel, labels: dict[Detector, Floats]
) -> None:
    rule, off = RULES[detector], labels[detector] == OFF
    for path in range(3):
        clear = None if rule.clear is None else written(rule.clear, path)
        compiled = compile_rule(replace(rule, when=written(rule.when, path), clear=clear), scope_of(path))
        events = judge_rules([compiled], {XNYS: panel}, opened([compiled]), int(panel.clock.closes[-1])).events
        rows = [int(np.searchsorted(panel.clock.closes, event.at)) - 1 for event in events]
        assert rows == np.flatnonzero(np.diff(off[:, path], prepend=False)).tolist()
        assert [event.edge is Edge.FIRED for event in events] == off[rows, path].tolist()
    assert off.any()


def test_what_is_told_of_a_row_does_not_depend_on_rows_after_it_or_on_other_paths(
    paths: Paths, labels: dict[Detector, Floats]
) -> None:
    start = judge(panel_of(first_rows(draw(SWITCHING, 20261125, [1]), 900)))
    for detector, whole in labels.items():
        assert same_bits(start[detector][:, 0], np.ascontiguousarray(whole[:900, 1]))


def test_ours_tells_three_states_and_a_rule_says_risk_off_or_nothing(labels: dict[Detector, Floats]) -> None:
    said = {detector: set(label[WARMUP:][~np.isnan(label[WARMUP:])]) for detector, label in labels.items()}
    assert said == {Detector.OURS: {ON, NEUTRAL, OFF}, **{rule: {OFF} for rule in RULES}}
    assert not np.isnan(labels[Detector.OURS][WARMUP:]).any()


def test_the_hidden_markov_model_sees_no_row_after_the_one_it_judges(paths: Paths) -> None:
    spx = paths.spx[:, 0]
    whole, start = turbulent(spx[:800]), turbulent(spx[:650])
    assert np.array_equal(whole[:650], start)
    assert whole.any()
    assert not whole[: WARMUP - 63].any()


def test_its_probability_is_hmmlearns_for_the_last_row_of_what_is_known(paths: Paths) -> None:
    """Of the last row, and of it alone, the smoothed probability is the filtered one."""
    returns = PERCENT * paths.spx[:400, 0]
    model = unfitted(returns).fit(returns[:, None])
    wild = int(np.argmax(model.covars_.ravel()))
    p = forward(model, returns)
    for row in (0, 1, 50, 399):
        assert p[row] == pytest.approx(model.predict_proba(returns[: row + 1, None])[-1, wild], abs=1e-9)


def test_a_crash_beyond_all_odds_is_certain_and_no_error() -> None:
    returns = np.append(np.random.default_rng(3).normal(0, 0.5, 300), [-60.0])
    model = unfitted(returns[:300]).fit(returns[:300, None])
    assert forward(model, returns)[-1] == 1.0


def test_it_tells_a_quiet_stretch_from_a_wild_one() -> None:
    rng = np.random.default_rng(5)
    quiet, wild = rng.normal(0, 0.005, (2, 400)), rng.normal(0, 0.03, (2, 400))
    spx = np.concatenate([quiet[0], wild[0], quiet[1]])[:, None]
    off = judge_slowly(spx)[Detector.HMM][:, 0] == OFF
    assert off[520:800].mean() > 0.9
    assert off[820:].mean() < 0.1
