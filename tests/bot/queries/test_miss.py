"""How near a rule came to firing that never has, on prices written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.queries.miss import nearest_miss
from bot.queries.view import View
from tests.bot.markets import NOW, Folder


def view_of(path: Path, when: str, closes: str, *, confirm: int = 1) -> View:
    """A rule on RUT and SPX, which stands at half of it, from Monday 2025-12-01 on; a point is a day without prices."""
    config = path / "my.toml"
    config.write_text(f'[[rules]]\nid = "asked"\nwhen = "{when}"\nclear = "close(RUT) < 0"\nconfirm = {confirm}\n')
    folder = Folder(path / "prices")
    rows = [f"2025-12-{1 + i:02}T00:00:00Z,{c},{c},{c},{c},1" for i, c in enumerate(closes.split()) if c != "."]
    folder.holds("RUT_1d.csv", *rows)
    halves = [f"2025-12-{1 + i:02}T00:00:00Z,{float(c) / 2},{float(c) / 2},{float(c) / 2},{float(c) / 2},1"
              for i, c in enumerate(closes.split()) if c != "."]  # fmt: skip
    folder.holds("SPX_1d.csv", *halves)
    return open_app(Options(data=folder.path, config=config), at=NOW).view()


def missed(view: View) -> tuple[str, dict[str, float | None], int] | None:
    (rule,) = view.rules
    miss = nearest_miss(view, rule)
    if miss is None:
        return None
    return miss.session.isoformat(), {shown.text: value for shown, value in miss.values}, miss.held


@pytest.mark.parametrize(
    ("when", "session", "values"),
    [
        ("close(RUT) > 20", "2025-12-03", {"close(RUT)": 15.0}),
        ("close(RUT) >= 20", "2025-12-03", {"close(RUT)": 15.0}),
        ("close(RUT) < 5", "2025-12-01", {"close(RUT)": 10.0}),
        ("close(RUT) <= 5", "2025-12-01", {"close(RUT)": 10.0}),
        ("close(RUT) == 16", "2025-12-03", {"close(RUT)": 15.0}),
        ("not (close(RUT) < 20)", "2025-12-03", {"close(RUT)": 15.0}),
        ("close(RUT) > 20 or close(SPX) > 50", "2025-12-03", {"close(RUT)": 15.0, "close(SPX)": 7.5}),
        ("close(RUT) > 16 and close(SPX) < 5.2", "2025-12-04", {"close(RUT)": 12.0, "close(SPX)": 6.0}),
    ],
)
def test_the_nearest_row_is_the_one_with_the_smallest_gap(
    tmp_path: Path, when: str, session: str, values: dict[str, float]
) -> None:
    assert missed(view_of(tmp_path, when, "10 11 15 12 11")) == (session, values, 0)


def test_a_condition_that_held_too_briefly_is_nearer_than_any_gap(tmp_path: Path) -> None:
    view = view_of(tmp_path, "close(RUT) > 14", "10 15 11 15 16 11 19", confirm=3)
    assert missed(view) == ("2025-12-05", {"close(RUT)": 16.0}, 2)


def test_a_day_without_a_price_neither_counts_nor_breaks_a_run(tmp_path: Path) -> None:
    assert missed(view_of(tmp_path, "close(RUT) > 14", "10 15 . 16 11", confirm=3)) == (
        "2025-12-04", {"close(RUT)": 16.0}, 2,
    )  # fmt: skip


def test_a_rule_that_has_fired_has_no_miss(tmp_path: Path) -> None:
    assert missed(view_of(tmp_path, "close(RUT) > 14", "10 15 11")) is None


def test_a_rule_that_was_never_known_has_no_miss(tmp_path: Path) -> None:
    assert missed(view_of(tmp_path, "corr(RUT, SPX, 60) > 0.5", "10 15 11")) is None


def test_a_condition_that_holds_or_not_has_no_distance(tmp_path: Path) -> None:
    assert missed(view_of(tmp_path, "up_turn(RUT, 80%)", "10 15 11")) is None
    found = missed(view_of(tmp_path, "up_turn(RUT, 80%) or close(RUT) > 20", "10 15 11"))
    assert found is not None
    assert found[0] == "2025-12-02"
