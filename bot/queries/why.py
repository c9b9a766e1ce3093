"""Why an alert fired or ended, and why one does not: the engine's own columns on the row that decided, part by part."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from bot.answers.personal import spoken_id
from bot.answers.why import After, Later, Number, Step, UsedBar, WhyEvent, WhyRule
from bot.queries.condition import course_of
from bot.queries.evidence import headline
from bot.queries.parts import is_missing, last_session, parts_now, parts_then
from bot.queries.view import NoAnswer, View, number
from rules.alerting import Firing
from rules.bars import DAY, Interval
from rules.book import row_ending, standing
from rules.language.compile import CompiledRule
from rules.language.meaning import negated, read_condition
from rules.language.typed import Typed
from rules.model import AlertEvent, Basis, Edge, Instant
from rules.outcomes import HORIZONS
from rules.panel import Panel
from rules.windows import close_of, simple_return

SOON = 14 * DAY
"""Seconds within which an exchange closes again."""


def why_event(view: View, event: AlertEvent, rule: CompiledRule | None, events: Sequence[AlertEvent]) -> WhyEvent:
    """What decided an event, on which bars, and what happened to its alert later; `events` are all of its rule's."""
    spoken = spoken_id(event.rule)
    if rule is None:
        return WhyEvent(event, spoken, (), (), after=_after(view, event, events, event.clock))
    panel = view.panel(rule.calendar)
    row = row_ending(panel, event.at)
    decided = event.undone if event.edge is Edge.CORRECTED else event.edge
    condition = _condition(view, rule, decided)
    parts = parts_then(view, rule, condition, event, row) if condition is not None else ()
    expired = event.edge is Edge.RESOLVED and row >= 0 and _has_expired(view, rule, row)
    return WhyEvent(
        event=event,
        rule=spoken,
        parts=() if expired else parts,
        bars=_bars(view, panel, rule.instruments, row) if row >= 0 else (),
        changed=_changed(view, rule, event, row),
        step=_step(view, rule, row) if row >= 0 and event.edge in (Edge.FIRED, Edge.RESOLVED) else None,
        expired=expired,
        after=_after(view, event, events, rule.calendar),
        closes=max(0, view.due(rule.calendar, rule.instruments) - 1 - row) if row >= 0 else 0,
        clears=rule.clear_words if rule.rule.clear is not None else "this no longer holds",
        later=_later(view, rule, event, events),
    )


def _later(view: View, rule: CompiledRule, event: AlertEvent, events: Sequence[AlertEvent]) -> Later | None:
    """What followed an event that fired and was not corrected, in the first instrument that is looked at after it."""
    panel, name = view.panel(rule.calendar), headline(view, rule)
    row = int(np.searchsorted(panel.clock.closes, event.at))
    is_undone = any(each.undone_key == event.key for each in events)
    if event.edge is not Edge.FIRED or is_undone or name is None or row >= len(panel):
        return None
    moves = {horizon: simple_return(close_of(name), horizon) for horizon in HORIZONS if row + horizon < len(panel)}
    columns = view.columns(moves.values(), rule.calendar)
    ends = {horizon: float(columns[node][row + horizon]) for horizon, node in moves.items()}
    known = [horizon for horizon, end in ends.items() if not math.isnan(end)]
    return Later(name, known[-1], ends[known[-1]]) if known else None


def why_rule(view: View, rule: CompiledRule, events: Sequence[AlertEvent], now: Instant) -> WhyRule:
    """Where a rule stands on the last row that is due; `events` are its own. Raises NoAnswer before the first row."""
    panel, row = view.panel(rule.calendar), view.due(rule.calendar, rule.instruments) - 1
    if row < 0:
        raise NoAnswer(f"no close of {rule.calendar} is known here")
    record = view.record(rule.rule.id)
    live = rule.rule.basis is Basis.TICK
    state = (record.alert if record is not None else None) if live else course_of(view, rule).states[-1]
    firing = isinstance(state, Firing)
    condition = _condition(view, rule, Edge.RESOLVED if firing else Edge.FIRED)
    fired = [event for event in standing(events) if event.edge is Edge.FIRED]
    columns = view.columns([rule.when, rule.clear], rule.calendar)
    waits = row + 1 < len(panel)
    return WhyRule(
        rule=spoken_id(rule.rule.id),
        title=rule.rule.title or rule.when_text,
        parts=parts_now(view, rule, condition, row) if condition is not None else (),
        bars=_bars(view, panel, rule.instruments, row),
        state=None if live and record is None else state,
        confirm=rule.rule.timing.confirm,
        blocked=not firing and bool(columns[rule.when][row] == 1.0 and columns[rule.clear][row] == 1.0),
        last_fired=fired[-1].session if fired else None,
        as_of=panel.clock.session(row),
        clock=rule.calendar,
        next_check=_next_close(view, rule.calendar, max(now, int(panel.clock.closes[row]))),
        waiting=tuple(each for each in rule.instruments if waits and is_missing(panel, each, row + 1)),
        waits_for=panel.clock.session(row + 1) if waits else None,
        simulated=view.simulated,
    )


def _has_expired(view: View, rule: CompiledRule, row: int) -> bool:
    """Whether an alert that ended on a row did so by itself."""
    clears = view.columns([rule.clear], rule.calendar)[rule.clear][row]
    return rule.rule.timing.expires is not None and bool(clears != 1.0)


def _condition(view: View, rule: CompiledRule, edge: Edge | None) -> Typed | None:
    """The line of a rule that makes something happen to its alert."""
    when = read_condition(rule.rule.when, view.scope, rule.calendar)
    if edge is Edge.FIRED:
        return when
    if edge is Edge.RESOLVED:
        return negated(when) if rule.rule.clear is None else read_condition(rule.rule.clear, view.scope, rule.calendar)
    return None


def _changed(view: View, rule: CompiledRule, event: AlertEvent, row: int) -> tuple[Number, ...]:
    """The numbers of an event that its row does not say any more; of a correction those it was corrected to."""
    by_text = {each.text: each for each in (*rule.values, *rule.clear_values)}
    then = event.was if event.edge is Edge.CORRECTED else event.values
    told = {text: value for text, value in then.items() if text in by_text}
    if event.provisional or row < 0 or not told:
        return ()
    columns = view.columns([by_text[text].node for text in told], rule.calendar)
    now = {text: number(float(columns[by_text[text].node][row])) for text in told}
    return tuple(
        Number(by_text[text].words, by_text[text].unit, now[text]) for text, value in told.items() if now[text] != value
    )


def _step(view: View, rule: CompiledRule, row: int) -> Step | None:
    if rule.rule.basis is Basis.TICK:
        return None
    taken = course_of(view, rule)
    if not taken.first <= row < taken.first + len(taken.known):
        return None
    return Step(taken.after(row - 1), taken.after(row), rule.rule.timing.confirm)


def _after(view: View, event: AlertEvent, events: Sequence[AlertEvent], calendar: str) -> After | None:
    """What ended an alert that fired, or took the event back."""
    if event.edge not in (Edge.FIRED, Edge.RESOLVED):
        return None
    ends = [each for each in events if each.edge is Edge.CORRECTED and each.undone_key == event.key]
    if event.edge is Edge.FIRED:
        ends += [each for each in standing(events) if each.edge is Edge.RESOLVED and each.at > event.at][:1]
    if not ends:
        return None
    closes = view.panel(calendar).clock.closes
    between = int(np.searchsorted(closes, ends[0].at)) - int(np.searchsorted(closes, event.at))
    return After(ends[0].edge, ends[0].session, between)


def _bars(view: View, panel: Panel, names: Sequence[str], row: int) -> tuple[UsedBar, ...]:
    """The bars that the closes of `names` on a row are of."""
    return tuple(_bar(view, panel, name, row) for name in names)


def _bar(view: View, panel: Panel, name: str, row: int) -> UsedBar:
    end = int(panel.clock.closes[row])
    if is_missing(panel, name, row):
        return UsedBar(name, None, "", end, None, last_session(panel, name, row))
    own = view.history.instruments[name].calendar == panel.clock.calendar
    held = view.history.bars[name]
    bars = held[Interval.DAY] if own and Interval.DAY in held else held[Interval.HOUR]
    at = int(np.searchsorted(bars.end, end))
    known_at = int(bars.known_at[at]) if at < len(bars) and bars.end[at] == end else None
    close = float(panel.field(name, "close")[row])
    return UsedBar(name, close, panel.origin(name, row) or "", end, known_at, panel.clock.session(row))


def _next_close(view: View, calendar: str, after: Instant) -> Instant | None:
    """When the next row of a clock closes."""
    ahead = view.history.sessions.closes_between(calendar, after + 1, after + SOON)
    return int(ahead[0]) if len(ahead) else None
