"""What followed a rule's firings, to draw and to tell: the same on every call."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from bot.answers import OutcomePicture
from rules.bars import Floats
from rules.evidence import Base, Outcome
from rules.model import XNYS
from tests.bot.render.pictures import AS_OF, weekdays

HORIZON = 20


def outcome(after: Floats, everyday: Floats, **changes: Any) -> Outcome:
    """What a rule was followed by, with an interval that a hand made."""
    known = len(after) >= 5
    middle = float(np.median(after)) if len(after) else math.nan
    low, high = (middle - 0.02, middle + 0.02) if known else (math.nan, math.nan)
    base = Base(len(everyday), float(np.median(everyday)), float((everyday > 0).mean())) if len(everyday) else _NONE
    made = Outcome(
        "RUT", HORIZON, len(after), float(len(after)), middle, int((after > 0).sum()), low, high, -0.05, 0.06, base,
        same=None,
    )  # fmt: skip
    return replace(made, **changes)


_NONE = Base(0, math.nan, math.nan)


def outcome_picture(sessions: int = 2_600, often: int = 24, **changes: Any) -> OutcomePicture:
    """Ten years of RUT, which quintuples, in spells of each regime; a rule that fired `often`, the last time lately."""
    steps = np.random.default_rng(31).normal(0.0007, 0.012, sessions)
    close = 500 * np.exp(np.cumsum(steps))
    labels = np.where(np.arange(sessions) < 60, np.nan, np.arange(sessions) // 130 % 3)
    everyday = close[HORIZON:] / close[:-HORIZON] - 1 if sessions > HORIZON else np.empty(0)
    fired = np.linspace(30, sessions - 5, often).astype(np.int64) if sessions else np.empty(0, np.int64)
    after = everyday[fired[fired < len(everyday)]]
    drawn = OutcomePicture(
        "Russell 2000 closes at a record", weekdays(sessions), close, labels, fired, after, everyday,
        outcome(after, everyday), XNYS, AS_OF, ("yahoo USD",), simulated=False, by_closes=False,
    )  # fmt: skip
    return replace(drawn, **changes)
