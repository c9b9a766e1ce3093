"""The texts about alerts that people made: before one is saved, what became of it, and how near each is to firing."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Sequence
from html import escape

from bot.answers.buttons import Button, Keyboard, Place, in_rows
from bot.answers.personal import PersonalAlert
from bot.answers.preview import Nearness, Preview
from bot.render.alerts import SIMULATED_LINE
from bot.render.evidence import FINDINGS, TOLD, ahead, outcome_lines
from bot.render.lines import LINES, PHONE, clipped, height
from bot.render.numbers import by_unit, date, instant, percent, session_of
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule, Shown
from rules.language.errors import short
from rules.model import Basis, Instant

A_PAGE = 5
"""Alerts that a phone shows at once."""

_INDENT = "   "
_LONGEST = 150
"""Characters of a condition in words."""

WATCHED = "watched"
"""The state of an alert that waits."""

NO_ALERTS = "You have no alerts of your own.\n/alert makes one."


def preview_text(alert: PersonalAlert, known: Preview, *, is_kept: bool = True) -> str:
    """An alert before it is saved."""
    near = known.nearness
    before = [
        *_titled(alert.title),
        how(alert),
        _code(alert.when),
        *_wrapped(f"Re-arms when {short(_rearms(near.rule), _LONGEST)}"),
        *_now_lines(near),
    ]
    after = _wrapped(f"Next look: {next_look(known.looks_at)}")
    after += _wrapped(f"Told already by {known.like}") if known.like else []
    told = [*before, *_followed(known, LINES - height([*before, *after])), *after]
    told += [SIMULATED_LINE] if known.simulated else []
    return "\n".join([*told, *([] if is_kept else ["Nothing is kept here: no service runs."])])


def how(alert: PersonalAlert) -> str:
    """once, live, until 2026-12-31"""
    ends = "for good"
    if alert.expires_at is not None:
        ends = f"until {session_of(alert.expires_at).isoformat()}"
    return f"{'once' if alert.once else 'always'}, {'live' if alert.basis is Basis.TICK else 'at the close'}, {ends}"


def _now_lines(near: Nearness) -> list[str]:
    """What its numbers are, and how far they have to go."""
    told = [each for each in near.values if each[0].unit != Unit.TRUTH][:2]
    shown = [f"Now: {escape(clipped(_number(*each)))}" for each in told]
    if near.holds is None:
        return ["Now: not known"]
    if near.holds:
        return [*shown, *_wrapped("That is so already: it fires when it is so again")]
    return [*shown, *([f"To go: {_to_go(near)}"] if _to_go(near) else [])]


def _to_go(near: Nearness) -> str:
    """5.0%, 2.1 usual moves; empty where nothing measures it."""
    parts = [percent(abs(near.share))] if near.share is not None else []
    parts += [f"{_moves(near.distance)} usual moves"] if near.distance is not None else []
    return ", ".join(parts)


def next_look(at: Instant | None) -> str:
    """When it is judged next."""
    return "at the next poll" if at is None else instant(at)


def saved_text(alert: PersonalAlert, looks_at: Instant | None, *, left: int | None, simulated: bool) -> str:
    """It is kept, and watched from now on; `left` is the number of one that made room for it."""
    lines = [
        f"<b>#{alert.number}</b> is watched from now on",
        *_titled(alert.title),
        how(alert),
        *_wrapped(f"Next look: {next_look(looks_at)}"),
    ]
    lines += [f"#{left}, which was done, made room"] if left is not None else []
    return "\n".join([*lines, *([SIMULATED_LINE] if simulated else [])])


def known_already(alert: PersonalAlert, state: str) -> str:
    """The chat has this already."""
    return "\n".join([f"You have this already: <b>#{alert.number}</b>", *_titled(alert.title), state])


def detail_text(alert: PersonalAlert, state: str, near: Nearness | None, *, simulated: bool) -> str:
    """One alert: what it waits for, and where it stands."""
    lines = [f"<b>#{alert.number} {escape(short(alert.title, 2 * PHONE))}</b>", how(alert), state, _code(alert.when)]
    if near is not None:
        lines += [*_wrapped(f"Re-arms when {short(_rearms(near.rule), _LONGEST)}"), *_now_lines(near)]
    if alert.anchor is not None:
        lines.append(f"From {by_unit(alert.anchor[2], 'price')}, {percent(alert.anchor[1], signed=True)}")
    return "\n".join([*lines, *([SIMULATED_LINE] if simulated and near is not None else [])])


def list_text(
    shown: Sequence[tuple[PersonalAlert, str, Nearness | None]], first: int, count: int, *, simulated: bool
) -> str:
    """A page of alerts, nearest first: `first` is the place of the first of them among `count`."""
    pages = f", {first + 1} to {first + len(shown)} of {count}" if count > len(shown) else ""
    lines = [f"<b>Your alerts</b>, nearest first{pages}"]
    for alert, state, near in shown:
        standing = short(_standing(state, near), PHONE - len(_INDENT))
        lines += [escape(clipped(f"#{alert.number} {alert.title}")), f"{_INDENT}{escape(standing)}"]
    return "\n".join([*lines, *([SIMULATED_LINE] if simulated else [])])


def editing_text(alert: PersonalAlert, line: str) -> str:
    """How one is changed."""
    words = _wrapped("Write it anew, after its number:")
    return "\n".join([f"<b>#{alert.number}</b>", *words, f"<code>/alert edit {alert.number} {escape(line)}</code>"])


def removed_text(alert: PersonalAlert) -> str:
    """It is gone."""
    return "\n".join([f"<b>#{alert.number}</b> is removed", *_titled(alert.title)])


def ended_notice(alert: PersonalAlert) -> str:
    """Its time is over."""
    fired = [] if alert.fired_at is None else [f"It fired last on {date(session_of(alert.fired_at))}"]
    said = fired or ["It has not fired"]
    return "\n".join([f"<b>#{alert.number}</b>: its time is over", *_titled(alert.title), *said])


def broken_notice(alert: PersonalAlert) -> str:
    """It could not be judged."""
    why = _wrapped("It could not be judged, and is paused; whoever runs this bot finds why in the log")
    return "\n".join([f"<b>#{alert.number}</b> is paused", *_titled(alert.title), *why])


def notice_buttons(alert: PersonalAlert) -> Keyboard:
    """What to do about it."""
    number = alert.number
    return ((Button("Watch it again", f"/alert again {number}"), Button("Remove", f"/alert remove {number}")),)


def presets_text(examples: Sequence[str], *, simulated: bool) -> str:
    """What may be written."""
    lines = ["<b>What shall I watch?</b>", "Tap one, or write it:"]
    lines += [f"   <code>/alert {escape(each)}</code>" for each in examples]
    return "\n".join([*lines, *([SIMULATED_LINE] if simulated else [])])


def state_word(alert: PersonalAlert, now: Instant, since: dt.date | None, *, is_known: bool) -> str:
    """Where an alert stands, in a word or two; `since` is the day on which it began to fire, if it does."""
    if not is_known:
        return "waits: not configured any more"
    if alert.once and alert.fired_at is not None:
        return f"done, fired {session_of(alert.fired_at).isoformat()}"
    if alert.expires_at is not None and alert.expires_at <= now:
        return "its time is over"
    if alert.paused:
        return "paused"
    return WATCHED if since is None else f"so since {since.isoformat()}"


def page_buttons(numbers: Sequence[int], first: int, count: int) -> Keyboard:
    """One for each alert of a page, and those of the pages beside it."""
    rows = in_rows([Button(f"#{number}", f"/alerts {number}") for number in numbers], A_PAGE)
    pages = [Button("Nearer", f"/alerts page {first // A_PAGE}", Place.HERE)] if first else []
    rest = first + A_PAGE < count
    pages += [Button("Further", f"/alerts page {first // A_PAGE + 2}", Place.HERE)] if rest else []
    return (*rows, *([tuple(pages)] if pages else []))


def _standing(state: str, near: Nearness | None) -> str:
    if near is None or state != WATCHED:
        return state
    if near.holds is not False or near.distance is None:
        return {None: "no data", True: "so now", False: "not so"}[near.holds]
    value = by_unit(near.values[0][1], near.values[0][0].unit) if near.values else ""
    return "; ".join(each for each in (value, f"{_to_go(near)} off") if each)


def _rearms(rule: CompiledRule) -> str:
    return "this no longer holds" if rule.rule.clear is None else rule.clear_words


def _past(known: Preview) -> list[str]:
    if known.since is None:
        return ["Nothing is known of its past here"]
    if known.last is None:
        return [f"Would not have fired since {known.since.year}"]
    times = {1: "once", 2: "twice"}.get(known.fired, f"{known.fired} times")
    by_closes = "by closes, " if known.by_closes else ""
    last = f"{by_closes}last {known.last.isoformat()}"
    return [f"Would have fired {times} since {known.since.year}", f"{_INDENT}{last}"]


def _followed(known: Preview, room: int) -> list[str]:
    """How often it would have fired, and what followed; where there is no `room`, only what may be claimed of that."""
    past, outcome = _past(known), None if known.headline is None else known.past.of(known.headline, TOLD)
    if outcome is None or not known.past.fired:
        return past
    after = f"{outcome.instrument} {ahead(TOLD, known.nearness.rule.calendar)}"
    told = [f"{_before_those(known)}{after}:", *(f"{_INDENT}{line}" for line in outcome_lines(outcome))]
    found = FINDINGS[outcome.finding]
    for shorter in ([*past, *told], [*past, f"{_INDENT}{after}: {found}"]):
        if height(shorter) <= room:
            return shorter
    joined = f"{past[-1]}; {found}"
    return [*past[:-1], joined] if len(joined) <= PHONE else past


def _before_those(known: Preview) -> str:
    """How often since when, where that is longer than the last years."""
    since = known.past.since
    longer = since is not None and known.since is not None and since < known.since
    return f"{len(known.past.fired):,} since {since.year}; " if since is not None and longer else ""


def _number(shown: Shown, value: float | None) -> str:
    return f"{shown.words} {by_unit(value, shown.unit)}"


def _moves(distance: float | None) -> str:
    return "" if distance is None else f"{distance:.1f}" if distance < 99.95 else "99+"


def _titled(title: str) -> list[str]:
    return [f"<b>{escape(each)}</b>" for each in textwrap.wrap(title, PHONE)]


def _code(text: str) -> str:
    return f"<code>{escape(short(text, 3 * PHONE))}</code>"


def _wrapped(text: str) -> list[str]:
    return [escape(each) for each in textwrap.wrap(text, PHONE, subsequent_indent="   ")]
