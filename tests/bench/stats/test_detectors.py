"""The benchmark judges as the program does: what it counts on a path is what the engine tells of the same rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.tuning.worlds.pairs import CONSTANT_70, ROWS, STEP_TO_80, SWITCHING, WARMUP, Paths, draw
from rules.bars import Bools
from rules.coupling import Devolatilise, PairFilter, at_least, mass_from
from rules.engine import evaluate, opened
from rules.language.compile import compile_rule
from rules.model import XNYS, Edge, Rule, Timing
from rules.panel import Panel
from rules.scan import run
from tests.bench.stats.detectors import RULES, Alarm, Detector, Fires, firing, judge
from tests.bench.stats.intervals import WINDOWS, coverage
from tests.bench.stats.prices import columns, legs_of, panel_of, scope_of, written
from tests.rules.markets import same_bits

VERDICTS = {"T": 1.0, "F": 0.0, "?": np.nan}
EVERY_RULE = [(alarm, detector) for alarm, rules in RULES.items() for detector in rules]


@pytest.fixture(scope="module")
def panel() -> Panel:
    return panel_of(draw(SWITCHING, 20261125, range(3)))


@pytest.fixture(scope="module")
def fires(panel: Panel) -> Fires:
    return judge(panel)


def told(rule: Rule, path: int, panel: Panel) -> list[tuple[Edge, int]]:
    """What the engine tells of a rule on a path in a replay, with the row of the return."""
    when, clear = written(rule.when, path), None if rule.clear is None else written(rule.clear, path)
    compiled = compile_rule(replace(rule, when=when, clear=clear), scope_of(path))
    events = evaluate([compiled], {XNYS: panel}, opened([compiled]), int(panel.clock.closes[-1])).events
    return [(event.edge, int(np.searchsorted(panel.clock.closes, event.at)) - 1) for event in events]


def edges(fires: Bools) -> list[tuple[Edge, int]]:
    """The same of the rows on which an alarm fires."""
    rows = np.flatnonzero(np.diff(fires.astype(int), prepend=0))
    return [(Edge.FIRED if fires[row] else Edge.RESOLVED, int(row)) for row in rows]


@pytest.mark.parametrize(("alarm", "detector"), EVERY_RULE)
def test_a_detector_tells_what_the_engine_tells_of_its_rule(
    alarm: Alarm, detector: Detector, panel: Panel, fires: Fires
) -> None:
    of_rule = fires[alarm][detector]
    for path in range(3):
        assert told(RULES[alarm][detector], path, panel) == edges(of_rule[:, path])
    assert of_rule.any()


def test_a_column_of_a_path_is_a_lane_of_a_bank_of_folds_on_returns(panel: Panel) -> None:
    bank = []
    for leg in (0, 1):
        closes = [panel.field(legs_of(path)[leg], "close") for path in range(3)]
        returns = np.stack([np.log(close[1:] / close[:-1]) for close in closes], axis=1)
        bank.append(run(Devolatilise(), [returns], Devolatilise().initial(3))[1][:, :, 0])
    _, posterior = run(PairFilter(), bank, PairFilter().initial(3))
    (column,) = columns(["p_corr({pair}, above=0.7)"], panel)
    for path in range(3):
        assert same_bits(mass_from(posterior[:, path], at_least(0.7)), column[:, path])


def test_prices_have_the_returns_of_their_path() -> None:
    paths = draw(SWITCHING, 3, range(2))
    panel = panel_of(paths)
    for path, drawn in enumerate(zip(paths.x.T, paths.y.T, strict=True)):
        for name, returns in zip(legs_of(path), drawn, strict=True):
            assert np.diff(np.log(panel.field(name, "close"))) == pytest.approx(returns, abs=1e-12)


def test_paths_of_a_batch_do_not_mix() -> None:
    batch = judge(panel_of(draw(SWITCHING, 3, range(4))))
    for number in range(4):
        alone = judge(panel_of(draw(SWITCHING, 3, [number])))
        for alarm, detector in EVERY_RULE:
            assert np.array_equal(batch[alarm][detector][:, number], alone[alarm][detector][:, 0])


def test_what_is_told_of_a_row_does_not_depend_on_rows_after_it() -> None:
    paths = draw(STEP_TO_80, 3, range(2))
    whole, start = judge(panel_of(paths)), judge(panel_of(Paths(paths.x[:1100], paths.y[:1100], paths.rho[:1100])))
    for alarm, detector in EVERY_RULE:
        assert np.array_equal(start[alarm][detector], whole[alarm][detector][:1100])


def test_a_shift_has_one_direction_and_is_an_instant() -> None:
    fires = judge(panel_of(draw(STEP_TO_80, 3, range(3))))
    rose, fell, shifted = (fires[alarm][Detector.OURS] for alarm in (Alarm.ROSE, Alarm.FELL, Alarm.SHIFTED))
    assert rose.any()
    assert not (rose & fell).any()
    assert np.array_equal(rose | fell, shifted)
    assert not (shifted[1:] & shifted[:-1]).any()


@pytest.mark.parametrize(
    ("when", "clear", "fires"),
    [
        ("TTFFT", "FFFTF", ".##.."),  # two in a row to enter, one to leave, one alone is not enough
        ("TFTTF", "FFFFF", "...##"),
        ("T?TTF", "F?FFT", "..##."),  # an unknown row neither enters nor interrupts
        ("TT?FF", "FF?FT", ".###."),  # nor does it leave
    ],
)
def test_an_alarm_fires_from_its_confirmation_to_its_clearing(when: str, clear: str, fires: str) -> None:
    enters, leaves = (np.array([[VERDICTS[letter]] for letter in text]) for text in (when, clear))
    fired = firing(enters, leaves, Timing(confirm=2))[:, 0]
    assert "".join("#" if value else "." for value in fired) == fires


def test_intervals_are_counted_on_every_row_whose_window_begins_after_the_warm_up() -> None:
    paths = draw(CONSTANT_70, 3, range(3))
    covered = coverage(panel_of(paths), paths.rho)
    assert set(covered) == set(WINDOWS)
    for n, found in covered.items():
        assert found.count == 3 * (ROWS - WARMUP - n + 1)
        assert 0.8 < found.share(found.ours) < 1.0
        assert found.plain < found.ours


def test_an_interval_is_held_against_the_true_correlation() -> None:
    paths = draw(CONSTANT_70, 3, range(3))
    elsewhere = coverage(panel_of(paths), np.full(paths.rho.shape, -0.7))[60]
    assert elsewhere.plain == 0
    assert elsewhere.share(elsewhere.ours) < 0.01
