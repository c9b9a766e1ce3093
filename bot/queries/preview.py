"""A rule that somebody thinks of: how near it is, what it would have said in the last years, when it is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from bot.answers.preview import Preview
from bot.queries.nearest import nearness
from bot.queries.view import View
from rules.bars import DAY, Tick
from rules.engine import evaluate, opened
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis, Edge, Instant, Timing

YEARS = 5
"""How far a rule is played back."""

AHEAD = 14 * DAY
"""No market is closed for longer."""


def preview(view: View, rule: CompiledRule, trades: Mapping[str, Tick], now: Instant) -> Preview:
    """What to know of a rule before it is watched."""
    fired, since = _played_back(view, rule)
    return Preview(
        nearness=nearness(view, rule, trades, now),
        fired=len(fired),
        last=fired[-1] if fired else None,
        since=since,
        by_closes=rule.rule.basis is Basis.TICK,
        looks_at=next_look(view, rule, now),
        simulated=view.simulated,
        like=_like(view, rule),
    )


def _played_back(view: View, rule: CompiledRule) -> tuple[list[dt.date], dt.date | None]:
    """The sessions on which it would have fired in the last years, and the first that was looked at; None without any.

    A rule on trades is played back on closes, where polls count nothing.
    """
    of = rule.rule
    timing = Timing() if of.basis is Basis.TICK else of.timing
    past = compile_rule(replace(of, basis=Basis.CLOSE, timing=timing, since=None), view.scope)
    panel = view.panel(past.calendar)
    if not len(panel):
        return [], None
    events = evaluate([past], {past.track: panel}, opened([past]), int(panel.clock.closes[-1]), grace=0).events
    last = panel.clock.session(len(panel) - 1)
    since = max(panel.clock.session(0), _years_before(last))
    fired = [event.session for event in events if event.edge is Edge.FIRED and event.session >= since]
    return fired, since


def _years_before(day: dt.date) -> dt.date:
    return (day - dt.timedelta(days=round(YEARS * 365.25))) + dt.timedelta(days=1)


def next_look(view: View, rule: CompiledRule, now: Instant) -> Instant | None:
    """When a rule is judged next: at the next close, or when trading starts; None: at the next poll."""
    sessions = view.history.sessions
    if rule.rule.basis is Basis.TICK:
        trading = sessions.in_progress(rule.calendar, now) is not None
        return None if trading else sessions.next_open(rule.calendar, now)
    closes = sessions.closes_between(rule.calendar, now + 1, now + AHEAD)
    return int(closes[0]) if len(closes) else None


def _like(view: View, rule: CompiledRule) -> str | None:
    """The rule for everybody that fires on the same, if there is one."""
    known = (each for each in view.rules if each.when == rule.when and each.rule.basis is rule.rule.basis)
    return next((each.rule.id for each in known), None)
