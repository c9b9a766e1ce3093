"""A rule that somebody thinks of: how near it is, what it would have said in the last years, when it is looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from bot.answers.preview import Preview
from bot.queries.evidence import evidence, headline
from bot.queries.nearest import nearness
from bot.queries.view import View
from rules.bars import DAY, Tick
from rules.evidence import Evidence
from rules.language.compile import CompiledRule
from rules.model import Basis, Instant

YEARS = 5
"""Whose firings say how often it would be heard of now."""

AHEAD = 14 * DAY
"""No market is closed for longer."""


def preview(view: View, rule: CompiledRule, trades: Mapping[str, Tick], now: Instant) -> Preview:
    """What to know of a rule before it is watched."""
    past = evidence(view, rule)
    since = _looked_back_to(past)
    fired = [day for day in past.fired if since is not None and day >= since]
    return Preview(
        nearness=nearness(view, rule, trades, now),
        fired=len(fired),
        last=fired[-1] if fired else None,
        since=since,
        by_closes=past.by_closes,
        looks_at=next_look(view, rule, now),
        simulated=view.simulated,
        past=past,
        headline=headline(view, rule),
        like=_like(view, rule),
    )


def _looked_back_to(past: Evidence) -> dt.date | None:
    """The first session of the last years on which it could have fired; None where it never could have."""
    if past.since is None or past.through is None:
        return None
    return max(past.since, _years_before(past.through))


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
