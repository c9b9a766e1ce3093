"""Correlation as answers show it: of a pair, of one against all, of every pair of a basket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from rules.bars import Bools, Floats
from rules.model import Instant
from rules.panel import Dates


@dataclass(frozen=True)
class Change:
    """How r differs from r of the window before, which shares no return with it.

    `z` is the difference of their atanh in its standard errors, `p` how often as large a one comes by
    chance (two-sided).
    """

    before: float
    z: float
    p: float


@dataclass(frozen=True)
class Volatility:
    """What volatility alone does to r: a leg's variance over its prior 250 returns, less one, and r freed of that.

    (Forbes & Rigobon 2002)
    """

    leg: str
    rise: float
    adjusted: float


@dataclass(frozen=True)
class Correlation:
    """How two instruments move together as of a session, with the uncertainty of it. Undefined is None.

    `r` is Pearson's on the last `n` of `window` joint returns, `ci90` its interval, `kendall` its robust twin, `ewma`
    the exponentially weighted one; `p_above`, `posterior_mean`, `posterior90` and `coupled` come from the correlation
    filter; `percentile` is where r stands among its own values of the last 504 sessions and of all, which are `ranked`;
    `partial` is r
    given other instruments; `beta` is the slope of b on a; `month_ago` is r of 21 rows before, `change` against the
    window before; `volatility` is None where it has not doubled; `shared` is whether r is told from 0 and r given the
    S&P 500 and Bitcoin is not; `reason` says why there is no r.
    """

    a: str
    b: str
    window: int
    n: int
    r: float | None
    ci90: tuple[float, float] | None
    kendall: float | None
    ewma: float | None
    p_above: Mapping[float, float | None]
    posterior_mean: float | None
    posterior90: tuple[float, float] | None
    percentile: tuple[float | None, float | None]
    ranked: int
    partial: Mapping[str, float | None]
    beta: float | None
    month_ago: float | None
    change: Change | None
    volatility: Volatility | None
    shared: bool
    coupled: Mapping[float, bool | None]
    clock: str
    as_of: dt.date
    at: Instant
    approximate: bool
    origins: tuple[str, ...]
    reason: str = ""


@dataclass(frozen=True, eq=False)
class PairPicture:
    """The rolling correlation of a pair over its last sessions, oldest first: what a picture of it shows.

    `r`, `low` and `high` are of the sessions' length, NaN where undefined; `coupled` maps a level to where the pair was
    coupled at it, and is empty where the filter never spoke.
    """

    a: str
    b: str
    window: int
    sessions: Dates
    r: Floats
    low: Floats
    high: Floats
    coupled: Mapping[float, Bools]
    clock: str
    approximate: bool
    simulated: bool


@dataclass(frozen=True)
class Against:
    """One line of a list: how the listed instrument moves with `b`, as of the last session both have."""

    b: str
    n: int
    r: float | None
    ci90: tuple[float, float] | None
    p_above: float | None
    percentile: float | None
    change: Change | None
    as_of: dt.date


@dataclass(frozen=True)
class CorrelationList:
    """One instrument against all others on one clock, the highest r first, the undefined last.

    `p_above` of its lines is the filter's probability of at least `level`; `percentile` is among the last 504.
    `missing` are instruments without a price in common with it.
    """

    a: str
    window: int
    level: float
    lines: tuple[Against, ...]
    clock: str
    as_of: dt.date
    at: Instant
    simulated: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CorrelationMatrix:
    """Every pair of a basket on one row of one clock: `r` has shape (k, k), 1 on the diagonal, NaN where undefined.

    `average` is the mean over all pairs of the basket, None while one is undefined; `late` maps an instrument that has
    no return on that row to the last session on which it had, `missing` are those without any.
    """

    basket: str
    instruments: tuple[str, ...]
    window: int
    r: Floats
    average: float | None
    late: Mapping[str, dt.date]
    clock: str
    as_of: dt.date
    at: Instant
    simulated: bool
    missing: tuple[str, ...] = ()
