"""What holds of every picture, in every theme: it fits a phone, can be read, and says what it is of."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from bot.answers import Picture
from bot.answers.theme import Theme
from bot.render.charts import draw
from bot.render.charts.palette import PALETTES, READABLE, contrast
from rules.model import ALWAYS
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import EVERY, PHONE, figure, figure_of, picture_of, pixels, seen, words, words_of
from tests.bot.render.followed import outcome_picture


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("kind", EVERY)
def test_a_picture_is_as_wide_as_a_phone_shows_and_not_blank(kind: str, theme: Theme) -> None:
    shown = seen(kind, theme)
    assert shown.shape[1] == PHONE
    assert 700 < shown.shape[0] < 1300
    assert shown.std() > 20


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("kind", EVERY)
def test_the_same_values_give_the_same_bytes_on_any_thread(kind: str, theme: Theme) -> None:
    with ThreadPoolExecutor(1) as other:
        assert picture_of(kind, theme) == other.submit(draw, EVERY[kind], theme).result()


@pytest.mark.parametrize("kind", EVERY)
def test_all_words_lie_on_the_sheet(kind: str) -> None:
    shown = figure_of(kind)
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
    assert "SIMULATED" not in words_of(kind)
    for theme in Theme:
        differ = np.not_equal(pixels(simulated, theme), seen(kind, theme)).any(axis=2)
        assert differ.mean() > 0.04


@pytest.mark.parametrize(
    "empty",
    [
        pictures.pair(0),
        pictures.against(0),
        pictures.matrix(0),
        pictures.matrix(1),
        pictures.regime(0),
        pictures.price(0),
        pictures.condition(0),
        pictures.timeline(0),
        outcome_picture(0),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_picture_of_nothing_says_so(empty: Picture) -> None:
    assert any(line.startswith("Nothing to draw: ") for line in words(empty))
    assert "SIMULATED" in words(replace(empty, simulated=True))
    assert pixels(empty).shape[1] == PHONE


@pytest.mark.parametrize("kind", EVERY)
def test_the_close_is_named_in_the_words_of_the_text(kind: str) -> None:
    assert any(line.startswith("Close of Wed 2025-12-10") for line in words_of(kind))


@pytest.mark.parametrize(
    "picture",
    [
        pictures.pair(clock=ALWAYS),
        pictures.against(clock=ALWAYS),
        pictures.matrix(clock=ALWAYS),
        pictures.price(clock=ALWAYS),
        pictures.condition(clock=ALWAYS),
        pictures.timeline(clock=ALWAYS),
        outcome_picture(clock=ALWAYS),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_day_of_what_trades_around_the_clock_is_named_so(picture: Picture) -> None:
    assert any(line.startswith("UTC day Wed 2025-12-10") for line in words(picture))


@pytest.mark.parametrize("kind", EVERY)
def test_a_picture_is_light_unless_it_is_wanted_dark(kind: str) -> None:
    assert draw(EVERY[kind]) == picture_of(kind, Theme.LIGHT) != picture_of(kind, Theme.DARK)


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("kind", EVERY)
def test_a_picture_is_drawn_on_the_paper_of_its_theme(kind: str, theme: Theme) -> None:
    assert _ground(seen(kind, theme)) == PALETTES[theme].paper.lower()


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("kind", EVERY)
def test_all_words_stand_out_from_what_is_behind_them(kind: str, theme: Theme) -> None:
    shown = figure(EVERY[kind], theme)
    for text in shown.texts:
        text.set_visible(False)
    out = io.BytesIO()
    shown.savefig(out, format="png")
    behind = np.asarray(Image.open(out).convert("RGB"))
    for text in shown.texts:
        ground = _ground(_under(text, behind))
        assert contrast(to_hex(text.get_color()), ground) >= READABLE, (text.get_text(), ground)


@pytest.mark.parametrize("kind", EVERY)
def test_no_words_lie_on_others(kind: str) -> None:
    boxes = [(text.get_text(), text.get_window_extent()) for text in figure_of(kind).texts]
    for (one, box), (other, beside) in combinations(boxes, 2):
        across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
        up = min(box.y1, beside.y1) - max(box.y0, beside.y0)
        assert across < 1 or up < _TOUCH, (one, other)


_TOUCH = 8
"""Pixels that the boxes of two lines may share: of the room above and below their letters."""


def _under(text: Text, behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels of a box of words, which may have no letter in it."""
    text.set_visible(True)
    box = text.get_window_extent()
    bottom, top = len(behind) - int(box.y0), len(behind) - int(box.y1)
    return behind[top : bottom + 1, int(box.x0) : int(box.x1) + 1]


def _ground(seen: NDArray[np.uint8]) -> str:
    """The colour that most of the pixels have."""
    colours, counts = np.unique(seen.astype(np.int32) @ [0x10000, 0x100, 1], return_counts=True)
    return f"#{colours[counts.argmax()]:06x}"
