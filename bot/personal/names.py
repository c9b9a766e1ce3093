"""Which instrument somebody means: by its id, by its name or the beginning of it, or by what everybody calls it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.personal.words import Token
from rules.model import Instrument, Kind

ALSO = {
    "small caps": "RUT",
    "smallcaps": "RUT",
    "s&p": "SPX",
    "sp500": "SPX",
    "sp 500": "SPX",
    "xbt": "BTC",
    "ethereum": "ETH",
    "nasdaq": "QQQ",
    "dollar": "UUP",
    "gold": "GLD",
    "treasuries": "TLT",
    "bonds": "TLT",
    "high yield": "HYG",
    "ripple": "XRP",
    "cardano": "ADA",
}
"""What is on nobody's list of names; it counts where the instrument is configured, and no name says otherwise."""

LONGEST = 4
"""Words of a name that are looked at."""

_FIRST = (Kind.INDEX, Kind.COIN, Kind.VOLATILITY, Kind.ETF)
"""Of several with such a name, the thing itself goes before what holds it."""


def instrument_at(tokens: Sequence[Token], at: int, known: Mapping[str, Instrument]) -> tuple[Instrument, int] | None:
    """The instrument that the tokens from `at` on name, and where its name ends; the longest name counts."""
    for wide in range(min(LONGEST, len(tokens) - at), 0, -1):
        found = _named(_text(tokens[at : at + wide]), known)
        if found is not None:
            return found, at + wide
    return None


def _text(tokens: Sequence[Token]) -> str:
    """Words as they would stand in a name: a number in it is a whole one without anything."""
    return " ".join(each if isinstance(each, str) else f"{each.value:.0f}" for each in tokens)


def _named(text: str, known: Mapping[str, Instrument]) -> Instrument | None:
    by_id = {name.lower(): each for name, each in known.items()}
    if text in by_id:
        return by_id[text]
    if len(text) < 3 or not re.search("[a-z]", text):
        return None
    ranked = sorted(known.values(), key=lambda each: _FIRST.index(each.kind))
    whole = [each for each in ranked if f"{each.name.lower()} ".startswith(f"{text} ")]
    called = known.get(ALSO.get(text, ""))
    return whole[0] if whole else called
