"""The picture of one instrument against the others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from tests.bot.render import pictures
from tests.bot.render.charts.drawings import figure, line, words


def test_a_list_says_how_many_pairs_and_prints_each_with_its_probability() -> None:
    told = words(pictures.against())
    assert told[:3] == ["RUT against 14 others", "Correlation of 60 returns, 90% interval", "Close of Wed 2025-12-10"]
    assert told[told.index("QQQ") :][:3] == ["QQQ", "+0.79", "95%"]
    assert "P ≥ .6" in told


def test_an_undefined_line_is_listed_and_not_drawn() -> None:
    picture = pictures.against()
    told = words(picture)
    assert told[told.index("UUP") :][:3] == ["UUP", "n/a", "n/a"]
    points = figure(picture).findobj(lambda each: each.get_gid() == "r")
    assert len(points) == len([line for line in picture.lines if line.r is not None]) == 12


def test_a_point_lies_at_r_on_its_interval() -> None:
    picture = pictures.against(3)
    assert list(line(picture, "r")[0]) == [picture.lines[0].r]
    assert tuple(line(picture, "interval")[0]) == picture.lines[0].ci90


def test_a_line_as_of_an_earlier_session_is_told() -> None:
    lines = list(pictures.against(3).lines)
    lines[0] = replace(lines[0], as_of=dt.date(2025, 12, 8))
    assert words(pictures.against(3, lines=tuple(lines)))[-1] == "Only as of 2025-12-08: SPX"


def test_a_list_that_telegram_would_not_take_is_cut_and_says_so() -> None:
    picture = pictures.against(400)
    late = tuple(
        replace(line, as_of=dt.date(2025, 1, 1) + dt.timedelta(days=row)) for row, line in enumerate(picture.lines)
    )
    for each in (picture, replace(picture, lines=late)):
        shown = figure(each).bbox
        assert shown.width + shown.height <= 10_000
        assert shown.height / shown.width <= 20
        assert words(each)[-1] == "The first 120 of 400 are shown"
        assert words(each)[0] == "RUT against 400 others"
