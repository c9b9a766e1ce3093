"""Markets written down, row by row or in stretches: what the table of the pack (table.py) is made of.

A path is words: `90` is a row, `90*20` are twenty, `90/91*20` twenty that alternate, and `90>110*20` twenty that go
from one to the other by equal shares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rules.bars import Floats
from rules.model import XNYS
from rules.panel import Columns, Panel
from tests.rules.markets import columns_of, tape, weekdays

_WORD = re.compile(r"(?P<one>[\d.]+)(?:(?P<how>[/>])(?P<other>[\d.]+))?(?:\*(?P<rows>\d+))?")
MILLION = 1e6
USUAL = 0.01
"""How far high and low of a row lie from its close where nothing else is said, a share of it."""


def path(text: str) -> Floats:
    """The numbers of a path, a row each."""
    return np.concatenate([_stretch(word) for word in text.split()])


def _stretch(word: str) -> Floats:
    found = _WORD.fullmatch(word)
    assert found, word
    one, other, rows = float(found["one"]), float(found["other"] or found["one"]), int(found["rows"] or 1)
    if found["how"] == ">":
        return np.geomspace(one, other, rows)
    return np.where(np.arange(rows) % 2 == 0, one, other)


NOTHING: Mapping[str, str] = {}


def written(
    closes: Mapping[str, str],
    calendar: str = XNYS,
    *,
    traded: Mapping[str, str] = NOTHING,
    wide: Mapping[str, str] = NOTHING,
    venues: Mapping[str, str] = NOTHING,
) -> Panel:
    """A panel of closes; `traded` is the money of each row in millions, `wide` how far it goes beyond its close, a
    share of it; one venue prints all that `venues` does not name.
    """
    paths = {name: path(text) for name, text in closes.items()}
    (rows,) = {len(each) for each in paths.values()}
    columns = {
        name: _columns(each, traded.get(name, f"100*{rows}"), wide.get(name, f"{USUAL}*{rows}"))
        for name, each in paths.items()
    }
    origins = {name: (tape(venues.get(name, "VENUE")),) for name in paths}
    return Panel(weekdays(rows, calendar), columns, origins)


def _columns(close: Floats, traded: str, wide: str) -> Columns:
    turnover = path(traded) * MILLION
    return replace(columns_of(close, noise=path(wide)), turnover=turnover, volume=turnover / close)
