"""`bellwether verify`: recorded alerts recomputed on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.bars import Interval
from tests.bot.audit.audited import Hand
from tests.bot.cli.terminal import Terminal
from tests.bot.market.stations import MINUTE, Station
from tests.bot.watched import HIGH, MORNING, SPREAD, THURSDAY, TUESDAY, WEDNESDAY, after, indices


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A store in which two alerts fired on Wednesday and were corrected on Thursday morning."""
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.ticks([MORNING, after(WEDNESDAY)])
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        station.ticks(range(after(WEDNESDAY, 61), THURSDAY, 120 * MINUTE))
    path = tmp_path / "my.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/a.db"\n')
    return str(path)


def test_what_stands_is_counted(terminal: Terminal, config: str) -> None:
    ran = terminal.runs("verify", "--config", config)
    assert (ran.code, ran.out, ran.err) == (0, "4 events: 4 verified\n", "")


def test_a_close_that_somebody_changed_is_named_in_a_line_for_each_event(terminal: Terminal, config: str) -> None:
    hand = Hand(Path(config).parent / "a.db")
    hand.does("update bars set close = 99.0001 where instrument = 'SPX' and end = ?", TUESDAY)
    ran = terminal.runs("verify", "--config", config)
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "spread fired 2025-12-03: inputs changed: the bar of 2025-12-02 of SPX is not what it was",
        "spread corrected 2025-12-03: inputs changed: the bar of 2025-12-02 of SPX is not what it was",
        "4 events: 2 verified, 2 inputs changed",
    ]


def test_a_number_that_somebody_changed_is_told_beside_the_right_one(terminal: Terminal, config: str) -> None:
    key = f"high/fired/{WEDNESDAY}"
    Hand(Path(config).parent / "a.db").changes(key, "content", values={"RUT": 102.5, "100": 100.0})
    ran = terminal.runs("verify", "--config", config, "--rule", "high", "--json")
    assert ran.code == 1
    changed, corrected = ran.lines
    assert (changed["standing"], corrected["standing"]) == ("event changed", "differs")
    assert changed["differences"][0] == {"what": "RUT", "then": 102.5, "now": 101.0}


def test_an_event_that_is_gone_leaves_a_gap_that_is_no_fault(terminal: Terminal, config: str) -> None:
    Hand(Path(config).parent / "a.db").does("delete from events where key = ?", f"spread/fired/{WEDNESDAY}")
    ran = terminal.runs("verify", "--config", config)
    gap = "the chain of seals has 1 gap, where events were forgotten or deleted"
    assert (ran.code, ran.out) == (0, f"3 events: 3 verified; {gap}\n")


def test_one_rule_and_some_sessions_can_be_asked_for(terminal: Terminal, config: str) -> None:
    for arguments, events in (
        (["--rule", "high"], 2),
        (["--rule", "vix-20"], 0),
        (["--from", "2025-12-03", "--to", "2025-12-03"], 4),
        (["--from", "2025-12-04"], 0),
    ):
        ran = terminal.runs("verify", "--config", config, "--json", *arguments)
        assert (ran.code, len(ran.lines)) == (0, events)
    assert terminal.runs("verify", "--config", config, "--from", "2026-01-01").out == "0 events\n"


def test_a_rule_that_nobody_knows_is_told_in_a_sentence(terminal: Terminal, config: str) -> None:
    fault = terminal.runs("verify", "--config", config, "--rule", "vix-2o").fault
    assert "--rule: vix-2o is not configured, and nothing is recorded of it; did you mean vix-2" in fault
    fault = terminal.runs("verify", "--config", config, "--rule", "high", "--from", "2026-01-01").fault
    assert "--rule: high is not configured, and nothing is recorded of it in these sessions" in fault


def test_dates_the_wrong_way_round_and_a_store_that_is_not_there_are_told_in_a_sentence(
    terminal: Terminal, config: str, tmp_path: Path
) -> None:
    assert "is after --to" in terminal.runs("verify", "--from", "2025-12-04", "--to", "2025-12-03").fault
    other = tmp_path / "other.toml"
    other.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    ran = terminal.runs("verify", "--config", other)
    assert (ran.code, ran.out) == (1, "")
    assert "none.db" in ran.err


def test_a_database_of_before_there_were_proofs_is_told_in_a_sentence(terminal: Terminal, config: str) -> None:
    Hand(Path(config).parent / "a.db").does("alter table events drop column proof")
    ran = terminal.runs("verify", "--config", config)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "bellwether: the database is of a version that kept no proofs; `bellwether run` moves it forward\n"
    )
