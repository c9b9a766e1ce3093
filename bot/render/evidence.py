"""What followed past firings, in the words of an alert: how often it fired, the median, how many rose, all days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from bot.render.lines import height
from bot.render.numbers import percent
from rules.evidence import Evidence, Finding, Outcome
from rules.model import ALWAYS

TOLD = 20
"""Rows of the clock after which an alert's outcome is told where there is room for one."""

FINDINGS = {
    Finding.TOO_FEW: "too few to say more",
    Finding.NO_EDGE: "no edge seen",
    Finding.OF_THE_REGIME: "no edge in its regime",
    Finding.ABOVE: "more than usual",
    Finding.BELOW: "less than usual",
}


@dataclass(frozen=True, slots=True)
class Record:
    """How a rule did as of an event of it, and the instrument whose outcomes are told; None where none is looked at."""

    evidence: Evidence
    instrument: str | None


Records = Mapping[str, Record]
"""By the key of an event that fired."""

NO_RECORDS: Records = {}


def told_in(room: int, record: Record | None, clock: str) -> list[str]:
    """Lines of an alert; one where there is no `room` for more."""
    if record is None:
        return []
    lines = [escape(line) for line in record_lines(record.evidence, record.instrument, clock)]
    if not lines or height(lines) <= room:
        return lines
    return [escape(record_in_short(record.evidence, record.instrument))]


def beside(line: str, record: Record | None) -> str:
    """A line about an event, and how often its rule has fired where that fits there."""
    if record is None or record.evidence.since is None:
        return line
    longer = f"{line}, {counted(record.evidence)}"
    return longer if height([longer]) == 1 else line


def record_lines(evidence: Evidence, instrument: str | None, clock: str) -> list[str]:
    """`9th since 1990; RUT next 20 sessions:`, then what followed those before it. Plain text, in lines that a phone
    seldom breaks.

    Of one that never could have fired there is nothing to tell.
    """
    if evidence.since is None:
        return []
    often, outcome = counted(evidence), None if instrument is None else evidence.of(instrument, TOLD)
    if outcome is None:
        return [often]
    if not outcome.n:
        return [f"{often}, no outcome known yet"]
    return [f"{often}; {outcome.instrument} {ahead(TOLD, clock)}:", *outcome_lines(outcome)]


def record_in_short(evidence: Evidence, instrument: str | None) -> str:
    """The same where there is room for one line: `9th since 1990; RUT: no edge seen`. Empty where there is nothing."""
    if evidence.since is None:
        return ""
    outcome = None if instrument is None else evidence.of(instrument, TOLD)
    if outcome is None:
        return counted(evidence)
    return f"{counted(evidence)}; {outcome.instrument}: {FINDINGS[outcome.finding]}"


def counted(evidence: Evidence) -> str:
    """9th since 1990. Where trades were not looked at: 9 by closes since 1990, for nobody knows how many there were."""
    assert evidence.since is not None
    n, since = len(evidence.fired), f"since {evidence.since.year}"
    if evidence.by_closes:
        return f"{n or 'none'} by closes {since}"
    return f"{_ordinal(n)} {since}" if n else f"never {since}"


def outcome_words(outcome: Outcome) -> str:
    """median +1.2%, up 6 of 8; all days +0.9%: and what may be claimed."""
    return "; ".join(outcome_lines(outcome))


def outcome_lines(outcome: Outcome) -> list[str]:
    """The same, the base rate and what may be claimed on a line of their own."""
    if outcome.finding is Finding.TOO_FEW:
        return [f"up {outcome.ups} of {outcome.n}: {FINDINGS[outcome.finding]}"]
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    return [
        f"median {median}, up {outcome.ups} of {outcome.n}",
        f"all days {base}: {FINDINGS[outcome.finding]}",
    ]


def ahead(horizon: int, clock: str) -> str:
    """next 20 sessions"""
    return f"next {rows(horizon, clock)}" if horizon != 1 else f"next {rows(1, clock).removeprefix('1 ')}"


def rows(count: int, clock: str) -> str:
    """20 sessions, 1 day: rows of a clock."""
    word = "day" if clock == ALWAYS else "session"
    return f"{count} {word}{'s' * (count != 1)}"


def _ordinal(n: int) -> str:
    """1st, 22nd, 113th"""
    ending = "th" if n // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
