"""The figures of the documentation are there, small, and can be drawn again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.figures import FIGURES, FOLDER, write

PAGES = ("correlation.md", "regime.md")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
LARGEST = 80_000


def test_the_pages_show_every_figure_and_every_figure_they_show_is_there() -> None:
    pages = "".join((FOLDER.parent / page).read_text(encoding="utf-8") for page in PAGES)
    shown = re.findall(r"\]\(figures/([\w-]+)\.png\)", pages)
    assert sorted(shown) == sorted(FIGURES)
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_a_small_png(name: str) -> None:
    png = (FOLDER / f"{name}.png").read_bytes()
    assert png.startswith(SIGNATURE)
    assert len(png) < LARGEST


def test_figures_are_drawn_into_a_new_folder_the_same_bytes_each_time(tmp_path: Path) -> None:
    quick = {name: FIGURES[name] for name in ("alignment", "regime-dark")}
    write(tmp_path / "new", quick)
    assert {path.stem: path.read_bytes() for path in (tmp_path / "new").iterdir()} == {
        name: figure() for name, figure in quick.items()
    }
