"""Evidence for the alerts of a tick: within a bound, and never at the cost of an alert."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.records import Beside, Told
from bot.recounting import AT_ONCE, Recounting
from bot.render.evidence import Records
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Edge, Severity
from rules.panel import Panel
from tests.rules.markets import INSTRUMENTS, rule, written

PANEL = written(RUT="100 90 99 99 89 91 80 90", SPX="100 90 99 99 89 91 80 90")
DIPS, OTHER = rule("dips", "ret(RUT, 1) < -1%"), rule("other", "ret(BTC, 1) < -1%")
"""The other one is on a clock of which there are no sessions here."""
KNOWN = Beside(INSTRUMENTS)


def fired(row: int, its: CompiledRule = DIPS, severity: Severity = Severity.NOTICE) -> Told:
    at, session = int(PANEL.clock.closes[row]), PANEL.clock.session(row)
    return AlertEvent(its.rule.id, Edge.FIRED, at, session, severity, "A dip", "XNYS"), its


def found(events: list[Told], beside: Beside = KNOWN, panel: Panel = PANEL, longest: float = 60.0) -> Records:
    async def look() -> Records:
        with ThreadPoolExecutor(1) as executor:
            return await Recounting(executor, beside, longest).of(events, {"XNYS": panel})

    return asyncio.run(look())


def test_every_event_has_its_own_row(caplog: pytest.LogCaptureFixture) -> None:
    """More of them than are looked into at once."""
    events = [replace_rule(*fired(row), number) for number in range(AT_ONCE) for row in (1, 4, 6)]
    records = found(events)
    assert len(records) == 3 * AT_ONCE
    assert sorted(len(each.evidence.fired) for each in records.values()) == sorted([1, 2, 3] * AT_ONCE)
    assert not caplog.records


def replace_rule(event: AlertEvent, its: CompiledRule, number: int) -> Told:
    return replace(event, rule=f"dips-{number}"), its


def test_one_that_fails_costs_no_other_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    events = [fired(1), fired(4, OTHER), fired(4), fired(6)]
    with caplog.at_level(logging.ERROR):
        records = found(events)
    assert [event.key in records for event, _ in events] == [True, False, True, True]
    (logged,) = caplog.records
    assert logged.getMessage() == f"{events[1][0].key} is told without what followed before"


def test_a_clock_that_is_not_there_costs_no_alert(caplog: pytest.LogCaptureFixture) -> None:
    async def look() -> Records:
        with ThreadPoolExecutor(1) as executor:
            return await Recounting(executor, KNOWN).of([fired(1)], {})

    assert asyncio.run(look()) == {}
    assert len(caplog.records) == 1


def test_when_there_is_no_time_nothing_is_looked_into(caplog: pytest.LogCaptureFixture) -> None:
    assert found([fired(1), fired(4)], longest=0.0) == {}
    assert caplog.messages == ["2 alerts are told without what followed before: there are too many at once"]


def test_the_gravest_come_first() -> None:
    """What is left when time is over is what matters least."""
    events = [replace_rule(*fired(1), number) for number in range(AT_ONCE)] + [fired(4, DIPS, Severity.CRITICAL)]
    assert next(iter(found(events))) == events[-1][0].key


def test_ends_are_not_looked_into() -> None:
    event, its = fired(4)
    assert found([(replace(event, edge=Edge.RESOLVED), its)]) == {}
    assert found([]) == {}
