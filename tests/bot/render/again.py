"""Messages of rows that were judged again, of rules that lose their data together, and of what was missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.render.alerts import alert
from bot.render.away import away
from rules.model import AlertEvent, Edge
from tests.bot.render.events import CLOSE, MADE_UP, event, pack, told

YAHOO = ("yahoo USD",)


def corrected(undone: Edge = Edge.FIRED, origins: tuple[str, ...] = YAHOO) -> str:
    """A record that was taken back, or the end of one."""
    values = {"close(RUT)": 2519.92, "record(RUT)": 2531.16} if undone is Edge.FIRED else {"drawdown(RUT)": 0.0044}
    was = {"close(RUT)": 2559.61, "record(RUT)": 2531.16} if undone is Edge.FIRED else {"drawdown(RUT)": 0.0312}
    happened = event("rut-record-close", Edge.CORRECTED, values, origins=origins)
    return told(replace(happened, was=was, undone=undone, rejudged_at=CLOSE + 57_600))


def late(was: Mapping[str, float | None]) -> str:
    """What fired only when a bar came, or was restated."""
    happened = event("vix-25", values={"close(VIX)": 25.31}, origins=YAHOO)
    return told(replace(happened, was=was, rejudged_at=CLOSE + 14_400))


def all_in_the_dark(edge: Edge) -> str:
    """Every rule on the exchange's closes at once: its only source is down."""
    head, *others = [
        (event(name, edge, origins=YAHOO), rule) for name, rule in pack().items() if name.startswith("rut")
    ]
    return alert(*head, others)


def missed(count: int, origins: tuple[str, ...] = YAHOO) -> str:
    """The summary of so many alerts, one a day."""
    names = ["rut-record-close", "vix-25", "rut-lags-spx", "regime-risk-off"]
    return away([_on(event(names[day % 4], origins=origins), day) for day in range(count)])


def _on(happened: AlertEvent, day: int) -> AlertEvent:
    return replace(happened, session=happened.session - dt.timedelta(days=20 - day))


AGAIN: Mapping[str, Callable[[], str]] = {
    "alert-corrected": corrected,
    "alert-corrected-simulated": lambda: corrected(origins=MADE_UP),
    "alert-corrected-end": lambda: corrected(Edge.RESOLVED),
    "alert-restated": lambda: late({"close(VIX)": 24.12}),
    "alert-bar-late": lambda: late({"close(VIX)": None}),
    "alert-no-data-of-many": lambda: all_in_the_dark(Edge.NO_DATA),
    "alert-data-back-of-many": lambda: all_in_the_dark(Edge.DATA_BACK),
    "away": lambda: missed(3),
    "away-one": lambda: missed(1),
    "away-many": lambda: missed(15),
    "away-simulated": lambda: missed(2, MADE_UP),
}
