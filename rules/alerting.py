"""The life of an alert: Inactive -> Pending -> Firing -> Inactive, one total pure step a bar.

    Inactive --TRUE--> Pending --TRUE x confirm--> Firing         Fired
    Pending  --FALSE--> Inactive
    Firing   --clear TRUE x confirm_clear, or `expires` bars old--> Inactive   Resolved

A bar counts once: judged again, it changes nothing. A bar on which either condition is UNKNOWN leaves everything as
it is. Where both are TRUE, clear wins. After a firing nothing fires again for `cooldown` known bars; one that expired
must first see its condition end. Whether a rule has data
at all is another question with its own small machine, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from rules.model import Edge, Instant, Timing, Verdict

BEFORE = -1
"""A bar before every bar."""


@dataclass(frozen=True, slots=True)
class Inactive:
    """Nothing to tell. Before it may fire again `rest` known bars must pass and, if `spent`, the condition end."""

    bar: Instant = BEFORE
    rest: int = 0
    spent: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """TRUE on the last `seen` known bars, fewer than `confirm`."""

    bar: Instant
    seen: int


@dataclass(frozen=True, slots=True)
class Firing:
    """Fired on the bar `since`, `age` known bars ago; `clearing` known bars in a row have said clear."""

    bar: Instant
    since: Instant
    age: int = 0
    clearing: int = 0


AlertState = Inactive | Pending | Firing
Moved = tuple[AlertState, Edge | None]


def step(timing: Timing, state: AlertState, when: Verdict, clear: Verdict, bar: Instant) -> Moved:
    """The state after `bar`, and what happened on it."""
    if bar <= state.bar or Verdict.UNKNOWN in (when, clear):
        return state, None
    if isinstance(state, Firing):
        return _firing(timing, state, clear is Verdict.TRUE, bar)
    enters = when is Verdict.TRUE and clear is Verdict.FALSE
    if isinstance(state, Inactive) and (state.rest > 0 or state.spent):
        return Inactive(bar, max(0, state.rest - 1), state.spent and enters), None
    seen = (state.seen if isinstance(state, Pending) else 0) + 1
    if not enters:
        return Inactive(bar), None
    if seen < timing.confirm:
        return Pending(bar, seen), None
    return Firing(bar, since=bar), Edge.FIRED


def _firing(timing: Timing, state: Firing, clears: bool, bar: Instant) -> Moved:
    age, clearing = state.age + 1, state.clearing + 1 if clears else 0
    rest = max(0, timing.cooldown - age)
    if clearing >= timing.confirm_clear:
        return Inactive(bar, rest), Edge.RESOLVED
    if timing.expires is not None and age >= timing.expires:
        return Inactive(bar, rest, spent=True), Edge.RESOLVED
    return Firing(bar, state.since, age, clearing), None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a rule can be judged: `unknown` bars in a row could not; `told` when that was said."""

    bar: Instant = BEFORE
    ever: bool = False
    unknown: int = 0
    told: bool = False


def cover(patience: int, state: Coverage, known: bool, bar: Instant) -> tuple[Coverage, Edge | None]:
    """NoData once after `patience` unknown bars in a row, DataBack once with the next known one."""
    if bar <= state.bar:
        return state, None
    if known:
        return Coverage(bar, ever=True), Edge.DATA_BACK if state.told else None
    unknown = state.unknown + 1
    silent = state.ever and not state.told and unknown >= patience
    return Coverage(bar, state.ever, unknown, state.told or silent), Edge.NO_DATA if silent else None
