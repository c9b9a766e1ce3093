"""Whatever is written or tapped, there is an answer, Telegram takes it, and nothing fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile.crowd import Verdict, main_of

SAMPLE, ALL = 1_000, 50_000
SEED = 20_251_126


def assert_withstood(verdict: Verdict, count: int) -> None:
    assert verdict.faults == []
    assert verdict.lines == count
    assert verdict.taps > count // 50  # they saw buttons
    assert sum(verdict.changed.values()) > count // 200  # and chose something


def test_a_thousand_hostile_lines_and_taps_are_answered(tmp_path: Path) -> None:
    assert_withstood(main_of(tmp_path, SEED, SAMPLE), SAMPLE)


@pytest.mark.soak
def test_fifty_thousand_hostile_lines_and_taps_are_answered(tmp_path: Path) -> None:
    assert_withstood(main_of(tmp_path, SEED + 1, ALL), ALL)
