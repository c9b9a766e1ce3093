"""How the market stands, as a brief tells it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot.answers.brief import Ahead, Brief
from bot.app import Options, open_app
from bot.queries.brief import NEAREST, brief, with_own
from bot.queries.regime import regime
from bot.queries.view import View
from rules.bars import DAY
from rules.language.compile import compile_rule
from rules.model import Rule
from tests.bot.markets import NOW, Folder, at, simulated, utc_days


@pytest.fixture(scope="module")
def view() -> View:
    return simulated().view()


@pytest.fixture(scope="module")
def known(view: View) -> Brief:
    return brief(view, NOW)


def test_a_brief_says_what_the_answers_say(view: View, known: Brief) -> None:
    assert known.regime == regime(view)
    assert known.simulated
    assert known.as_of == dt.date(2025, 12, 31)
    assert known.next_open == at("2026-01-02T14:30Z")
    assert known.happened == tuple(event for event in view.told() if event.at > NOW - 7 * DAY)
    assert known.picture is not None


def test_the_nearest_alerts_do_not_hold_and_are_in_order(known: Brief) -> None:
    distances = [each.distance for each in known.near]
    assert distances == sorted(distances)
    assert len(distances) == NEAREST
    assert min(distances) >= 0


def test_ones_own_are_among_the_nearest_where_they_are_near(view: View, known: Brief) -> None:
    close = view.panel("XNYS").field("RUT", "close")[-1]
    own = [compile_rule(Rule(f"#1.{n}", f"close(RUT) > {close * by}", personal=True), view.scope) for n, by in
           enumerate((1.000001, 9.0), 1)]  # fmt: skip
    near = [each.rule for each in with_own(known, view, own).near]
    assert near[0] == "#1.1"
    assert "#1.2" not in near
    assert with_own(known, view, ()) is known


@pytest.mark.parametrize(
    ("now", "ahead"),
    [
        (
            "2025-11-25T12:00Z",
            [Ahead(dt.date(2025, 11, 27), None), Ahead(dt.date(2025, 11, 28), at("2025-11-28T18:00Z"))],
        ),
        ("2025-11-28T18:00Z", []),
        ("2025-07-01T12:00Z", [Ahead(dt.date(2025, 7, 3), at("2025-07-03T17:00Z")), Ahead(dt.date(2025, 7, 4), None)]),
        ("2025-03-05T12:00Z", []),  # clocks change in that week, and no session is shorter for it
    ],
)  # fmt: skip
def test_holidays_and_half_days_of_the_week_ahead_are_told(view: View, now: str, ahead: list[Ahead]) -> None:
    assert list(brief(view, at(now)).ahead) == ahead


def test_without_prices_there_is_little_to_say(tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("XRP_1d.csv", *utc_days("2025-12-01", "2025-12-31", 1))
    found = brief(open_app(Options(data=folder.path), at=NOW).view(), NOW)
    assert (found.regime, found.near, found.moved, found.picture, found.as_of) == (None, (), (), None, None)
