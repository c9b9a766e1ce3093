"""The audit on both databases: one event of an alert with everything that a proof holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from bot.answers.personal import rule_id
from bot.audit.findings import Finding
from bot.market.history import History
from bot.store import schema
from bot.store.alerts import load_book, save_book, save_events
from bot.store.bars import Change, save_bars
from bot.store.database import Connection, Database
from bot.store.proofs import proved_events
from rules.alerting import Coverage, Inactive
from rules.bars import Bars, Interval, Origin
from rules.book import Book, Record
from rules.engine import evaluate, opened
from rules.inputs import Inputs
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis, Rule
from rules.statement import proved, stated
from tests.bot.audit.audited import audited_in, faults
from tests.bot.market.stations import SCOPE, bars
from tests.bot.markets import SESSIONS
from tests.bot.store.stores import Place, stored
from tests.bot.watched import DAYS, FRIDAY, THURSDAY, WEDNESDAY, after

FAKE = Origin("fake", "FAKE")
MINE = compile_rule(
    Rule(rule_id(7, 1), "RUT > 100", "RUT < 95", personal=True, since=after(WEDNESDAY), basis=Basis.CLOSE), SCOPE
)
HIGH = compile_rule(Rule("high", "RUT > 100", "RUT < 95"), SCOPE)


def priced(**prices: float) -> Bars:
    """RUT at 99 but on some days."""
    days = {"wednesday": WEDNESDAY, "thursday": THURSDAY, "friday": FRIDAY}
    known = dict.fromkeys(DAYS, 99.0) | {days[name]: price for name, price in prices.items()}
    return bars(Interval.DAY, known, FAKE)


async def judges(connection: Connection, rule: CompiledRule, held: Bars) -> None:
    """All that a rule says of bars is recorded, with proofs."""
    history = History(dict(SCOPE.instruments), {"RUT": {Interval.DAY: held}}, SESSIONS, after(FRIDAY))
    panel = history.panel(rule.calendar)
    inputs = Inputs(panel)
    for event in evaluate([rule], {rule.calendar: panel}, opened([rule]), after(FRIDAY)).events:
        given = {**inputs.of(rule, event), "known_at": int(held.known_at.max())}
        proofs = {event.key: proved(stated(rule, SCOPE), given)}
        await save_events(connection, [event], after(FRIDAY), proofs=proofs)


async def lives(database: Database) -> None:
    """RUT fires twice; then Thursday is another one than was said."""
    first, second = priced(thursday=101.0), priced(thursday=100.5)
    now = after(FRIDAY)
    first, second = (replace(each, known_at=np.full(len(each), at)) for each, at in ((first, now), (second, now + 60)))
    async with database.write() as connection:
        await save_bars(connection, [Change("RUT", first, first.take(slice(0)))], now)
        for rule in (HIGH, MINE):
            await judges(connection, rule, first)
        row = first.end == THURSDAY
        await save_bars(connection, [Change("RUT", second.take(row), first.take(row))], now + 60)


def test_what_was_recorded_stands_on_either_database(place: Place) -> None:
    async def story(database: Database) -> list[Finding]:
        await lives(database)
        return await audited_in(database)

    found = stored(place, story)
    assert (len(found), faults(found)) == (2, [])


def test_a_bar_that_was_changed_by_hand_is_named_on_either_database(place: Place) -> None:
    async def story(database: Database) -> list[Finding]:
        await lives(database)
        async with database.write() as connection:
            theirs = (schema.revisions.c.instrument == "RUT", schema.revisions.c.end == THURSDAY)
            await connection.execute(sa.update(schema.revisions).where(*theirs).values(close=101.0 + 1e-4))
        return await audited_in(database)

    found = stored(place, story)
    assert [each.reasons for each in found] == 2 * [("the bar of 2025-12-04 of RUT is not what it was",)]


def test_events_are_chained_and_one_without_a_proof_begins_anew(place: Place) -> None:
    async def story(database: Database) -> list[tuple[str, str]]:
        await lives(database)
        async with database.write() as connection:
            held = priced(wednesday=101.0)
            bare = compile_rule(Rule("bare", "RUT > 100", "RUT < 95"), SCOPE)
            panel = History(dict(SCOPE.instruments), {"RUT": {Interval.DAY: held}}, SESSIONS, after(FRIDAY)).panel(
                bare.calendar
            )
            events = evaluate([bare], {bare.calendar: panel}, opened([bare]), after(FRIDAY)).events
            await save_events(connection, events, after(FRIDAY))
            await judges(connection, compile_rule(Rule("last", "RUT > 100", "RUT < 95"), SCOPE), held)
            proofs = [each.proof async for each in proved_events(connection)]
            return [("", "") if proof is None else (proof["before"], proof["seal"]) for proof in proofs]

    first, second, bare, last = stored(place, story)
    assert (first[0], second[0], bare, last[0]) == ("", first[1], ("", ""), "")
    assert len({first[1], second[1], last[1]}) == 3


@pytest.mark.parametrize("text", ["{", "[1]", "null", '{"seal": 5}'])
def test_a_proof_that_nobody_can_read_keeps_no_rule_from_going_on(place: Place, text: str) -> None:
    """Neither a book from being read nor an event from being recorded; the chain begins anew."""

    async def story(database: Database) -> tuple[Book, str]:
        await lives(database)
        async with database.write() as connection:
            await save_book(connection, Book(), Book({"high": Record("1", Inactive(), Coverage(), 0, 0)}))
            await connection.execute(sa.text("update events set proof = :text"), {"text": text})
        async with database.write() as connection:
            await judges(connection, compile_rule(Rule("last", "RUT > 100", "RUT < 95"), SCOPE), priced(thursday=101.0))
            *_, last = [each.proof async for each in proved_events(connection)]
            return await load_book(connection), last["before"] if last else "none"

    book, before = stored(place, story)
    assert list(book.events) == ["high"]
    assert before == ("5" if "seal" in text else "")
