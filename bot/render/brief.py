"""A digest: how the market stands, what was gathered for a chat, what happened since the last one; at most 30 lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bot.answers.brief import Ahead, Brief, Moved, Near
from bot.answers.personal import PERSONAL, spoken_id
from bot.answers.regime import Regime
from bot.render.alerts import SIMULATED_LINE, is_simulated
from bot.render.lines import clipped
from bot.render.numbers import correlation, date, instant
from bot.render.quiet import moment, told_lines
from rules.model import AlertEvent, Instant

GATHERED, TOLD = 6, 3
"""Events that are told one by one: of those kept for this, and of those told before."""

SHOWN_AHEAD = 2
NOTHING_NEW = "Nothing has fired since the last one."
_SINCE = {21: "a month", 5: "a week"}


def digest(brief: Brief | None, gathered: Sequence[AlertEvent], since: Instant, zone: str, now: Instant) -> str:
    """The message; `gathered` were kept for it, oldest first. Without a brief it is about them alone."""
    simulated = (brief is not None and brief.simulated) or any(map(is_simulated, gathered))
    lines = [f"<b>{'Brief' if brief else 'Digest'}</b>, {moment(now, zone)}", *([SIMULATED_LINE] if simulated else [])]
    lines += _regime(brief.regime) if brief is not None and brief.regime is not None else ()
    lines += ["<b>Kept for this</b>", *told_lines(gathered, GATHERED)] if gathered else ()
    if brief is not None:
        told = _told(brief, gathered, since)
        lines += ["<b>Told since the last one</b>", *told_lines(told, TOLD)] if told else ()
        lines += () if told or gathered else [NOTHING_NEW]
        lines += [*_near(brief.near), *_moved(brief.moved), *_ahead(brief.ahead), *_dated(brief)]
    return "\n".join(lines)


def _told(brief: Brief, gathered: Sequence[AlertEvent], since: Instant) -> list[AlertEvent]:
    kept = {event.key for event in gathered}
    return [event for event in brief.happened if event.at > since and event.key not in kept]


def _regime(answer: Regime) -> Iterator[str]:
    yield f"Regime: <b>{answer.label}</b> since {answer.since.isoformat()}"
    if answer.emerging is not None:
        closes = answer.emerging.closes
        yield f"Emerging: {answer.emerging.label}, for {closes} close{'s' * (closes != 1)}"


def _near(near: Sequence[Near]) -> Iterator[str]:
    if near:
        yield "<b>Nearest</b>, in usual moves:"
        yield from (escape(clipped(f"{each.distance:.1f}  {_called(each)}")) for each in near)


def _called(near: Near) -> str:
    return f"{spoken_id(near.rule)} {near.title}" if near.rule.startswith(PERSONAL) else near.title


def _moved(moved: Sequence[Moved]) -> Iterator[str]:
    if moved:
        yield "<b>Correlations that moved</b>"
    for each in moved:
        low, high = map(correlation, each.ci90)
        yield f"{escape(each.a)}-{escape(each.b)} {correlation(each.r)} ({low} to {high})"
        yield f"   {correlation(each.before)} {_SINCE.get(each.rows, f'{each.rows} closes')} before"


def _ahead(ahead: Sequence[Ahead]) -> Iterator[str]:
    for each in ahead[:SHOWN_AHEAD]:
        how = "no trading" if each.closes is None else f"closes early, {instant(each.closes)[-6:]}"
        yield f"{date(each.session)}: {how}"


def _dated(brief: Brief) -> Iterator[str]:
    if brief.as_of is not None:
        yield f"Close of {date(brief.as_of)}"
    if brief.next_open is not None:
        yield f"Next open {instant(brief.next_open)}"
