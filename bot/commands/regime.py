"""/regime: risk-on, neutral or risk-off, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Refusal, Reply, command
from bot.queries.regime import regime as ask
from bot.render.answers import regime_answer
from rules.model import XNYS


@command("/regime", "risk-on, neutral or risk-off, and how sure that is", "/regime")
def regime(desk: Desk, words: Sequence[str]) -> Reply:
    """The label with its probabilities and drivers."""
    if words:
        raise Refusal("it takes nothing more")
    found = ask(desk.view)
    return Reply(regime_answer(found, desk.view.next_open(XNYS, found.at)))
