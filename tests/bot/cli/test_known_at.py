"""What the service knew at an instant, on the command line: a price that was restated, and the one before it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rules.bars import Interval
from tests.bot.cli.terminal import Terminal
from tests.bot.market.stations import MINUTE, Station
from tests.bot.watched import HIGH, MORNING, THURSDAY, WEDNESDAY, after, indices


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A store in which Wednesday's close of RUT, 101, was 97.5 on Thursday morning."""
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.ticks([MORNING, after(WEDNESDAY)])
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        station.ticks(range(after(WEDNESDAY, 61), THURSDAY, 30 * MINUTE))
    path = tmp_path / "my.toml"
    path.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/a.db"\n')
    return str(path)


@pytest.mark.parametrize(
    ("known_at", "close", "session"),
    [
        ("2025-12-03T12:00Z", 99.0, "2025-12-02"),
        ("2025-12-03T22:00Z", 101.0, "2025-12-03"),
        ("2025-12-03T17:30-05:00", 101.0, "2025-12-03"),
        ("2025-12-04T21:00", 97.5, "2025-12-03"),
        (None, 97.5, "2025-12-03"),
    ],
)
def test_a_question_is_answered_with_the_prices_that_were_known_then(
    terminal: Terminal, config: str, known_at: str | None, close: float, session: str
) -> None:
    when = ["--known-at", known_at] if known_at else []
    ran = terminal.runs("explain", "close(RUT)", "--store", "--json", "--config", config, *when)
    answer = json.loads(ran.out)
    assert (answer["value"], answer["as_of"]) == (close, session)


def test_before_anything_was_known_there_are_no_answers(terminal: Terminal, config: str) -> None:
    ran = terminal.runs("explain", "RUT", "--store", "--config", config, "--known-at", "2025-12-01")
    assert (ran.code, "holds no bars that were known then" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--known-at", "yesterday", "--store"], "must be an instant such as 2025-12-04T21:30Z, not 'yesterday'"),
        (["--known-at", "2025-12-04"], "--known-at: needs --store: only the service keeps what prices said before"),
    ],
)
def test_an_instant_that_is_none_is_told_in_a_sentence(terminal: Terminal, arguments: list[str], reason: str) -> None:
    ran = terminal.runs("explain", "RUT", *arguments)
    assert ran.code == 2
    assert reason in ran.err
