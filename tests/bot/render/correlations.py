"""Messages about correlations with fixed numbers: alerts of coupling, uncoupling and shift; the answers of /corr."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import nan

import numpy as np

from bot.answers import Against, Change, Correlation, CorrelationList, CorrelationMatrix, Volatility
from bot.render.correlations import correlation_answer, list_answer, matrix_answer
from rules.model import ALWAYS, XNYS, Edge
from tests.bot.markets import at
from tests.bot.render.events import CLOSE, MADE_UP, NEXT_OPEN, REAL, SESSION, event, told

P = "p_corr(RUT, SOL, above=0.6)"
BESIDE = {
    "corr(RUT, SOL, 60)": 0.500660,
    "percentile(corr(RUT, SOL, 60), 504)": 0.9127,
    "pcorr(RUT, SOL, SPX, n=60)": 0.2412,
    "pcorr(RUT, SOL, SPX, also=BTC, n=60)": 0.0412,
    "shared(RUT, SOL, 60)": 1.0,
    "vol_driven(RUT, SOL, above=0.6, n=60)": 0.0,
    "corr_low(RUT, SOL, 60)": 0.2835,
    "corr_high(RUT, SOL, 60)": 0.6689,
}


def coupled(origins: tuple[str, ...] = REAL, **context: float) -> str:
    return told(event("rut-sol-coupled", values={P: 0.5123}, context={**BESIDE, **context}, origins=origins))


def uncoupled() -> str:
    happened = event("rut-sol-coupled", Edge.RESOLVED, {P: 0.0421}, {**BESIDE, "shared(RUT, SOL, 60)": 0.0})
    return told(replace(happened, since=at("2025-10-09T20:00Z")))


def volatile() -> str:
    """Volatility alone may explain it, and one number is missing."""
    context = {
        "corr(RUT, SOL, 60)": 0.6391,
        "corr_low(RUT, SOL, 60)": 0.4612,
        "corr_high(RUT, SOL, 60)": 0.7683,
        "vol_driven(RUT, SOL, above=0.6, n=60)": 1.0,
        "pcorr(RUT, SOL, SPX, also=BTC, n=60)": nan,
        "shared(RUT, SOL, 60)": nan,
    }
    return coupled(REAL, **context)


def shift() -> str:
    context = {
        "rho(RUT, SOL)": 0.6753,
        "rho_ref(RUT, SOL, by=0.2)": 0.3211,
        **{text: value for text, value in BESIDE.items() if not text.startswith("vol")},
        "rho_low(RUT, SOL)": 0.55,
        "rho_high(RUT, SOL)": 0.8,
    }
    return told(event("rut-sol-shift", values={"corr_shift(RUT, SOL)": 0.9131}, context=context))


def no_interval() -> str:
    """Two legs that are one: r is 1 and nothing bounds it."""
    unknown = ("corr_low(RUT, SOL, 60)", "corr_high(RUT, SOL, 60)", "shared(RUT, SOL, 60)")
    return coupled(REAL, **{"corr(RUT, SOL, 60)": 1.0, **dict.fromkeys(unknown, nan)})


def correlation_of(origins: tuple[str, ...] = REAL, **changes: object) -> Correlation:
    """RUT and SOL on 2025-12-10, or something near it."""
    values: dict[str, object] = {
        "a": "RUT",
        "b": "SOL",
        "window": 60,
        "n": 60,
        "r": 0.500660,
        "ci90": (0.2835, 0.6689),
        "kendall": 0.5616,
        "ewma": 0.4526,
        "p_above": {0.5: 0.4321, 0.6: 0.0712, 0.7: 0.0004},
        "posterior_mean": 0.4711,
        "posterior90": (0.35, 0.6),
        "percentile": (0.9127, 0.8846),
        "ranked": 1221,
        "partial": {"SPX": 0.2412, "SPX+BTC": 0.0412},
        "beta": 1.9124,
        "month_ago": 0.5509,
        "change": Change(0.3047, 1.026, 0.305),
        "volatility": None,
        "shared": False,
        "coupled": {0.5: True, 0.6: False, 0.7: False},
        "as_of": SESSION,
        "at": CLOSE,
        "clock": XNYS,
        "approximate": False,
        "origins": origins,
    }
    return Correlation(**{**values, **changes})  # type: ignore[arg-type]


def without_filter() -> dict[str, object]:
    unknown = dict.fromkeys((0.5, 0.6, 0.7))
    return {"p_above": unknown, "posterior_mean": None, "posterior90": None, "ewma": None, "coupled": unknown}


def undefined() -> str:
    answer = correlation_of(
        REAL, **without_filter(), n=12, r=None, ci90=None, kendall=None, percentile=(None, None), ranked=0,
        month_ago=None, partial={"SPX": None, "SPX+BTC": None}, beta=None, change=None,
        reason="only 12 of 60 returns",
    )  # fmt: skip
    return correlation_answer(answer, NEXT_OPEN)


def driven_by_volatility() -> str:
    answer = correlation_of(
        r=0.6391, ci90=(0.4612, 0.7683), change=Change(0.1102, 3.04, 0.0023), shared=True,
        volatility=Volatility("SOL", 2.31, 0.4612),
    )  # fmt: skip
    return correlation_answer(answer, NEXT_OPEN)


def coins() -> str:
    """On UTC days, where an index has no price."""
    answer = correlation_of(
        a="SOL", b="ADA", clock=ALWAYS, partial={"SPX": None, "SPX+BTC": None}, at=at("2025-12-11T00:00Z")
    )
    return correlation_answer(answer, None)


def line(b: str, r: float | None, **changes: object) -> Against:
    values: dict[str, object] = {
        "b": b,
        "n": 60,
        "r": r,
        "ci90": None if r is None else (max(-1.0, r - 0.21), min(1.0, r + 0.17)),
        "p_above": 0.0712,
        "percentile": 0.74,
        "change": Change(0.31, 0.7, 0.48),
        "as_of": SESSION,
    }
    return Against(**{**values, **changes})  # type: ignore[arg-type]


def list_of(*lines: Against, simulated: bool = False) -> str:
    ordered = tuple(sorted(lines, key=lambda each: (each.r is None, -(each.r or 0.0))))
    answer = CorrelationList("RUT", 60, 0.6, ordered, XNYS, SESSION, CLOSE, simulated, ("UUP", "IBIT"))
    return list_answer(answer, NEXT_OPEN)


def against_all(*, simulated: bool = False) -> str:
    return list_of(
        line("SPX", 0.8145, p_above=0.9965),
        line("ETH", 0.6052, change=Change(0.3498, 1.79, 0.0728)),
        line("SOL", 0.5007, as_of=dt.date(2025, 12, 8)),
        line("GLD", 0.0021, change=Change(-0.51, 3.2, 0.0014), p_above=None),
        line("VIX", -0.7195, p_above=0.0001),
        line("IWM", 0.9993, ci90=(0.9986, 0.9997), p_above=0.9997, change=Change(0.9981, 3.1, 0.0019)),
        line("ETHA", None, n=12, p_above=None, change=None),
        simulated=simulated,
    )


def matrix_of(*names: str, r: float = 0.58, **changes: object) -> str:
    cells = np.full((len(names), len(names)), r)
    np.fill_diagonal(cells, 1.0)
    cells[1, 0] = cells[0, 1] = -0.07
    values: dict[str, object] = {
        "basket": "RISK",
        "instruments": names,
        "window": 60,
        "r": cells,
        "average": 0.51,
        "late": {},
        "clock": XNYS,
        "as_of": SESSION,
        "at": CLOSE,
        "simulated": False,
    }
    return matrix_answer(CorrelationMatrix(**{**values, **changes}), NEXT_OPEN)  # type: ignore[arg-type]


def late_matrix() -> str:
    late = {"SOL": dt.date(2025, 12, 8)}
    return matrix_of("RUT", "SPX", "SOL", r=nan, average=None, late=late, missing=("XRP",))


RISK = ("RUT", "SPX", "QQQ", "BTC", "ETH", "SOL", "ADA", "XRP")
MANY = (*RISK, "IWM", "IBIT", "ETHA")

CORRELATIONS: Mapping[str, Callable[[], str]] = {
    "alert-coupled": coupled,
    "alert-coupled-simulated": lambda: coupled(MADE_UP),
    "alert-coupled-volatile": volatile,
    "alert-coupled-perfect": no_interval,
    "alert-uncoupled": uncoupled,
    "alert-shift": shift,
    "corr": lambda: correlation_answer(correlation_of(), NEXT_OPEN),
    "corr-simulated": lambda: correlation_answer(correlation_of(MADE_UP), NEXT_OPEN),
    "corr-perfect": lambda: correlation_answer(correlation_of(r=1.0, ci90=None, change=None), NEXT_OPEN),
    "corr-undefined": undefined,
    "corr-approximate": lambda: correlation_answer(
        correlation_of(REAL, **without_filter(), approximate=True), NEXT_OPEN
    ),
    "corr-young": lambda: correlation_answer(correlation_of(percentile=(0.35, 0.35), ranked=66), NEXT_OPEN),
    "corr-unranked": lambda: correlation_answer(correlation_of(percentile=(None, None), ranked=12), NEXT_OPEN),
    "corr-held": lambda: correlation_answer(
        correlation_of(coupled={0.5: True, 0.6: True, 0.7: False}, change=Change(0.12, 1.9, 0.06)), NEXT_OPEN
    ),
    "corr-volatile": driven_by_volatility,
    "corr-coins": coins,
    "corr-list": against_all,
    "corr-list-simulated": lambda: against_all(simulated=True),
    "corr-list-untested": lambda: list_of(line("ETHA", None, n=12, p_above=None, change=None)),
    "corr-matrix": lambda: matrix_of(*RISK),
    "corr-matrix-late": late_matrix,
    "corr-matrix-many": lambda: matrix_of(*MANY),
    "corr-matrix-simulated": lambda: matrix_of("RUT", "SOL", simulated=True),
}
