"""What pictures of prices and of rules show: the last sessions, oldest first, in arrays of one length."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rules.bars import Bools, Floats, Ints
from rules.model import Severity
from rules.panel import Dates


@dataclass(frozen=True, slots=True)
class Flag:
    """An alert that fired on a row of a picture. `own` is one that the chat which asks has made for itself."""

    row: int
    severity: Severity
    own: bool = False


@dataclass(frozen=True, eq=False)
class PricePicture:
    """An instrument's closes and where they stood in its history.

    `close`, `record` (the greatest close of the rows before) and `drawdown` (a share of the greatest so far) are NaN
    where they are unknown. `flags` are alerts of rules that read the instrument, oldest first; `half_day` marks the
    sessions that closed early. `origins` printed the closes.
    """

    instrument: str
    name: str
    sessions: Dates
    close: Floats
    record: Floats
    drawdown: Floats
    half_day: Bools
    flags: tuple[Flag, ...]
    origins: tuple[str, ...]
    clock: str
    as_of: dt.date
    simulated: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A number that a value is held against: `relation` is how it has to stand to it (≥, <), `clears` whether that is
    for the alert to end."""

    value: float
    relation: str
    clears: bool = False


@dataclass(frozen=True, eq=False)
class Curve:
    """A value of a condition over the sessions of a picture, in words, by its unit, with what it is held against.

    `other` are the values of a series that it is compared with, where it is one, and `other_words` what that is;
    `relation` is how it has to stand to that, and `clears` whether for the alert to end.
    """

    words: str
    unit: str
    values: Floats
    levels: tuple[Level, ...] = ()
    other: Floats | None = None
    other_words: str = ""
    relation: str = ""
    clears: bool = False


@dataclass(frozen=True, eq=False)
class AlertCourse:
    """Where an alert stood after each session: `pending`, `firing`, or `unknown` where neither its condition nor what
    ends it could be judged; the rows on which it `fired` and was `resolved`."""

    pending: Bools
    firing: Bools
    unknown: Bools
    fired: Ints
    resolved: Ints


@dataclass(frozen=True, eq=False)
class ConditionPicture:
    """A rule: the values of its conditions, and the course of its alert; None of one that trades decide.

    `rule` is the id as it is read, `stands` where the alert stands in words. Of more curves than `curves` holds
    `untold` are left out. A rule that compares nothing has the price of its first instrument for a curve.
    """

    rule: str
    title: str
    stands: str
    sessions: Dates
    curves: tuple[Curve, ...]
    course: AlertCourse | None
    origins: tuple[str, ...]
    clock: str
    as_of: dt.date
    simulated: bool
    untold: int = 0


@dataclass(frozen=True, eq=False)
class Lane:
    """The alerts of one rule on a picture: what to call it, how loud it is, and the rows on which it fired."""

    words: str
    severity: Severity
    fired: Ints


@dataclass(frozen=True, eq=False)
class TimelinePicture:
    """An instrument's closes on bands of the regime, and the alerts of rules: of one rule on the price itself, of more
    a lane each under it.

    `labels` are indices of STATES, NaN where no regime is known. Of more lanes than are held `untold` are left out.
    """

    title: str
    instrument: str
    sessions: Dates
    close: Floats
    labels: Floats
    lanes: tuple[Lane, ...]
    origins: tuple[str, ...]
    clock: str
    as_of: dt.date
    simulated: bool
    untold: int = 0
