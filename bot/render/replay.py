"""What a replay found in words: a line a rule, and how many of its findings chance alone would give. Plain text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bot.answers import Miss
from bot.answers.replay import Replay
from bot.answers.stats import Stat, Tally, tally
from bot.render.evidence import TOLD, ahead, outcome_words
from bot.render.numbers import UNDEFINED, nearly
from rules.evidence import Evidence

NEVER = "never"
_HEAD = ("RULE", "FIRED", "A YEAR", "SPELL", "LAST", "WHAT FOLLOWED")


def summary_lines(replay: Replay) -> list[str]:
    """A table, a line a rule, and under it what is to be thought of its findings."""
    if not replay.rules:
        return ["No rules are configured."]
    rows = [_HEAD, *(_row(each) for each in replay.rules)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    lines = [_line(row, widths) for row in rows]
    return [*lines, "", f"{period_words(replay)}. {chance_words(headlines(replay.rules))}"]


def period_words(replay: Replay) -> str:
    """82 rules, 1990-01-02 to 2025-12-31"""
    rules = f"{len(replay.rules)} rule{'s' * (len(replay.rules) != 1)}"
    return f"{rules}, no session" if replay.first is None else f"{rules}, {replay.first} to {replay.last}"


def headlines(rules: Sequence[Stat]) -> Tally:
    """What is claimed of the outcomes that are told where there is room for one."""
    return tally(each.outcome(TOLD) for each in rules)


def chance_words(found: Tally) -> str:
    """How many findings stand out, and how many would if no rule told anything."""
    looked_at = f"Of {found.looked_at} outcome{'s' * (found.looked_at != 1)}"
    if not found.claimed:
        return f"{looked_at} none has enough firings to claim anything"
    have = "has" if found.claimed == 1 else "have"
    apart = f"{found.apart} of those intervals exclude{'s' * (found.apart == 1)} all days"
    return (
        f"{looked_at} {found.claimed} {have} enough firings for a claim; {apart}, "
        f"and chance alone would give about {found.by_chance:.1f}"
    )


def followed_words(found: Stat) -> str:
    """What followed in the headline's instrument; of a rule that never fired how near it came."""
    if not found.evidence.fired:
        return "" if found.miss is None else miss_words(found.miss)
    outcome = found.outcome(TOLD)
    if outcome is None or not outcome.n:
        return "nothing known yet of what follows"
    return f"{outcome.instrument} {ahead(TOLD, found.rule.calendar)}: {outcome_words(outcome)}"


def miss_words(miss: Miss) -> str:
    """nearest 2024-03-05: r of RUT and SOL +0.49"""
    held = [f"held {miss.held} of {miss.needed} closes"] * bool(miss.held)
    values = [f"{each.words} {nearly(value, each.unit)}" for each, value in miss.values]
    return f"nearest {miss.session}: {', '.join([*held, *values])}"


def fired_words(found: Stat) -> str:
    """34, or 59 by closes where trades were not looked at."""
    return f"{len(found.evidence.fired)}{' by closes' * found.evidence.by_closes}"


def rate(evidence: Evidence) -> str:
    """0.9 a year, in so many digits as rare things need; undefined where less than a year was looked at."""
    value = evidence.a_year
    if math.isnan(value) or evidence.years < 1:
        return UNDEFINED
    return f"{value:.1f}" if value >= 0.1 or value == 0 else f"{value:.2f}"


def last_words(found: Stat) -> str:
    """The session on which it fired last; never; or not judged, where nothing it needs was known."""
    if found.evidence.since is None:
        return "not judged"
    return NEVER if found.last is None else found.last.isoformat()


def spell_words(found: Stat) -> str:
    """How many closes its alerts lasted, half of them less; empty where none is over."""
    return "" if math.isnan(found.evidence.spell) else f"{found.evidence.spell:g}"


def _row(found: Stat) -> tuple[str, ...]:
    often = rate(found.evidence)
    return (
        found.rule.rule.id,
        fired_words(found),
        often,
        spell_words(found),
        last_words(found),
        followed_words(found),
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(row[1:-1], widths[1:], strict=True))]
    return "  ".join([*cells, row[-1]]).rstrip()
