"""SYN-CORR: pairs of returns whose correlation is known on every row.

Margins are GARCH(1,1), shocks bivariate Student's t with common mixing. One generator per (seed, world, path): a path
is the same whatever else is drawn beside it, and however many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from rules.bars import Floats

ROWS = 2000
WARMUP = 250
"""Rows that are not scored."""

CHANGE = 1000
"""The row on which a correlation begins to change."""

YEAR = 252
VOLATILITIES = (0.22, 0.75)
"""Of the two legs, a year."""

RAMP = 60
LOW, HIGH = 0.2, 0.8
LEAST_DWELL = 60
MORE_DWELL = 140
"""Rows that the switching world stays where it is: at least, and on average beyond."""

ALPHA, BETA = 0.08, 0.90
NU = 5.0


@dataclass(frozen=True)
class World:
    """How a correlation moves; `number` is its part in the seeds of its paths, and must stay what it is."""

    number: int
    name: str
    correlation: Callable[[np.random.Generator], Floats] = field(compare=False)


@dataclass(frozen=True)
class Paths:
    """Returns of the two legs and the correlation of their shocks, each of shape (rows, paths)."""

    x: Floats
    y: Floats
    rho: Floats


def constant(rho: float, _: np.random.Generator) -> Floats:
    """The same correlation on every row."""
    return np.full(ROWS, rho)


def step(before: float, after: float, _: np.random.Generator) -> Floats:
    """Another correlation from CHANGE on."""
    return np.where(np.arange(ROWS) < CHANGE, before, after)


def ramp(before: float, after: float, _: np.random.Generator) -> Floats:
    """A correlation that moves in RAMP equal steps, the first on CHANGE."""
    share = np.clip((np.arange(ROWS) - CHANGE + 1) / RAMP, 0.0, 1.0)
    return before + (after - before) * share


def switching(rng: np.random.Generator) -> Floats:
    """LOW and HIGH in turn, beginning with either; each stays LEAST_DWELL + Geometric(1 / MORE_DWELL) rows."""
    rho = np.empty(ROWS)
    high, row = bool(rng.integers(2)), 0
    while row < ROWS:
        dwell = LEAST_DWELL + int(rng.geometric(1.0 / MORE_DWELL))
        rho[row : row + dwell] = HIGH if high else LOW
        high, row = not high, row + dwell
    return rho


CONSTANT_20 = World(0, "constant .20", partial(constant, 0.2))
CONSTANT_50 = World(1, "constant .50", partial(constant, 0.5))
CONSTANT_70 = World(2, "constant .70", partial(constant, 0.7))
CONSTANT_80 = World(3, "constant .80", partial(constant, 0.8))
STEP_TO_80 = World(4, ".2->.8", partial(step, 0.2, 0.8))
STEP_TO_70 = World(5, ".2->.7", partial(step, 0.2, 0.7))
STEP_DOWN = World(6, ".8->.2", partial(step, 0.8, 0.2))
RAMP_TO_80 = World(7, "ramp .2->.8", partial(ramp, 0.2, 0.8))
SWITCHING = World(8, "switching", switching)

CONSTANT = (CONSTANT_20, CONSTANT_50, CONSTANT_70, CONSTANT_80)
WORLDS = (*CONSTANT, STEP_TO_80, STEP_TO_70, STEP_DOWN, RAMP_TO_80, SWITCHING)
"""The worlds of the gates."""

LADDER = {
    0.20: CONSTANT_20,
    0.30: World(9, "constant .30", partial(constant, 0.30)),
    0.40: World(10, "constant .40", partial(constant, 0.40)),
    0.45: World(11, "constant .45", partial(constant, 0.45)),
    0.50: CONSTANT_50,
    0.60: World(12, "constant .60", partial(constant, 0.60)),
}
"""Worlds below, at and between the levels of the built-in rules, by their correlation."""


def draw(world: World, seed: int, paths: Iterable[int]) -> Paths:
    """The paths of these numbers in a world."""
    drawn = [_path(world, np.random.default_rng([seed, world.number, path])) for path in paths]
    rho, shocks = (np.stack(each, axis=-1) for each in zip(*drawn, strict=True))
    x, y = (garch(shocks[leg], volatility) for leg, volatility in enumerate(VOLATILITIES))
    return Paths(x, y, rho)


def _path(world: World, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The correlation (rows,) and the shocks (2, rows) of one path: each has variance 1."""
    rho = world.correlation(rng)
    mixing = np.sqrt((NU - 2.0) / rng.chisquare(NU, ROWS))
    first, second = rng.standard_normal((2, ROWS))
    return rho, mixing * np.stack([first, rho * first + np.sqrt(1.0 - rho * rho) * second])


def garch(shocks: Floats, volatility: float) -> Floats:
    """Returns (rows, paths) that answer to shocks of variance 1, from an ordinary day on. (Bollerslev 1986)

    s^2_t = omega + ALPHA r^2_{t-1} + BETA s^2_{t-1}, omega such that `volatility` a year is the long-run mean.
    """
    usual = volatility * volatility / YEAR
    returns = np.empty_like(shocks)
    variance = np.full(shocks.shape[1], usual)
    for row, shock in enumerate(shocks):
        returns[row] = np.sqrt(variance) * shock
        variance = (1.0 - ALPHA - BETA) * usual + ALPHA * returns[row] * returns[row] + BETA * variance
    return returns
