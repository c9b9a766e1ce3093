"""The example of docs/tuning.md: a tuning in a simulated market. `python -m tests.docs.tuning_page` writes it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from bot.app import Options, open_app
from bot.cli._surface import surface_lines
from bot.tuning.grid import grid_of
from bot.tuning.running import Here, Silent
from bot.tuning.tune import Request, tune

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tuning.md"
START, END = "<!-- example -->\n", "<!-- /example -->"
COMMAND = "bellwether tune vix-20 --param enter=18:23:1 --param confirm=1,2 --paths 5"
LAST_DAY = 1_767_312_000
"""2026-01-02T00:00Z: the market's last session is that of 2025-12-31."""


def written() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    return f"{before}{START}```\n$ {COMMAND}\n{_told()}\n```\n{END}{after}"


def _told() -> str:
    view = open_app(Options(seed=7), at=LAST_DAY).view()
    _, _, word, _, enter, _, confirm, _, paths = COMMAND.split()
    rule = next(each for each in view.rules if each.rule.id == word)
    asked = Request(rule, "RUT", horizon=20, folds=5, up=True, paths=int(paths), seed=1)
    grid = grid_of(rule, (enter, confirm), view.scope)
    found = tune(asked, grid, view.panel(rule.calendar), view.scope, lambda market: nullcontext(Here(market)), Silent())
    return "\n".join(surface_lines(found))


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
