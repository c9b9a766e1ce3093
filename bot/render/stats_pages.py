"""The pages of /stats: of many rules what followed their firings, two lines a rule, and how many of them may say
something.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.answers.stats import Stat, tally
from bot.render.alerts import SIMULATED_LINE
from bot.render.evidence import TOLD
from bot.render.lines import PHONE, packed
from bot.render.numbers import counted, percent
from bot.render.stats import INDENT, a_year, unknown
from rules.evidence import Finding, Outcome
from rules.model import Severity

PAGE = 9
"""Rules at once: with what stands above them about thirty lines."""

MOST = 6
"""Rules that are named for what followed them."""

_SIGNS = {Finding.ABOVE: " ▲", Finding.BELOW: " ▼", Finding.OF_THE_REGIME: " ~"}


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
            f"Median {TOLD} closes later, after all days,\n{INDENT}and how many times it rose:",
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
    return [f"{bold}, {where}"] if len(what) + len(where) + 2 <= PHONE else [bold, f"{INDENT}{where}"]


def pages_of(stats: Sequence[Stat]) -> int:
    """How many pages they take, at least one."""
    return max(1, -(-len(stats) // PAGE))


def _of_chance(stats: Sequence[Stat]) -> list[str]:
    """How many there are, how many of them may say something, and how many would by chance."""
    found = {each.rule.rule.id: each.outcome(TOLD) for each in stats}
    told = tally(found.values())
    apart = [name for name, one in found.items() if one and one.finding in (Finding.ABOVE, Finding.BELOW)]
    lines = [f"{counted(len(stats), 'rule')} looked at, {told.claimed or 'none'} fired enough"]
    if not told.claimed:
        return lines
    lines.append(f"Chance alone singles out {_about(told.by_chance)}")
    if not apart:
        return [*lines, "None stands out"]
    more = [f"and {len(apart) - MOST} more"] if len(apart) > MOST else []
    names = packed([*map(escape, apart[:MOST]), *more], PHONE - len(INDENT))
    return [*lines, f"{len(apart)} stand{'s' * (len(apart) == 1)} out:", *(f"{INDENT}{line}" for line in names)]


def _about(number: float) -> str:
    return f"about {round(number)}" if number >= 1 else "hardly one"


def _in_short(stat: Stat) -> list[str]:
    """A rule and how often it fired, then what followed."""
    past, name = stat.evidence, f"<b>{escape(stat.rule.rule.id)}</b>"
    if past.since is None:
        return [name, f"{INDENT}could never fire on what is known"]
    if not past.fired:
        return [name, f"{INDENT}never since {past.since.year}"]
    outcome = stat.outcome(TOLD)
    told = "nobody holds what it is about" if outcome is None else _outcome_in_short(outcome)
    often = "by closes" if past.by_closes else a_year(past)
    return [f"{name} {len(past.fired)}x, {often}", f"{INDENT}{told}"]


def _outcome_in_short(outcome: Outcome) -> str:
    if not outcome.n:
        return f"{outcome.instrument}: {unknown(outcome)}"
    if outcome.finding is Finding.TOO_FEW:
        return f"{outcome.instrument} up {outcome.ups} of {outcome.n}: too few to say more"
    median, base = (percent(share, signed=True) for share in (outcome.median, outcome.base.median))
    sign = _SIGNS.get(outcome.finding, "")
    return f"{outcome.instrument} {median}, all {base}, up {outcome.ups} of {outcome.n}{sign}"


def named(what: Severity | str | None) -> str:
    """Rules of a severity, with a tag, or all, in words."""
    if what is None:
        return "all rules"
    return f"{what} rules" if isinstance(what, Severity) else f"#{what} rules"
