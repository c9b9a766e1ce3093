"""What followed past firings, in the words of an alert: how often it fired, the median, how many rose, all days."""

from __future__ import annotations

from bot.render.numbers import percent
from rules.evidence import Evidence, Finding, Outcome
from rules.model import ALWAYS

TOLD = 20
"""Rows of the clock after which an alert's outcome is told where there is room for one."""

FINDINGS = {
    Finding.TOO_FEW: "too few to say more",
    Finding.NO_EDGE: "no edge seen",
    Finding.OF_THE_REGIME: "no edge beyond its regime",
    Finding.ABOVE: "more than usual",
    Finding.BELOW: "less than usual",
}


def record_lines(evidence: Evidence, instrument: str | None, clock: str, horizon: int = TOLD) -> list[str]:
    """`9th since 1990; RUT next 20 sessions:`, then what followed those before it. Plain text.

    Of one that never could have fired there is nothing to tell.
    """
    if evidence.since is None:
        return []
    often = counted(evidence)
    outcome = None if instrument is None else evidence.of(instrument, horizon)
    if outcome is None or not outcome.n:
        return [f"{often}: nothing known yet of what follows"]
    return [f"{often}; {outcome.instrument} {ahead(horizon, clock)}:", outcome_words(outcome)]


def counted(evidence: Evidence) -> str:
    """9th since 1990, by closes where trades were not looked at."""
    assert evidence.since is not None
    n = len(evidence.fired)
    often = f"{ordinal(n)} since {evidence.since.year}" if n else f"never since {evidence.since.year}"
    return f"{often} by closes" if evidence.by_closes else often


def outcome_words(outcome: Outcome) -> str:
    """median +1.2%, up 6 of 8; all days +0.9%; and what may be claimed."""
    if outcome.finding is Finding.TOO_FEW:
        return f"up {outcome.ups} of {outcome.n}: {FINDINGS[Finding.TOO_FEW]}"
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    return f"median {median}, up {outcome.ups} of {outcome.n}; all days {base}: {FINDINGS[outcome.finding]}"


def ahead(horizon: int, clock: str) -> str:
    """next 20 sessions"""
    word = "day" if clock == ALWAYS else "session"
    return f"next {horizon} {word}s" if horizon != 1 else f"next {word}"


def ordinal(n: int) -> str:
    """1st, 22nd, 113th"""
    ending = "th" if n // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
