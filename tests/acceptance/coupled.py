"""Markets in which the correlation of the Russell 2000 with each coin is known, and the built-in rules upon them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bot.settings import load_settings
from bot.tuning.worlds.pairs import NU, ROWS, YEAR, garch
from rules.bars import Floats
from rules.engine import evaluate, opened
from rules.language.compile import CompiledRule
from rules.model import XNYS, AlertEvent
from rules.panel import Panel
from tests.rules.markets import TAPE, columns_of, weekdays

COINS = ("SOL", "ADA", "BTC", "ETH", "XRP")
BLOCK = 10

_VOLATILITY = {"RUT": 0.22, "SPX": 0.16, **dict.fromkeys(COINS, 0.75)}


def pack() -> list[CompiledRule]:
    """The built-in rules on the correlation of a pair."""
    every = [rule for rule in load_settings().compiled if "correlation" in rule.rule.tags]
    return [rule for rule in every if rule.rule.id != "risk-correlation"]  # that of everything: tests/acceptance/pack


def told(rules: Sequence[CompiledRule], panel: Panel) -> tuple[AlertEvent, ...]:
    """Every event of the rules, judged from the first row on."""
    return evaluate(rules, {XNYS: panel}, opened(rules), int(panel.clock.closes[-1]), grace=0).events


def drawn(seed: int, rho: Floats) -> Panel:
    """A market over the rows of SYN-CORR: fat tails in common, GARCH margins, each coin's shocks at `rho` to RUT's."""
    rng = np.random.default_rng([seed, 45])
    common = rng.standard_normal(ROWS)
    mixing = np.sqrt((NU - 2.0) / rng.chisquare(NU, ROWS))
    to_rut = {"RUT": np.ones(ROWS), "SPX": np.full(ROWS, 0.85), **dict.fromkeys(COINS, rho)}
    returns = {}
    for name, share in to_rut.items():
        shock = mixing * (share * common + np.sqrt(1.0 - share * share) * rng.standard_normal(ROWS))
        returns[name] = garch(shock[:, None], _VOLATILITY[name])[:, 0]
    return _priced(returns)


def even(seed: int, rho: float) -> Panel:
    """A market in which chance has no part: in each BLOCK rows the correlation of the sample itself is `rho`."""
    names = ("RUT", *COINS)
    normal = np.random.default_rng([seed, 46]).standard_normal((ROWS // BLOCK, BLOCK, len(names)))
    free = np.linalg.qr(normal - normal.mean(axis=1, keepdims=True))[0] * np.sqrt(BLOCK)
    first, *others = free.reshape(ROWS, len(names)).T
    shocks = [first, *(rho * first + np.sqrt(1.0 - rho * rho) * other for other in others)]
    return _priced({name: shock * _VOLATILITY[name] / np.sqrt(YEAR) for name, shock in zip(names, shocks, strict=True)})


def _priced(returns: Mapping[str, Floats]) -> Panel:
    columns = {name: columns_of(100.0 * np.exp(each.cumsum())) for name, each in returns.items()}
    return Panel(weekdays(ROWS), columns, dict.fromkeys(columns, (TAPE,)))
