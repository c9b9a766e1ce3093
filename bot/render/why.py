"""The texts of /why: what decided, part by part, on which bars; how the alert moved; what has happened since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bot.answers.personal import PersonalAlert
from bot.answers.why import After, Later, Step, Telling, Told, UsedBar, WhyEvent, WhyRule
from bot.render.alerts import SIMULATED, SIMULATED_LINE, mark
from bot.render.evidence import rows
from bot.render.lines import PHONE, packed
from bot.render.numbers import by_unit, closing, duration, instant, percent, price, session_of
from bot.render.parts import told_parts
from rules.alerting import AlertState, Firing, Inactive, Pending
from rules.bars import DAY
from rules.language.errors import short
from rules.model import AlertEvent, Edge, Instant

MOST = 14
"""Lines of an explanation, where what followed has to fit too."""

BARS = 4
"""Bars that are told of; of more the rest is counted."""

_LONGEST = 120
_FRESH = 2 * DAY
"""Seconds after its end from which a bar was not heard of when it came, but filled in or restated later."""

_HAPPENED = {
    Edge.FIRED: "Fired",
    Edge.RESOLVED: "Ended",
    Edge.NO_DATA: "Its data stopped",
    Edge.DATA_BACK: "Its data came back",
    Edge.CORRECTED: "Taken back",
}


def why_event_answer(answer: WhyEvent, telling: Telling | None = None) -> str:
    """An event: the numbers that decided with their levels, the bars, the step of its alert, and what came of it.

    `telling` is what became of its message in the chat that asks; None where it has none.
    """
    event = answer.event
    made_up = SIMULATED in event.origins
    lines = [
        f"Why <i>{event.short_id}</i>: {mark(event)} <b>{escape(short(event.title, _LONGEST))}</b>",
        *([SIMULATED_LINE] if made_up else []),
        f"{_HAPPENED[event.edge]}, {_when(event)}",
        *told_parts(answer.parts),
        *(["By itself: it expired"] if answer.expired else []),
        *_data(answer),
        *_changed(answer),
        *_bars(answer.bars),
        *([_step(answer.step)] if answer.step is not None else []),
        *_since(answer),
    ]
    last = [*([_told(telling)] if telling is not None else []), f"<i>{escape(answer.rule)}</i>"]
    if answer.later is not None and len(lines) + len(last) < MOST:
        lines.append(_followed(answer.later, event.clock))
    return "\n".join([*lines, *last])


def why_rule_answer(answer: WhyRule, note: str = "") -> str:
    """A rule: what is missing to its firing, or to its end while it fires, and when it is looked at again.

    `note` says why it is not watched, where it is not."""
    firing = isinstance(answer.state, Firing)
    lines = [
        f"Why <i>{escape(answer.rule)}</i> {_stands(answer.state)}",
        *([SIMULATED_LINE] if answer.simulated else []),
        f"<b>{escape(short(answer.title, _LONGEST))}</b>",
        *([f"⚠ {note}"] if note else []),
        "It ends when" if firing else "It fires when",
        *told_parts(answer.parts),
        *_held_back(answer),
        *_bars(answer.bars),
        *([f"Last fired {answer.last_fired.isoformat()}"] if answer.last_fired and not firing else []),
        closing(answer.as_of, answer.clock),
        *_waiting(answer),
        *(_next(answer) if not note else []),
    ]
    return "\n".join(lines)


def _when(event: AlertEvent) -> str:
    if event.provisional:
        return f"{instant(event.at)}, provisional"
    close = closing(event.session, event.clock)
    return f"{close[0].lower()}{close[1:]}" if close.startswith("Close") else close


def _followed(later: Later, clock: str) -> str:
    """20 sessions later: RUT +3.1%"""
    return f"{rows(later.horizon, clock)} later: {later.instrument} {percent(later.move, signed=True)}"


# What an event was made of, and what came of it


def _data(answer: WhyEvent) -> Iterator[str]:
    """Whose bars were missing, of an event that is about that."""
    if answer.event.edge is not Edge.NO_DATA:
        return
    missing = [bar for bar in answer.bars if bar.close is None]
    if not missing:
        yield "Its bars are here by now"


def _changed(answer: WhyEvent) -> Iterator[str]:
    if answer.changed:
        yield "Prices have changed since; by now it is"
    yield from (f"   {escape(each.words)}: {escape(by_unit(each.value, each.unit))}" for each in answer.changed)


def _bars(bars: Sequence[UsedBar]) -> Iterator[str]:
    """The closes, each once by who printed them and when they were known, and the bars that are not there."""
    shown = bars[:BARS]
    for source in dict.fromkeys(_source(bar) for bar in shown if bar.close is not None):
        alike = [f"{bar.instrument} {price(bar.close)}" for bar in shown if bar.close and _source(bar) == source]
        *before, last = packed(alike, PHONE)
        whole = f"{last} · {source}" if source else last
        yield from map(escape, [*before, *([whole] if len(whole) <= PHONE or not source else [last, f"   {source}"])])
    yield from (escape(_no_bar(bar)) for bar in shown if bar.close is None)
    if len(bars) > BARS:
        yield f"and {len(bars) - BARS} more prices"


def _no_bar(bar: UsedBar) -> str:
    return f"{bar.instrument}: no bar{f', the last {bar.last.isoformat()}' if bar.last else ''}"


def _source(bar: UsedBar) -> str:
    """Who printed a close, and when it was known, where that was not at once."""
    late = bar.known_at is not None and bar.known_at > bar.end
    return ", ".join([bar.origin] * (bar.origin != SIMULATED) + [_known(bar)] * late)


def _known(bar: UsedBar) -> str:
    later = (bar.known_at or bar.end) - bar.end
    if later <= _FRESH:
        return f"known {duration(later)} after"
    return f"known since {session_of(bar.end + later).isoformat()}"


def _step(step: Step) -> str:
    return f"{_state(step.before, step.confirm).capitalize()} → {_state(step.after, step.confirm)}"


def _state(state: AlertState | None, confirm: int) -> str:
    if isinstance(state, Pending):
        return f"pending, {state.seen} of {confirm}"
    return "firing" if isinstance(state, Firing) else "quiet"


def _since(answer: WhyEvent) -> Iterator[str]:
    """What has happened since, and what will end it."""
    event, after = answer.event, answer.after
    if event.since is not None:
        yield f"It had fired on {session_of(event.since).isoformat()}"
    if after is not None:
        yield _later(after)
    elif not answer.clears:
        yield "Its rule was removed since"
    elif event.edge is Edge.FIRED and event.rejudged_at is None and not event.provisional:
        yield f"Still firing{f', {_closes(answer.closes)} later' if answer.closes else ''}"
    elif event.edge is Edge.FIRED:
        yield "Still firing"
    if event.edge is Edge.FIRED and after is None and answer.clears:
        yield f"Ends when {escape(short(answer.clears, _LONGEST))}"


def _told(telling: Telling) -> str:
    at = f" {instant(telling.at)}" if telling.at is not None else ""
    why = f": {escape(short(' '.join(telling.why.split()), _LONGEST))}" if telling.why else ""
    return {
        Told.SENT: f"Told here{at}",
        Told.PERHAPS: f"Perhaps told here{at}",
        Told.OWED: f"Still to be told here{why}",
        Told.HELD: "Held here until quiet hours end",
        Told.GATHERED: "Held here for the next brief",
        Told.WITHHELD: f"Not told here{why}",
        Told.NOT: f"Not told here{why}",
    }[telling.told]


def _later(after: After) -> str:
    if after.edge is Edge.CORRECTED:
        return f"Corrected later: of {after.session.isoformat()} it is not so"
    return f"Over on {after.session.isoformat()}, {_closes(after.closes)} later"


def _closes(count: int) -> str:
    return f"{count:,} close{'s' * (count != 1)}"


# A rule that did not fire


def _stands(state: AlertState | None) -> str:
    if isinstance(state, Firing):
        return f"is firing since {session_of(state.since).isoformat()}"
    return "is pending" if isinstance(state, Pending) else "does not fire"


def _held_back(answer: WhyRule) -> Iterator[str]:
    """What keeps it from firing although its condition holds."""
    state = answer.state
    if answer.blocked:
        yield "What ends it holds as well, and wins"
    if isinstance(state, Pending):
        yield f"Held on {state.seen} of {_closes(answer.confirm)} in a row"
    if isinstance(state, Inactive) and state.rest > 0:
        yield f"It rests for {_closes(state.rest)} more"
    if isinstance(state, Inactive) and state.spent:
        yield "It expired: this has to end first"


def _waiting(answer: WhyRule) -> Iterator[str]:
    if answer.waits_for is not None and answer.waiting:
        yield f"Waiting for {', '.join(answer.waiting)} of {answer.waits_for.isoformat()}"


def _next(answer: WhyRule) -> Iterator[str]:
    if answer.state is None:
        yield "Decided by trades while the exchange is open"
    elif answer.next_check is not None:
        yield f"Next check {instant(answer.next_check)}"


def unwatched(alert: PersonalAlert, now: Instant) -> str:
    """Why one's own alert cannot fire; empty where it can."""
    if alert.paused:
        return "It is paused"
    if alert.once and alert.fired_at is not None:
        return f"It was to fire once, and did on {session_of(alert.fired_at).isoformat()}"
    if alert.expires_at is not None and alert.expires_at <= now:
        return f"Its time was over {instant(alert.expires_at)}"
    return ""
