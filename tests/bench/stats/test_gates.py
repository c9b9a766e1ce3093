"""What must be reached: a worse figure fails, says which, and ends the command with 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.tuning.worlds.pairs import CONSTANT, CONSTANT_20, CONSTANT_50, WORLDS
from tests.bench.stats.__main__ import main, tables, verdict
from tests.bench.stats.campaign import BATCH, Job, Report, jobs_of, report, see
from tests.bench.stats.detectors import Alarm, Detector
from tests.bench.stats.figures import Told, entries_a_year
from tests.bench.stats.gates import (
    COVERED,
    FIGURES,
    Bound,
    Figure,
    Line,
    Unit,
    coverage_lines,
    least,
    lines_of,
    most,
)
from tests.bench.stats.intervals import WINDOWS, Coverage

GOOD = Line("delay", Unit.ROWS, 24.0, most(28), most(20), {"naive 30": 23.0})


def told(share: float) -> dict[Alarm, dict[Detector, Told]]:
    """Both detectors fire on every other row of that share of 100 paths."""
    rows = np.zeros((2000, 100), dtype=bool)
    rows[::2, : int(100 * share)] = True
    calm = Told(np.zeros_like(rows), np.zeros_like(rows))
    return {Alarm.COUPLED: {Detector.OURS: calm, Detector.EWMA: Told(rows, np.zeros_like(rows))}}


@pytest.mark.parametrize(
    ("bound", "good", "bad"),
    [
        (most(0.12), (0.0, 0.12), (0.1201, 5.0)),
        (least(0.86), (0.86, 1.0), (0.859,)),
        (COVERED, (0.87, 0.93), (0.86, 0.94)),
    ],
    ids=["most", "least", "both"],
)
def test_a_bound_holds_at_its_ends_and_not_beyond(
    bound: Bound, good: tuple[float, ...], bad: tuple[float, ...]
) -> None:
    assert all(bound.holds(value) for value in good)
    assert not any(bound.holds(value) for value in bad)


def test_a_figure_that_is_not_known_reaches_nothing() -> None:
    unknown = replace(GOOD, ours=np.nan)
    assert unknown.failed
    assert not unknown.stretched


def test_a_figure_without_a_bound_cannot_fail() -> None:
    assert not replace(GOOD, ours=999.0, must=None).failed


def test_bounds_are_written_as_a_reader_writes_them() -> None:
    assert most(0.12).write(Unit.YEARLY) == "≤ 0.120"
    assert least(0.86).write(Unit.ACCURACY) == "≥ 0.860"
    assert COVERED.write(Unit.SHARE) == "87.0%–93.0%"


def test_each_detector_is_measured_in_the_figures_worlds_pooled() -> None:
    figure = Figure("entries", entries_a_year, Unit.YEARLY, [CONSTANT_20, CONSTANT_50], most(0.1))
    (line,) = lines_of({CONSTANT_20: told(0.5), CONSTANT_50: told(0.0)}, [figure])
    assert line.ours == 0
    assert line.others == {Detector.EWMA: pytest.approx(0.25 * 252 / 2)}


def test_every_cell_of_the_intervals_is_a_gate_of_its_own() -> None:
    lines = coverage_lines({(CONSTANT_20, 20): Coverage(100, 90, 80), (CONSTANT_50, 60): Coverage(100, 80, 70)})
    assert [line.failed for line in lines] == [False, True]
    assert "constant .50, n = 60" in lines[1].words


def test_a_failed_must_is_marked_and_named_and_a_stretch_reached_is_named() -> None:
    bad, best = replace(GOOD, words="slow", ours=29.0), replace(GOOD, words="fast", ours=20.0)
    made = Report([GOOD, bad, best], [])
    assert made.failed == [bad]
    assert "29.0 **missed**" in tables(made)
    assert tables(made).count("missed") == 1
    assert verdict(made) == "MUST FAILED, 1 of 3: slow.\nStretch reached, 1 of 3: fast."


def test_a_good_report_says_so() -> None:
    assert verdict(Report([GOOD], [])) == "Must: all 1 hold.\nStretch reached, 0 of 1: none."


@pytest.fixture(scope="module")
def alone() -> Report:
    """The first path of every world, in this process."""
    return report(see(Job(world, 7, range(1))) for world in WORLDS)


def test_the_table_has_a_row_for_every_figure_and_a_column_for_every_detector(alone: Report) -> None:
    assert [line.words for line in alone.alarms] == [figure.words for figure in FIGURES]
    assert len(alone.intervals) == len(CONSTANT) * len(WINDOWS)
    assert all(len(line.others) == (0 if "shift" in line.words else 4) for line in alone.alarms)


def test_the_command_prints_what_one_process_finds_and_its_exit_code_is_its_verdict(
    alone: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--seed", "7", "--paths", "1", "--processes", "2", "--only", "correlation"])
    printed = capsys.readouterr().out
    assert tables(alone) in printed
    assert verdict(alone) in printed
    assert code == (1 if alone.failed else 0)
    assert "with fewer, chance alone" in printed


@pytest.mark.parametrize("paths", [1, BATCH, BATCH + 1, 3 * BATCH])
def test_batches_hold_every_path_of_every_world_once(paths: int) -> None:
    of_world = {
        world: [path for job in jobs_of(7, paths) if job.world == world for path in job.paths] for world in WORLDS
    }
    assert all(numbers == list(range(paths)) for numbers in of_world.values())


@pytest.mark.parametrize(
    "words", [[], ["--seed", "-1"], ["--seed", "x"], ["--seed", "1", "--paths", "0"], ["--seed", "1", "--history", "."]]
)
def test_a_wrong_line_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "--seed" in capsys.readouterr().err
