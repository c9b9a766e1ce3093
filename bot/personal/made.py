"""What a form makes of a line: conditions in the rule language, and what goes with them where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass, field

from rules.model import Basis, Timing


@dataclass(frozen=True, slots=True)
class Made:
    """`when` fires, `clear` re-arms; None: what does is still to be found. `anchor` is the instrument, the share and
    the price that a level was made of.
    """

    when: str
    clear: str | None
    basis: Basis
    once: bool = False
    timing: Timing = field(default_factory=Timing)
    anchor: tuple[str, float, float] | None = None


def percent(share: float) -> str:
    """A share as a trader types it, with at most four decimals: read back it may differ in the last bit."""
    return f"{round(share * 100.0, 4) + 0.0:.10g}%"


def typed(share: float) -> float:
    """A share as `percent` writes it, and a reader reads it."""
    return float(percent(share).removesuffix("%")) / 100.0
