"""What stands behind the name of one instrument in a line, and the words that people use there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.personal.draft import NotUnderstood
from bot.personal.made import percent
from bot.personal.market import Market
from bot.personal.words import Amount, Token
from rules.model import Instrument

ASKING = ("alert", "tell", "notify", "ping", "let", "me", "know", "when", "if")
FILLERS = frozenset(
    (*ASKING, "is", "its", "a", "an", "the", "goes", "gets", "makes", "sets", "price", "by", "than", "usd", "dollars")
)
BELOW = ("<", "<=", "below", "under", "beneath", "less", "lower")
ABOVE = (">", ">=", "above", "over", "exceeds", "more", "greater", "higher")
FALLS = ("falls", "fall", "drops", "drop", "down", "loses", "sinks", "dips", "dumps", "crashes")
RISES = ("rises", "rise", "up", "gains", "climbs", "jumps", "pumps", "spikes")
SPANNING = ("in", "over", "within", "on", "this")
RECORDS = ("record", "records", "ath", "high")
MEETS = ("crosses", "hits", "reaches", "touches", "breaks", "at", "to", "=")
CLOSES = ("close", "closes")
MOST_DOWN, MOST_UP = 0.9, 10.0
"""How far a price falls or rises, at most, as shares."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of an instrument."""

    instrument: Instrument
    words: tuple[Token, ...]
    market: Market

    @property
    def amounts(self) -> tuple[Amount, ...]:
        """The numbers among it."""
        return tuple(each for each in self.words if isinstance(each, Amount))

    def says(self, *any_of: str) -> bool:
        """Whether one of these words is there."""
        return any(word in any_of for word in self.words)

    def only(self, *known: Sequence[str]) -> bool:
        """Whether every word is one of these."""
        return all(isinstance(each, Amount) or any(each in some for some in known) for each in self.words)

    def without(self, *known: Sequence[str]) -> list[Token]:
        """What is said beside these words."""
        return [each for each in self.words if not any(each in some for some in known)]


def one_percentage(said: Said, example: str, most: float = MOST_DOWN) -> float:
    """The only number said, which is a share of what is above 0 and up to `most`. Raises NotUnderstood."""
    found = said.amounts
    if len(found) != 1 or not found[0].percent or not 0.001 <= abs(found[0].value) <= most:
        reason = f"that takes one percentage, from 0.1% to {percent(most)}"
        raise NotUnderstood(reason, f"{said.instrument.id} {example}")
    return abs(found[0].value)
