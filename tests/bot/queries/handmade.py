"""Views of prices written by hand: a rule or two on RUT and SPX, from Monday 2025-12-01 on."""

from __future__ import annotations

from pathlib import Path

from bot.app import Options, open_app
from bot.queries.view import View
from tests.bot.markets import NOW, Folder, day


def view_of(path: Path, rules: str, rut: str, spx: str = "") -> View:
    """RUT and SPX at these closes, a weekday each; a point is a day without a price."""
    path.mkdir(exist_ok=True)
    config = path / "my.toml"
    config.write_text(rules)
    folder = Folder(path / "prices").holds("RUT_1d.csv", *_rows(rut))
    if spx:
        folder.holds("SPX_1d.csv", *_rows(spx))
    return open_app(Options(data=folder.path, config=config), at=NOW).view()


def rule(when: str, clear: str = "", **keys: object) -> str:
    """A rule named asked, in TOML."""
    lines = ['id = "asked"', f'when = "{when}"', *([f'clear = "{clear}"'] if clear else [])]
    return "\n".join(["[[rules]]", *lines, *(f"{key} = {value!r}" for key, value in keys.items())]) + "\n"


def _rows(closes: str) -> list[str]:
    dates = [f"2025-12-{each:02}" for each in range(1, 32) if (each - 1) % 7 < 5]
    return [day(date, close) for date, close in zip(dates, closes.split(), strict=False) if close != "."]
