"""The ten rules of docs/rule-language.md, and the line under each: how it is told, and what it did in a made market."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from bot.app import App, Options, open_app
from bot.settings.models import Settings
from rules.engine import evaluate, opened
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Edge

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rule-language.md"
START, END = "<!-- tutorial -->\n", "<!-- /tutorial -->"
LAST_DAY = 1_767_312_000
"""2026-01-02T00:00Z: the market's last session is that of 2025-12-31."""

_BLOCK = re.compile(r"(```toml\n(.*?)```\n)(\n> .*?\n)?(?=\n|<|\Z)", re.DOTALL)


def written() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    lessons, _, after = rest.partition(END)
    app = open_app(Options(seed=7), at=LAST_DAY)
    told = _BLOCK.sub(lambda found: f"{found[1]}\n> {_told(found[2], app)}\n", lessons)
    return f"{before}{START}{told}{END}{after}"


def rules_taught() -> list[CompiledRule]:
    """The rules of the page, as a configuration has them."""
    app = open_app(Options(seed=7), at=LAST_DAY)
    lessons = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)[0]
    return [_rule(found[2], app) for found in _BLOCK.finditer(lessons)]


def _rule(block: str, app: App) -> CompiledRule:
    settings = Settings.model_validate({**app.settings.model_dump(), **tomllib.loads(block)})
    (only,) = settings.rules
    return compile_rule(only.rule(), app.settings.scope)


def _told(block: str, app: App) -> str:
    rule = _rule(block, app)
    panel = app.view().panel(rule.calendar)
    events = evaluate([rule], {rule.calendar: panel}, opened([rule]), LAST_DAY).events
    fired = [event.session.isoformat() for event in events if event.edge is Edge.FIRED]
    shown = ", ".join(fired[-3:])
    did = (
        f"fired {len(fired)} times, last on {shown}"
        if len(fired) > 1
        else f"fired once, on {shown}"
        if fired
        else "never fired"
    )
    return f"*{rule.when_words}.* In the simulated market it {did}."


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
