"""Changes of the regime with fixed numbers: alone, and with what fired at the same close or was told of it before; and
rules that are told together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.render.alerts import Told, alert
from tests.bot.render.events import MADE_UP, event, pack

REAL = ("yahoo USD", "coinbase USD")
"""A regime reads the S&P 500, the VIX and Bitcoin: two sources, as a rule."""

TURBULENT = {
    "regime_was(RISK_ON)": 0.0,
    "regime_was(NEUTRAL)": 1.0,
    "regime_was(RISK_OFF)": 0.0,
    "p_risk_on()": 0.0004,
    "p_risk_off()": 0.9612,
    "regime_spx()": -3.2148,
    "regime_btc()": -2.0613,
    "regime_vix()": 1.6172,
}

COINS = ("ADA", "BTC", "ETH", "SOL", "XRP")
NUMBERS: Mapping[str, Mapping[str, float]] = {
    "vix-25": {"close(VIX)": 25.31},
    "rut-drawdown-10": {"drawdown(RUT)": 0.1036},
    "rut-lags-spx": {"ret(RUT, 21) - ret(SPX, 21)": -0.0552, "drawdown(SPX)": 0.0671},
    **{f"rut-{coin.lower()}-coupled-50": {f"p_corr(RUT, {coin}, above=0.5)": 0.5817} for coin in COINS},
    **{f"rut-{coin.lower()}-coupled": {f"p_corr(RUT, {coin}, above=0.6)": 0.5123} for coin in COINS},
    **{f"rut-{coin.lower()}-shift": {f"corr_shift(RUT, {coin})": 0.9071} for coin in COINS},
}


def component(rule: str, origins: tuple[str, ...] = REAL[:1]) -> Told:
    """Something that fired at the same close, and its rule."""
    return event(rule, values=NUMBERS[rule], origins=origins), pack()[rule]


def change(
    *parts: str, before: tuple[str, ...] = (), values: Mapping[str, float] = TURBULENT, origins: tuple[str, ...] = REAL
) -> str:
    """A change to RISK_OFF, by name what it takes along, and what was told before it."""
    head = event("regime-risk-off", values=values, origins=origins)
    under, earlier = ([component(name, origins[:1]) for name in names] for names in (parts, before))
    return alert(head, pack()[head.rule], under, earlier)


def calm() -> str:
    """The first label of a history: no close of the one before it is known."""
    was = {"regime_was(NEUTRAL)": 1.0, "regime_lasted()": None, "p_risk_on()": 0.7113, "p_risk_off()": 0.0008}
    drivers = {"regime_spx()": 0.4137, "regime_btc()": None, "regime_vix()": 0.8421}
    head = event("regime-risk-on", values={**was, **drivers}, origins=REAL[:1])  # type: ignore[dict-item]
    return alert(head, pack()[head.rule])


USUAL: Mapping[str, Callable[[], str]] = {
    "alert-regime": change,
    "alert-regime-simulated": lambda: change(origins=MADE_UP),
    "alert-regime-first": calm,
    "alert-regime-grouped": lambda: change("vix-25", "rut-drawdown-10"),
    "alert-regime-grouped-simulated": lambda: change("vix-25", origins=MADE_UP),
    "alert-regime-told-before": lambda: change(before=("rut-drawdown-10",)),
}
"""A change as it usually comes."""

CHANGES: Mapping[str, Callable[[], str]] = {
    **USUAL,
    "alert-regime-most": lambda: change(
        *("vix-25", "rut-lags-spx", "rut-sol-coupled", "rut-btc-shift", "rut-xrp-coupled", "rut-xrp-coupled-50"),
        before=(
            "rut-drawdown-10",
            *(f"rut-{coin}-coupled{at}" for at in ("", "-50") for coin in ("ada", "btc", "eth")),
        ),
    ),
}


def together(*rules: str) -> str:
    """The first in full, and what is told under it."""
    head, *parts = ((event(name, values=ALIKE[name]), pack()[name]) for name in rules)
    return alert(*head, parts)


def fallen(coin: str, by: int, price: float) -> Mapping[str, float]:
    return {coin: price, f"since_turn({coin}, {by}%)": -by / 100 - 0.0048}


ALIKE: Mapping[str, Mapping[str, float]] = {
    "rut-record-fresh": {"RUT": 2559.61, "record(RUT)": 2541.2, "ret(RUT, 21)": 0.0482},
    "rut-record-close": {"close(RUT)": 2559.61, "record(RUT)": 2541.2},
    **{f"vix-{rung}": {"close(VIX)": 31.27} for rung in (20, 25, 30)},
    "vix-jump": {"vix_jump()": 5.214},
    "ada-drop-50": fallen("ADA", 50, 0.4311),
    "sol-drop-50": fallen("SOL", 50, 101.2),
    "sol-drop-30": fallen("SOL", 30, 101.2),
    "eth-drop-50": fallen("ETH", 50, 2_113.5),
    "xrp-drop-30": fallen("XRP", 30, 1.74),
    "btc-drop-30": fallen("BTC", 30, 71_204.0),
    "btc-drop-20": fallen("BTC", 20, 71_204.0),
}

ALIKES: Mapping[str, Callable[[], str]] = {
    "alert-together-record": lambda: together("rut-record-close", "rut-record-fresh"),
    "alert-together-ladder": lambda: together("vix-30", "vix-25", "vix-jump", "vix-20"),
    "alert-together-most": lambda: together(
        "ada-drop-50", "sol-drop-50", "eth-drop-50", "btc-drop-30", "xrp-drop-30", "sol-drop-30", "btc-drop-20"
    ),
}
"""The rungs of a ladder, and a crash of coins: what else is told at their close."""
