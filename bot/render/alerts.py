"""An alert's text: mark and title, the numbers and their level, context, what followed when it fired before, what
re-arms it, source, short id.

Other alerts of the same close may be listed in it, a line each.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape

from bot.answers.personal import spoken_id
from bot.render.evidence import NO_RECORDS, Records, beside, told_in
from bot.render.lines import LINES, PHONE, Block, clipped, fitted, height, some
from bot.render.numbers import by_unit, closing, duration, instant, session_of
from rules.columns import Constant
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule, Shown
from rules.language.errors import short
from rules.model import ALWAYS, AlertEvent, Basis, Edge, Severity

MARKS = {Severity.INFO: "🔵", Severity.NOTICE: "🟡", Severity.HIGH: "🟠", Severity.CRITICAL: "🔴"}
SIMULATED = "SIMULATED"
SIMULATED_LINE = f"<b>{SIMULATED}</b>: not real prices"

REGIME = "regime"
"""The tag of a rule about the regime's label: its alert says what a label is not."""

RISK_LINE = "Labels describe risk, not direction."

MOST = 6
"""How many alerts of the same close are listed in one, those that were told before included."""

_PREFIX = {
    Edge.FIRED: "",
    Edge.RESOLVED: "Over: ",
    Edge.NO_DATA: "No data: ",
    Edge.DATA_BACK: "Data is back: ",
    Edge.CORRECTED: "Corrected: ",
}

_COVERAGE = (Edge.NO_DATA, Edge.DATA_BACK)

_AGAIN = {
    Edge.FIRED: "Prices came late or have changed since",
    Edge.RESOLVED: "Prices came late or have changed since",
    Edge.DATA_BACK: "Prices came late",
    Edge.CORRECTED: "Its prices have changed since",
}
"""What led to an event that was found by judging a row again."""

_LONGEST_TITLE = 120
"""As long as a configured one may be; a rule without a title has its condition for one."""

Told = tuple[AlertEvent, CompiledRule | None]
"""An event and its rule, where that is still known."""


def alert(
    event: AlertEvent,
    rule: CompiledRule | None,
    parts: Sequence[Told] = (),
    before: Sequence[Told] = (),
    records: Records = NO_RECORDS,
) -> str:
    """The whole message. Without the rule (it was removed since) expressions stand in for words.

    `parts` are told by this message too; those in `before` were told of the same close already. What `records` know of
    the event goes before numbers that can be left out.
    """
    origins = dict.fromkeys(
        origin for each in (event, *(each for each, _ in (*parts, *before))) for origin in each.origins
    )
    simulated = SIMULATED in origins
    shown = _by_text((*rule.values, *rule.clear_values, *rule.context) if rule else ())
    of_regime = rule is not None and REGIME in rule.rule.tags
    heading = [*_heading(event, len(parts)), *([SIMULATED_LINE] if simulated else [])]
    lines = [f"Fired on {session_of(event.since).isoformat()}"] if event.since is not None else []
    if event.rejudged_at is not None:
        lines.append(_AGAIN[event.edge])
    lines += _alike((event, rule), parts) if event.edge in _COVERAGE and parts else _listed(parts, before, records)
    if rule is not None:
        lines += [RISK_LINE] if event.edge is Edge.FIRED and of_regime else []
        lines.append(_next(event, rule, len(parts)))
    lines += _as_of(event, () if simulated else origins)
    lines.append(f"<i>{escape(spoken_id(event.rule))} · {event.short_id}</i>")
    numbers, room = _numbers(event, shown, of_regime=of_regime), LINES - height([*heading, *lines])
    past = records.get(event.key) if event.edge is Edge.FIRED else None
    record = told_in(room - height(fitted(numbers, 0)), past, event.clock)
    return "\n".join([*heading, *fitted(numbers, room - height(record)), *record, *lines])


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
    return {Edge.FIRED: MARKS[event.severity], Edge.RESOLVED: "✓", Edge.CORRECTED: "↩"}.get(event.edge, "◌")


def is_simulated(event: AlertEvent) -> bool:
    """Whether any of its prices was made up."""
    return SIMULATED in event.origins


def _listed(parts: Sequence[Told], before: Sequence[Told], records: Records) -> list[str]:
    """What is told only here, and what was told before: only how many those are, where it is much in all."""
    lines = [beside(_in_short(*each), records.get(each[0].key)) for each in parts]
    if len(parts) + len(before) > MOST and before:
        return [*lines, f"and {len(before)} that were told before"]
    return [*lines, *(["Told before:", *(_in_short(*each) for each in before)] if before else [])]


def _alike(head: Told, others: Sequence[Told]) -> list[str]:
    """The rules that share a message about their data, as far as a phone shows them."""
    titles = [escape(clipped(event.title)) for event, _ in (head, *others)]
    return [*titles[:MOST], *([f"and {len(titles) - MOST} more"] if len(titles) > MOST else [])]


def _in_short(event: AlertEvent, rule: CompiledRule | None) -> str:
    """Mark, title, and the number that decided, where it fits. One of several would need words to be understood."""
    line = f"{mark(event)} {short(' '.join(event.title.split()), _LONGEST_TITLE)}"
    units = {each.text: each.unit for each in rule.values} if rule else {}
    numbers = [by_unit(value, units[text]) for text, value in event.values.items() if text in units]
    numbered = f"{line}: {numbers[0]}" if len(numbers) == len(event.values) == 1 else line
    return escape(numbered if len(numbered) <= PHONE else line)


def _as_of(event: AlertEvent, origins: Collection[str]) -> list[str]:
    """Of which moment it is, and who printed its prices: beside it, or beneath it where that is too long."""
    when = f"{instant(event.at)}, provisional" if event.provisional else closing(event.session, event.clock)
    parts = [when, *([some(tuple(origins))] if origins else [])]
    line = " · ".join(parts)
    return [escape(each) for each in ([line] if len(line) <= PHONE else parts)]


def _title(event: AlertEvent) -> str:
    return f"{_PREFIX[event.edge]}{event.title}"


def _heading(event: AlertEvent, others: int) -> list[str]:
    """What happened, and to which alert; to how many, where one speaks for all."""
    if event.edge in _COVERAGE and others:
        return [f"{mark(event)} <b>{_PREFIX[event.edge].removesuffix(': ')} for {others + 1} rules</b>"]
    if event.edge is not Edge.CORRECTED:
        return [f"{mark(event)} <b>{escape(_title(event))}</b>"]
    what = "it is not over" if event.undone is Edge.RESOLVED else "it does not hold"
    return [f"{mark(event)} <b>Corrected: {what}</b>", escape(event.title)]


def _next(event: AlertEvent, rule: CompiledRule, others: int) -> str:
    if event.edge is Edge.FIRED or event.undone is Edge.RESOLVED:
        return f"{_rearms(rule)}{_rests(rule)}"
    if event.edge is Edge.NO_DATA:
        one = "It cannot fire or clear until its prices are back"
        return "They wait until their prices are back" if others else one
    if event.edge is Edge.DATA_BACK and others:
        return "They are watched again"
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
    """By expression, with words to begin a line with."""
    return {each.text: replace(each, words=f"{each.words[:1].upper()}{each.words[1:]}") for each in shown}


def _numbers(event: AlertEvent, shown: Mapping[str, Shown], *, of_regime: bool) -> list[Block]:
    """The numbers that decided, then those beside them, each with its interval; a remark only where it holds.

    What stands beside them may be left out, and what a regime is drawn from: /corr and /regime have it.
    """
    numbers = {**event.context, **event.values}
    ends = {end for text in numbers if text in shown for end in shown[text].interval}
    blocks: list[Block] = []
    for text in dict.fromkeys((*event.values, *event.context)):
        known = shown.get(text) or Shown(text, text, Unit.NUMBER, _NOWHERE)
        remark = known.unit == Unit.TRUTH
        if text in ends - set(event.values) or (remark and numbers[text] == 0.0):
            continue
        holds = remark and numbers[text] == 1.0
        lines = [escape(known.words) if holds else _line(known, numbers[text], strong=text in event.values)]
        lines += _was(known, event) if text in event.was else []
        lines += [_interval(known, numbers)] if known.interval else []
        beside = text not in event.values or (of_regime and known.unit != Unit.PROBABILITY)
        blocks.append(Block(tuple(lines), can_be_packed=not remark, can_go=beside and not remark))
    return blocks


def _interval(known: Shown, numbers: Mapping[str, float | None]) -> str:
    ends = [numbers.get(end) for end in known.interval]
    if any(end is None or math.isnan(end) for end in ends):
        return "   90%: undefined"
    return f"   90%: {escape(' to '.join(by_unit(end, known.unit) for end in ends))}"


def _was(known: Shown, event: AlertEvent) -> list[str]:
    """What was said of a number before, where it reads differently now."""
    then, now = (by_unit(numbers.get(known.text), known.unit) for numbers in (event.was, event.values))
    if then == now:
        return []
    return ["   was not known"] if event.was[known.text] is None else [f"   was {escape(then)}"]


_NOWHERE = Constant(math.nan)
"""The column of a number whose rule was removed since."""


def _line(known: Shown, value: float | None, *, strong: bool) -> str:
    number = escape(by_unit(value, known.unit))
    return f"{escape(known.words)}: {f'<b>{number}</b>' if strong else number}"
