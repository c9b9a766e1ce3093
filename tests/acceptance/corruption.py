"""Real history with lies in it: what the gate makes of them, and what rules make of what is left.

`python -m tests.acceptance.corruption [SEED ...]` prints the table.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from bot.app import App
from bot.market.history import History
from bot.market.quality import screened
from bot.queries.view import View
from rules.bars import Bars, Floats, Interval
from rules.model import XNYS, AlertEvent, Edge, Kind
from rules.panel import Panel
from tests.acceptance.real import real_app

SINCE = int(pd.Timestamp("2020-01-01", tz="UTC").timestamp())
"""Lies are told of bars since then; what came before is what rules and usual moves start from."""

FROM = int(pd.Timestamp("2017-01-01", tz="UTC").timestamp())
SHARE = 0.01

LIED_ABOUT = (
    *((name, Interval.DAY) for name in ("RUT", "SPX", "VIX", "IWM", "SPY")),
    *((name, Interval.HOUR) for name in ("BTC", "ETH", "SOL", "ADA", "XRP")),
)

PRICES = ("open", "high", "low", "close")
SPIKES = {Kind.INDEX: 1.25, Kind.ETF: 1.25, Kind.VOLATILITY: 2.5, Kind.COIN: 1.25}
"""A spike's size: 20 usual moves of a day or more, well beyond the limit and well within a factor of ten."""

NEAR = 30
"""Days within which an event on another session is the same one."""

Series = tuple[str, Interval]
Event = tuple[str, str, str]
"""Rule, edge, session."""

Row = dict[str, float]
Lie = Callable[[Bars, int, float, Bars], Row]
"""What a row says instead: of its bars, its number, the size of a spike, and another instrument's bars."""


def _times(factor: Callable[[float], float]) -> Lie:
    return lambda bars, row, spike, _: {name: getattr(bars, name)[row] * factor(spike) for name in PRICES}


def _says(price: float) -> Lie:
    return lambda bars, row, spike, _: {"close": price}


def _row_of(step: int) -> Lie:
    names = (*PRICES, "volume")
    return lambda bars, row, spike, _: {name: getattr(bars, name)[row + step] for name in names}


def _of_another(bars: Bars, row: int, spike: float, other: Bars) -> Row:
    at = min(int(np.searchsorted(other.end, bars.end[row])), len(other) - 1)
    return {name: getattr(other, name)[at] for name in PRICES}


LIES: Mapping[str, Lie] = {
    "100 times": _times(lambda _: 100.0),
    "a tenth": _times(lambda _: 0.1),
    "zero": _says(0.0),
    "NaN": _says(float("nan")),
    "negative": _times(lambda _: -1.0),
    "spike up": _times(lambda spike: spike),
    "spike down": _times(lambda spike: 1 / spike),
    "close alone": lambda bars, row, spike, _: {"close": bars.close[row] / spike},
    "stuck": _row_of(-1),
    "a row early": _row_of(1),
    "high and low swapped": lambda bars, row, spike, _: {"high": bars.low[row], "low": bars.high[row]},
    "another instrument": _of_another,
}


@dataclass(frozen=True)
class Trial:
    """What became of one seed's lies, and of the events.

    `lied` counts the rows by lie, `believed` those whose false close got through; `honest` are true rows that were left
    out. `unknown` counts the closes of sessions that are gaps now, of `closes`. `invented` are the events that do not
    follow from what is true and known: they are on the screened history and not on the true one with the same gaps, or
    the other way round. Against the truth without gaps, of `events` some are `moved` to another session of the month,
    some are `missing`, and some `extra`: a gap in what a statistic looks back on moves it.
    """

    lied: Counter[str]
    believed: Counter[str]
    honest: int
    unknown: int
    closes: int
    events: int
    invented: tuple[str, ...]
    moved: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]


class Truth:
    """The last years of real history, and the events of the built-in rules on them."""

    def __init__(self) -> None:
        self.app: App = real_app()
        bars = {
            name: {interval: each.take(each.end > FROM) for interval, each in of_one.items()}
            for name, of_one in self.app.history.bars.items()
        }
        self.history = replace(self.app.history, bars=bars)
        self.view = self.see(self.history)
        self.events = events(self.view)

    def see(self, history: History) -> View:
        """A history through the built-in rules."""
        return View(history, self.app.settings.scope, self.app.settings.compiled)


def events(view: View) -> dict[Event, AlertEvent]:
    """What happened since lies were told, by rule, edge and session."""
    edges = (Edge.FIRED, Edge.RESOLVED)
    found = (each for each in view.events(None) if each.at >= SINCE and each.edge in edges)
    return {(each.rule, str(each.edge), str(each.session)): each for each in found}


def trial(truth: Truth, seed: int) -> Trial:
    """Tell lies, screen them, and compare what the rules say."""
    rng = np.random.default_rng(seed)
    history = truth.history
    lying = {name: dict(of_one) for name, of_one in history.bars.items()}
    told: dict[Series, dict[int, str]] = {}
    for name, interval in LIED_ABOUT:
        other = _another(history, name, interval, rng)
        spike = SPIKES[history.instruments[name].kind]
        lying[name][interval], told[name, interval] = _lied(history.bars[name][interval], spike, other, rng)
    kept = {name: dict(of_one) for name, of_one in history.bars.items()}
    gaps = {name: dict(of_one) for name, of_one in history.bars.items()}
    for name, interval in LIED_ABOUT:
        bars = lying[name][interval]
        left, _ = screened(history.instruments[name], bars, lying, history.sessions, history.instruments)
        kept[name][interval] = left
        gaps[name][interval] = _as_known(history.bars[name][interval], left)
    return _trial(truth, told, replace(history, bars=kept), replace(history, bars=gaps))


def _as_known(true: Bars, left: Bars) -> Bars:
    """What is true of the rows that were left, and of their prices those that are known."""
    rows = true.take(np.isin(true.end, left.end))
    prices = {name: np.where(np.isnan(getattr(left, name)), np.nan, getattr(rows, name)) for name in PRICES}
    known: Any = prices
    return replace(rows, **known)


def _trial(truth: Truth, told: Mapping[Series, Mapping[int, str]], kept: History, gaps: History) -> Trial:
    lied, believed, honest = Counter[str](), Counter[str](), 0
    for name, interval in LIED_ABOUT:
        lies, clean, left = told[name, interval], truth.history.bars[name][interval], kept.bars[name][interval]
        lied.update(lies.values())
        believed.update(_believed(clean, left, lies))
        honest += len(set(clean.end.tolist()) - set(left.end.tolist()) - set(lies))
    view = truth.see(kept)
    found, known = events(view).keys(), events(truth.see(gaps)).keys()
    moved, missing, extra = _matched(truth.events.keys() - found, found - truth.events.keys())
    unknown, closes = _unknown(truth.view.panel(XNYS), view.panel(XNYS))
    counts = unknown, closes, len(truth.events)
    return Trial(lied, believed, honest, *counts, _words(found ^ known), moved, _words(missing), _words(extra))


def _matched(missing: Set[Event], extra: Set[Event]) -> tuple[int, set[Event], set[Event]]:
    """How many of the missing events came on another session of the month, and what is left of both."""
    lost, left = set(missing), set(extra)
    for old in sorted(missing):
        near = [new for new in sorted(left) if new[:2] == old[:2] and abs(_days(old, new)) <= NEAR]
        if near:
            lost.discard(old)
            left.discard(min(near, key=lambda new: abs(_days(old, new))))
    return len(missing) - len(lost), lost, left


def _days(old: Event, new: Event) -> int:
    return (dt.date.fromisoformat(new[2]) - dt.date.fromisoformat(old[2])).days


def _another(history: History, name: str, interval: Interval, rng: np.random.Generator) -> Bars:
    """The bars of another instrument."""
    others = [each for each, of in LIED_ABOUT if of is interval and each != name]
    return history.bars[others[int(rng.integers(len(others)))]][interval]


def _lied(clean: Bars, spike: float, other: Bars, rng: np.random.Generator) -> tuple[Bars, dict[int, str]]:
    """Bars with lies, and which lie stands at which end."""
    rows = np.flatnonzero(clean.end > SINCE)[1:-2]
    chosen = rows[rng.random(len(rows)) < SHARE]
    columns: dict[str, Floats] = {name: getattr(clean, name).copy() for name in (*PRICES, "volume")}
    told: dict[int, str] = {}
    for row in chosen.tolist():
        kind = list(LIES)[int(rng.integers(len(LIES)))]
        for name, number in LIES[kind](clean, row, spike, other).items():
            columns[name][row] = number
        told[int(clean.end[row])] = kind
    changed: Any = columns
    return replace(clean, **changed), told


def _believed(clean: Bars, kept: Bars, told: Mapping[int, str]) -> list[str]:
    """The lies whose false close got through."""
    true = dict(zip(clean.end.tolist(), clean.close.tolist(), strict=True))
    said = dict(zip(kept.end.tolist(), kept.close.tolist(), strict=True))
    return [kind for end, kind in told.items() if end in said and said[end] != true[end]]


def _words(keys: Iterable[Event]) -> tuple[str, ...]:
    return tuple(sorted(" ".join(key) for key in keys))


def _unknown(clean: Panel, dirty: Panel) -> tuple[int, int]:
    """How many closes of sessions since the first lie are gaps now, and how many there were."""
    since = clean.clock.closes > SINCE
    names = [name for name, _ in LIED_ABOUT]
    were = [~np.isnan(clean.columns[name].close) & since for name in names]
    lost = [np.isnan(dirty.columns[name].close) & there for name, there in zip(names, were, strict=True)]
    return sum(int(each.sum()) for each in lost), sum(int(each.sum()) for each in were)


def table(trials: Mapping[int, Trial]) -> str:
    """The trials, a line each."""
    lines = ["  seed   lies believed honest unknown events invented moved missing extra"]
    for seed, each in trials.items():
        told = f"{each.lied.total():>6} {each.believed.total():>8} {each.honest:>6} {each.unknown / each.closes:>7.2%}"
        said = f"{each.events:>6} {len(each.invented):>8} {each.moved:>5} {len(each.missing):>7} {len(each.extra):>5}"
        lines.append(f"{seed:>6} {told} {said}")
    return "\n".join(lines)


def main(seeds: Iterable[int]) -> None:
    """Print the table, and which lies got through."""
    truth = Truth()
    trials = {seed: trial(truth, seed) for seed in seeds}
    print(table(trials))
    lied, believed = Counter[str](), Counter[str]()
    for each in trials.values():
        lied.update(each.lied)
        believed.update(each.believed)
    for kind in LIES:
        print(f"{kind:<22} {lied[kind]:>6} told {believed[kind]:>4} believed")
    for seed, each in trials.items():
        for name in ("invented", "missing", "extra"):
            for event in getattr(each, name):
                print(f"{seed} {name}: {event}")


if __name__ == "__main__":
    main([int(each) for each in sys.argv[1:]] or range(3))
