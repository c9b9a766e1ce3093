"""The texts of /rules: how many there are of each severity and which are not quiet; and those of a severity, or of a
tag, a line each.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.render.alerts import MARKS, SIMULATED_LINE
from bot.render.answers import standing
from rules.alerting import Firing
from rules.book import Record
from rules.language.compile import CompiledRule
from rules.model import Severity

GRAVEST_FIRST = tuple(reversed(Severity))
MOST = 12
"""Rules that are not quiet, at first sight."""

PAGE = 20
"""Rules at once: with names as long as they may be, a third of what a message holds."""

Judged = tuple[CompiledRule, Record | None]
"""A rule, and its record; one without was not judged."""


def rules_answer(rules: Sequence[Judged], *, simulated: bool) -> str:
    """How many there are, and those of which there is something to say."""
    if not rules:
        return "No rules are configured."
    told = [each for each in _by_severity(rules) if _is_told(each)]
    lines = [
        *([SIMULATED_LINE] if simulated else []),
        f"<b>{len(rules)} {'rule is' if len(rules) == 1 else 'rules are'} watched</b>",
        *(_counted(severity, of_severity(rules, severity)) for severity in severities(rules)),
        *(["<b>Not quiet</b>"] if told else []),
        *map(_line, told[:MOST]),
    ]
    return "\n".join([*lines, *([f"and {len(told) - MOST} more"] if len(told) > MOST else [])])


def page_answer(what: Severity | str, rules: Sequence[Judged], page: int, *, simulated: bool) -> str:
    """The rules of a severity or a tag on a page, counted from 1, each with where its alert stands."""
    pages = pages_of(rules)
    where = f", page {page} of {pages}" if pages > 1 else ""
    shown = rules[(page - 1) * PAGE : page * PAGE]
    title = f"<b>Rules {f'of severity {what}' if isinstance(what, Severity) else f'with #{what}'}</b>{where}"
    lines = [*([SIMULATED_LINE] if simulated else []), title, *map(_line, shown)]
    return "\n".join([*lines, "/rule ID says when one fires" if rules else "There are none."])


def severities(rules: Sequence[Judged]) -> list[Severity]:
    """Those that rules have, the gravest first."""
    return [each for each in GRAVEST_FIRST if of_severity(rules, each)]


def of_severity(rules: Sequence[Judged], severity: Severity) -> list[Judged]:
    """The rules of one severity, in their order."""
    return [each for each in rules if each[0].rule.severity is severity]


def of_tag(rules: Sequence[Judged], tag: str) -> list[Judged]:
    """The rules with a tag, in their order."""
    return [each for each in rules if tag in each[0].rule.tags]


def pages_of(rules: Sequence[Judged]) -> int:
    """How many pages they take, at least one."""
    return max(1, -(-len(rules) // PAGE))


def _by_severity(rules: Sequence[Judged]) -> list[Judged]:
    return [each for severity in GRAVEST_FIRST for each in of_severity(rules, severity)]


def _counted(severity: Severity, rules: Sequence[Judged]) -> str:
    firing = sum(record is not None and isinstance(record.alert, Firing) for _, record in rules)
    return f"{MARKS[severity]} {severity}: {len(rules)}{f', {firing} firing' if firing else ''}"


def _is_told(judged: Judged) -> bool:
    """Whether there is more to say of where it stands than that it is watched."""
    return standing(*judged) not in ("", "live", "watched live only")


def _line(judged: Judged) -> str:
    rule, record = judged
    told = standing(rule, record)
    return f"{MARKS[rule.rule.severity]} <b>{escape(rule.rule.id)}</b>{f': {told}' if told else ''}"
