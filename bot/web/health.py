"""Whether the process lives, and whether it does its work: two verdicts on a `Condition`, pure.

Not alive means: end it and start it anew, it cannot help itself. Not ready means: the work is not being done now, and
why; a restart is no help, or another process does it. What is wrong without keeping an alert from being judged or from
arriving is a note beside a ready answer. Sentences name no place, address or person.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answers.condition import Condition, Phase, StoreLook, Work
from bot.answers.health import GuardReport, Health
from bot.answers.service import UP

BESIDE = frozenset(
    {
        "filling history", "the notices", "the dead-man's switch", "the comparison of clocks", "the look at the store",
        "further channels", "what further channels are owed", "the look at further channels", "the fallback",
        "Telegram's updates",
    }
)  # fmt: skip
"""Guarded things without which alerts are judged and arrive."""

KNOWN_WHY = ("locked", "full", "readonly", "disk i/o error")
"""What of a database's own words may be told: others may name a host or a folder."""


class State(enum.StrEnum):
    """The first word of an answer."""

    ALIVE = "alive"
    GIVEN_UP = "given up"
    READY = "ready"
    DEGRADED = "degraded"
    NOT_READY = "not ready"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state, and in sentences what is wrong, the worst first."""

    state: State
    reasons: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it is answered with 200."""
        return self.state not in (State.GIVEN_UP, State.NOT_READY)


def liveness(condition: Condition) -> Verdict:
    """Whether the process can go on. That it answers at all shows that its loop does."""
    guards = condition.work.vitals.guards if condition.work is not None else ()
    given_up = tuple(f"{each.name} was given up" for each in guards if each.health is Health.GIVEN_UP)
    return Verdict(State.GIVEN_UP if given_up else State.ALIVE, given_up)


def readiness(condition: Condition) -> Verdict:
    """Whether bars are judged and alerts arrive."""
    if condition.phase is Phase.STANDING_BY:
        return Verdict(State.NOT_READY, ("standing by: another process does the work",))
    if condition.phase is not Phase.WORKING or condition.work is None:
        return Verdict(State.NOT_READY, (str(condition.phase),))
    work = condition.work
    if reasons := tuple(_lacks(condition, work)):
        return Verdict(State.NOT_READY, reasons)
    notes = tuple(_notes(work))
    return Verdict(State.DEGRADED if notes else State.READY, notes)


def _lacks(condition: Condition, work: Work) -> Iterator[str]:
    """What keeps the work from being done, the worst first."""
    if not condition.holds:
        yield "the right to work is in doubt"
    if work.lost:
        yield "the database's file was deleted or replaced"
    if work.store.why:
        yield f"the database takes nothing{_known(work.store)}"
    for guard in work.vitals.guards:
        if guard.health is not Health.WELL and guard.name not in BESIDE:
            yield _silent(guard)
    if work.sources and all(each.failing_since is not None for each in work.sources):
        yield "no source of prices answers"
    if work.rules and not work.rules_ready:
        yield "no rule can be judged yet: history is being loaded"


def _notes(work: Work) -> Iterator[str]:
    """What is wrong beside."""
    yield from (f"{each.name} {each.trouble}" for each in work.sources if each.failing_since is not None)
    if waiting := work.rules - work.rules_ready:
        yield f"{waiting} of {work.rules} rules wait for history"
    if work.front not in UP:
        yield "what people write in Telegram does not come in at the moment"
    yield from (_silent(each) for each in work.vitals.guards if each.health is not Health.WELL)
    if work.clocks:
        yield "clocks differ"


def _silent(guard: GuardReport) -> str:
    return f"{guard.name}: no sign of life for {guard.silent_for} s" if guard.silent_for else f"{guard.name}: ended"


def _known(look: StoreLook) -> str:
    """`: locked`, where that is one of the words that may be told."""
    why = look.why.lower()
    return next((f": {word}" for word in KNOWN_WHY if word in why), "")
