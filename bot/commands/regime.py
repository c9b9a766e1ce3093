"""/regime: risk-on, neutral or risk-off, how sure that is, and what one can hold against it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.gauges import regime_panel
from bot.queries.regime import regime as ask
from bot.queries.regime import regime_picture
from bot.render.keys import refresh
from bot.render.regime import panel_answer, regime_answer, spells_answer
from rules.model import XNYS
from rules.regime.filter import USES

PANEL, HISTORY = "panel", "history"


@command(
    Group.MARKET,
    "/regime [panel|history]",
    "risk-on, neutral or risk-off, and how sure that is",
    "/regime panel",
    trades=lambda words: () if words else USES,
)
def regime(desk: Desk, words: Sequence[str]) -> Reply:
    """The label with its life, arguments and a picture; the panel beside it; or the labels before it."""
    asked = [word.lower() for word in words]
    if asked not in ([], [PANEL], [HISTORY]):
        raise Refusal(f"it takes {PANEL}, {HISTORY} or nothing more")
    found = ask(desk.view, desk.trades, desk.now)
    if asked == [HISTORY]:
        return Reply(spells_answer(found), buttons=_keys(HISTORY))
    panel = regime_panel(desk.view, found)
    if asked:
        return Reply(panel_answer(panel), buttons=_keys(PANEL))
    text = regime_answer(found, panel, desk.view.next_open(XNYS, found.at))
    return Reply(text, picture=regime_picture(desk.view, found), buttons=_keys(""))


def _keys(shown: str) -> Keyboard:
    """The same once more, in its place, and the two others: one has a picture, so they come below."""
    names = {"": "Regime", PANEL: "Gauges", HISTORY: "History"}
    others = [Button(label, f"/regime {word}".rstrip()) for word, label in names.items() if word != shown]
    return ((refresh(f"/regime {shown}".rstrip()), *others),)
