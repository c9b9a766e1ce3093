"""An alert's text: mark and title, the numbers and their level, context, what re-arms it, source, short id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from bot.render.numbers import by_unit, closing, duration, instant
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule, Shown
from rules.model import AlertEvent, Edge, Severity

MARKS = {Severity.INFO: "🔵", Severity.NOTICE: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
SIMULATED = "SIMULATED"
SIMULATED_LINE = f"<b>{SIMULATED}</b>: not real prices"


def alert(event: AlertEvent, rule: CompiledRule | None) -> str:
    """The whole message. Without the rule (it was removed since) expressions stand in for words."""
    shown = _by_text((*rule.values, *rule.clear_values, *rule.context) if rule else ())
    lines = [f"{mark(event)} <b>{escape(_title(event))}</b>"]
    if is_simulated(event):
        lines.append(SIMULATED_LINE)
    lines += [_line(text, value, shown, strong=True) for text, value in event.values.items()]
    lines += [_line(text, value, shown) for text, value in event.context.items() if text not in event.values]
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
        ends = rule.clear_text in (f"not {rule.when_text}", f"not ({rule.when_text})")  # the language's two spellings
        return "Re-arms when this no longer holds" if ends else f"Re-arms when {escape(rule.clear_words)}"
    if event.edge is Edge.NO_DATA:
        return "It cannot fire or clear until its prices are back"
    return f"Fires when {escape(rule.when_words)}"


def _by_text(shown: Iterable[Shown]) -> dict[str, Shown]:
    return {each.text: each for each in shown}


def _line(text: str, value: float | None, shown: Mapping[str, Shown], *, strong: bool = False) -> str:
    known = shown.get(text)
    words, unit = (known.words, known.unit) if known else (text, Unit.NUMBER)
    number = escape(by_unit(value, unit))
    return f"{escape(words)}: {f'<b>{number}</b>' if strong else number}"
