"""Which simulated world has a truth for a rule, and the task of living through it: false alarms, delay, misses.

A rule whose prices all go into correlations of one pair is held against pairs whose correlation is known. One that
reads the closes of the S&P 500, the Russell 2000, Bitcoin and the VIX alone is held against markets whose regime is.
Of any other no world knows when it should have fired.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bot.tuning.market import Market
from bot.tuning.worlds import pairs, regime
from bot.tuning.worlds.found import CENSORED, delays_of_spells, delays_of_state, entries_a_year, quantile, share_missed
from bot.tuning.worlds.paths import Closes, fires_on, price_of
from rules.bars import Bools, Floats, Ints
from rules.columns import Field, walk
from rules.functions.registry import named
from rules.language.compile import CompiledRule, compile_rule
from rules.language.syntax import Call, Name, Syntax, parse
from rules.model import Rule

OF_CORRELATION = ("correlation", "coupling")
"""Families of functions that say how closely a pair moves."""

OF_REGIME = {"SPX": "spx", "RUT": "rut", "BTC": "btc", "VIX": "vix"}
"""Instruments of the markets with a regime, and what is drawn of each."""

_CLOSES = ("close", "link")

HALF = 0.5
"""Share of the paths on which a change must be told for a rule to be one that tells of it."""

TWICE = 2.0
"""How much more often than elsewhere a rule must be firing in RISK_OFF to be one that tells of it."""


class Kind(enum.StrEnum):
    """What is known of a world."""

    CONSTANT = "constant"
    CHANGE = "change"
    SPELLS = "spells"


@dataclass(frozen=True)
class Place:
    """One world by its name, and what a rule can do there."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Live:
    """Rules to be put into a world: `legs` are the pair that takes the place of the drawn one, empty with a regime."""

    rules: tuple[Rule, ...]
    place: Place
    legs: tuple[str, ...]
    seed: int
    paths: int


@dataclass(frozen=True)
class Lived:
    """How a rule did in a world: firings a year; of a change or of true spells the median delay in rows (one that is
    missed counts with 250 rows, or with the spell's length) and the share missed; of spells also the share of rows on
    which it is firing `inside` and `outside` of them. NaN where the world has no such thing.
    """

    place: Place
    a_year: float
    delay: float = np.nan
    missed: float = np.nan
    inside: float = np.nan
    outside: float = np.nan


@dataclass(frozen=True)
class Truth:
    """The worlds in which something can be said of a rule: those to look at first, and the pair's legs."""

    places: tuple[Place, ...]
    legs: tuple[str, ...]


@dataclass(frozen=True)
class Sense:
    """What a rule tells of, as it did in the worlds: firing in those of `quiet` is false, `change` is what it is to
    tell. Both empty where it tells of nothing that the worlds know.
    """

    words: str
    quiet: tuple[str, ...] = ()
    change: tuple[str, ...] = ()


_CONSTANT = [Place(world.name, Kind.CONSTANT) for world in pairs.CONSTANT]
_UP, _UP_LESS, _DOWN = (
    Place(world.name, Kind.CHANGE) for world in (pairs.STEP_TO_80, pairs.STEP_TO_70, pairs.STEP_DOWN)
)
_LOW, _MIDDLE, _UPPER, _HIGH = (place.name for place in _CONSTANT)
_STILL = [Place(world.name, Kind.CONSTANT) for world in (regime.ALWAYS_CALM, regime.ALWAYS_NEUTRAL)]
_SWITCHING = Place(regime.SWITCHING.name, Kind.SPELLS)
_PAIRS = {world.name: world for world in pairs.WORLDS}
_REGIMES = {world.name: world for world in regime.WORLDS}


def truth_of(rule: CompiledRule) -> Truth | None:
    """The worlds of a rule; None where none knows when it should fire."""
    fields = [node for node in walk([rule.when, rule.clear]) if isinstance(node, Field)]
    if any(field.name not in _CLOSES for field in fields):
        return None
    lines = [rule.when_text, *([] if rule.rule.clear is None else [rule.clear_text])]
    if len(rule.instruments) == 2 and all(_only_correlates(parse(line)) for line in lines):
        return Truth((*_CONSTANT, _UP, _UP_LESS, _DOWN), rule.instruments)
    if rule.instruments and set(rule.instruments) <= set(OF_REGIME):
        return Truth((*_STILL, _SWITCHING), ())
    return None


def sense_of(lived: Sequence[Lived]) -> Sense:
    """What a rule tells of, by how it did in all worlds of its truth."""
    by_name = {each.place.name: each for each in lived}
    if _SWITCHING.name in by_name:
        found = by_name[_SWITCHING.name]
        if found.inside > 0 and found.inside >= TWICE * found.outside:
            return Sense("RISK_OFF", tuple(place.name for place in _STILL), (_SWITCHING.name,))
        return Sense("nothing that the worlds know: in RISK_OFF it is not firing twice as often as elsewhere")
    rises, falls = (by_name[place.name].missed < HALF for place in (_UP, _DOWN))
    if rises and falls:
        return Sense("a correlation that changes", (_LOW, _MIDDLE, _UPPER, _HIGH), (_UP.name, _DOWN.name))
    if rises:
        return Sense("a correlation that rises", (_LOW, _MIDDLE), (_UP.name, _UP_LESS.name))
    if falls:
        return Sense("a correlation that falls", (_UPPER, _HIGH), (_DOWN.name,))
    return Sense("nothing that the worlds know: of most changes of a correlation it tells nothing")


def live(spec: Live, market: Market) -> tuple[Lived, ...]:
    """The task: how each rule did in one world."""
    rules = [compile_rule(rule, market.scope) for rule in spec.rules]
    closes, state = _drawn(spec.place.name, spec.seed, spec.paths, spec.legs)
    fires = [each[1:] for each in fires_on(rules, closes)]
    return tuple(_lived(spec.place, each, state) for each in fires)


def _lived(place: Place, fires: Bools, state: Ints | None) -> Lived:
    """Of rows of returns, (rows, paths)."""
    often = entries_a_year(fires, pairs.WARMUP if state is None else regime.WARMUP)
    if place.kind is Kind.CHANGE:
        late = delays_of_state(fires)
        return Lived(place, often, quantile(late, 0.5), float((late == CENSORED).mean()) if len(late) else np.nan)
    if place.kind is Kind.SPELLS and state is not None:
        on, off = fires[regime.WARMUP :], state[regime.WARMUP :] == regime.OFF
        late = delays_of_spells(fires, state)
        return Lived(place, often, quantile(late, 0.5), share_missed(fires, state), _share(on[off]), _share(on[~off]))
    return Lived(place, often)


def _share(fires: Bools) -> float:
    return float(fires.mean()) if fires.size else np.nan


@lru_cache(maxsize=8)
def _drawn(name: str, seed: int, paths: int, legs: tuple[str, ...]) -> tuple[Closes, Ints | None]:
    """The closes of a world's paths, and their states where it has some. Kept: all variants live through the same."""
    if name in _PAIRS:
        drawn = pairs.draw(_PAIRS[name], seed, range(paths))
        return dict(zip(legs, (price_of(drawn.x), price_of(drawn.y)), strict=True)), None
    market = regime.draw(_REGIMES[name], seed, range(paths))
    return {name: _closes(getattr(market, word), word) for name, word in OF_REGIME.items()}, market.state


def _closes(drawn: Floats, word: str) -> Floats:
    """Prices of returns; of the VIX its levels, which are not known a row before the first return."""
    return price_of(drawn) if word != "vix" else np.concatenate([np.full((1, drawn.shape[1]), np.nan), drawn])


def _only_correlates(tree: Syntax) -> bool:
    """Whether every instrument stands in a function that says how closely a pair moves."""
    return all(_insides(tree, inside=False))


def _insides(tree: Syntax, *, inside: bool) -> Iterator[bool]:
    """Of every name whether it stands in a function of a correlation."""
    if isinstance(tree, Name):
        yield inside
        return
    function = named(tree.name) if isinstance(tree, Call) else None
    within = function is not None and function.pair and function.family in OF_CORRELATION
    for part in _parts(tree):
        yield from _insides(part, inside=within)


def _parts(tree: Syntax) -> tuple[Syntax, ...]:
    if isinstance(tree, Call):
        return tuple(value for _, value in tree.arguments)
    return tuple(getattr(tree, side) for side in ("left", "right", "operand") if hasattr(tree, side))
