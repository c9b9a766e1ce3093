"""SYN-REG: markets whose state is known on every row, in three eras of volatility.

A semi-Markov chain of RISK_ON, NEUTRAL and RISK_OFF drives returns of SPX, RUT and BTC and the level of the VIX. One
generator per (seed, world, path): a path is the same whatever else is drawn beside it, and however many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np

from bot.tuning.worlds.pairs import NU, ROWS, YEAR
from rules.bars import Floats, Ints
from rules.model import Label
from rules.regime.filter import STATES

WARMUP = 500
"""Rows that are not scored."""

ON, NEUTRAL, OFF = (STATES.index(label) for label in (Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF))

FIRST = (0.5, 0.35, 0.15)
"""How often a path begins in each state."""

DWELL = (200, 100, 40)
LEAST_DWELL = (20, 20, 10)
EXITS = ((0.0, 0.75, 0.25), (0.6, 0.0, 0.4), (0.25, 0.75, 0.0))
"""Rows that a state lasts, on average and at least, and where it then leads.

The filter's own odds are like these and stand elsewhere: a world must not follow when the filter is changed."""

SPX_DRIFT = np.array([0.20, 0.02, -0.50])
RUT_DRIFT = np.array([0.03, -0.02, -0.10])
CRYPTO_DRIFT = np.array([0.80, 0.0, -1.20])
RUT_BETA = 1.15
RUT_NOISE = np.array([0.09, 0.11, 0.16])
CRYPTO_VOLATILITY = np.array([0.5, 0.6, 0.9])
CRYPTO_CORRELATION = np.array([0.2, 0.35, 0.6])
BTC_NOISE = 0.15
"""Drifts and volatilities are a year's, by state."""

VOLVOL_DECAY, VOLVOL_SPREAD = 0.95, 0.2
"""Of the logarithm of the volatility round its state's: what is left of it a row later, and its standard deviation."""

DAILY = 1.0 / np.sqrt(YEAR)
"""What a year's volatility is a day."""

VIX_PULL, VIX_ANSWER, VIX_NOISE = 0.10, -2.4, 0.03
LARGEST_SURPRISE = 0.06


@dataclass(frozen=True)
class Era:
    """What is usual: volatility of the S&P 500 a year and level of the VIX, by state."""

    name: str
    volatility: tuple[float, float, float]
    vix: tuple[float, float, float]


BASE = Era("base", (0.11, 0.17, 0.33), (14.0, 18.5, 30.0))
LOW = Era("low", (0.08, 0.12, 0.22), (11.0, 14.0, 22.0))
HIGH = Era("high", (0.16, 0.22, 0.40), (20.0, 25.0, 38.0))


@dataclass(frozen=True)
class World:
    """How the state moves in an era; `number` is its part in the seeds of its paths, and must stay what it is."""

    number: int
    name: str
    era: Era
    states: Callable[[np.random.Generator], Ints] = field(compare=False)


@dataclass(frozen=True)
class Paths:
    """Log returns of three prices, levels of the VIX and the states, as indices in STATES: each (rows, paths)."""

    spx: Floats
    rut: Floats
    btc: Floats
    vix: Floats
    state: Ints


def switching(rng: np.random.Generator) -> Ints:
    """Each state stays LEAST_DWELL + Geometric(1 / (DWELL - LEAST_DWELL)) rows, then leads to another."""
    states = np.empty(ROWS, dtype=np.int64)
    state, row = int(rng.choice(3, p=FIRST)), 0
    while row < ROWS:
        dwell = LEAST_DWELL[state] + int(rng.geometric(1.0 / (DWELL[state] - LEAST_DWELL[state])))
        states[row : row + dwell] = state
        state, row = int(rng.choice(3, p=EXITS[state])), row + dwell
    return states


def always(state: int, _: np.random.Generator) -> Ints:
    """The same state on every row."""
    return np.full(ROWS, state)


def _worlds(first: int, era: Era) -> tuple[World, World, World]:
    return (
        World(first, f"switching, {era.name} era", era, switching),
        World(first + 1, f"always neutral, {era.name} era", era, partial(always, NEUTRAL)),
        World(first + 2, f"always calm, {era.name} era", era, partial(always, ON)),
    )


SWITCHING, ALWAYS_NEUTRAL, ALWAYS_CALM = _worlds(100, BASE)
LOW_SWITCHING, LOW_NEUTRAL, LOW_CALM = _worlds(103, LOW)
HIGH_SWITCHING, HIGH_NEUTRAL, HIGH_CALM = _worlds(106, HIGH)
"""Numbers below 100 are those of SYN-CORR."""

WORLDS = (
    *(SWITCHING, ALWAYS_NEUTRAL, ALWAYS_CALM),
    *(LOW_SWITCHING, LOW_NEUTRAL, LOW_CALM),
    *(HIGH_SWITCHING, HIGH_NEUTRAL, HIGH_CALM),
)


def draw(world: World, seed: int, paths: Iterable[int]) -> Paths:
    """The paths of these numbers in a world."""
    drawn = [_path(world, np.random.default_rng([seed, world.number, path])) for path in paths]
    names = [column.name for column in fields(Paths)]
    return Paths(**{name: np.stack([getattr(path, name) for path in drawn], axis=-1) for name in names})


def _path(world: World, rng: np.random.Generator) -> Paths:
    """One path, its arrays of shape (rows,)."""
    state = world.states(rng)
    mixing, crypto_mixing, own_mixing = np.sqrt((NU - 2.0) / rng.chisquare(NU, (3, ROWS)))
    z = rng.standard_normal((4, ROWS))
    scale = DAILY * np.exp(_volatility_of_volatility(rng) - VOLVOL_SPREAD**2 / 2.0)
    drift, volatility = SPX_DRIFT[state] / YEAR, np.array(world.era.volatility)[state]
    spx = drift + volatility * scale * mixing * z[0]
    rut = RUT_DRIFT[state] / YEAR + RUT_BETA * spx + RUT_NOISE[state] * scale * mixing * z[1]
    c = CRYPTO_CORRELATION[state]
    shock = c * z[0] * mixing + np.sqrt(1.0 - c * c) * z[2] * (mixing + crypto_mixing) / 2.0
    factor = CRYPTO_DRIFT[state] / YEAR + CRYPTO_VOLATILITY[state] * scale * shock
    btc = factor + DAILY * BTC_NOISE * z[3] * own_mixing
    vix = _vix(np.log(world.era.vix)[state], spx - drift, rng)
    return Paths(spx, rut, btc, vix, state)


def _volatility_of_volatility(rng: np.random.Generator) -> Floats:
    """Its logarithm, an AR(1) that begins where it is on average."""
    steps = rng.normal(0.0, VOLVOL_SPREAD * np.sqrt(1.0 - VOLVOL_DECAY**2), ROWS)
    return _reverting(0.0, 1.0 - VOLVOL_DECAY, np.zeros(ROWS), steps)


def _vix(usual: Floats, surprise: Floats, rng: np.random.Generator) -> Floats:
    """Levels that are drawn to `usual` (its logarithm) and rise where the S&P 500 falls short of its drift."""
    answer = VIX_ANSWER * np.clip(surprise, -LARGEST_SURPRISE, LARGEST_SURPRISE)
    levels: Floats = np.exp(_reverting(usual[0], VIX_PULL, usual, answer + rng.normal(0.0, VIX_NOISE, ROWS)))
    return levels


def _reverting(x: float, pull: float, target: Floats, steps: Floats) -> Floats:
    """x += pull (target - x) + step, row by row."""
    out = []
    for each, step in zip(target.tolist(), steps.tolist(), strict=True):
        x += pull * (each - x) + step
        out.append(x)
    return np.array(out)
