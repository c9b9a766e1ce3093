"""The built-in rules where nothing changes: whose they are, how they are counted, and that the page says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.tuning.worlds.pairs import CONSTANT_50, LADDER, ROWS, WARMUP, YEAR, draw
from tests.acceptance.coupled import COINS, pack
from tests.bench.stats import rungs
from tests.bench.stats.__main__ import main
from tests.bench.stats.campaign import Job
from tests.bench.stats.detectors import THETA, Alarm, Detector, judge
from tests.bench.stats.figures import Told, entries_a_year
from tests.bench.stats.markdown import table
from tests.bench.stats.prices import panel_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "correlation.md"
PAGE_SEED = 20261125


def told(entries: int) -> Told:
    """A path on which an alarm begins so often, each time for one row."""
    fires = np.zeros((ROWS, 1), dtype=bool)
    fires[WARMUP : WARMUP + 2 * entries : 2] = True
    return Told(fires, np.zeros_like(fires))


def test_the_rules_are_those_of_every_coin_of_the_pack() -> None:
    general = rungs.rules_of_a_pair()
    built_in = {each.rule.id: each.rule for each in pack()}
    for kind in rungs.PACK:
        for coin in COINS:
            rule = built_in.pop(f"rut-{coin.lower()}-{kind}")
            assert (general[kind].when.format(pair=f"RUT, {coin}"), general[kind].timing) == (rule.when, rule.timing)
            assert rule.clear == (general[kind].clear or "").format(pair=f"RUT, {coin}")
    assert not built_in


def test_a_rung_and_the_shift_fire_as_they_do_in_the_tables_with_gates() -> None:
    paths = draw(CONSTANT_50, 7, range(3))
    heard = rungs.hear(Job(CONSTANT_50, 7, range(3)))
    gated = judge(panel_of(paths))
    assert THETA == 0.7
    assert np.array_equal(heard["coupled-70"].fires, gated[Alarm.COUPLED][Detector.OURS])
    assert np.array_equal(heard["shift"].fires, gated[Alarm.SHIFTED][Detector.OURS])


def test_each_truth_is_a_row_and_coins_add_up_without_the_crossing() -> None:
    often = {"coupled-50": 4, "coupled": 2, "coupled-70": 1, "shift": 0, "plain": 70}
    heard = {0.3: {kind: told(entries) for kind, entries in often.items()}}
    years = (ROWS - WARMUP) / YEAR
    assert years == pytest.approx(6.94, abs=0.01)
    row = [cell.strip() for cell in rungs.rates(heard).splitlines()[2].split("|")[1:-1]]
    assert row == [".30", ".58", ".29", ".14", ".00", "10.1"]
    assert rungs.together(heard) == "5.0 at .30"  # five coins, seven alerts of the pack in 6.94 years


def test_batches_of_a_world_are_one_and_truths_come_in_order() -> None:
    low, high = LADDER[0.2], LADDER[0.45]
    heard = rungs.by_truth([
        (Job(high, 7, range(1)), {"shift": told(2)}),
        (Job(low, 7, range(1)), {"shift": told(0)}),
        (Job(high, 7, range(1, 2)), {"shift": told(4)}),
    ])  # fmt: skip
    assert list(heard) == [0.2, 0.45]
    assert entries_a_year(heard[0.45]["shift"]) == pytest.approx(3 * YEAR / (ROWS - WARMUP))


def test_a_share_is_of_paths_or_of_rows() -> None:
    loud = dict.fromkeys(rungs.TITLES, told(7)) | {"shift": told(0)}
    silent, firing = (line.split("|")[2:-1] for line in rungs.shares(loud).splitlines()[2:])
    assert [cell.strip() for cell in silent] == ["0.0%", "0.0%", "0.0%", "100.0%", "0.0%"]
    assert [cell.strip() for cell in firing] == ["0.4%", "0.4%", "0.4%", "0.0%", "0.4%"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, ".00"), (0.034, ".03"), (0.994, ".99"), (0.996, "1.0"), (12.34, "12.3")]
)
def test_a_rate_is_written_without_its_zero(value: float, text: str) -> None:
    assert rungs.written(value) == text


def test_columns_have_one_width_and_a_row_of_another_length_is_refused() -> None:
    assert table(["a", "wide"], [["long", "b"]]) == "| a    | wide |\n| ---- | ---- |\n| long | b    |"
    with pytest.raises(ValueError, match="shorter"):
        table(["a", "b"], [["alone"]])


def test_the_command_prints_the_same_from_one_process_and_from_two_and_nothing_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alone = rungs.tables(rungs.measure(7, 2))
    assert main(["--rungs", "--seed", "7", "--paths", "2", "--processes", "2"]) == 0
    printed = capsys.readouterr().out
    assert alone in printed
    assert printed.startswith("Seed 7, 2 paths")
    assert "must" not in printed.lower()


@pytest.mark.soak
def test_the_page_says_what_the_command_prints() -> None:
    page = [line.strip() for line in PAGE.read_text(encoding="utf-8").splitlines()]
    rates = rungs.rates(rungs.measure(PAGE_SEED, rungs.PATHS)).splitlines()
    assert [line for line in rates if line not in page] == []
