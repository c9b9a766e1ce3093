"""The regime on real prices of 1990 to 2025: how often, how long, and when it spoke in twelve drawdowns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.main import run
from tests.bench.stats import drawdowns
from tests.bench.stats.__main__ import main
from tests.bench.stats.drawdowns import History

pytestmark = pytest.mark.shared_data

PAGE = Path(__file__).resolve().parents[2] / "docs" / "regime.md"


@pytest.fixture(scope="module")
def past(shared_data: Path) -> History:
    return drawdowns.history(shared_data)


def test_risk_off_begins_about_once_a_year_and_seldom_ends_in_the_same_week(past: History) -> None:
    assert drawdowns.entries_a_year(past) == pytest.approx(1.03, abs=0.005)
    assert drawdowns.share_short(past) == pytest.approx(0.027, abs=0.0005)
    assert drawdowns.entries_a_year(past) <= 1.2
    assert drawdowns.share_short(past) < 0.05


@pytest.mark.parametrize(
    ("name", "peak", "sessions", "lost"),
    [
        ("1998", "1998-07-17", 12, 0.097),
        ("2000", "2000-03-24", 16, 0.083),
        ("2007-09", "2007-10-09", 0, 0.0),
        ("2010", "2010-04-23", 11, 0.047),
        ("2011", "2011-04-29", 69, 0.179),
        ("2015", "2015-05-21", 65, 0.112),
        ("2018-02", "2018-01-26", 6, 0.078),
        ("2018 Q4", "2018-09-20", 15, 0.069),
        ("2020", "2020-02-19", 4, 0.076),
        ("2022", "2022-01-03", 18, 0.076),
        ("2024-08", "2024-07-16", 15, 0.075),
        ("2025-04", "2025-02-19", 13, 0.086),
    ],
)
def test_a_drawdown_is_flagged_so_many_sessions_and_so_much_below_the_peak(
    past: History, name: str, peak: str, sessions: int, lost: float
) -> None:
    (found,) = [each for each in drawdowns.drawdowns(past) if each.name == name]
    assert found.flagged
    assert (found.peak.isoformat(), found.sessions) == (peak, sessions)
    assert found.lost == pytest.approx(lost, abs=0.0006)


def test_only_the_crash_of_one_day_was_over_when_it_was_said(past: History) -> None:
    found = drawdowns.drawdowns(past)
    assert len(found) == 12
    assert {each.name: each.behind for each in found if each.behind} == {"2024-08": 1}


def test_the_page_holds_the_table_of_the_drawdowns(past: History) -> None:
    page = PAGE.read_text(encoding="utf-8")
    table = page.partition("<!-- drawdowns -->\n")[2].partition("\n<!-- /drawdowns -->")[0]
    assert table == drawdowns.written(drawdowns.drawdowns(past))


def test_the_command_of_the_bench_prints_it_and_nothing_fails(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--history", str(shared_data)]) == 0
    printed = capsys.readouterr().out
    assert "1990-01-02 to 2025-12-31" in printed
    assert "Must: all 3 hold." in printed
    assert "| 2007-09  | 2007-10-09 | 2009-03-09 | -56.8%  | in force at the peak" in printed


def test_the_changes_that_the_command_tells_are_those_of_the_bench(
    past: History, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["regime", "--history", "--data", str(shared_data), "--as-of", "2025-12-31", "--json"]) == 0
    changes = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    entries = [change["session"] for change in changes if change["label"] == "RISK_OFF"]
    assert entries == [past.clock.session(int(first)).isoformat() for first in past.spells[:, 0]]
    assert [(each["session"], each["label"]) for each in changes if each["session"] >= "2025"] == [
        ("2025-01-07", "NEUTRAL"),
        ("2025-03-10", "RISK_OFF"),
        ("2025-03-25", "NEUTRAL"),
        ("2025-04-04", "RISK_OFF"),
        ("2025-05-14", "NEUTRAL"),
        ("2025-07-30", "RISK_ON"),
        ("2025-08-04", "NEUTRAL"),
        ("2025-08-28", "RISK_ON"),
        ("2025-10-13", "NEUTRAL"),
    ]
