"""What this process is doing, from its start to its end, whatever its configuration becomes meanwhile.

Whoever asks over HTTP is told from here, and from nowhere else: nothing that is read here waits for anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answers.condition import Condition, Phase, StoreLook, Work
from bot.answers.health import Vitals
from bot.market.intake import Intake
from bot.meters import Meters
from bot.web.health import readiness
from rules.model import Instant


@dataclass(frozen=True, slots=True)
class Doing:
    """What the work is read from. `rules` counts those that are watched, `ready` those that are judged; `holds` is
    whether the right to work is surely ours, `lost` whether the database's file is gone.
    """

    intake: Intake
    rules: int
    ready: Callable[[], int]
    front: Callable[[], str]
    vitals: Callable[[], Vitals]
    looked: Callable[[], StoreLook]
    holds: Callable[[], bool]
    lost: Callable[[], bool]


class Presence:
    """Of one process. `now` is the wall clock."""

    def __init__(self, version: str, now: Callable[[], Instant]) -> None:
        self.version, self.since = version, now()
        self.meters = Meters()
        self._now = now
        self._phase = Phase.STARTING
        self._doing: Doing | None = None
        self.meters.runs(version)
        self.meters.reads(self.condition, lambda condition: readiness(condition).good)

    def starts(self) -> None:
        """The work is being taken up, for the first time or with another configuration."""
        self._phase = Phase.STARTING

    def stands_by(self) -> None:
        """Another process works."""
        self._phase = Phase.STANDING_BY

    def works(self, doing: Doing) -> None:
        """The work has begun."""
        self._phase, self._doing = Phase.WORKING, doing

    def stops(self) -> None:
        """The work ends."""
        self._phase = Phase.STOPPING

    def condition(self) -> Condition:
        """How everything is now."""
        now, doing = self._now(), self._doing
        if doing is None:
            return Condition(self._phase, now)
        intake = doing.intake
        work = Work(
            vitals=doing.vitals(),
            front=doing.front(),
            store=doing.looked(),
            sources=intake.sources,
            rules=doing.rules,
            rules_ready=doing.ready(),
            newest={(name, str(interval)): end for (name, interval), end in intake.newest.items()},
            clocks=intake.clocks,
            lost=doing.lost(),
        )
        return Condition(self._phase, now, doing.holds(), work)
