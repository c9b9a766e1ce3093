"""What must be reached of the regime, and that the command prints it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.tuning.worlds.regime import ALWAYS_CALM, NEUTRAL, OFF, SWITCHING, WORLDS
from tests.bench.stats.__main__ import main, tables, verdict
from tests.bench.stats.campaign import BATCH, Report
from tests.bench.stats.gates import Line, Unit
from tests.bench.stats.regime.campaign import Job, by_world, hear, jobs_of, measure
from tests.bench.stats.regime.detectors import HMM_PATHS, Detector
from tests.bench.stats.regime.figures import Told
from tests.bench.stats.regime.gates import FIGURES, lines_of

ROWS = 2000


def told(*, false: bool, paths: int = 1) -> dict[Detector, Told]:
    """Ours is silent, or enters on every other row; the VIX's rule is silent."""
    label = np.full((ROWS, paths), float(NEUTRAL))
    quiet = Told(label.copy(), np.full(label.shape, NEUTRAL))
    label[::2] = OFF if false else NEUTRAL
    return {Detector.OURS: replace(quiet, label=label), Detector.VIX: quiet}


@pytest.fixture(scope="module")
def alone() -> list[Line]:
    """The first path of every world, in this process."""
    return measure(7, 1)


def test_a_figure_is_measured_in_its_world_for_every_detector() -> None:
    (figure,) = [each for each in FIGURES if each.words == "base era, false a year, calm"]
    heard = {world: told(false=world == ALWAYS_CALM) for world in WORLDS}
    (line,) = lines_of(heard, [figure])
    assert line.ours == pytest.approx(252 / 2)
    assert line.others == {Detector.VIX: 0.0}
    assert line.failed


def test_every_figure_has_words_of_its_own_and_a_bound_in_at_least_one_era() -> None:
    assert len({figure.words for figure in FIGURES}) == len(FIGURES) == 27
    bound = {figure.words.partition(", ")[2] for figure in FIGURES if figure.must}
    assert bound == {figure.words.partition(", ")[2] for figure in FIGURES}
    assert sum(figure.must is not None for figure in FIGURES) == 9 + 4 + 4
    assert all(figure.unit in Unit for figure in FIGURES)


def test_batches_of_a_world_are_one_and_the_slow_detector_may_have_fewer_paths() -> None:
    first, second = Job(SWITCHING, 7, range(2)), Job(SWITCHING, 7, range(2, 5))
    slow = {Detector.HMM: told(false=False, paths=2)[Detector.VIX]}
    heard = by_world([(first, told(false=True, paths=2) | slow), (second, told(false=True, paths=3))])
    assert {name: each.label.shape[1] for name, each in heard[SWITCHING].items()} == {
        Detector.OURS: 5,
        Detector.VIX: 5,
        Detector.HMM: 2,
    }


def test_the_slow_detector_judges_the_first_paths_only() -> None:
    few, none = (hear(Job(SWITCHING, 7, range(first, HMM_PATHS + 1))) for first in (HMM_PATHS - 1, HMM_PATHS))
    assert few[Detector.HMM].state.shape[1] == 1
    assert Detector.HMM not in none
    assert np.array_equal(few[Detector.OURS].label[:, 1:], none[Detector.OURS].label, equal_nan=True)


@pytest.mark.parametrize("paths", [1, BATCH, BATCH + 1])
def test_batches_hold_every_path_of_every_world_once(paths: int) -> None:
    of_world = {
        world: [path for job in jobs_of(7, paths) if job.world == world for path in job.paths] for world in WORLDS
    }
    assert all(numbers == list(range(paths)) for numbers in of_world.values())


def test_the_table_has_a_row_for_every_figure_and_a_column_for_every_detector(alone: list[Line]) -> None:
    assert [line.words for line in alone] == [figure.words for figure in FIGURES]
    assert all(set(line.others) == set(Detector) - {Detector.OURS} for line in alone)


def test_the_command_prints_what_one_process_finds_and_its_exit_code_is_its_verdict(
    alone: list[Line], capfd: pytest.CaptureFixture[str]
) -> None:
    code = main(["--seed", "7", "--paths", "1", "--processes", "2", "--only", "regime"])
    printed, complaints = capfd.readouterr()
    assert tables(Report(regime=alone)) in printed
    assert verdict(Report(regime=alone)) in printed
    assert "ρ" not in printed
    assert "500 for the regime" in printed
    assert code == (1 if any(line.failed for line in alone) else 0)
    assert complaints == ""
