"""`python -m tests.docs.figures`: draw the figures of the documentation again, from simulated markets alone.

Those of docs/correlation.md: every number is computed by the expressions of the rule language, on paths of the
benchmark's worlds. Those of docs/regime.md are what the bot answers with. The same machine gives the same bytes.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bot.answers.theme import Theme
from bot.queries.regime import regime, regime_picture
from bot.render.charts import draw as draw_picture
from bot.render.charts.palette import LIGHT
from bot.render.charts.style import DASHES, settings
from bot.tuning.worlds.pairs import CHANGE, CONSTANT, CONSTANT_50, STEP_TO_70, WARMUP, YEAR, Paths, World, draw
from rules.bars import Floats, Ints
from tests.bench.stats.intervals import WINDOWS, coverage
from tests.bench.stats.prices import columns, panel_of
from tests.bot.markets import simulated

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "figures"
SEED = 3
DPI = 90
WIDTH, HEIGHT = 8.4, 3.6
"""Inches of a figure."""


def main(words: Sequence[str] | None = None) -> int:
    """Draw into `docs/figures`, or into the folder named."""
    parser = argparse.ArgumentParser(prog="figures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    write(parser.parse_args(words).folder, FIGURES)
    return 0


def write(folder: Path, figures: Mapping[str, Callable[[], bytes]]) -> None:
    """A PNG of each into a folder, made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in figures.items():
        (folder / f"{name}.png").write_bytes(drawn())


def drawn(figure: Callable[[], Figure]) -> bytes:
    """A figure as a PNG."""
    out = io.BytesIO()
    with settings():
        figure().savefig(out, format="png", dpi=DPI, metadata=_METADATA)
    return out.getvalue()


def answered(theme: Theme) -> bytes:
    """The picture of /regime on a session by which the simulated market has had all three labels in half a year.

    In fewer colours than a chat gets it: so it is a third as large.
    """
    view = simulated().view(_ALL_LABELS)
    image = Image.open(io.BytesIO(draw_picture(regime_picture(view, regime(view)), theme)))
    out = io.BytesIO()
    image.convert("RGB").quantize(_COLOURS).save(out, format="png", optimize=True)
    return out.getvalue()


def alignment() -> Figure:
    """A coin that crashes in the hours after a close on which the index fell too: three ways to pair their days."""
    index, at_close, by_date = _crash()
    figure = _figure()
    axes = _axes(figure, f"r of {_FEW} sessions, mean of {_MARKETS} markets in which the truth is .50", (-0.2, 0.8))
    x = np.arange(-30, 45)
    for name, height, coin, colour in (
        ("by date", 0.33, by_date, LIGHT.vermillion),
        ("at the close", 0.57, at_close, LIGHT.blue),
        ("at the close, one row off", 0.06, np.roll(at_close, 1, axis=0), LIGHT.quiet),
    ):
        [r] = columns([f"corr({{pair}}, {_FEW})"], panel_of(Paths(index, coin, np.full(index.shape, 0.5))))
        axes.plot(x, r[_CRASH + x].mean(axis=1), color=colour, linewidth=2)
        axes.text(x[0] + 1, height, name, va="center", color=colour)
    axes.axhline(0.5, color=LIGHT.green, linewidth=1.2, zorder=1)
    axes.axvspan(0, _FEW - 1, color=LIGHT.faint, zorder=0)
    axes.text((_FEW - 1) / 2, -0.16, "the crash is in the window", ha="center", color=LIGHT.quiet)
    axes.set(xlim=(x[0], x[-1]), xlabel="sessions since the crash")
    return figure


def interval() -> Figure:
    """How often a 90 % interval holds the truth, by window: Fisher's, and the one that is shown."""
    figure = _figure()
    axes = _axes(figure, "share of 90 % intervals that hold the truth", (0.72, 0.96))
    for beside, world in zip((-0.12, -0.04, 0.04, 0.12), CONSTANT, strict=True):
        paths = draw(world, SEED, range(60))
        found = coverage(panel_of(paths), paths.rho)
        at = np.arange(len(WINDOWS)) + beside
        axes.plot(at, [each.share(each.plain) for each in found.values()], "o", color=LIGHT.vermillion)
        axes.plot(at, [each.share(each.ours) for each in found.values()], "o", color=LIGHT.blue)
        for place in at:
            axes.text(place, 0.73, world.name.split()[1], rotation=90, ha="center", color=LIGHT.quiet, fontsize=8)
    axes.axhspan(0.87, 0.93, color=LIGHT.faint, zorder=0)
    axes.axhline(0.9, color=LIGHT.quiet, linewidth=1, linestyle=DASHES)
    axes.set(xticks=range(len(WINDOWS)), xticklabels=WINDOWS, xlabel="returns in the window; upright the truth")
    axes.text(3.2, 0.942, "with the tail factor: what is shown", ha="right", color=LIGHT.blue)
    axes.text(3.2, 0.862, "plain Fisher", ha="right", va="top", color=LIGHT.vermillion)
    return figure


def crossing() -> Figure:
    """Four years in which the correlation is .50 on every row: a 30-session r, and the filter beside."""
    shown = np.arange(WARMUP, WARMUP + 4 * YEAR)
    r, p, *filtered = _of_a_path(CONSTANT_50, 0, shown, "corr({pair}, 30)", "p_corr({pair}, above=0.7)", *_FILTERED)
    x = np.arange(len(shown)) / YEAR
    above = r >= 0.7
    entries = int((above[1:] & ~above[:-1]).sum())
    figure = _figure(1.5)
    upper = _axes(figure, f"r of 30 sessions: it crosses .70 from below {entries} times", _RANGE, 211)
    upper.plot(x, r, color=LIGHT.vermillion, linewidth=1.2)
    upper.fill_between(x, 0.7, r, where=above, color=LIGHT.vermillion, alpha=0.4, linewidth=0)
    most = f"P(at least .70) is {p.max():.0%} at most"
    lower = _axes(figure, f"the filter's mean and its 90 %: {most}", _RANGE, 212)
    _band(lower, x, *filtered)
    for axes in (upper, lower):
        axes.axhline(0.7, color=LIGHT.quiet, linewidth=1, linestyle=DASHES)
        axes.axhline(0.5, color=LIGHT.green, linewidth=1.2)
        axes.set(xlim=(0, 4), xticks=range(5))
    upper.set(xticklabels=[])
    lower.set(xlabel="years; green is the truth, .50 all along")
    return figure


def shift() -> Figure:
    """A correlation that goes from .2 to .7: the filter, what it is held against, and the alarm."""
    shown = np.arange(CHANGE - 150, CHANGE + 250)
    reference, alarm, *filtered = _of_a_path(
        STEP_TO_70, _MEDIAN, shown, "rho_ref({pair})", "corr_shift({pair})", *_FILTERED
    )
    x = (shown - CHANGE).astype(float)
    figure = _figure(1.5)
    upper = _axes(figure, "the filter's mean and its 90 %, and the reference (dashed)", _RANGE, 211)
    _band(upper, x, *filtered)
    upper.plot(x, reference, color=LIGHT.quiet, linewidth=1.6, linestyle=DASHES)
    upper.plot(x, np.where(x < 0, 0.2, 0.7), color=LIGHT.green, linewidth=1.2)
    lower = _axes(figure, "corr_shift: the probability of being more than .2 away from it", (0.0, 1.05), 212)
    lower.plot(x, alarm, color=LIGHT.blue, linewidth=1.6)
    lower.axhline(0.9, color=LIGHT.quiet, linewidth=1, linestyle=DASHES)
    for row in x[alarm > 0.9]:
        for axes in (upper, lower):
            axes.axvline(row, color=LIGHT.vermillion, linewidth=1.6)
        lower.text(row + 4, 0.5, f"alarm, {row:.0f} sessions after", color=LIGHT.vermillion)
    for axes in (upper, lower):
        axes.set(xlim=(x[0], x[-1]))
    upper.set(xticklabels=[])
    lower.set(xlabel="sessions since the change; green is the truth")
    return figure


FIGURES: Mapping[str, Callable[[], bytes]] = {
    "alignment": partial(drawn, alignment),
    "interval": partial(drawn, interval),
    "crossing": partial(drawn, crossing),
    "shift": partial(drawn, shift),
    "regime-light": partial(answered, Theme.LIGHT),
    "regime-dark": partial(answered, Theme.DARK),
}

_METADATA = {"Software": "Bellwether"}
_ALL_LABELS = dt.date(2025, 12, 10)
_COLOURS = 64
_FILTERED = ("rho({pair})", "rho_low({pair})", "rho_high({pair})")
_RANGE = (-0.4, 1.0)
_FEW = 20
_MARKETS = 200
_MEDIAN = 17
"""A path on which the alarm comes after the median delay."""
_CRASH = 60
_AFTER_CLOSE = 4
"""Hours from the close to the midnight of UTC."""


def _crash() -> tuple[Floats, Floats, Floats]:
    """Returns of an index by session, of a coin by session and of the coin by date, (sessions, markets): 24 hours each.

    On session _CRASH the index falls 3 %, and in the two hours after its close the coin 15 %.
    """
    rng = np.random.default_rng(SEED)
    sessions = _CRASH + 60
    common, own = rng.standard_normal((2, _MARKETS, sessions * 24))
    index, coin = 0.0025 * common, 0.0075 * (0.5 * common + np.sqrt(0.75) * own)
    close = 24 * (_CRASH + 1)
    index[:, close - 24 : close] -= 0.03 / 24
    coin[:, close - 24 : close] -= 0.045 / 24
    coin[:, close : close + 2] -= 0.15 / 2
    hours = (index, coin, np.roll(coin, -_AFTER_CLOSE, axis=1))
    by_session, at_close, by_date = (each.reshape(_MARKETS, sessions, 24).sum(axis=2).T for each in hours)
    return by_session, at_close, by_date


def _of_a_path(world: World, path: int, shown: Ints, *texts: str) -> list[Floats]:
    """Expressions about one path of a world, on some of its rows."""
    return [column[shown, 0] for column in columns(texts, panel_of(draw(world, SEED, [path])))]


def _band(axes: Axes, x: Floats, mean: Floats, low: Floats, high: Floats) -> None:
    axes.fill_between(x, low, high, color=LIGHT.sky, alpha=0.5, linewidth=0, step="mid")
    axes.plot(x, mean, color=LIGHT.blue, linewidth=1.6)


def _figure(height: float = 1.0) -> Figure:
    return Figure(figsize=(WIDTH, HEIGHT * height), layout="constrained")


def _axes(figure: Figure, title: str, ylim: tuple[float, float], place: int = 111) -> Axes:
    axes = figure.add_subplot(place)
    axes.set_title(title, loc="left", fontsize=11)
    axes.set(ylim=ylim)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


if __name__ == "__main__":
    raise SystemExit(main())
