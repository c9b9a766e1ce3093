"""Alerts that tell what followed when their rule fired before, with fixed numbers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.render.alerts import alert
from bot.render.evidence import Record
from rules.evidence import Base, Evidence, Outcome
from rules.model import AlertEvent
from tests.bot.markets import at
from tests.bot.render.events import MADE_UP, REAL, SESSION, event, pack
from tests.bot.render.groups import TURBULENT, component

ALL_DAYS = Base(9_000, 0.0091, 0.58)


def outcome(n: int = 8, low: float = -0.011, high: float = 0.034, instrument: str = "RUT") -> Outcome:
    """Of `n` firings, of which one in four fell."""
    known = (low, high) if n >= 5 else (math.nan, math.nan)
    return Outcome(instrument, 20, n, float(n), 0.0123, n - n // 4, *known, -0.02, 0.03, ALL_DAYS, None)


def record(times: int = 9, *outcomes: Outcome, by_closes: bool = False, first: int = 1990) -> Record:
    """So many firings, the last of them on 2025-12-10."""
    fired = tuple(SESSION - dt.timedelta(days=90 * back) for back in reversed(range(times)))
    since = dt.date(first, 1, 2)
    evidence = Evidence("any", fired, since, SESSION, 35.9, 12.0, outcomes, by_closes)
    return Record(evidence, outcomes[0].instrument if outcomes else None)


def told(happened: AlertEvent, of: Record) -> str:
    return alert(happened, pack()[happened.rule], records={happened.key: of})


def fresh(origins: tuple[str, ...] = REAL) -> AlertEvent:
    values = {"close(RUT)": 2559.61, "record(RUT)": 2531.16}
    return event("rut-record-close", values=values, context={"ret(RUT, 21)": 0.0423}, origins=origins)


def intraday() -> str:
    values = {"close(RUT)": 2541.67, "record(RUT)": 2531.16}
    happened = event("rut-record-intraday", values=values, context={"ret(RUT, 21)": 0.0351}, origins=("yahoo USD",))
    live = replace(happened, at=at("2025-12-10T15:31Z"), provisional=True)
    return told(live, record(38, outcome(38, 0.012, 0.03), by_closes=True))


def shifted(*outcomes: Outcome) -> str:
    """The context goes before the evidence does."""
    values = {"corr_shift(RUT, SOL)": 0.9071}
    context = {"corr(RUT, SOL, 63)": 0.61, "corr(RUT, SOL, 252)": 0.42, "ret(RUT, 21)": 0.04, "ret(SOL, 21)": 0.1}
    return told(event("rut-sol-shift", values=values, context=context), record(4, *outcomes, first=2020))


def change(*parts: str) -> str:
    """A change of the regime, and parts of which each is the eleventh."""
    head = event("regime-risk-off", values=TURBULENT, origins=("yahoo USD", "coinbase USD"))
    under = [component(name) for name in parts]
    records = {each.key: record(11, outcome(11)) for each, _ in under}
    return alert(head, pack()[head.rule], under, records={**records, head.key: record(38, outcome(37, 0.012, 0.03))})


EVIDENCES: Mapping[str, Callable[[], str]] = {
    "alert-evidence": lambda: told(fresh(), record(9, outcome())),
    "alert-evidence-simulated": lambda: told(fresh(MADE_UP), record(9, outcome())),
    "alert-evidence-more": lambda: told(fresh(), record(23, outcome(22, 0.012, 0.034))),
    "alert-evidence-few": lambda: told(fresh(), record(4, outcome(3))),
    "alert-evidence-first": lambda: told(fresh(), record(1, outcome(0))),
    "alert-evidence-of-no-price": lambda: told(event("vix-25", values={"close(VIX)": 25.31}), record(52)),
    "alert-evidence-intraday": intraday,
    "alert-evidence-context": lambda: shifted(outcome(3)),
    "alert-evidence-regime": change,
    "alert-evidence-regime-grouped": lambda: change("vix-25", "rut-drawdown-10"),
}
