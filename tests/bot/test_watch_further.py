"""Whom further channels make readers of: what is grave enough, its correction and its end, what was missed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.store import schema
from bot.store.further import Roll
from rules.bars import Interval
from rules.language.compile import CompiledRule
from rules.model import Severity
from tests.bot.market.stations import MINUTE, FakeFeed, Station
from tests.bot.watched import FRIDAY, HIGH, MORNING, SPREAD, THURSDAY, WEDNESDAY, after, indices

ROLL = Roll({"mail": Severity.INFO, "desk": Severity.HIGH}, {"pager": Severity.CRITICAL})


def grave(compiled: CompiledRule, severity: Severity = Severity.HIGH) -> CompiledRule:
    return replace(compiled, rule=replace(compiled.rule, severity=severity, notify_resolved=True))


GRAVE = grave(HIGH)


def station(path: Path, feed: FakeFeed, *rules: CompiledRule, roll: Roll = ROLL) -> Station:
    return Station(path / "a.db", feed, rules=rules, roll=roll).starts(MORNING)


def told(watched: Station) -> dict[str, list[str]]:
    """What each was ever owed, by its name: rule and edge, or what a summary lists first."""
    names = {row.id: row.address for row in watched.rows(schema.chats)}
    found: dict[str, list[str]] = {}
    for row in watched.rows(schema.deliveries):
        found.setdefault(names[row.chat], []).append(
            "/".join(row.event.split("/")[:2]) if "away" not in row.event else "away"
        )
    return found


def ends(watched: Station, state: str) -> None:
    """Whatever is owed ends so."""
    watched.runs(watched._write(lambda connection: _ends(connection, state)))


async def _ends(connection: Any, state: str) -> None:
    owed = schema.deliveries.update().where(schema.deliveries.c.state == "owed")
    await connection.execute(owed.values(state=state, settled_at=after(WEDNESDAY, 61), owner=None))


def test_each_is_told_what_is_grave_enough_and_who_stands_in_nothing(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 101.0}), SPREAD, GRAVE) as watched:
        watched.chat("7", MORNING)
        watched.ticks([MORNING, after(WEDNESDAY)])
        assert told(watched) == {
            "7": ["spread/fired", "high/fired"],
            "mail": ["spread/fired", "high/fired"],
            "desk": ["high/fired"],
        }
        severities = {row.event.partition("/")[0]: row.severity for row in watched.rows(schema.deliveries)}
        assert severities == {"spread": "notice", "high": "high"}


def test_a_channel_is_told_nothing_that_is_older_than_its_name(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 101.0}), SPREAD, roll=Roll()) as watched:
        watched.chat("7", MORNING)
        watched.tick(MORNING)
        watched.roll = ROLL
        watched.restarts(WEDNESDAY + 1)
        watched.ticks([after(WEDNESDAY)])
        assert told(watched) == {"7": ["spread/fired"]}


def test_the_end_of_an_alert_is_told_to_whoever_was_told_that_it_began(tmp_path: Path) -> None:
    """Meanwhile the rule has become less severe."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 94.0})
    with station(tmp_path, feed, GRAVE) as watched:
        watched.chat("7", MORNING)
        watched.ticks([MORNING, after(WEDNESDAY)])
        watched.restarts(after(WEDNESDAY, 62), [grave(HIGH, Severity.INFO)])
        watched.ticks([after(WEDNESDAY, 62), after(THURSDAY)])
        assert told(watched)["desk"] == ["high/fired", "high/resolved"]


def test_a_correction_is_told_to_whoever_was_told_also_in_anothers_place(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 99.0})
    with station(tmp_path, feed, grave(HIGH, Severity.CRITICAL)) as watched:
        watched.chat("7", MORNING)
        watched.ticks([MORNING, after(WEDNESDAY)])
        ends(watched, "sent")
        rows = {row.address: row.id for row in watched.rows(schema.chats)}
        watched.runs(watched._write(lambda connection: _copied(connection, rows["7"], rows["pager"])))
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        watched.ticks(range(after(WEDNESDAY, 62), THURSDAY, 30 * MINUTE))
        for name in ("7", "mail", "desk", "pager"):
            assert told(watched)[name] == ["high/fired", "high/corrected"], name


async def _copied(connection: Any, chat: int, to: int) -> None:
    """What a chat was told another was told too."""
    table = schema.deliveries
    [row] = (await connection.execute(table.select().where(table.c.chat == chat))).mappings().all()
    await connection.execute(table.insert(), {**row, "id": None, "chat": to} | {"id": row["id"] + 100})


def test_what_lapsed_is_summed_up_for_a_subscriber_as_far_as_it_is_grave_enough(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 101.0}), SPREAD, GRAVE) as watched:
        watched.chat("7", MORNING)
        watched.ticks([MORNING, after(WEDNESDAY)])
        ends(watched, "expired")
        watched.ticks([after(WEDNESDAY, 70)])
        assert {name: events[-1] for name, events in told(watched).items()} == dict.fromkeys(
            ("7", "mail", "desk"), "away"
        )
        away = {row.html for row in watched.rows(schema.deliveries) if row.event.startswith("away")}
        assert sorted(text.split("\n")[1] for text in away) == ["1 alert, 2025-12-03,", "2 alerts, 2025-12-03,"]


def test_what_happened_while_nobody_watched_is_listed_as_far_as_it_is_grave_enough(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 101.0}), SPREAD, GRAVE) as watched:
        watched.chat("7", MORNING)
        watched.tick(MORNING)
        watched.stops()
        back = after(FRIDAY, 3 * 24 * 60)
        watched.restarts(back)
        watched.ticks([back, back + MINUTE])
        summaries = [row for row in watched.rows(schema.deliveries) if row.event.startswith("away")]
        names = {row.id: row.address for row in watched.rows(schema.chats)}
        counts = {names[row.chat]: row.html.split("\n")[1].split()[0] for row in summaries}
        assert set(counts) == {"7", "mail", "desk"}
        assert counts["7"] == counts["mail"] > counts["desk"]
