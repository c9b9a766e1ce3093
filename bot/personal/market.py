"""What reading a line needs to know of the market: names, the price now, and how much is usual."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from rules.functions.registry import Scope


class Market(Protocol):
    """The market as of now, for who makes an alert."""

    @property
    def scope(self) -> Scope:
        """What a line may name."""
        ...

    def price(self, instrument: str) -> float | None:
        """The latest price; None where none is known."""
        ...

    def begins(self, instrument: str) -> dt.date | None:
        """The day of its first price; None where none is known."""
        ...

    def usual_move(self, instrument: str) -> float:
        """How far a price moves on a usual day, as a share: about one standard deviation."""
        ...

    def usual_change(self, expression: str) -> float | None:
        """How far an expression moves from one row of its clock to the next, in its own unit; None where nothing is
        known of it.
        """
        ...
