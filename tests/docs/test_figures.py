"""The figures of docs/correlation.md are there, small, and can be drawn again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.figures import FIGURES, FOLDER, drawn, write

PAGE = FOLDER.parent / "correlation.md"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 80_000


def test_the_page_shows_every_figure_and_every_figure_it_shows_is_there() -> None:
    shown = re.findall(r"\]\(figures/(\w+)\.png\)", PAGE.read_text(encoding="utf-8"))
    assert sorted(shown) == sorted(FIGURES)
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_small_png(name: str) -> None:
    png = (FOLDER / f"{name}.png").read_bytes()
    assert png.startswith(SIGNATURE)
    assert len(png) < LARGEST


def test_figures_are_drawn_into_a_new_folder_the_same_bytes_each_time(tmp_path: Path) -> None:
    quick = {name: FIGURES[name] for name in ("alignment", "shift")}
    write(tmp_path / "new", quick)
    assert {path.stem: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {
        name: drawn(figure) for name, figure in quick.items()
    }
