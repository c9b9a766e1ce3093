"""What is known of a rule's firings and of what followed them, and how much of it may be chance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bot.answers.market import Miss
from rules.bars import Floats, Ints
from rules.evidence import Evidence, Finding, Outcome
from rules.language.compile import CompiledRule
from rules.panel import Dates
from rules.resampling import NOMINAL

_CHANCE = 1.0 - NOMINAL
"""The share of intervals that exclude the base rate though there is nothing to see."""

_APART = (Finding.ABOVE, Finding.BELOW, Finding.OF_THE_REGIME)


@dataclass(frozen=True)
class Stat:
    """A rule with its evidence; `headline` is the instrument that is told of where there is room for one, None where
    none is looked at. `miss` is how near a rule came that never fired, where that was asked.
    """

    rule: CompiledRule
    evidence: Evidence
    headline: str | None
    miss: Miss | None = None

    @property
    def last(self) -> dt.date | None:
        """The session on which it fired last."""
        return self.evidence.fired[-1] if self.evidence.fired else None

    def outcome(self, horizon: int) -> Outcome | None:
        """What followed in the headline's instrument; None where none is looked at."""
        return None if self.headline is None else self.evidence.of(self.headline, horizon)


@dataclass(frozen=True, slots=True)
class Tally:
    """Of outcomes that were looked at: how many had enough firings for a claim, and how many of those have a 90 %
    interval that excludes the base rate."""

    looked_at: int
    claimed: int
    apart: int

    @property
    def by_chance(self) -> float:
        """How many would do that if no rule told anything."""
        return _CHANCE * self.claimed


def tally(outcomes: Iterable[Outcome | None]) -> Tally:
    """Count what is claimed of outcomes; those of instruments without prices are none."""
    findings = [each.finding for each in outcomes if each is not None and each.base.n]
    claimed = [each for each in findings if each is not Finding.TOO_FEW]
    return Tally(len(findings), len(claimed), sum(each in _APART for each in claimed))


@dataclass(frozen=True)
class Stats:
    """A rule in full. `shown` is the instrument that is told of in full, and `lately` its last firings with the return
    of that instrument since, None where the sessions have not passed. `looked_at` are all its instruments.
    """

    stat: Stat
    shown: str | None
    looked_at: tuple[str, ...]
    lately: tuple[tuple[dt.date, float | None], ...]
    simulated: bool


@dataclass(frozen=True, eq=False)
class OutcomePicture:
    """A rule's firings on the price of an instrument, and how what followed them is spread beside all sessions.

    `close` and `labels` (the regime, an index into STATES) are by session, NaN where unknown; `fired` are rows of them.
    `after` are the known returns after the firings, `everyday` those after all sessions on which it could have fired,
    both shares over the horizon of `outcome`, which sums them up.
    """

    title: str
    sessions: Dates
    close: Floats
    labels: Floats
    fired: Ints
    after: Floats
    everyday: Floats
    outcome: Outcome
    clock: str
    as_of: dt.date
    origins: tuple[str, ...]
    simulated: bool
    by_closes: bool
