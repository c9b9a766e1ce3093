"""What a replay found: the events of a period, and how each rule did in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bot.answers.market import Miss
from rules.evidence import Evidence, Finding, Outcome
from rules.language.compile import CompiledRule
from rules.model import AlertEvent
from rules.resampling import NOMINAL

_CHANCE = 1.0 - NOMINAL
"""The share of intervals that exclude the base rate though there is nothing to see."""

_APART = (Finding.ABOVE, Finding.BELOW, Finding.OF_THE_REGIME)


@dataclass(frozen=True)
class RuleReplay:
    """A rule and how it did. `headline` is the instrument whose outcomes are told where there is room for one; `miss`
    is how near a rule came that never fired.
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
        """What followed in the headline's instrument; None where that was not looked at, or has no prices."""
        found = None if self.headline is None else self.evidence.of(self.headline, horizon)
        return found if found is not None and found.base.n else None


@dataclass(frozen=True)
class Replay:
    """The sessions `first` to `last`, None where there are none; their events, oldest first; the rules in their order.

    Rules are looked at only where that was asked for.
    """

    first: dt.date | None
    last: dt.date | None
    events: tuple[AlertEvent, ...]
    rules: tuple[RuleReplay, ...]
    simulated: bool


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


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count what is claimed of outcomes."""
    findings = [each.finding for each in outcomes]
    claimed = [each for each in findings if each is not Finding.TOO_FEW]
    return Tally(len(findings), len(claimed), sum(each in _APART for each in claimed))
