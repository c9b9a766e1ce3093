"""`python -m tests.acceptance.noise`: what one subscriber with default settings is told of five years of real prices.

The default pack is judged as it is live; each close's events go through the real decisions into a real store, and
whatever is owed is taken to be read at once. Rules on trades cannot be replayed from closes and are not among them.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from bot.answers.preferences import NEW_CHAT
from bot.delivery.announce import News, is_told
from bot.delivery.briefs import Later
from bot.delivery.hours import next_digest
from bot.delivery.owing import Owing, Readers
from bot.queries.view import View
from bot.store.alerts import save_events
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.schema import deliveries, parts
from bot.store.states import GATHERED, LISTED, OWED, WITHHELD
from rules.bars import DAY, HOUR
from rules.model import AlertEvent, Edge, Instant, Severity
from tests.acceptance.real import real_view

FIRST, LAST = dt.date(2021, 1, 4), dt.date(2025, 12, 31)
SETTLED = 45 * 60
"""Seconds after a close at which its last bar is there."""

GRAVE = (Severity.HIGH, Severity.CRITICAL)
KINDS = ("breakout", "turn", "drawdown", "correlation", "regime")
"""Tags of what must never be in a digest only, where it is grave."""


@dataclass(frozen=True)
class Heard:
    """What became of an event: `state` and `why` of the delivery that told it, or did not."""

    event: AlertEvent
    state: str
    why: str


@dataclass(frozen=True)
class Account:
    """Of five years: when each message came and what its key was, and what became of each event that is told."""

    messages: tuple[tuple[Instant, str], ...]
    heard: tuple[Heard, ...]

    @property
    def weeks(self) -> list[int]:
        """Messages by calendar week, of every week."""
        found = Counter(_week(at) for at, _ in self.messages)
        days = (FIRST + dt.timedelta(days=ahead) for ahead in range(0, (LAST - FIRST).days + 1, 7))
        return [found[day.isocalendar()[:2]] for day in days]


def account(view: View) -> Account:
    """Play five years to a chat that has chosen nothing."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_played(view, Path(folder) / "noise.db"))


async def _played(view: View, path: Path) -> Account:
    database = Database(path, durable=False)
    try:
        await database.migrate()
        async with database.write() as connection:
            await subscribe(connection, "console", "terminal", "terminal", _instant(FIRST))
        await _play(view, database)
        return await _read(view, database)
    finally:
        await database.close()


async def _play(view: View, database: Database) -> None:
    """A tick for each close on which anything happened, and one whenever a digest is due."""
    rules = {each.rule.id: each for each in view.rules}
    readers = Readers("console")
    owing = Owing(readers, rules, News(view.history.sessions.next_open, 2 * HOUR, DAY))
    later = Later(readers)
    for now, events in _ticks(view):
        async with database.write() as connection:
            await save_events(connection, events, now)
            await owing.tell(connection, events, now)
            await later.tell(connection, {}, now)
            sent = sa.update(deliveries).where(deliveries.c.state == OWED)
            await connection.execute(sent.values(state="sent", settled_at=now))


def _ticks(view: View) -> list[tuple[Instant, list[AlertEvent]]]:
    happened = [event for event in view.events() if FIRST <= event.session <= LAST]
    ticks = {at + SETTLED: list(some) for at, some in groupby(happened, key=lambda event: event.at)}
    saturday = next_digest(_instant(FIRST), NEW_CHAT)
    while saturday < _instant(LAST) + 14 * DAY:
        ticks.setdefault(saturday, [])
        saturday = next_digest(saturday, NEW_CHAT)
    return sorted(ticks.items())


async def _read(view: View, database: Database) -> Account:
    async with database.read() as connection:
        rows = (await connection.execute(sa.select(deliveries).order_by(deliveries.c.id))).all()
        heads = {
            row.event: row.head for row in await connection.execute(sa.select(parts).order_by(parts.c.head.desc()))
        }
    fates = {row.event: row for row in rows}
    rules = {each.rule.id: each for each in view.rules}
    told = [each for each in view.events() if FIRST <= each.session <= LAST and is_told(each, rules.get(each.rule))]
    found = [(event, fates.get(event.key) or fates.get(heads.get(event.key, ""))) for event in told]
    return Account(
        tuple((row.settled_at, row.event) for row in rows if row.state == "sent"),
        tuple(Heard(event, row.state, row.reason) for event, row in found if row is not None),
    )


def table(found: Account) -> str:
    """The figures, and what went to the digest, in Markdown."""
    weeks = found.weeks
    by_kind = Counter(key.partition("/")[0] if key.startswith("digest/") else "alert" for _, key in found.messages)
    put_off = [each for each in found.heard if each.state in (GATHERED, LISTED)]
    lines = [
        f"| {FIRST} to {LAST} | |",
        "|---|---|",
        f"| weeks | {len(weeks)} |",
        f"| messages | {sum(weeks)}: {by_kind['alert']} alerts, {by_kind['digest']} digests |",
        f"| a week, median | {median(weeks):g} |",
        f"| a week, worst | {max(weeks)} |",
        f"| weeks without any | {weeks.count(0)} |",
        f"| events told at once | {sum(each.state == 'sent' for each in found.heard)} |",
        f"| events in a digest | {len(put_off)} |",
        f"| events withheld | {sum(each.state == WITHHELD for each in found.heard)} |",
        "",
        "Grave, and told at once:",
        "",
        "| rule | severity | sessions |",
        "|---|---|---|",
        *_by_rule(each for each in found.heard if is_grave(each.event)),
        "",
        "In a digest, and why:",
        "",
        "| rule | severity | sessions | why |",
        "|---|---|---|---|",
        *_by_reason(put_off),
    ]
    return "\n".join(lines)


def is_grave(event: AlertEvent) -> bool:
    """Whether it began, and must be told at once."""
    return event.edge is Edge.FIRED and event.severity in GRAVE


def _by_rule(some: Iterable[Heard]) -> list[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in some:
        found.setdefault((each.event.rule, each.event.severity), []).append(_when(each.event))
    return [f"| `{rule}` | {severity} | {', '.join(days)} |" for (rule, severity), days in sorted(found.items())]


def _by_reason(some: Sequence[Heard]) -> list[str]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for each in some:
        found.setdefault((each.event.rule, each.event.severity, each.why), []).append(_when(each.event))
    return [
        f"| `{rule}` | {severity} | {', '.join(days)} | {why} |"
        for (rule, severity, why), days in sorted(found.items())
    ]


def _when(event: AlertEvent) -> str:
    return f"{event.session}{'' if event.edge is Edge.FIRED else f' ({event.edge})'}"


def _week(at: Instant) -> tuple[int, int]:
    return dt.datetime.fromtimestamp(at, dt.UTC).isocalendar()[:2]


def _instant(day: dt.date) -> Instant:
    return (day - dt.date(1970, 1, 1)).days * DAY


if __name__ == "__main__":
    print(table(account(real_view())))
