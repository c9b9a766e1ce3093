"""The cross-asset panel beside the regime's label: numbers of the rule language, and what each leans to.

They are there to be held against the label: the filter uses none of them but the VIX. A gauge leans by its rank among
its own last values alone, so that none has a threshold of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bot.answers import Gauge, Regime, RegimePanel
from bot.queries.view import View, number, origins_of
from rules.columns import instruments_of
from rules.functions.registry import Scope, Unit
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.model import XNYS, Label

RANKED = 504
"""Sessions of its own history that a gauge is ranked in."""

MONTH = 21
"""Sessions over which a gauge is said to rise or fall."""

NAMES = re.compile(r"\b[A-Z][A-Z0-9]*\b")
"""What stands for an instrument or a basket in an expression."""

LONGEST = 10_000
"""Characters of an expression made of a basket's members."""

LOW_THIRD, HIGH_THIRD = 1 / 3, 2 / 3
"""Ranks up to and from which a gauge leans; between them to neither side."""

SMALL_CAPS, ALTCOINS, RISK_ASSETS = "RUT", "ALTS", "RISK"


@dataclass(frozen=True)
class Meter:
    """A gauge as it is written: its name, its expression, which label a high value leans to, its unit if not the
    expression's, and whether the filter hears it too."""

    name: str
    text: str
    high: Label
    unit: str = ""
    heard: bool = False


def meters(scope: Scope) -> Iterator[Meter]:
    """The gauges of the panel, in the order they are shown."""
    on, off = Label.RISK_ON, Label.RISK_OFF
    yield Meter("RUT/SPX", f"rel_strength({SMALL_CAPS}, SPX)", on)
    yield Meter("RUT off record", f"drawdown({SMALL_CAPS})", off)
    yield Meter("RUT-altcoins", _coupling(scope), off, Unit.CORRELATION)
    yield Meter("Mean corr", f"avg_corr({RISK_ASSETS}, 60)", off)
    yield Meter("Altcoins/BTC", f"rotation({ALTCOINS}, BTC)", on)
    yield Meter("HYG/TLT", "rel_strength(HYG, TLT)", on)
    yield Meter("Dollar", "momentum(UUP)", off)
    yield Meter("VIX", "close(VIX)", off, heard=True)


def regime_panel(view: View, answer: Regime) -> RegimePanel:
    """Every gauge as of the close of an answer about the regime."""
    panel = view.panel(XNYS)
    row = panel.clock.row_of(answer.as_of)
    found = [_gauge(view, meter, row) for meter in meters(view.scope)]
    names = tuple(dict.fromkeys(name for _, of_one in found for name in of_one))
    gauges = tuple(gauge for gauge, _ in found)
    return RegimePanel(answer.label, gauges, answer.as_of, answer.at, origins_of(panel, names, row))


def _coupling(scope: Scope) -> str:
    """The mean of the correlation filter's rho of small caps and each altcoin."""
    members = scope.baskets.get(ALTCOINS, ())
    parts = [f"rho({SMALL_CAPS}, {member})" for member in members] or [f"rho({SMALL_CAPS}, {ALTCOINS})"]
    return parts[0] if len(parts) == 1 else f"({' + '.join(parts)}) / {len(parts)}"


def _gauge(view: View, meter: Meter, row: int) -> tuple[Gauge, tuple[str, ...]]:
    """A gauge on a row, and the instruments it reads."""
    try:
        texts = (meter.text, f"percentile({meter.text}, {RANKED})")
        typed, ranked = (read(text, view.scope, XNYS, longest=LONGEST) for text in texts)
    except LanguageError:  # a name of it is not configured, or a basket is too small
        absent = tuple(_unread(meter.text, view.scope))
        return Gauge(meter.name, meter.text, Unit.NUMBER, None, None, None, None, absent, meter.heard), ()
    columns = view.columns([typed.column, ranked.column], XNYS)
    values = columns[typed.column]
    value, rank = number(values[row]), number(columns[ranked.column][row])
    before = number(values[row - MONTH]) if row >= MONTH else None
    rising = None if value is None or before is None or value == before else value > before
    names = instruments_of([typed.column])
    missing = tuple(name for name in names if np.isnan(view.panel(XNYS).field(name, "close")[row]))
    leans = None if rank is None else _leaning(meter.high, rank)
    return Gauge(
        meter.name, typed.text, meter.unit or typed.unit, value, rank, rising, leans, missing, meter.heard
    ), names


def _leaning(high: Label, rank: float) -> Label:
    low = Label.RISK_OFF if high is Label.RISK_ON else Label.RISK_ON
    return high if rank >= HIGH_THIRD else low if rank <= LOW_THIRD else Label.NEUTRAL


def _unread(text: str, scope: Scope) -> Iterable[str]:
    """What an expression cannot be read for: names that mean nothing, else its baskets, else all of its names."""
    names = dict.fromkeys(NAMES.findall(text))
    unknown = [name for name in names if name not in scope.instruments and name not in scope.baskets]
    return unknown or [name for name in names if name in scope.baskets] or names
