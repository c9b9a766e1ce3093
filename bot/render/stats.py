"""The texts of /stats and /backtest: what followed a rule's firings, beside what followed anyway.

Whoever looks at many rules, instruments and horizons finds something by chance: how many were looked at is always told.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from bot.answers.personal import spoken_id
from bot.answers.stats import Stat, Stats, tally
from bot.render.alerts import MARKS, SIMULATED_LINE, row_word
from bot.render.answers import missed
from bot.render.evidence import FINDINGS, TOLD, ahead, outcome_lines
from bot.render.lines import PHONE, packed
from bot.render.numbers import percent
from rules.evidence import Evidence, Finding, Outcome
from rules.language.errors import short
from rules.model import ALWAYS, Severity

PAGE = 9
"""Rules at once: with what stands above them about thirty lines."""

MOST = 6
"""Rules that are named for what followed them."""

_SIGNS = {Finding.ABOVE: " ▲", Finding.BELOW: " ▼", Finding.OF_THE_REGIME: " ~"}
_INDENT = "   "
_LONGEST = 150
"""Characters of a condition in words."""


def stats_page(what: str, stats: Sequence[Stat], page: int, *, simulated: bool) -> str:
    """What followed the firings of rules, the last that fired first, on a page counted from 1; `what` they are."""
    if not stats:
        return "There are no rules."
    pages = pages_of(stats)
    where = f"page {page} of {pages}" if pages > 1 else ""
    shown = stats[(page - 1) * PAGE : page * PAGE]
    return "\n".join(
        [
            *([SIMULATED_LINE] if simulated else []),
            *_heading(f"What followed {what}", where),
            *_of_chance(stats),
            f"Median {TOLD} closes later, after all days,\n{_INDENT}and how many times it rose:",
            *(line for each in shown for line in _in_short(each)),
            *_legend(shown),
            "/stats RULE tells all of one",
        ]
    )


def _legend(shown: Sequence[Stat]) -> list[str]:
    """What the signs mean that stand on a page."""
    findings = {one.finding for each in shown if (one := each.outcome(TOLD)) is not None and each.evidence.fired}
    lines = ["▲ more, ▼ less than after all days"] if findings & {Finding.ABOVE, Finding.BELOW} else []
    return [*lines, "~ unusual, but its regime explains it"] if Finding.OF_THE_REGIME in findings else lines


def _heading(what: str, where: str) -> list[str]:
    """What a page is of, and which it is: on one line where that fits a phone."""
    bold = f"<b>{escape(what)}</b>"
    if not where:
        return [bold]
    return [f"{bold}, {where}"] if len(what) + len(where) + 2 <= PHONE else [bold, f"{_INDENT}{where}"]


def pages_of(stats: Sequence[Stat]) -> int:
    """How many pages they take, at least one."""
    return max(1, -(-len(stats) // PAGE))


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
            *([f"{_INDENT}on {confirm} {row_word(rule)}s in a row"] if confirm > 1 and not past.by_closes else []),
            f"Re-arms when {escape(rearms)}",
            *([f"   not before {rests} {row_word(rule)}s have passed"] if rests and not past.by_closes else []),
            *(["Looked at by closes, not by polls"] if past.by_closes else []),
            *_past(stats),
            *_outcomes(stats),
            "The more conditions you try, the more\n   look good by chance: count them",
        ]
    )


def _of_chance(stats: Sequence[Stat]) -> list[str]:
    """How many there are, how many of them may say something, and how many would by chance."""
    found = {each.rule.rule.id: each.outcome(TOLD) for each in stats}
    counted = tally(found.values())
    apart = [name for name, one in found.items() if one and one.finding in (Finding.ABOVE, Finding.BELOW)]
    lines = [f"{_counted(len(stats), 'rule')} looked at, {counted.claimed or 'none'} fired enough"]
    if not counted.claimed:
        return lines
    lines.append(f"Chance alone singles out {_about(counted.by_chance)}")
    if not apart:
        return [*lines, "None stands out"]
    more = [f"and {len(apart) - MOST} more"] if len(apart) > MOST else []
    names = packed([*map(escape, apart[:MOST]), *more], PHONE - len(_INDENT))
    return [*lines, f"{len(apart)} stand{'s' * (len(apart) == 1)} out:", *(f"{_INDENT}{line}" for line in names)]


def _about(number: float) -> str:
    return f"about {round(number)}" if number >= 1 else "hardly one"


def _in_short(stat: Stat) -> list[str]:
    """A rule and how often it fired, then what followed."""
    past, name = stat.evidence, f"<b>{escape(stat.rule.rule.id)}</b>"
    if past.since is None:
        return [name, f"{_INDENT}could never fire on what is known"]
    if not past.fired:
        return [name, f"{_INDENT}never since {past.since.year}"]
    outcome = stat.outcome(TOLD)
    told = "nobody holds what it is about" if outcome is None else _outcome_in_short(outcome)
    often = "by closes" if past.by_closes else _a_year(past)
    return [f"{name} {len(past.fired)}x, {often}", f"{_INDENT}{told}"]


def _outcome_in_short(outcome: Outcome) -> str:
    if not outcome.n:
        return f"{outcome.instrument}: {_unknown(outcome)}"
    if outcome.finding is Finding.TOO_FEW:
        return f"{outcome.instrument} up {outcome.ups} of {outcome.n}: too few to say more"
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    sign = _SIGNS.get(outcome.finding, "")
    return f"{outcome.instrument} {median}, all {base}, up {outcome.ups} of {outcome.n}{sign}"


def _unknown(outcome: Outcome) -> str:
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
    return [since, f"Fired {_times(len(past.fired))}, {_a_year(past)}", *lasted, *_lately(stats)]


def _lately(stats: Stats) -> list[str]:
    if stats.shown is None:
        return [f"Last on {stats.stat.evidence.fired[-1].isoformat()}"]
    told = [
        f"{day.isoformat()} {'not known yet' if share is None else percent(share, signed=True)}"
        for day, share in stats.lately
    ]
    lines = [f"{_INDENT}{line}" for line in packed(told, PHONE - len(_INDENT))]
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
        first, *rest = outcome_lines(each) if each.n else [_unknown(each)]
        lines += [f"{each.instrument}: {first}", *(f"{_INDENT}{line}" for line in rest)]
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
        return [f"{name}: {_unknown(outcome)}"]
    ups, said = f"up {outcome.ups} of {outcome.n}", FINDINGS[outcome.finding]
    if outcome.finding is Finding.TOO_FEW:
        few = f", effective {outcome.effective:.1f}" if outcome.effective < outcome.n else ""
        return [f"{name}: {ups}{few}", f"{_INDENT}{said}"]
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    lines = packed([f"{name}: {median}", f"all days {base}"], PHONE)
    lines[1:] = [f"{_INDENT}{line}" for line in lines[1:]]
    return [*lines, *(_in_full(outcome) if outcome.horizon == TOLD else []), f"{_INDENT}{ups}: {said}"]


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
        *packed([*same, f"effective n {outcome.effective:.0f}"], PHONE - len(_INDENT)),
        f"on the way {worst} to {best}",
    ]
    return [f"{_INDENT}{line}" for line in lines]


def _a_year(past: Evidence) -> str:
    if past.years >= 1:
        return f"{past.a_year:.1f} a year"
    months, days = round(past.years * 12), round(past.years * 365.25)
    return f"in {_counted(months, 'month')}" if months else f"in {_counted(days, 'day')}"


def _rows(count: float, clock: str) -> str:
    return f"{count:g} {'UTC day' if clock == ALWAYS else 'close'}{'s' * (count != 1)}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def named(what: Severity | str | None) -> str:
    """Rules of a severity, with a tag, or all, in words."""
    if what is None:
        return "all rules"
    return f"{what} rules" if isinstance(what, Severity) else f"#{what} rules"
