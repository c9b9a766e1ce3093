"""How near a rule is to firing, and what it would have said until now."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rules.evidence import Evidence
from rules.language.compile import CompiledRule, Shown
from rules.model import Instant


@dataclass(frozen=True)
class Nearness:
    """How near a rule is to firing.

    `holds` is whether its condition does now, None where nobody knows. `distance` is how far it is from that in usual
    daily moves, 0 where it holds, None where nothing measures it: a regime is there or it is not. `share` is how far
    the price that it compares has to go, as a share of it, None of what is no price. `values` are the numbers that
    decide, now.
    """

    rule: CompiledRule
    holds: bool | None
    distance: float | None
    share: float | None = None
    values: tuple[tuple[Shown, float | None], ...] = ()


@dataclass(frozen=True)
class Preview:
    """A rule before it is watched: where it stands, when it would have fired in the last years, since a day on which it
    could have, and when it is judged next.

    `by_closes` says that the past was judged on closes, though the rule is to be on trades. `looks_at` is the instant
    of the next close, or of the next open for a rule on trades; None: at the next poll. `past` is what followed all
    its firings, `headline` the instrument whose outcomes are told. `like` is the id of a rule that tells the same.
    """

    nearness: Nearness
    fired: int
    last: dt.date | None
    since: dt.date | None
    by_closes: bool
    looks_at: Instant | None
    simulated: bool
    past: Evidence
    headline: str | None = None
    like: str | None = None
