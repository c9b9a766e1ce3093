"""What a cell of the matrix is, and the short ways to write a fault down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rules.model import Instant
from tests.bot.markets import at
from tests.faults.deeds import EXCHANGE, YAHOO, Lies
from tests.faults.stage import Deed
from tests.servers import market_lies as told
from tests.servers import wire_lies as wires
from tests.servers.liars import Lie, TradeLie

TARGET = {YAHOO: "RUT", EXCHANGE: "SOL"}
HARMLESS = ""
"""For `named`: nothing that is told is wrong, so nothing need be said."""

SOON, NEXT_DAY = at("2025-12-04T02:03Z"), at("2025-12-05T00:09Z")

Named = str | Mapping[str, str]


@dataclass(frozen=True)
class Cell:
    """One scenario. `named` is a pattern that a line of /status must hold; `by` is when the true event must be told;
    `of_all`: the other feed suffers too; `hidden`: seconds before which nobody could know. `timeout`, `restarts` and
    `backed` as `Stage.plays` takes them.
    """

    fault: str
    feed: str
    deed: Deed
    named: str
    by: Instant = SOON
    timeout: float = 5.0
    restarts: bool = False
    of_all: bool = False
    backed: bool = False
    hidden: int = 0

    @property
    def name(self) -> str:
        """How it is asked for."""
        return f"{self.fault} / {self.feed}"


@dataclass(frozen=True)
class Fault:
    """One row of the matrix: what `deed` makes of a feed."""

    name: str
    deed: Callable[[str], Deed]
    named: Named
    feeds: tuple[str, ...] = (YAHOO, EXCHANGE)
    why: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    def cells(self) -> list[Cell]:
        """Its scenarios."""
        named = {feed: self.named if isinstance(self.named, str) else self.named[feed] for feed in self.feeds}
        return [Cell(self.name, feed, self.deed(feed), named[feed], **self.more) for feed in self.feeds]


def backed(fault: Fault) -> Fault:
    """A fault under which a second source of coins may be asked what it says."""
    return replace(fault, more=fault.more | {"backed": True})


def wire(name: str, lie: Lie, named: Named, **more: Any) -> Fault:
    """What befalls every request of a feed."""
    return Fault(name, lambda feed: Lies(feed, lie), named, more=more)


def rows(
    name: str,
    lie: Lie,
    named: Named,
    feeds: tuple[str, ...] = (YAHOO, EXCHANGE),
    why: str = "",
    **more: Any,
) -> Fault:
    """What befalls the rows of the instrument whose event is true."""
    return Fault(name, lambda feed: Lies(feed, wires.of(TARGET[feed], lie)), named, feeds, why, more)


def everywhere(name: str, lie: Lie, named: Named, **more: Any) -> Fault:
    """What befalls the rows of all instruments of a feed."""
    return Fault(name, lambda feed: Lies(feed, lie), named, more=more)


def trades(name: str, change: Callable[[], TradeLie], named: Named, **more: Any) -> Fault:
    """What befalls the latest trade of the instrument whose event is true."""
    return Fault(name, lambda feed: Lies(feed, told.trade(TARGET[feed], change())), named, more=more)


def by_feed(name: str, deeds: Mapping[str, Deed], named: Named, why: str = "", **more: Any) -> Fault:
    """What differs from feed to feed."""
    return Fault(name, deeds.__getitem__, named, tuple(deeds), why, more)
