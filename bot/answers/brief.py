"""How the market stands, for a brief: its regime, alerts that are near, correlations that moved, sessions ahead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.answers.regime import Regime, RegimePicture
from rules.model import AlertEvent, Instant


@dataclass(frozen=True)
class Near:
    """A rule that does not hold now, by its id, and how far it is from that in usual moves."""

    rule: str
    title: str
    distance: float


@dataclass(frozen=True)
class Moved:
    """A pair whose r was outside of what is now its interval: `before` is r of `rows` rows ago."""

    a: str
    b: str
    r: float
    ci90: tuple[float, float]
    before: float
    rows: int


@dataclass(frozen=True)
class Ahead:
    """A weekday on which an exchange does not trade as usual: it closes early, at `closes`, or is shut: None."""

    session: dt.date
    closes: Instant | None


@dataclass(frozen=True)
class Brief:
    """The market as of a close. `regime` is None before there is one; `happened` are the events of the last week that
    are everybody's, oldest first; `near`, `moved` and `ahead` are in the order they are told.
    """

    regime: Regime | None
    happened: tuple[AlertEvent, ...]
    near: tuple[Near, ...]
    moved: tuple[Moved, ...]
    ahead: tuple[Ahead, ...]
    as_of: dt.date | None
    next_open: Instant | None
    simulated: bool
    picture: RegimePicture | None = None
