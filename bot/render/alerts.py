"""An alert's text: mark and title, the numbers and their level, context, what re-arms it, source, short id."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from html import escape

from bot.render.numbers import by_unit, closing, duration, instant, session_of
from rules.columns import Constant
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule, Shown
from rules.model import ALWAYS, AlertEvent, Basis, Edge, Severity

MARKS = {Severity.INFO: "🔵", Severity.NOTICE: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
SIMULATED = "SIMULATED"
SIMULATED_LINE = f"<b>{SIMULATED}</b>: not real prices"


def alert(event: AlertEvent, rule: CompiledRule | None) -> str:
    """The whole message. Without the rule (it was removed since) expressions stand in for words."""
    shown = _by_text((*rule.values, *rule.clear_values, *rule.context) if rule else ())
    lines = [f"{mark(event)} <b>{escape(_title(event))}</b>"]
    if is_simulated(event):
        lines.append(SIMULATED_LINE)
    lines += _numbers(event, shown)
    if event.since is not None:
        lines.append(f"Fired on {session_of(event.since).isoformat()}")
    if rule is not None:
        lines.append(_next(event, rule))
    source = "" if is_simulated(event) or not event.origins else f" · {escape(', '.join(event.origins))}"
    lines.append(f"{_as_of(event)}{source}")
    lines.append(f"<i>{escape(event.rule)} · {event.short_id}</i>")
    return "\n".join(lines)


def as_sent(html: str, *, late: int | None, repeat: bool) -> str:
    """A message as it goes out: `late` seconds after what it tells of, perhaps not for the first time."""
    lines = [html]
    if late is not None:
        lines.append(f"<b>Late</b>: this is {duration(late)} old")
    if repeat:
        lines.append("May be a repeat: its first sending went unanswered")
    return "\n".join(lines)


def summary(event: AlertEvent) -> str:
    """One line."""
    return f"{event.session.isoformat()} {mark(event)} {escape(_title(event))}"


def mark(event: AlertEvent) -> str:
    """What happened, in one character."""
    return {Edge.FIRED: MARKS[event.severity], Edge.RESOLVED: "✓"}.get(event.edge, "◌")


def is_simulated(event: AlertEvent) -> bool:
    """Whether any of its prices was made up."""
    return SIMULATED in event.origins


def _as_of(event: AlertEvent) -> str:
    return f"{instant(event.at)}, provisional" if event.provisional else closing(event.session, event.clock)


def _title(event: AlertEvent) -> str:
    prefix = {Edge.FIRED: "", Edge.RESOLVED: "Over: ", Edge.NO_DATA: "No data: ", Edge.DATA_BACK: "Data is back: "}
    return f"{prefix[event.edge]}{event.title}"


def _next(event: AlertEvent, rule: CompiledRule) -> str:
    if event.edge is Edge.FIRED:
        return f"{_rearms(rule)}{_rests(rule)}"
    if event.edge is Edge.NO_DATA:
        return "It cannot fire or clear until its prices are back"
    return f"Fires when {escape(rule.when_words)}"


def _rearms(rule: CompiledRule) -> str:
    ends = rule.clear_text in (f"not {rule.when_text}", f"not ({rule.when_text})")  # the language's two spellings
    return "Re-arms when this no longer holds" if ends else f"Re-arms when {escape(rule.clear_words)}"


def _rests(rule: CompiledRule) -> str:
    rows, row = rule.rule.timing.cooldown, row_word(rule)
    return f"\n   not before {rows} {row}{'s' * (rows != 1)} have passed" if rows else ""


def row_word(rule: CompiledRule) -> str:
    """What a rule counts."""
    return "poll" if rule.rule.basis is Basis.TICK else "UTC day" if rule.calendar == ALWAYS else "close"


def _by_text(shown: Iterable[Shown]) -> dict[str, Shown]:
    return {each.text: each for each in shown}


def _numbers(event: AlertEvent, shown: Mapping[str, Shown]) -> list[str]:
    """The numbers that decided, then those beside them, each with its interval; a remark only where it holds."""
    numbers = {**event.context, **event.values}
    ends = {end for text in numbers if text in shown for end in shown[text].interval}
    lines: list[str] = []
    for text in dict.fromkeys((*event.values, *event.context)):
        known = shown.get(text) or Shown(text, text, Unit.NUMBER, _NOWHERE)
        remark = known.unit == Unit.TRUTH and text not in event.values
        if text in ends - set(event.values) or (remark and numbers[text] == 0.0):
            continue
        holds = remark and numbers[text] == 1.0
        lines.append(escape(known.words) if holds else _line(known, numbers[text], strong=text in event.values))
        lines += [_interval(known, numbers)] if known.interval else []
    return lines


def _interval(known: Shown, numbers: Mapping[str, float | None]) -> str:
    ends = [numbers.get(end) for end in known.interval]
    if any(end is None or math.isnan(end) for end in ends):
        return "   90%: undefined"
    return f"   90%: {escape(' to '.join(by_unit(end, known.unit) for end in ends))}"


_NOWHERE = Constant(math.nan)
"""The column of a number whose rule was removed since."""


def _line(known: Shown, value: float | None, *, strong: bool) -> str:
    number = escape(by_unit(value, known.unit))
    return f"{escape(known.words)}: {f'<b>{number}</b>' if strong else number}"
