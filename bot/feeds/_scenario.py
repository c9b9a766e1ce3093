"""The story that the simulated market tells, as data, and the log returns it becomes. No bars, no calendar here.

Per session, in the spirit of the benchmark's worlds SYN-REG and SYN-CORR: Student-t mixing with 5 degrees of freedom
common to all (capped, so that no print is absurd), a log-AR(1) volatility of volatility, RUT = 1.15 SPX + own noise, a
log VIX that reverts to the regime's level with a leverage term, and coins whose return between two closes has
correlation `rho` with RUT's. Noise is a bridge over each phase: every phase reaches its planned gains exactly, so that
the story happens under any seed.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np

from rules.bars import Floats
from rules.model import Label


class Phase(NamedTuple):
    """A stretch of the story. `rho`: RUT against every coin. `spx`, `rut`, `coins`: log gains over the whole phase."""

    name: str
    sessions: int
    regime: Label
    rho: float
    spx: float
    rut: float
    coins: float


ON, NEUTRAL, OFF = Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF

HISTORY = (
    Phase("settling in", 200, NEUTRAL, 0.20, 0.10, 0.06, 0.30),
    Phase("first scare", 40, OFF, 0.20, -0.12, -0.13, -0.35),
    Phase("repair", 80, NEUTRAL, 0.20, 0.13, 0.15, 0.30),
    Phase("first coupling", 70, NEUTRAL, 0.85, 0.03, 0.04, 0.15),
    Phase("quiet", 90, ON, 0.20, 0.08, 0.05, 0.20),
    Phase("rate shock", 36, OFF, 0.20, -0.11, -0.14, -0.30),
    Phase("long grind", 80, NEUTRAL, 0.20, 0.07, 0.07, 0.10),
    Phase("pause", 80, NEUTRAL, 0.20, 0.04, 0.04, 0.10),
    Phase("advance", 80, NEUTRAL, 0.20, 0.08, 0.08, 0.20),
)
"""Three years to warm up on: 250 rows for the regime, 120 for the coupling, and something to compare with."""

DEMO_YEAR = (
    Phase("small caps lag", 42, NEUTRAL, 0.20, 0.05, -0.10, -0.05),
    Phase("catch-up", 40, ON, 0.20, 0.04, 0.16, 0.10),
    Phase("coupling", 54, NEUTRAL, 0.85, 0.03, 0.04, 0.20),
    Phase("sell-off", 34, OFF, 0.85, -0.14, -0.19, -0.50),
    Phase("relief", 34, NEUTRAL, 0.00, 0.07, 0.12, 0.20),
    Phase("breakout", 48, ON, 0.00, 0.07, 0.14, 0.10),
)
"""The last 252 sessions: everything that the default rules watch for happens once at least."""

SCENARIO = HISTORY + DEMO_YEAR


class Climate(NamedTuple):
    """What a regime means: annual volatility of SPX and of RUT's own noise, the VIX's level, coins' volatility against
    their own in a neutral market."""

    volatility: float
    own: float
    vix: float
    coins: float


CLIMATES = {
    ON: Climate(volatility=0.11, own=0.09, vix=14.0, coins=0.85),
    NEUTRAL: Climate(volatility=0.17, own=0.11, vix=18.5, coins=1.0),
    OFF: Climate(volatility=0.33, own=0.16, vix=31.0, coins=1.35),
}
RUT_BETA = 1.15
MIXING_CAP = 2.0
COIN_FACTOR = 0.6
"""Share of a coin's variance apart from RUT that all coins have in common."""


class Coin(NamedTuple):
    """Last close in USD, annual volatility over 252 closes in a neutral market, coins traded a day."""

    level: float
    volatility: float
    volume: float


COINS = {
    "BTC": Coin(90_000, 0.55, 25e3),
    "ETH": Coin(3_100, 0.70, 400e3),
    "SOL": Coin(140, 0.80, 4e6),
    "ADA": Coin(0.5, 0.80, 160e6),
    "XRP": Coin(2.2, 0.75, 150e6),
}


class Fund(NamedTuple):
    """Last close in USD, what it follows with which beta, annual volatility of its own, shares traded a session."""

    level: float
    follows: str
    beta: float
    own: float
    volume: float


FUNDS = {
    "IWM": Fund(246, "RUT", 1.0, 0.004, 32e6),
    "SPY": Fund(668, "SPX", 1.0, 0.003, 75e6),
    "QQQ": Fund(610, "SPX", 1.15, 0.07, 50e6),
    "HYG": Fund(80, "SPX", 0.30, 0.03, 40e6),
    "TLT": Fund(89, "SPX", -0.15, 0.13, 35e6),
    "UUP": Fund(28, "SPX", -0.10, 0.06, 1e6),
    "GLD": Fund(375, "SPX", 0.05, 0.15, 12e6),
    "IBIT": Fund(51, "BTC", 1.0, 0.01, 55e6),
    "ETHA": Fund(23.5, "ETH", 1.0, 0.01, 30e6),
}
INDICES = {"SPX": 6_700.0, "RUT": 2_470.0}
"""Last closes in points. The VIX's is what its path makes of it."""


def generator(seed: int, purpose: str) -> np.random.Generator:
    """The chance for one purpose. Each has its own, so that a new instrument moves nobody else's prices."""
    return np.random.Generator(np.random.PCG64([seed, zlib.crc32(purpose.encode())]))


class Story:
    """Log returns of every session, oldest first: `returns` by instrument, and what they were drawn from.

    `phase` is each session's index in the scenario, `volatility` SPX's true annual one, `vix` its level, `turbulence`
    the multiple of a neutral market's volatility that coins have.
    """

    def __init__(self, scenario: tuple[Phase, ...], seed: int) -> None:
        rng = generator(seed, "market")
        self.phase = np.repeat(np.arange(len(scenario)), [phase.sessions for phase in scenario])
        rho, self.spx_gains, self.rut_gains, self.coin_gains = np.array([phase[3:] for phase in scenario], float).T
        climates = np.array([CLIMATES[phase.regime] for phase in scenario])[self.phase]
        scale = _volatility_of_volatility(rng, len(self.phase))
        self.rho = rho[self.phase]
        self.volatility, own, self.turbulence = (climates[:, column] * scale for column in (0, 1, 3))
        mixing = np.minimum(np.sqrt(3.0 / rng.chisquare(5, len(self.phase))), MIXING_CAP)
        z = rng.standard_normal((3 + len(COINS), len(self.phase))) * mixing / np.sqrt(252.0)
        spx, rest = self.volatility * z[0], own * z[1]
        self.vix = self._vix(spx, climates[:, 2], rng)
        self.returns = self._indices(spx, rest)
        small_caps = (RUT_BETA * spx + rest) / np.hypot(RUT_BETA * self.volatility, own)
        self.returns |= self._coins(small_caps, z[2], z[3:])
        self.returns |= self._funds(seed)

    def _indices(self, spx: Floats, own: Floats) -> dict[str, Floats]:
        return {
            "SPX": self._bridged(spx, self.spx_gains),
            "RUT": self._bridged(RUT_BETA * spx + own, self.rut_gains),
            "VIX": np.diff(np.log(self.vix), prepend=np.log(self.vix[0])),
        }

    def _vix(self, spx: Floats, level: Floats, rng: np.random.Generator) -> Floats:
        surprise = np.clip(self._bridged(spx, np.zeros_like(self.spx_gains)), -0.06, 0.06)
        return np.exp(_reverting(rng.normal(0.0, 0.03, len(spx)) - 2.4 * surprise, np.log(level), 0.10))

    def _coins(self, small_caps: Floats, factor: Floats, own: Floats) -> dict[str, Floats]:
        """Coins from shocks of equal scale: RUT's with weight rho, what all coins share, and each one's own."""
        returns = {}
        for (name, coin), mine in zip(COINS.items(), own, strict=True):
            apart = np.sqrt(COIN_FACTOR) * factor + np.sqrt(1.0 - COIN_FACTOR) * mine
            shock = self.rho * small_caps + np.sqrt(1.0 - self.rho**2) * apart
            returns[name] = self._bridged(coin.volatility * self.turbulence * shock, self.coin_gains)
        return returns

    def _funds(self, seed: int) -> dict[str, Floats]:
        returns = {}
        for name, fund in FUNDS.items():
            noise = generator(seed, f"{name} noise").normal(0.0, fund.own / np.sqrt(252.0), len(self.phase))
            returns[name] = fund.beta * self.returns[fund.follows] + noise
        return returns

    def _bridged(self, noise: Floats, gains: Floats) -> Floats:
        """`noise`, shifted in each phase so that it sums to the phase's gain."""
        return noise + ((gains - np.bincount(self.phase, noise)) / np.bincount(self.phase))[self.phase]


def _volatility_of_volatility(rng: np.random.Generator, rows: int) -> Floats:
    """A multiple around 1: the exponential of an AR(1) with coefficient .95 and standard deviation .2."""
    return np.exp(_reverting(rng.normal(0.0, 0.2 * np.sqrt(1.0 - 0.95**2), rows), np.zeros(rows), 0.05) - 0.02)


def _reverting(shocks: Floats, level: Floats, speed: float) -> Floats:
    """x += speed (level - x) + shock, from the first level."""
    x, path = float(level[0]), np.empty(len(shocks))
    for row, (shock, target) in enumerate(zip(shocks.tolist(), level.tolist(), strict=True)):
        x += speed * (target - x) + shock
        path[row] = x
    return path
