"""The texts of answers: prices, a rule, events, expressions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.answers import Explained, Miss, Quote
from bot.answers.personal import spoken_id
from bot.render.alerts import MARKS, SIMULATED, SIMULATED_LINE, row_word, summary
from bot.render.numbers import (
    by_unit,
    closing,
    instant,
    nearly,
    percent,
    price,
    session_of,
)
from rules.alerting import Firing, Pending
from rules.book import Record
from rules.language.compile import CompiledRule
from rules.language.errors import short
from rules.model import ALWAYS, AlertEvent, Basis, Instant, Instrument

NOTHING_FIRED = "Nothing has fired here."


def quote_answer(answer: Quote, instrument: Instrument, next_open: Instant | None) -> str:
    """Last close, change, distance to the record."""
    lines = [
        f"<b>{instrument.id}</b> {escape(instrument.name)}",
        f"<b>{price(answer.close)}</b> ({percent(answer.change, signed=True)})",
        f"Record before: {price(answer.record)}",
        f"Below its record: {percent(answer.drawdown)}",
    ]
    return signed(lines, closing(answer.as_of, answer.clock), next_open, (answer.origin,))


def quotes_answer(quotes: Sequence[Quote]) -> str:
    """One line an instrument, by the close it is priced at."""
    lines = [SIMULATED_LINE] if any(each.origin == SIMULATED for each in quotes) else []
    for clock, as_of in dict.fromkeys((each.clock, each.as_of) for each in quotes):
        priced = [each for each in quotes if (each.clock, each.as_of) == (clock, as_of)]
        lines += [
            f"<b>{each.instrument}</b> {price(each.close)} ({percent(each.change, signed=True)})" for each in priced
        ]
        lines.append(closing(as_of, clock))
    return "\n".join(lines)


def rule_answer(
    rule: CompiledRule,
    record: Record | None,
    events: Sequence[AlertEvent],
    miss: Miss | None = None,
    *,
    fired: bool,
    simulated: bool,
) -> str:
    """One rule in full: its conditions in words and as written, where its alert stands, `events`, what re-arms it.

    `fired` is whether it ever has; of one that has not, how near it came."""
    of, judged = rule.rule, "every poll" if rule.rule.basis is Basis.TICK else "at the close"
    lines = [
        f"{MARKS[of.severity]} <b>{escape(of.title or short(rule.when_text, 120))}</b>",
        *([SIMULATED_LINE] if simulated else []),
        f"<i>{escape(spoken_id(of.id))}</i> · {of.severity} · {judged}",
        f"Now: {standing(rule, record) or 'quiet'}",
        f"Fires when {escape(_bounded(rule.when_words))}",
        f"   <code>{escape(_bounded(rule.when_text))}</code>",
        *_rearming(rule),
        *timing_lines(rule),
    ]
    if events:
        lines += ["Lately:", *map(summary, events)]
    if record is not None and not fired:
        lines.append("It has never fired here.")
    if miss is not None:
        lines += missed(rule, miss)
    return "\n".join(lines)


def missed(rule: CompiledRule, miss: Miss) -> list[str]:
    """When a rule came nearest to firing, and on which numbers."""
    if miss.held:
        held = f"held on {miss.held} of {miss.needed} {row_word(rule)}s"
        return [f"Nearest: {held}, {miss.session.isoformat()}", *_missed_values(miss)]
    return [f"Nearest: {miss.session.isoformat()}", *_missed_values(miss)]


def _missed_values(miss: Miss) -> list[str]:
    return [f"   {escape(each.words)}: {escape(nearly(value, each.unit))}" for each, value in miss.values]


def _rearming(rule: CompiledRule) -> list[str]:
    if rule.rule.clear is None:
        return ["Clears and re-arms when that no longer holds"]
    return [
        f"Clears and re-arms when {escape(_bounded(rule.clear_words))}",
        f"   <code>{escape(_bounded(rule.clear_text))}</code>",
    ]


def timing_lines(rule: CompiledRule) -> list[str]:
    """What is not as usual, counted in the rule's rows."""
    timing = rule.rule.timing
    row = row_word(rule)
    found = []
    if timing.confirm > 1:
        found.append(f"Fires on the {_ordinal(timing.confirm)} {row} in a row")
    if timing.confirm_clear > 1:
        found.append(f"Clears on the {_ordinal(timing.confirm_clear)} {row} in a row")
    if timing.cooldown:
        found.append(f"Rests {timing.cooldown} {row}{'s' * (timing.cooldown != 1)} after it fired")
    if timing.expires is not None:
        found.append(f"Clears by itself after {timing.expires} {row}{'s' * (timing.expires != 1)}")
    return found


def _ordinal(count: int) -> str:
    suffix = "th" if 10 < count % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{suffix}"


def _bounded(text: str) -> str:
    """An expression of a thousand letters shall not cost the message."""
    return short(text, 600)


def standing(rule: CompiledRule, record: Record | None) -> str:
    """Where an alert stands, and whether its rule can be judged at all; empty where there is nothing to say."""
    if record is None:
        return "watched live only" if rule.rule.basis is Basis.TICK else "not judged yet"
    state, coverage = record.alert, record.coverage
    found = ["live"] if rule.rule.basis is Basis.TICK else []
    if isinstance(state, Firing):
        found.append(f"firing since {session_of(state.since).isoformat()}")
    if isinstance(state, Pending):
        found.append(f"pending, {state.seen} seen")
    if coverage.told or not coverage.ever:
        found.append("no data" if coverage.told else "never had data")
    return ", ".join(found)


def history_answer(events: Sequence[AlertEvent], *, simulated: bool) -> str:
    """An event a line, newest last; each with the id that /why asks for."""
    if not events:
        return NOTHING_FIRED
    return "\n".join([*([SIMULATED_LINE] if simulated else []), *map(_listed, events)])


def _listed(event: AlertEvent) -> str:
    return f"{summary(event)} <i>{event.short_id}</i>"


def explained_answer(answer: Explained, *, simulated: bool) -> str:
    """How the engine reads an expression, and what it is now."""
    typed = answer.typed
    lines = [SIMULATED_LINE] if simulated else []
    lines += [f"<code>{escape(typed.text)}</code>", f"is {typed.type}: {escape(typed.spoken)}"]
    if typed.node is not None:
        clock = "UTC days" if answer.calendar == ALWAYS else f"closes of {answer.calendar}"
        lines += [f"Clock: {clock}", f"Reads: {', '.join(answer.instruments) or 'no prices'}"]
        lines += _needed(answer)
        lines.append(f"Now: <b>{escape(by_unit(answer.value, typed.unit))}</b>")
        lines.append(closing(answer.as_of, answer.calendar) if answer.as_of else "Nothing is known yet")
    lines += [f"   {escape(each.text)} = {escape(by_unit(value, each.unit))}" for each, value in answer.parts]
    return "\n".join(lines)


def _needed(answer: Explained) -> list[str]:
    """What of the past it takes: sessions before this one, closes of long ago, or neither."""
    sessions = f"{answer.warmup} earlier session{'s' * (answer.warmup != 1)}"
    first, *rest = [*([sessions] if answer.warmup else []), *answer.anchors] or ["no earlier session"]
    return [f"Needs {first}", *(f"   and {each}" for each in rest)]


def signed(lines: list[str], close: str, next_open: Instant | None, origins: Sequence[str]) -> str:
    """With what every answer says: as of when, the next open, the source."""
    simulated = SIMULATED in origins
    opens = [f"Next open {instant(next_open)}"] if next_open else []
    source = [f"Source: {escape(', '.join(origins))}"] if origins and not simulated else []
    return "\n".join([*([SIMULATED_LINE] if simulated else []), *lines, close, *opens, *source])
