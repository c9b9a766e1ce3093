"""Sessions along a picture: their names under it, the last of them in its head, stretches on which something holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from bot.render.numbers import closing
from rules.bars import Bools, Ints
from rules.panel import Dates

_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 12_000)
MOST_DATES, _FEW_DATES = 7, 4


def runs(on: Bools) -> list[tuple[int, int]]:
    """(first, how many) of every stretch of true."""
    sides = np.flatnonzero(np.diff(on, prepend=False, append=False)).reshape(-1, 2)
    return [(int(first), int(end - first)) for first, end in sides]


def alone(known: Bools) -> Ints:
    """Rows known between unknown ones: no line reaches them."""
    return np.array([first for first, sessions in runs(known) if sessions == 1], dtype=np.int64)


def dates(sessions: Dates, most: int = MOST_DATES) -> list[tuple[int, str]]:
    """(row, name) of some first sessions of months, January as its year; of some days where there are no two such."""
    months = sessions.astype("datetime64[M]").astype(np.int64)
    starts = np.flatnonzero(np.diff(months)) + 1
    shown = next(few for step in _MONTHS if len(few := starts[months[starts] % step == 0]) <= most)
    if len(shown) >= 2:
        return [(int(row), format(date(sessions, row), "%b" if months[row] % 12 else "%Y")) for row in shown]
    days = np.unique(np.linspace(0, len(sessions) - 1, _FEW_DATES).round().astype(np.int64))
    return [(int(row), day(sessions, row)) for row in days]


def day(sessions: Dates, row: int) -> str:
    """Dec 10."""
    shown = date(sessions, row)
    return f"{shown:%b} {shown.day}"


def date(sessions: Dates, row: int) -> dt.date:
    """The date of a row."""
    found: dt.date = sessions[row].astype("datetime64[D]").item()
    return found


def as_of(sessions: Dates, clock: str, origins: Sequence[str], *, simulated: bool) -> str:
    """The line under a title: the last close that is shown, and whose prices these are, unless they are made up."""
    return " · ".join([closing(date(sessions, -1), clock), *([] if simulated else origins)])
