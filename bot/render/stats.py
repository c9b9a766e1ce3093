"""The texts of /stats RULE and /backtest: what followed one rule's firings, beside what followed anyway.

Whoever looks at many rules, instruments and horizons finds something by chance: how many were looked at is always told.
"""

from __future__ import annotations

import math
from html import escape

from bot.answers.personal import spoken_id
from bot.answers.stats import Stats
from bot.render.alerts import MARKS, SIMULATED_LINE, row_word
from bot.render.answers import missed
from bot.render.evidence import FINDINGS, TOLD, ahead, outcome_lines
from bot.render.lines import PHONE, packed
from bot.render.numbers import counted, percent
from rules.evidence import Evidence, Finding, Outcome
from rules.language.errors import short
from rules.model import ALWAYS

INDENT = "   "
_LONGEST = 150
"""Characters of a condition in words."""


def stats_text(stats: Stats) -> str:
    """A rule in full."""
    rule, past = stats.stat.rule, stats.stat.evidence
    by = " · by closes" if past.by_closes else ""
    return "\n".join(
        [
            *([SIMULATED_LINE] if stats.simulated else []),
            f"{MARKS[rule.rule.severity]} <b>{escape(rule.rule.title or short(rule.when_text, 120))}</b>",
            f"<i>{escape(spoken_id(rule.rule.id))}</i>{by}",
            *_past(stats),
            *_outcomes(stats),
        ]
    )


def backtest_text(stats: Stats) -> str:
    """A condition that somebody thinks of, as it would have done."""
    rule, past = stats.stat.rule, stats.stat.evidence
    rearms = "this no longer holds" if rule.rule.clear is None else short(rule.clear_words, _LONGEST)
    confirm, rests = rule.rule.timing.confirm, rule.rule.timing.cooldown
    return "\n".join(
        [
            *([SIMULATED_LINE] if stats.simulated else []),
            f"<b>{escape(rule.rule.title or short(rule.when_text, 120))}</b>",
            f"<code>{escape(short(rule.when_text, 3 * PHONE))}</code>",
            *([f"{INDENT}on {confirm} {row_word(rule)}s in a row"] if confirm > 1 and not past.by_closes else []),
            f"Re-arms when {escape(rearms)}",
            *([f"   not before {rests} {row_word(rule)}s have passed"] if rests and not past.by_closes else []),
            *(["Looked at by closes, not by polls"] if past.by_closes else []),
            *_past(stats),
            *_outcomes(stats),
            "The more conditions you try, the more\n   look good by chance: count them",
        ]
    )


def unknown(outcome: Outcome) -> str:
    """Why nothing is told of what followed."""
    return "not known yet" if outcome.base.n else "no prices are known here"


def _past(stats: Stats) -> list[str]:
    """Since when, how often, for how long, and what followed the last times."""
    rule, past = stats.stat.rule, stats.stat.evidence
    if past.since is None:
        return ["It could never fire on what is known"]
    since = f"Since {past.since.isoformat()}, {past.years:.1f} years"
    if not past.fired:
        never = "It would never have fired" if past.by_closes else "It never fired"
        return [since, never, *(missed(rule, stats.stat.miss) if stats.stat.miss is not None else [])]
    lasted = [] if math.isnan(past.spell) else [f"Median spell: {_rows(past.spell, rule.calendar)}"]
    return [since, f"Fired {_times(len(past.fired))}, {a_year(past)}", *lasted, *_lately(stats)]


def _lately(stats: Stats) -> list[str]:
    if stats.shown is None:
        return [f"Last on {stats.stat.evidence.fired[-1].isoformat()}"]
    told = [
        f"{day.isoformat()} {'not known yet' if share is None else percent(share, signed=True)}"
        for day, share in stats.lately
    ]
    lines = [f"{INDENT}{line}" for line in packed(told, PHONE - len(INDENT))]
    return [f"Last, and {stats.shown} in the {ahead(TOLD, stats.stat.rule.calendar)}:", *lines]


def _outcomes(stats: Stats) -> list[str]:
    """One instrument in full, of the others what followed after the longest time; how many numbers that were."""
    past, clock = stats.stat.evidence, stats.stat.rule.calendar
    if not past.fired or stats.shown is None:
        return []
    full = [each for each in past.outcomes if each.instrument == stats.shown]
    others = [each for each in past.outcomes if _is_beside(each, stats.shown)]
    lines = [f"<b>{stats.shown}</b>, medians"]
    lines += [line for each in full for line in _told(each, clock)]
    lines += [f"<b>Others</b>, {ahead(TOLD, clock)}"] if others else []
    for each in others:
        first, *rest = outcome_lines(each) if each.n else [unknown(each)]
        lines += [f"{each.instrument}: {first}", *(f"{INDENT}{line}" for line in rest)]
    looked = sum(each.finding is not Finding.TOO_FEW for each in past.outcomes)
    return [*lines, *([f"{looked} intervals were looked at: by chance\n   one in ten stands out"] if looked else [])]


def _is_beside(outcome: Outcome, shown: str) -> bool:
    """Whether it is told in short. An index has no price at midnight: nothing is looked at there."""
    return outcome.instrument != shown and outcome.horizon == TOLD and outcome.base.n > 0


def _told(outcome: Outcome, clock: str) -> list[str]:
    """A horizon beside all days, how many rose and what may be said; the longest in full."""
    name = ahead(outcome.horizon, clock)
    name = f"{name[:1].upper()}{name[1:]}"
    if not outcome.n:
        return [f"{name}: {unknown(outcome)}"]
    ups, said = f"up {outcome.ups} of {outcome.n}", FINDINGS[outcome.finding]
    if outcome.finding is Finding.TOO_FEW:
        few = f", effective {outcome.effective:.1f}" if outcome.effective < outcome.n else ""
        return [f"{name}: {ups}{few}", f"{INDENT}{said}"]
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    lines = packed([f"{name}: {median}", f"all days {base}"], PHONE)
    lines[1:] = [f"{INDENT}{line}" for line in lines[1:]]
    return [*lines, *(_in_full(outcome) if outcome.horizon == TOLD else []), f"{INDENT}{ups}: {said}"]


def _in_full(outcome: Outcome) -> list[str]:
    """How sure the median is, what it is held against beside all days, and the medians of the worst and the best close
    on the way.
    """
    low, high, worst, best = (
        percent(share, signed=True) for share in (outcome.low, outcome.high, outcome.worst, outcome.best)
    )
    same = [f"same regime {percent(outcome.same.median, signed=True)}"] if outcome.same is not None else []
    lines = [
        f"90% interval {low} to {high}",
        *packed([*same, f"effective n {outcome.effective:.0f}"], PHONE - len(INDENT)),
        f"on the way {worst} to {best}",
    ]
    return [f"{INDENT}{line}" for line in lines]


def a_year(past: Evidence) -> str:
    """How often it fired: 4.2 a year; of less than a year in how many months or days."""
    if past.years >= 1:
        return f"{past.a_year:.1f} a year"
    months, days = round(past.years * 12), round(past.years * 365.25)
    return f"in {counted(months, 'month')}" if months else f"in {counted(days, 'day')}"


def _rows(count: float, clock: str) -> str:
    return f"{count:g} {'UTC day' if clock == ALWAYS else 'close'}{'s' * (count != 1)}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")
