"""Values to draw, the same on every call: random walks from a seed, and the odd ones by name."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np

from bot.answers import (
    Against,
    AlertCourse,
    ConditionPicture,
    CorrelationList,
    CorrelationMatrix,
    Curve,
    Flag,
    Lane,
    Level,
    PairPicture,
    PricePicture,
    RegimePicture,
    TimelinePicture,
)
from rules.bars import Floats
from rules.functions.registry import Unit
from rules.model import XNYS, Severity
from rules.panel import Dates
from tests.bot.markets import at

AS_OF, CLOSED = dt.date(2025, 12, 10), at("2025-12-10T21:00Z")
NAMES = ("RUT", "SPX", "QQQ", "VIX", "US10Y", "GLD", "HYG", "TLT", "BTC", "ETH", "SOL", "ADA", "XRP", "IWM", "UUP")


def walk(sessions: int, seed: int = 11) -> Floats:
    """A rolling correlation as it may look: smooth, between -0.9 and 0.9."""
    steps = np.random.default_rng(seed).normal(0, 0.06, sessions)
    level = np.zeros(sessions)
    for row in range(1, sessions):
        level[row] = 0.99 * level[row - 1] + 0.006 + steps[row]
    return np.clip(np.tanh(level), -0.9, 0.9)


def interval(r: Floats, window: int = 60) -> tuple[Floats, Floats]:
    """The 90 % interval by Fisher's z."""
    half = 1.645 / np.sqrt(window - 3)
    return np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)


def weekdays(count: int) -> Dates:
    """So many days from Monday to Friday, AS_OF the last of them."""
    return np.busday_offset(np.datetime64(AS_OF), np.arange(1 - count, 1), roll="backward")


def pair(sessions: int = 252, **changes: Any) -> PairPicture:
    """RUT and SOL over a year."""
    r = walk(sessions)
    low, high = interval(r)
    coupled = {level: r > level for level in (0.5, 0.6, 0.7)}
    drawn = PairPicture("RUT", "SOL", 60, weekdays(sessions), r, low, high, coupled, XNYS, False, False)
    return replace(drawn, **changes)


def against(others: int = 14, **changes: Any) -> CorrelationList:
    """RUT against the others, the last two undefined."""
    values = np.linspace(0.92, -0.75, others)
    names = [NAMES[1:][each] if each < 14 else f"COIN{each}" for each in range(others)]
    lines = tuple(map(_line, names, values))
    lines = lines[:-2] + tuple(replace(line, r=None, ci90=None, p_above=None, n=12) for line in lines[-2:])
    return replace(CorrelationList("RUT", 60, 0.6, lines, XNYS, AS_OF, CLOSED, False), **changes)


def _line(name: str, r: float) -> Against:
    low, high = interval(np.array([r]))
    p = float(np.clip((r - 0.2) * 1.6, 0.001, 0.999))
    return Against(name, 60, float(r), (float(low[0]), float(high[0])), p, 0.5, None, AS_OF)


def matrix(count: int = 10, **changes: Any) -> CorrelationMatrix:
    """Every pair of a basket, one of them undefined where there are four or more."""
    names = tuple(NAMES[each] if each < len(NAMES) else f"COIN{each}" for each in range(count))
    returns = np.random.default_rng(3).normal(size=(200, count))
    returns[:, : count // 2] += np.random.default_rng(4).normal(size=(200, 1))
    returns[:, -1:] -= returns[:, :1]
    r = np.ones((count, count))
    if count > 1:
        r[:] = np.corrcoef(returns, rowvar=False)
    if count > 3:
        r[3, 1] = r[1, 3] = np.nan
    drawn = CorrelationMatrix("CORE", names, 60, r, 0.2051, {}, XNYS, AS_OF, CLOSED, False)
    return replace(drawn, **changes)


def regime(sessions: int = 252, **changes: Any) -> RegimePicture:
    """A year of the S&P 500 that ends in RISK_OFF: a spell of each label, a scare of four sessions in between."""
    rows = np.arange(sessions) - sessions
    steps = np.random.default_rng(5).normal(0.0006, 0.008, sessions)
    labels = np.select([rows >= -40, rows >= -70, rows >= -74, rows >= -110], [2.0, 0.0, 2.0, 0.0], 1.0)
    p = np.full((sessions, 3), 0.08)
    p[np.arange(sessions), labels.astype(np.int64)] = 0.84
    close = 6_000 * np.exp(np.cumsum(np.where(labels == 2, -0.004, 0) + steps))
    return replace(RegimePicture("SPX", weekdays(sessions), close, labels, p, AS_OF, False), **changes)


def price(sessions: int = 252, **changes: Any) -> PricePicture:
    """A year of RUT with records, two gaps, three half days and an alert of each kind."""
    steps = np.random.default_rng(8).normal(0.0008, 0.012, sessions)
    close = 2_200 * np.exp(np.cumsum(steps))
    peak = np.maximum.accumulate(close) if sessions else close
    record = np.append(2_190.0, peak[:-1])[:sessions]
    half_day = np.isin(np.arange(sessions), (40, 41, 200))
    flags = tuple(
        Flag(row, severity, own)
        for row, severity, own in (
            (30, Severity.HIGH, False), (90, Severity.NOTICE, False), (91, Severity.CRITICAL, False),
            (180, Severity.HIGH, True),
        )
        if row < sessions
    )  # fmt: skip
    if sessions > 200:
        close[100:110] = record[101:111] = np.nan
    drawn = PricePicture(
        "RUT", "Russell 2000", weekdays(sessions), close, record, 1 - close / peak, half_day, flags, ("yahoo USD",),
        XNYS, AS_OF, False,
    )  # fmt: skip
    return replace(drawn, **changes)


def coupled(sessions: int = 252) -> Curve:
    """A probability with the level at which its rule fires and the one at which it clears."""
    values = (walk(sessions, 21) + 0.9) / 1.8
    return Curve("P(RUT-SOL corr ≥ 0.6)", Unit.PROBABILITY, values, (Level(0.5, "≥"), Level(0.05, "≤", clears=True)))


def condition(sessions: int = 252, **changes: Any) -> ConditionPicture:
    """A rule over a year: pending twice, fired once and over again, unknown for a week."""
    rows = np.arange(sessions)
    firing = (rows >= 60) & (rows < 140)
    course = AlertCourse(
        np.isin(rows, (59, 200)), firing, (rows >= 220) & (rows < 225), np.array([60]), np.array([140])
    )
    drawn = ConditionPicture(
        "rut-sol-coupled", "RUT and SOL coupled at 0.6", "quiet", weekdays(sessions), (coupled(sessions),),
        course if sessions > 140 else None, ("yahoo USD", "coinbase USD"), XNYS, AS_OF, False,
    )  # fmt: skip
    return replace(drawn, **changes)


def conditions(sessions: int = 252) -> ConditionPicture:
    """One of three curves: against a level, against another series, and all unknown."""
    close = price(sessions)
    against = Curve("RUT close", Unit.PRICE, close.close, (), close.record, "RUT record before", ">")
    fallen = Curve("RUT below record", Unit.PERCENT, close.drawdown, (Level(0.03, ">", clears=True),))
    unknown = Curve("RUT-SOL corr (60)", Unit.CORRELATION, np.full(sessions, np.nan), (Level(0.6, ">"),))
    return condition(sessions, curves=(against, fallen, unknown), title="Three at once", untold=1)


LANES = (
    Lane("Russell 2000: a record after a pause", Severity.HIGH, np.array([20, 30, 200])),
    Lane("RUT and SOL coupled at 0.6", Severity.NOTICE, np.array([104])),
    Lane("Risk assets move together", Severity.NOTICE, np.array([], dtype=np.int64)),
)
"""The last of the second rule lies in a gap of the prices."""


def timeline(sessions: int = 252, lanes: int = 3, **changes: Any) -> TimelinePicture:
    """A year of RUT on the regime's labels, of which the first month has none, with three rules or fewer."""
    labels = regime(sessions).labels
    labels[:20] = np.nan
    drawn = TimelinePicture(
        "RUT and its alerts" if lanes > 1 else LANES[0].words, "RUT", weekdays(sessions), price(sessions).close, labels,
        LANES[:lanes] if sessions > 200 else (), ("yahoo USD",), XNYS, AS_OF, False,
    )  # fmt: skip
    return replace(drawn, **changes)
