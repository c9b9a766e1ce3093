"""Changes of the regime with fixed numbers: alone, and with what fired at the same close or was told of it before."""

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
