"""A rule as its part of a page: plain texts in the order they are read in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.stats import Stat
from bot.render.answers import timing_lines
from bot.render.evidence import FINDINGS, TOLD
from bot.render.numbers import UNDEFINED, percent
from bot.render.replay import fired_words, followed_words, last_words, miss_words, rate, spell_words
from bot.render.report.words import how_often
from rules.evidence import Base, Finding, Outcome
from rules.model import ALWAYS, Basis

_UNTOLD = "–"
"""Of too few outcomes none of these is told: they would be taken for what usually follows."""

_HINTS = {Finding.ABOVE: "above", Finding.BELOW: "below", Finding.OF_THE_REGIME: "regime"}


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """A line of the outcomes: what followed in an instrument after so many closes."""

    instrument: str
    after: str
    n: int
    effective: str
    median: str
    interval: str
    up: str
    worst: str
    best: str
    base: str
    same: str
    finding: str
    hint: str


@dataclass(frozen=True, slots=True)
class Section:
    """A rule: its line of the table, and its section."""

    id: str
    title: str
    severity: str
    judged: str
    tags: tuple[str, ...]
    fired: str
    rate: str
    spell: str
    last: str
    followed: str
    finding: str
    hint: str
    when_words: str
    when: str
    clear_words: str
    clear: str
    timing: tuple[str, ...]
    often: str
    miss: str
    dates: tuple[str, ...]
    outcomes: tuple[OutcomeRow, ...]


def families(rules: Sequence[Stat]) -> dict[str, list[Section]]:
    """The rules by their first tag, in the order in which those come first; under "" those without one."""
    found: dict[str, list[Section]] = {}
    for each in rules:
        found.setdefault(each.rule.rule.tags[0] if each.rule.rule.tags else "", []).append(section(each))
    return found


def section(found: Stat) -> Section:
    """What a page tells of a rule."""
    compiled, rule, headline = found.rule, found.rule.rule, found.outcome(TOLD)
    told = headline if headline is not None and headline.n else None
    return Section(
        id=rule.id,
        title=rule.title or rule.id,
        severity=str(rule.severity),
        judged=_judged(found),
        tags=rule.tags,
        fired=fired_words(found),
        rate=rate(found.evidence),
        spell=spell_words(found),
        last=last_words(found),
        followed=followed_words(found),
        finding="" if told is None else FINDINGS[told.finding],
        hint="" if told is None else _HINTS.get(told.finding, ""),
        when_words=compiled.when_words,
        when=compiled.when_text,
        clear_words=compiled.clear_words if rule.clear is not None else "that no longer holds",
        clear=compiled.clear_text if rule.clear is not None else "",
        timing=tuple(timing_lines(compiled)),
        often=how_often(found),
        miss="" if found.miss is None else miss_words(found.miss),
        dates=tuple(each.isoformat() for each in found.evidence.fired),
        outcomes=tuple(row(each, compiled.calendar) for each in found.evidence.outcomes if each.base.n),
    )


def _judged(found: Stat) -> str:
    clock = "UTC days" if found.rule.calendar == ALWAYS else "closes"
    live = "live it watches trades; here it was judged by closes"
    return live if found.rule.rule.basis is Basis.TICK else f"judged at {clock}"


def row(outcome: Outcome, clock: str) -> OutcomeRow:
    """A line of the table, on a rule's clock."""
    word = "day" if clock == ALWAYS else "session"
    known = outcome.low == outcome.low
    few = outcome.finding is Finding.TOO_FEW
    return OutcomeRow(
        instrument=outcome.instrument,
        after=f"{outcome.horizon} {word}{'s' * (outcome.horizon != 1)}",
        n=outcome.n,
        effective=f"{outcome.effective:.1f}",
        median=_UNTOLD if few else percent(outcome.median, signed=True),
        interval=f"{percent(outcome.low, signed=True)} to {percent(outcome.high, signed=True)}" if known else _UNTOLD,
        up=f"{outcome.ups} of {outcome.n}",
        worst=_UNTOLD if few else percent(outcome.worst, signed=True),
        best=_UNTOLD if few else percent(outcome.best, signed=True),
        base=_base(outcome.base),
        same=UNDEFINED if outcome.same is None else _base(outcome.same),
        finding=FINDINGS[outcome.finding],
        hint=_HINTS.get(outcome.finding, ""),
    )


def _base(base: Base) -> str:
    """+1.3%, 60% up"""
    return f"{percent(base.median, signed=True)}, {base.up * 100:.0f}% up" if base.n else UNDEFINED
