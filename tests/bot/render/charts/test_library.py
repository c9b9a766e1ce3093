"""What drawing costs others: no memory, no import before the first picture, no setting changed, no word in the log."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from bot.render.charts import draw
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import EVERY

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize("kind", EVERY)
def test_a_drawn_picture_leaves_nothing_behind(kind: str) -> None:
    """A figure is a knot of references round 5 MB of pixels: left to the collector, a hundred of them would pile up."""
    draw(EVERY[kind])
    gc.collect()
    gc.disable()
    try:
        known = _drawn()
        draw(EVERY[kind])
        left = _drawn().keys() - known.keys()
    finally:
        gc.enable()
    assert not left


def _drawn() -> dict[int, object]:
    """What of pictures is alive, by its identity."""
    return {id(each): each for each in gc.get_objects() if isinstance(each, Figure | Text)}


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
