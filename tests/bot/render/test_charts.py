"""Pictures of correlation: what they show, that they fit a phone, and that odd values neither lie nor raise."""

from __future__ import annotations

import datetime as dt
import gc
import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.artist import Artist
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from bot.answers import CorrelationList, CorrelationMatrix, PairPicture, Picture
from bot.render.charts import against, draw, matrix, pair
from bot.render.charts.style import GREEN, VERMILLION
from bot.render.charts.words import fitted, spread, width
from rules.bars import Floats
from rules.model import ALWAYS
from tests.bot.render import pictures

ROOT = Path(__file__).resolve().parents[3]
PHONE = 1080
EVERY: dict[str, PairPicture | CorrelationList | CorrelationMatrix] = {
    "pair": pictures.pair(),
    "against": pictures.against(),
    "matrix": pictures.matrix(),
}


def figure(picture: Picture) -> Figure:
    """What is drawn, before it becomes pixels."""
    match picture:
        case PairPicture():
            return pair.sheet(picture).figure
        case CorrelationList():
            return against.sheet(picture).figure
        case CorrelationMatrix():
            return matrix.sheet(picture).figure


def words(picture: Picture) -> list[str]:
    """What can be read on a picture, in the order in which it was written."""
    return [text.get_text() for text in figure(picture).texts]


def drawn(picture: Picture, gid: str) -> Artist:
    """The one thing drawn under a name."""
    (found,) = figure(picture).findobj(lambda each: each.get_gid() == gid)
    return found


def line(picture: Picture, gid: str) -> tuple[Floats, Floats]:
    """x and y of the one line drawn under a name."""
    found = drawn(picture, gid)
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xdata(), dtype=np.float64), np.asarray(found.get_ydata(), dtype=np.float64)


def pixels(picture: Picture) -> NDArray[np.uint8]:
    """Height x width x red, green, blue."""
    return np.asarray(Image.open(io.BytesIO(draw(picture))).convert("RGB"))


def count(picture: Picture, colour: str) -> int:
    """How many pixels have just this colour."""
    return int(np.equal(pixels(picture), tuple(bytes.fromhex(colour[1:]))).all(axis=2).sum())


def with_r(r: Floats, **changes: object) -> PairPicture:
    low, high = pictures.interval(r)
    return pictures.pair(len(r), r=r, low=low, high=high, **changes)


# What every picture is


@pytest.mark.parametrize("kind", EVERY)
def test_a_picture_is_as_wide_as_a_phone_shows_and_not_blank(kind: str) -> None:
    shown = pixels(EVERY[kind])
    assert shown.shape[1] == PHONE
    assert 700 < shown.shape[0] < 1300
    assert shown.std() > 20


@pytest.mark.parametrize("kind", EVERY)
def test_the_same_values_give_the_same_bytes_on_any_thread(kind: str) -> None:
    with ThreadPoolExecutor(1) as other:
        assert draw(EVERY[kind]) == draw(EVERY[kind]) == other.submit(draw, EVERY[kind]).result()


@pytest.mark.parametrize("kind", EVERY)
def test_all_words_lie_on_the_sheet(kind: str) -> None:
    shown = figure(EVERY[kind])
    for text in shown.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= PHONE, text
        assert box.y1 <= shown.bbox.y1, text


@pytest.mark.parametrize("kind", EVERY)
def test_simulated_prices_are_stamped_and_real_ones_are_not(kind: str) -> None:
    simulated = replace(EVERY[kind], simulated=True)
    assert "SIMULATED" in words(simulated)
    assert "SIMULATED" not in words(EVERY[kind])
    differ = np.not_equal(pixels(simulated), pixels(EVERY[kind])).any(axis=2)
    assert differ.mean() > 0.04


@pytest.mark.parametrize(
    "empty", [pictures.pair(0), pictures.against(0), pictures.matrix(0), pictures.matrix(1)], ids=lambda each: "empty"
)
def test_a_picture_of_nothing_says_so(empty: Picture) -> None:
    assert any(line.startswith("Nothing to draw: ") for line in words(empty))
    assert "SIMULATED" in words(replace(empty, simulated=True))
    assert pixels(empty).shape[1] == PHONE


@pytest.mark.parametrize("kind", EVERY)
def test_the_close_is_named_in_the_words_of_the_text(kind: str) -> None:
    assert any(line.startswith("Close of Wed 2025-12-10") for line in words(EVERY[kind]))
    around_the_clock = replace(EVERY[kind], clock=ALWAYS)
    assert any(line.startswith("UTC day Wed 2025-12-10") for line in words(around_the_clock))


# A pair


def test_a_pair_says_what_it_shows_and_where_it_stands() -> None:
    told = words(pictures.pair())
    assert told[:2] == ["RUT and SOL: correlation of 60 returns", "Close of Wed 2025-12-10 · 90% interval shaded"]
    assert {"+0.52", "+0.34", "to +0.66", "≥ .5", "≥ .6", "≥ .7"} < set(told)


def test_the_scale_names_the_levels_and_reaches_down_as_far_as_the_values() -> None:
    scale = ["1", ".7", ".6", ".5", "0", "-.5"]
    above = with_r(np.array([0.1, -0.2]))
    below = with_r(np.array([0.1, -0.45]))
    assert [line for line in words(above) if line in [*scale, "-1"]] == scale
    assert [line for line in words(below) if line in [*scale, "-1"]] == [*scale, "-1"]


def test_the_curve_breaks_where_there_is_no_correlation() -> None:
    r = np.full(101, 0.55)
    r[40:60] = np.nan
    picture = with_r(r, coupled={})
    np.testing.assert_array_equal(line(picture, "r")[1], r)
    red, blue = (pixels(picture)[:, :870, each].astype(np.int64) for each in (0, 2))
    inked = np.flatnonzero((blue - red).max(axis=0) > 60)
    breaks = np.diff(inked)
    assert (breaks > 1).sum() == 1
    assert 0.18 < breaks.max() / (inked[-1] - inked[0]) < 0.22


def test_a_session_between_gaps_is_a_dot() -> None:
    r = np.full(21, np.nan)
    r[[3, 10, 11]] = 0.4
    assert list(line(with_r(r), "r alone")[0]) == [3]


def test_a_curve_that_ends_undefined_does_not_show_its_last_value_as_todays() -> None:
    r = np.array([0.4, 0.5, np.nan])
    told = words(with_r(r))
    assert "n/a" in told
    assert "+0.50" not in told


def test_a_pair_that_is_never_defined_says_so() -> None:
    assert {"undefined in all sessions shown", "n/a"} < set(words(with_r(np.full(90, np.nan))))


def test_sessions_are_filled_where_the_pair_was_coupled() -> None:
    off, on = np.zeros(100, dtype=bool), np.zeros(100, dtype=bool)
    on[20:30] = on[50] = True
    picture = pictures.pair(100, coupled={0.5: on, 0.7: off})
    bars = drawn(picture, "coupled .5")
    assert isinstance(bars, PolyCollection)
    sides = [tuple(path.get_extents().intervalx) for path in bars.get_paths()]
    assert sides == [(19.5, 29.5), (49.5, 50.5)]
    assert count(picture, GREEN) > 1_000
    never = replace(picture, coupled={0.5: off, 0.7: off})
    assert count(never, GREEN) == 0
    assert "Coupled, in none of these sessions" in words(never)


def test_one_coupled_session_of_ten_thousand_is_seen() -> None:
    on = np.zeros(10_000, dtype=bool)
    on[5_000] = True
    quiet = pictures.pair(10_000, coupled={0.5: np.zeros(10_000, dtype=bool)})
    assert draw(replace(quiet, coupled={0.5: on})) != draw(quiet)


def test_an_approximate_pair_says_so() -> None:
    warning = "approximate: by UTC day, not by close"
    assert warning in words(pictures.pair(approximate=True))
    assert warning not in words(pictures.pair())
    assert count(pictures.pair(approximate=True), VERMILLION) > 500


def test_of_an_approximate_pair_the_filter_says_nothing() -> None:
    assert "Coupled, by level" not in words(pictures.pair(approximate=True))
    assert count(pictures.pair(approximate=True), GREEN) == 0


def test_the_levels_are_dashed_even_where_nothing_is_known_of_coupling() -> None:
    picture = pictures.pair(coupled={})
    levels = figure(picture).findobj(lambda each: each.get_gid() == "level")
    heights = [np.asarray(each.get_ydata(), dtype=np.float64)[0] for each in levels if isinstance(each, Line2D)]
    assert sorted(heights) == [0.5, 0.6, 0.7]


@pytest.mark.parametrize(
    ("sessions", "dates"),
    [
        (1, ["Dec 10"]),
        (10, ["Nov 27", "Dec 2", "Dec 5", "Dec 10"]),
        (63, ["Oct", "Nov", "Dec"]),
        (252, ["2025", "Mar", "May", "Jul", "Sep", "Nov"]),
        (504, ["Apr", "Jul", "Oct", "2025", "Apr", "Jul", "Oct"]),
        (2_520, ["2018", "2020", "2022", "2024"]),
        (10_000, ["1990", "2000", "2010", "2020"]),
    ],
)
def test_dates_are_few_and_concise(sessions: int, dates: list[str]) -> None:
    told = words(pictures.pair(sessions, coupled={}))
    assert told[2 : 2 + len(dates)] == dates
    assert told[2 + len(dates)] == "1"


values = st.one_of(st.floats(-1, 1), st.just(np.nan), st.floats())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(values, values, values, st.booleans()), min_size=1, max_size=40))
def test_no_value_makes_a_pair_fail_and_none_that_cannot_be_is_drawn(rows: list[tuple[float, ...]]) -> None:
    r, low, high, on = (np.array(each) for each in zip(*rows, strict=True))
    picture = pictures.pair(len(rows), r=r, low=low, high=high, coupled={0.5: on.astype(bool)})
    assert draw(picture)
    np.testing.assert_array_equal(line(picture, "r")[1], np.where(np.abs(r) <= 1, r, np.nan))


# A list


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


# A matrix


def test_a_matrix_names_its_basket_its_pairs_and_its_average() -> None:
    told = words(pictures.matrix())
    assert told[:2] == ["CORE: 45 pairs of 10 instruments", "Correlation of 60 returns, average +0.21"]
    assert words(pictures.matrix(average=None))[1] == "Correlation of 60 returns, average n/a"


def test_every_pair_stands_in_the_lower_triangle_once() -> None:
    r = np.array([[1, 0.504, -0.2], [0.504, 1, -0.996], [-0.2, -0.996, 1]])
    picture = pictures.matrix(3, r=r)
    told = words(picture)
    assert told[3:9] == ["RUT", "SPX", "QQQ", "+.50", "-.20", "-1.00"]
    mesh = drawn(picture, "r")
    assert isinstance(mesh, QuadMesh)
    assert list(np.ma.MaskedArray(mesh.get_array()).compressed()) == [0.504, -0.2, -0.996]
    assert mesh.get_clim() == (-1, 1)


def test_an_undefined_cell_is_hatched() -> None:
    picture = pictures.matrix()
    patches = figure(picture).axes[0].patches
    assert [each.get_xy() for each in patches if isinstance(each, Rectangle) and each.get_hatch()] == [(1, 3)]
    assert words(picture).count("n/a") == 1


def test_instruments_that_are_late_are_told() -> None:
    late = {"XRP": dt.date(2025, 12, 8), "UUP": dt.date(2025, 12, 5), "ADA": dt.date(2025, 12, 8)}
    assert words(pictures.matrix(15, late=late))[-1] == "Only as of 2025-12-08: XRP, ADA; 2025-12-05: UUP"


@pytest.mark.parametrize("instruments", [2, 3, 11, 30])
def test_a_matrix_of_any_size_keeps_its_words_in_their_cells(instruments: int) -> None:
    shown = figure(pictures.matrix(instruments))
    (axes, _) = shown.axes
    cell = axes.bbox.width / instruments
    numbers = [text for text in shown.texts if text.get_text()[0] in "+-" and len(text.get_text()) == 4]
    assert all(text.get_window_extent().width <= cell for text in numbers)
    assert pixels(pictures.matrix(instruments)).shape[1] == PHONE


# Words


ODD = ("$x^2$", "\\frac{1}{0}", "<b>&amp;", "two\nlines\t", "\N{GRINNING FACE}", "\ud800", "", "W" * 5_000, "\x00")


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_drawn_as_they_are_or_as_far_as_there_is_room(name: str) -> None:
    entry = replace(pictures.against(3).lines[0], b=name)
    odd: tuple[Picture, ...] = (
        pictures.pair(a=name, b=name),
        pictures.against(a=name, lines=(entry,)),
        pictures.matrix(3, basket=name, instruments=(name, "B", name)),
    )
    for picture in odd:
        assert draw(picture)
        assert all(text.get_window_extent().x1 <= PHONE for text in figure(picture).texts)


def test_a_dollar_is_a_dollar() -> None:
    (title, *_) = figure(pictures.pair(a="$x^2$")).texts
    assert title.get_text().startswith("$x^2$ and SOL")
    assert not title.get_parse_math()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.floats(12, 60), st.floats(60, 1_000), st.booleans())
def test_fitted_words_take_no_more_room_than_there_is(text: str, size: float, room: float, bold: bool) -> None:
    kept, smaller = fitted(text, size, room, bold=bold)
    assert width(kept, smaller, bold=bold) <= room
    assert size / 2 <= smaller <= size


@given(st.lists(st.floats(-500, 500), max_size=8).map(sorted), st.floats(1, 60))
def test_labels_are_spread_in_their_order(places: list[float], gap: float) -> None:
    moved = spread(places, gap)
    assert len(moved) == len(places)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))
    if all(b - a >= gap for a, b in pairwise(places)):
        assert moved == pytest.approx(places)


# What drawing costs others


@pytest.mark.parametrize("kind", EVERY)
def test_a_drawn_picture_leaves_nothing_behind(kind: str) -> None:
    """A figure is a knot of references round 5 MB of pixels: left to the collector, a hundred of them would pile up."""
    draw(EVERY[kind])
    gc.collect()
    gc.disable()
    try:
        draw(EVERY[kind])
        left = [each for each in gc.get_objects() if isinstance(each, Figure | Text)]
    finally:
        gc.enable()
    assert left == []


def test_the_settings_of_matplotlib_are_left_alone() -> None:
    before = dict(matplotlib.rcParams)
    draw(pictures.pair())
    assert dict(matplotlib.rcParams) == before


def run(program: str, cwd: Path = ROOT, **environment: str) -> str:
    """What a program prints; it may not say anything else."""
    kept = {name: value for name, value in os.environ.items() if name not in ("HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env=kept | {"PYTHONPATH": str(ROOT)} | environment,
    )
    assert done.stderr == ""
    return done.stdout.strip()


DRAW = """
import hashlib, logging, sys, tempfile
logging.basicConfig(level=logging.WARNING)
if {nowhere}:
    tempfile.tempdir = "/dev/null/nowhere"
from bot.render.charts import draw
from tests.bot.render.pictures import pair
print(hashlib.sha256(draw(pair())).hexdigest(), "matplotlib.pyplot" in sys.modules)
"""


def expected() -> str:
    return f"{sha256(draw(pictures.pair())).hexdigest()} False"


def test_matplotlib_is_not_imported_before_a_picture_is_asked_for() -> None:
    assert run("import sys, bot.render.charts; print('matplotlib' in sys.modules)") == "False"


def test_a_home_that_cannot_be_written_is_not_worth_a_word() -> None:
    assert run(DRAW.format(nowhere=False), HOME="/dev/null/nowhere") == expected()


def test_a_picture_needs_no_place_to_write() -> None:
    assert run(DRAW.format(nowhere=True), HOME="/dev/null/nowhere") == expected()


def test_settings_of_others_do_not_change_a_picture(tmp_path: Path) -> None:
    """Traders have a matplotlibrc: dark, with TeX, with every picture cropped."""
    lines = ("text.usetex: True", "axes.facecolor: black", "lines.linewidth: 40", "savefig.dpi: 300")
    (tmp_path / "matplotlibrc").write_text("\n".join((*lines, "savefig.bbox: tight", "font.size: 50")))
    assert run(DRAW.format(nowhere=False), cwd=tmp_path, HOME=str(tmp_path)) == expected()
