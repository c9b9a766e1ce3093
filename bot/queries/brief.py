"""How the market stands, put together for a brief from what the other queries say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from bot.answers.brief import Ahead, Brief, Moved, Near
from bot.answers.regime import Regime
from bot.queries.nearest import nearest
from bot.queries.regime import regime, regime_picture
from bot.queries.view import NoAnswer, View, last_known
from rules.bars import DAY
from rules.language.compile import CompiledRule
from rules.language.errors import short
from rules.language.meaning import read
from rules.model import XNYS, Instant, Kind

SMALL_CAPS = "RUT"
"""What coins are held against."""

WINDOW, WEEK, MONTH = 60, 5, 21
"""Rows of a correlation, and since when it is said to have moved."""

AHEAD = 8
"""Days ahead that are looked at."""

NEAREST, MOST_MOVED = 3, 2
_LONGEST_TITLE = 80
_NEW_YORK = ZoneInfo("America/New_York")
_USUAL_CLOSE = dt.time(16)


def brief(view: View, now: Instant) -> Brief:
    """The market as of its last close, for everybody; `now` is from when sessions are ahead."""
    found = _regime(view)
    close = view.history.sessions.last_close(XNYS, now)
    return Brief(
        regime=found,
        happened=tuple(event for event in view.told() if event.at > now - 7 * DAY),
        near=_near(view, view.rules),
        moved=tuple(_moved(view))[:MOST_MOVED],
        ahead=tuple(_ahead(view, now)),
        as_of=found.as_of if found else None,
        next_open=None if close is None else view.history.sessions.next_open(XNYS, now),
        simulated=view.simulated,
        picture=regime_picture(view, found) if found else None,
    )


def with_own(known: Brief, view: View, own: Sequence[CompiledRule]) -> Brief:
    """The same for somebody who has alerts of their own."""
    if not own:
        return known
    near = sorted((*known.near, *_near(view, own)), key=lambda each: each.distance)
    return replace(known, near=tuple(near[:NEAREST]))


def _regime(view: View) -> Regime | None:
    try:
        return regime(view)
    except NoAnswer:
        return None


def _near(view: View, rules: Sequence[CompiledRule]) -> tuple[Near, ...]:
    found = [
        Near(each.rule.rule.id, each.rule.rule.title or short(each.rule.when_text, _LONGEST_TITLE), each.distance)
        for each in nearest(view, rules)
        if not each.holds and each.distance is not None and np.isfinite(each.distance)
    ]
    return tuple(sorted(found, key=lambda each: each.distance)[:NEAREST])


def _moved(view: View) -> Iterator[Moved]:
    """Pairs of the small caps and a coin that moved by more than they are uncertain, the largest move first."""
    coins = [name for name, each in view.scope.instruments.items() if each.kind is Kind.COIN]
    if SMALL_CAPS not in view.scope.instruments:
        return
    found = [each for coin in coins if (each := _move_of(view, coin)) is not None]
    yield from sorted(found, key=lambda each: -abs(each.r - each.before))


def _move_of(view: View, coin: str) -> Moved | None:
    """Of the month, or else of the week; None where r was inside its present interval both times."""
    texts = (f"{each}({SMALL_CAPS}, {coin}, {WINDOW})" for each in ("corr", "corr_low", "corr_high"))
    nodes = [read(text, view.scope).column for text in texts]
    columns = view.columns(nodes, XNYS)
    r, low, high = (columns[node] for node in nodes)
    row = last_known(r)
    if row is None or np.isnan([low[row], high[row]]).any():
        return None
    ends = float(low[row]), float(high[row])
    for rows in (MONTH, WEEK):
        before = float(r[row - rows]) if row >= rows else np.nan
        if before < ends[0] or before > ends[1]:
            return Moved(SMALL_CAPS, coin, float(r[row]), ends, before, rows)
    return None


def _ahead(view: View, now: Instant) -> Iterator[Ahead]:
    """Weekdays without a session, and sessions that end early."""
    today = np.datetime64(now, "s").astype("datetime64[D]")
    days = today + np.arange(AHEAD)
    closes = view.history.sessions.closes_of(XNYS, days)
    for day, close in zip(days.tolist(), closes.tolist(), strict=True):
        if close < 0 and day.weekday() < 5:
            yield Ahead(day, None)
        elif close > now and dt.datetime.fromtimestamp(close, _NEW_YORK).time() != _USUAL_CLOSE:
            yield Ahead(day, close)
