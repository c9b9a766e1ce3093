"""What a service is made of, how it meets people, and what it is asked: what those who build it hand to those who do
its work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.answers.kept import MOST_ALERTS
from bot.delivery.channel import Channel
from bot.delivery.fallback import Fallback
from bot.delivery.measured import Available, nothing_known
from bot.market.intake import Intake
from bot.meters import Meters
from bot.people import Door
from bot.reload import Reloads
from bot.store.database import Database
from bot.watch import Watch
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import Instant


@dataclass(frozen=True, slots=True)
class Question:
    """A line somebody wrote, or tapped, and where. `configures` is whether they may say how that chat is told,
    `name` what they call themselves; a `stranger` was not let in.
    """

    channel: str
    address: str
    kind: str
    user: str
    text: str
    thread: int | None = None
    configures: bool = True
    name: str = ""
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of. `now` is the wall clock; `told` hears how far each history has come.

    `grace` is how long after a close an answer waits for its bars, in seconds. `door` says who is let in, and who
    decides of it; whoever sits at the terminal is an administrator. `reloads` reads the configuration anew; None where
    that cannot be. `available` says when what an alert tells could be known. A chat may have so many alerts of its own
    as `alerts_per_chat` says. The prices of `follow` are looked at after every alert.
    """

    database: Database
    intake: Intake
    watch: Watch
    rules: Sequence[CompiledRule]
    scope: Scope
    now: Callable[[], Instant]
    poll_seconds: int
    grace: int
    told: Callable[[str, float], None]
    door: Door | None = None
    reloads: Reloads | None = None
    meters: Meters = field(default_factory=Meters)
    available: Available = nothing_known
    alerts_per_chat: int = MOST_ALERTS
    follow: Sequence[str] = ()


class Front(Protocol):
    """Where people meet the bot."""

    @property
    def channel(self) -> Channel:
        """The way to readers."""
        ...

    @property
    def state(self) -> str:
        """Whether it is up, in words."""
        ...

    async def start(self) -> None:
        """Begin; returns at once, whatever the network does."""
        ...

    async def hush(self) -> None:
        """Take no more questions; what is under way goes on. Within a bound."""
        ...

    async def stop(self) -> None:
        """End within a bound."""
        ...

    def down_age(self) -> float:
        """Seconds since nobody can be reached there; 0 while somebody can be."""
        ...


@dataclass(frozen=True, slots=True)
class BesideFront:
    """Further channels beside the front's, and who sees what Telegram does not take."""

    channel: Channel
    fallback: Fallback | None = None
