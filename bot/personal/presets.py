"""Alerts that are worth one tap: made of the market as it is now."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator

from bot.answers.buttons import Button
from bot.personal.draft import Draft, NotUnderstood
from bot.personal.forms import read
from bot.personal.market import Market
from rules.language.typed import number_text
from rules.model import Kind

AWAY = 0.08
"""How far from the price a round level is looked for, as a share."""


def preset_keys(market: Market, but: Collection[str] = ()) -> list[Button]:
    """A button for each, which saves it; without those of the conditions `but`, of which something tells already."""
    found = presets(market)
    return [Button(label, f"/alert save {draft.line}") for label, draft in found if draft.when not in but]


def presets(market: Market) -> list[tuple[str, Draft]]:
    """What is read on a button, and the alert that it saves; only what can be said of what is configured."""
    found = []
    for label, line in _lines(market):
        try:
            found.append((label, read(line, market)))
        except NotUnderstood:
            continue
    return found


def _lines(market: Market) -> Iterator[tuple[str, str]]:
    known = market.scope.instruments
    coins = [name for name, each in known.items() if each.kind is Kind.COIN]
    main = "BTC" if "BTC" in known else next(iter(coins), None)
    second = "SOL" if "SOL" in known else next((name for name in coins if name != main), None)
    index = "RUT" if "RUT" in known else next((name for name, each in known.items() if each.kind is Kind.INDEX), None)
    if main is not None:
        yield f"{main} -5% in a day", f"{main} -5% 1d"
    if second is not None and (price := market.price(second)) is not None:
        level = _round_below(price)
        yield f"{second} below {number_text(level)}", f"{second} < {number_text(level)}"
    if index is not None:
        yield f"{index} at a record", f"{index} record"
        yield f"{index} within 1% of its record", f"{index} 1% from record"
    if index is not None and second is not None:
        yield f"{index}-{second} coupled at 0.6", f"coupled {index} {second} 0.6"
    yield "Regime turns risk-off", "regime risk-off"


def _round_below(price: float) -> float:
    """A level with one or two digits that a price has to fall to by some percent: 120 of 131, 80,000 of 89,000."""
    wanted = price * (1.0 - AWAY)
    step = 10.0 ** math.floor(math.log10(wanted)) / 10.0
    rough = math.floor(wanted / step)
    digits = rough - rough % 5 if rough >= 20 else rough
    return float(f"{digits * step:.6g}")
