"""Messages about the regime with fixed numbers: the answers of /regime, /regime panel and /regime history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import accumulate

import numpy as np

from bot.answers import Contribution, Emerging, Flip, Gauge, Provisional, Regime, RegimePanel, Spell
from bot.render.regime import panel_answer, regime_answer, spells_answer
from rules.functions.registry import Unit
from rules.model import Label
from tests.bot.markets import at
from tests.bot.render.events import CLOSE, MADE_UP, NEXT_OPEN, SESSION

ON, NEUTRAL, OFF = Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF
REAL = ("yahoo USD", "coinbase USD")


def spells(*lengths: int, last: Label = NEUTRAL) -> tuple[Spell, ...]:
    """Labels of so many sessions each; before the last, RISK_ON and NEUTRAL take turns."""
    labels = [ON if (len(lengths) - i) % 2 else NEUTRAL for i in range(1, len(lengths))] + [last]
    starts = accumulate(lengths[:-1], initial=1 - sum(lengths))
    dates = [np.busday_offset(SESSION, start).astype(dt.date) for start in starts]
    return tuple(Spell(*each) for each in zip(labels, dates, lengths, strict=True))


LIVED = spells(61, 12, 3, 55, 20, 37, 18, 44, 5, 31, 52, 31, 42)
"""Six spells of each that are over, and 42 sessions of NEUTRAL so far."""

SPX = Contribution("SPX", 6_886.68, 0.00675, 0.787, {ON: -0.6978, NEUTRAL: -0.5629, OFF: -0.8441})
VIX = Contribution("VIX", 15.77, -0.0685, 0.927, {ON: -0.0716, NEUTRAL: -0.0201, OFF: -0.9578})
BTC = Contribution("BTC", 92_409.1, -0.0072, 0.233, {ON: 0.0265, NEUTRAL: -0.0161, OFF: -0.1289})
CRASH = Contribution("SPX", 224.84, -0.2047, 20.3, {ON: -16.21, NEUTRAL: -14.95, OFF: -10.97})
PANIC = Contribution("VIX", 101_150.3, 99.0, 5_467.6, {ON: -64.9, NEUTRAL: -58.6, OFF: -46.5})
FLAT = Contribution("BTC", 92_409.1, 0.0, 0.52, {ON: -0.31, NEUTRAL: -0.29, OFF: -0.33})

STILL = Flip(OFF, None, 6_886.68, 0.0)
ANSWERED = Flip(OFF, "SPX", 6_507.22, -0.0551, 31.14)
ALONE = Flip(OFF, "SPX", 6_680.08, -0.03)
FEARED = Flip(OFF, "VIX", 24.1, 0.5282)
CALMED = Flip(ON, "VIX", 13.05, -0.1725)
COIN = Flip(OFF, "BTC", 84_092.28, -0.09)


def regime_of(origins: tuple[str, ...] = REAL, /, **changes: object) -> Regime:
    """The regime of 2025-12-10, or something near it."""
    values: dict[str, object] = {
        "label": NEUTRAL,
        "raw": NEUTRAL,
        "spells": LIVED,
        "probabilities": {ON: 0.0973, NEUTRAL: 0.9014, OFF: 0.0013},
        "emerging": None,
        "drivers": {"SPX": SPX, "VIX": VIX, "BTC": BTC},
        "flips": (ANSWERED,),
        "seen": 9_000,
        "needed": 250,
        "as_of": SESSION,
        "at": CLOSE,
        "origins": origins,
    }
    return Regime(**{**values, **changes})  # type: ignore[arg-type]


def rising(label: Label, closes: int, p: float = 0.55) -> dict[str, object]:
    """RISK_OFF or RISK_ON comes up while the label is NEUTRAL."""
    threshold = 0.8 if label is OFF else 0.7
    probabilities = {ON: 0.02, NEUTRAL: 0.98 - p, OFF: 0.02, label: p}
    return {
        "raw": label,
        "probabilities": probabilities,
        "emerging": Emerging(label, closes, label, p, threshold, rises=True),
        "flips": (ALONE, FEARED),
    }


def off(*lengths: int) -> dict[str, object]:
    """RISK_OFF, after spells of so many sessions."""
    probabilities = {ON: 0.0003, NEUTRAL: 0.0411, OFF: 0.9586}
    return {"label": OFF, "raw": OFF, "spells": spells(*lengths, last=OFF), "probabilities": probabilities}


def leaving(closes: int) -> dict[str, object]:
    """RISK_OFF fades."""
    return {
        **off(120, 61, 122),
        "raw": NEUTRAL,
        "probabilities": {ON: 0.003, NEUTRAL: 0.62, OFF: 0.377},
        "emerging": Emerging(NEUTRAL, closes, OFF, 0.377, 0.2, rises=False),
        "flips": (Flip(NEUTRAL, "VIX", 19.2, -0.12),),
    }


def gauge(name: str, unit: str, value: float | None, percentile: float | None, leans: Label | None) -> Gauge:
    """A gauge above its value of a month ago where that is known."""
    return Gauge(name, name, unit, value, percentile, None if value is None else True, leans)


def panel_of(origins: tuple[str, ...] = REAL, /, **changes: Gauge) -> RegimePanel:
    """The panel of 2025-12-10, or something near it; `changes` by the first letters of a gauge's name."""
    gauges = (
        gauge("RUT/SPX", Unit.DEVIATIONS, 0.18, 0.6786, ON),
        replace(gauge("RUT off record", Unit.PERCENT, 0.0, 0.0159, ON), rising=None),
        gauge("RUT-altcoins", Unit.CORRELATION, 0.3474, 0.7937, OFF),
        replace(gauge("Mean corr", Unit.CORRELATION, 0.6611, 0.9048, OFF), rising=False),
        gauge("Altcoins/BTC", Unit.DEVIATIONS, -1.295, 0.0417, OFF),
        gauge("HYG/TLT", Unit.DEVIATIONS, 0.6369, 0.6329, NEUTRAL),
        gauge("Dollar", Unit.DEVIATIONS, 0.7327, 1.0, OFF),
        replace(gauge("VIX", Unit.PRICE, 15.77, 0.4365, NEUTRAL), heard=True),
    )
    known = tuple(
        next((changed for name, changed in changes.items() if each.name.startswith(name)), each) for each in gauges
    )
    return RegimePanel(NEUTRAL, known, SESSION, CLOSE, origins)


def without(*names: str) -> dict[str, Gauge]:
    """The gauges of altcoins and of the dollar, without a price of these."""
    return {
        name: Gauge(name, name, Unit.NUMBER, None, None, None, None, names)
        for name in ("Mean corr", "Altcoins/BTC", "Dollar")
    }


def told(origins: tuple[str, ...] = REAL, /, **changes: object) -> str:
    """The answer of /regime."""
    answer = regime_of(origins, **changes)
    return regime_answer(answer, replace(panel_of(origins), label=answer.label), NEXT_OPEN)


def in_session(*missing: str, label: Label = NEUTRAL, p: float = 0.5512) -> str:
    """The answer on the next day, an hour after the open."""
    probabilities = {**dict.fromkeys((ON, NEUTRAL, OFF), 0.1), label: p}
    return told(provisional=Provisional(at("2025-12-11T15:31Z"), label, probabilities, missing))


def young(seen: int, *lengths: int) -> dict[str, object]:
    return {"seen": seen, "spells": spells(*lengths)}


REGIMES: Mapping[str, Callable[[], str]] = {
    "regime": told,
    "regime-simulated": lambda: told(MADE_UP),
    "regime-first-day": lambda: told(**off(12, 3, 1), flips=()),
    "regime-first-label": lambda: told(**young(61, 1)),
    "regime-young": lambda: told(**young(250, 130, 60)),
    "regime-grown": lambda: told(**young(251, 130, 61)),
    "regime-rising": lambda: told(**rising(OFF, 12)),
    "regime-rising-on": lambda: told(**rising(ON, 1)),
    "regime-rising-long": lambda: told(**rising(OFF, 1_234)),
    "regime-falling": lambda: told(**leaving(3)),
    "regime-falling-long": lambda: told(**leaving(123)),
    "regime-flips-nothing-moves": lambda: told(flips=(STILL, replace(ANSWERED, to=NEUTRAL, vix=28.61), CALMED)),
    "regime-flips-stays": lambda: told(**off(5, 20), flips=(replace(STILL, to=NEUTRAL), FEARED)),
    "regime-flips-spx": lambda: told(flips=(ALONE,)),
    "regime-flips-spx-vix": lambda: told(flips=(ALONE, ANSWERED, FEARED, CALMED, COIN)),
    "regime-flips-vix": lambda: told(flips=(FEARED, CALMED)),
    "regime-flips-btc": lambda: told(flips=(COIN,)),
    "regime-flips-none": lambda: told(flips=()),
    "regime-without-vix": lambda: told(drivers={"SPX": SPX, "VIX": None, "BTC": BTC}),
    "regime-without-btc": lambda: told(REAL[:1], drivers={"SPX": SPX, "VIX": VIX, "BTC": None}),
    "regime-waiting": lambda: told(waiting=dt.date(2025, 12, 11), late=("VIX",)),
    "regime-waiting-all": lambda: told(waiting=dt.date(2025, 12, 11), late=("SPX", "VIX", "BTC")),
    "regime-gap": lambda: told(gap=dt.date(2025, 12, 11), flips=None),
    "regime-provisional": lambda: in_session(label=OFF, p=0.9999),
    "regime-provisional-without-vix": lambda: in_session("VIX", p=0.9999),
    "regime-provisional-by-spx": lambda: in_session("VIX", "BTC"),
    "regime-huge-odds": lambda: told(**off(20, 2), flips=(), drivers={"SPX": CRASH, "VIX": PANIC, "BTC": FLAT}),
    "regime-long-lives": lambda: told(spells=(*spells(*[1_234] * 12), Spell(NEUTRAL, dt.date(2020, 1, 2), 1_468))),
    "regime-most-lines": lambda: told(
        ("yahoo USD", "coinbase USD", "an exchange of a long name USDT"),
        **{**rising(OFF, 12), "flips": (STILL, replace(ANSWERED, to=NEUTRAL), FEARED)},
        waiting=dt.date(2025, 12, 11),
        late=("VIX",),
    ),
    "regime-panel": lambda: panel_answer(panel_of()),
    "regime-panel-simulated": lambda: panel_answer(panel_of(MADE_UP)),
    "regime-panel-missing": lambda: panel_answer(panel_of(**without("UUP"))),
    "regime-panel-many-missing": lambda: panel_answer(
        panel_of((*REAL, "kraken USD"), **without("SOL", "ADA", "XRP", "DOGE", "AVAX", "LINK", "UUP"))
    ),
    "regime-panel-young": lambda: panel_answer(panel_of(Dollar=gauge("Dollar", Unit.DEVIATIONS, 0.7, None, None))),
    "regime-history": lambda: spells_answer(regime_of()),
    "regime-history-simulated": lambda: spells_answer(regime_of(MADE_UP)),
    "regime-history-first-label": lambda: spells_answer(regime_of(**young(61, 1))),
}
