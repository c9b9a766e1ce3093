"""What the rows on which an alarm fires are worth: how often without a cause, how late, how true.

Each metric takes `Told` and gives one number, NaN where nothing can be said. Only rows after the warm-up count; a year
is 252 of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bot.tuning.worlds.found import CENSORED, a_year, delays, delays_of_state, quantile
from bot.tuning.worlds.found import entries_a_year as of_year
from bot.tuning.worlds.pairs import WARMUP
from rules.bars import Bools


@dataclass(frozen=True)
class Told:
    """An alarm on paths, both (rows, paths): the rows on which it fires, and those on which it should."""

    fires: Bools
    truth: Bools


def pooled(parts: Iterable[Told]) -> Told:
    """The paths of several as one."""
    each = list(parts)
    return Told(*(np.concatenate([getattr(one, name) for one in each], axis=1) for name in ("fires", "truth")))


def entries_a_year(told: Told) -> float:
    """How often the alarm begins."""
    return of_year(told.fires, WARMUP)


def share_firing(told: Told) -> float:
    """Share of the rows on which the alarm is firing."""
    return float(told.fires[WARMUP:].mean())


def share_silent(told: Told) -> float:
    """Share of the paths on which the alarm is firing on no row, not even since the warm-up."""
    return float((~told.fires[WARMUP:].any(axis=0)).mean())


def flips_a_year(told: Told) -> float:
    """How often the alarm begins or ends."""
    return a_year(told.fires[WARMUP:] != told.fires[WARMUP - 1 : -1])


def flips_per_true_one(told: Told) -> float:
    """How often the alarm begins or ends for each time that it should; NaN where it never should."""
    true = flips_a_year(Told(told.truth, told.truth))
    return flips_a_year(told) / true if true > 0 else np.nan


def median_delay(told: Told) -> float:
    """Half of the changes are told within so many rows."""
    return quantile(delays_of_state(told.fires), 0.5)


def long_delay(told: Told) -> float:
    """Nine of ten changes are told within so many rows."""
    return quantile(delays_of_state(told.fires), 0.9)


def missed(told: Told) -> float:
    """Share of the changes that are not told within CENSORED rows."""
    found = delays_of_state(told.fires)
    return float((found == CENSORED).mean()) if len(found) else np.nan


def median_exit(told: Told) -> float:
    """Half of the changes end the alarm within so many rows."""
    return quantile(delays_of_state(~told.fires), 0.5)


def long_exit(told: Told) -> float:
    """Nine of ten changes end the alarm within so many rows."""
    return quantile(delays_of_state(~told.fires), 0.9)


def median_wait(told: Told) -> float:
    """Half of the changes are followed within so many rows by an alarm that is an instant, not a state."""
    return quantile(delays(told.fires), 0.5)


def balanced_accuracy(told: Told) -> float:
    """Mean of the share of true rows that fire and of the share of the others that do not, over all rows and paths."""
    fires, truth = told.fires[WARMUP:], told.truth[WARMUP:]
    if truth.all() or not truth.any():
        return np.nan
    return float((fires[truth].mean() + (~fires[~truth]).mean()) / 2.0)
