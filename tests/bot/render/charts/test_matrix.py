"""The picture of every pair of a basket."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.patches import Rectangle

from tests.bot.render import pictures
from tests.bot.render.charts.drawings import PHONE, drawn, figure, pixels, words


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


@pytest.mark.parametrize("instruments", [2, 3, 11, pytest.param(30, marks=pytest.mark.soak)])
def test_a_matrix_of_any_size_keeps_its_words_in_their_cells(instruments: int) -> None:
    shown = figure(pictures.matrix(instruments))
    (axes, _) = shown.axes
    cell = axes.bbox.width / instruments
    numbers = [text for text in shown.texts if text.get_text()[0] in "+-" and len(text.get_text()) == 4]
    assert all(text.get_window_extent().width <= cell for text in numbers)
    assert pixels(pictures.matrix(instruments)).shape[1] == PHONE
