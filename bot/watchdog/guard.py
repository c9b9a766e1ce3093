"""A guarded thing: how long it may be silent, and what follows when it is. The decision is one pure step.

Whatever is guarded has signs of life: a poll that ended, a tick that began. Silent for longer than its limit it is
restarted, and has the limit's time again to show life. After a few restarts within an hour, whether they helped or not,
the process is given up: a supervisor starts it anew.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

RESTARTS = 3
"""So many within an hour; the next silence ends the process."""

HOUR = 3_600.0

BEGINNING = 0.5
"""Seconds after a restart in which nothing is a sign of life: what was begun anew may say so a moment later."""


def _nothing_to_say() -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What is guarded. `age` is the seconds since its last sign of life, infinite when it ended; `limit` is how many
    are too many.

    `restart` is None where nothing can be restarted. `fatal` is whether the process ends when restarts do not help;
    what is not fatal is only told. `why` is what the thing itself says is wrong.
    """

    name: str
    age: Callable[[], float]
    limit: float
    restart: Callable[[], Awaitable[None]] | None = None
    fatal: bool = True
    why: Callable[[], str] = _nothing_to_say


@dataclass(frozen=True, slots=True)
class Well:
    """It shows life. `restarts` are the instants of those within the last hour."""

    restarts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Silent:
    """No sign of life since `since`."""

    since: float
    restarts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Silent since `since`, and restarts did not help: for good."""

    since: float
    restarts: tuple[float, ...] = ()


Standing = Well | Silent | GivenUp


class Act(enum.Enum):
    """What is to be done."""

    NOTHING = enum.auto()
    RESTART = enum.auto()
    GIVE_UP = enum.auto()


def judge(guarded: Guarded, standing: Standing, age: float, now: float) -> tuple[Standing, Act]:
    """How a thing stands that was last alive `age` seconds ago, and what is to be done.

    Monotonic seconds. Only a sign of life after the last restart counts.
    """
    if isinstance(standing, GivenUp):
        return standing, Act.NOTHING
    restarts = tuple(at for at in standing.restarts if now - at < HOUR)
    since_restart = now - restarts[-1] if restarts else math.inf
    if age <= guarded.limit and age < since_restart - BEGINNING:
        return Well(restarts), Act.NOTHING
    began = standing.since if isinstance(standing, Silent) else now - (age if math.isfinite(age) else 0.0)
    silent = Silent(began, restarts)
    if since_restart <= guarded.limit:
        return silent, Act.NOTHING
    if guarded.restart is not None and len(restarts) < RESTARTS:
        return silent, Act.RESTART
    return (GivenUp(began, restarts), Act.GIVE_UP) if guarded.fatal else (silent, Act.NOTHING)
