"""What is recorded stands, whatever happened to prices and the process; and what somebody changes afterwards is found
and named."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.audit.cases import EVER
from bot.audit.findings import Finding, Standing
from bot.store import schema
from bot.store.proofs import sealed
from rules.bars import DAY, Interval
from rules.model import Basis
from rules.statement import digest_of, proved
from tests.bot.audit.audited import Hand, audited, audited_at, counted, faults
from tests.bot.market.stations import MINUTE, FakeFeed, Station, bars, closes, rule, told
from tests.bot.watched import DAYS, FRIDAY, HIGH, MORNING, QUICK, SPREAD, THURSDAY, TUESDAY, WEDNESDAY, after, indices

MEAN = rule("mean", "RUT > sma(RUT, 5)", "RUT < sma(RUT, 5)")
HELD = rule("held", "RUT > 100", "RUT < 95", confirm=2)
RULES = [HIGH, SPREAD, MEAN, HELD, QUICK]
MONDAY = closes("2025-12-08", "2025-12-08")[0]
NIGHT = range(after(WEDNESDAY, 61), THURSDAY, 120 * MINUTE)


def a_week(path: Path) -> tuple[Station, FakeFeed]:
    """RUT is high on Wednesday; on Thursday morning it was not; on Thursday it is. A trade, and a restart between."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 103.0, FRIDAY: 104.0, MONDAY: 94.0}, SPX={THURSDAY: 97.0})
    feed.is_late("SPX", THURSDAY, 6 * 3600)
    station = Station(path / "a.db", feed, rules=RULES).starts(MORNING)
    feed.trades("RUT", 100.5, WEDNESDAY - 61 * MINUTE)
    station.ticks([MORNING, WEDNESDAY - 60 * MINUTE, after(WEDNESDAY)])
    feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
    station.ticks(NIGHT)
    station.restarts(THURSDAY - 60 * MINUTE)
    station.ticks([after(THURSDAY), after(THURSDAY, 400), after(FRIDAY), after(MONDAY)])
    return station, feed


@dataclass(frozen=True)
class Week:
    """A file that a service has left behind, and what it had recorded."""

    path: Path
    events: Sequence[Any]

    def key(self, name: str, edge: str, end: int) -> str:
        """The first event of a kind at a close."""
        return next(str(row.key) for row in self.events if row.key.startswith(f"{name}/{edge}/{end}"))

    def with_changed(self, *what: Any, **of_one: Any) -> list[Finding]:
        """What is found after somebody had the file to himself: a statement, or parts of an event."""
        hand = Hand(self.path)
        if of_one:
            hand.changes(*what, **of_one)
        else:
            assert hand.does(*what) > 0
        return audited_at(self.path)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """A week, lived once."""
    with a_week(tmp_path_factory.mktemp("week"))[0] as station:
        return Week(station.path, station.rows(schema.events))


@pytest.fixture
def week(lived: Week, tmp_path: Path) -> Week:
    """A copy of it."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(lived.path)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
    return replace(lived, path=path)


def one_of(found: list[Finding], name: str) -> Finding:
    return next(each for each in found if each.key == name)


def test_a_week_with_a_price_that_was_restated_a_late_bar_a_trade_and_a_restart_stands(week: Week) -> None:
    happened = [f"{row.rule} {row.content['edge']}" for row in week.events]
    for what in ("high fired", "high corrected", "quick fired", "quick resolved", "held fired", "spread resolved"):
        assert what in happened
    found = audited_at(week.path)
    assert (faults(found), counted(found)) == ([], {"verified": len(week.events)})


def test_a_close_deep_in_history_that_is_another_by_a_millionth_is_named_for_every_event_after_it(
    week: Week,
) -> None:
    deep = DAYS[3]
    found = week.with_changed("update bars set close = close * 1.000001 where instrument = 'RUT' and end = ?", deep)
    session = dt.date(2025, 11, 6)
    assert counted(found) == {"inputs changed": len(found)}
    assert {(each.instrument, each.changed) for each in found} == {("RUT", session)}
    assert found[0].reasons == ("the bar of 2025-11-06 of RUT is not what it was",)


def test_a_close_of_an_event_is_named_and_what_was_before_it_stands(week: Week) -> None:
    found = week.with_changed("update bars set close = close * 1.000001 where instrument = 'RUT' and end = ?", THURSDAY)
    bad = [each for each in found if each.standing is not Standing.VERIFIED]
    assert {(each.instrument, each.changed) for each in bad} == {("RUT", dt.date(2025, 12, 4))}
    assert {each.session for each in bad} == {dt.date(2025, 12, day) for day in (4, 5, 8)}
    assert counted(found)["verified"] > 3


@pytest.mark.parametrize("column", ["open", "high", "low", "volume"])
def test_any_number_of_a_bar_counts(week: Week, column: str) -> None:
    if column == "volume":
        Hand(week.path).does("update origins set volume_unit = 'base'")
        assert any("not what" in each.reasons[0] for each in week.with_changed("update bars set volume = 8.0"))
        return
    found = week.with_changed(f"update bars set {column} = 98.0 where instrument = 'RUT' and end = ?", TUESDAY)
    assert {(each.instrument, each.changed) for each in found} == {("RUT", dt.date(2025, 12, 2))}


def test_a_bar_that_is_gone_is_named(week: Week) -> None:
    found = week.with_changed("delete from bars where instrument = 'SPX' and end = ?", TUESDAY)
    theirs = [each for each in found if each.rule == "spread"]
    assert {(each.standing, each.changed) for each in theirs} == {(Standing.INPUTS_CHANGED, dt.date(2025, 12, 2))}
    assert all(each.standing is Standing.VERIFIED for each in found if each.rule != "spread")


def test_what_a_bar_said_before_and_that_is_deleted_is_missed(week: Week) -> None:
    found = week.with_changed("delete from revisions where instrument = 'RUT'")
    bad = [each for each in found if each.standing is not Standing.VERIFIED]
    assert {(each.standing, each.reasons[0]) for each in bad} == {
        (Standing.INPUTS_CHANGED, "what the bar of 2025-12-03 of RUT said then is not there any more")
    }
    assert {str(each.edge) for each in bad} == {"fired"}


def test_what_retention_has_forgotten_is_no_fault(week: Week) -> None:
    week.with_changed("delete from revisions where instrument = 'RUT'")
    found = audited_at(week.path, kept_since=after(THURSDAY))
    bad = [each for each in found if each.standing is not Standing.VERIFIED]
    assert {(each.standing, each.reasons[0]) for each in bad} == {
        (Standing.NOT_VERIFIABLE, "what the bar of 2025-12-03 of RUT said then is not kept any more")
    }


def test_another_text_of_a_rule_is_found(week: Week) -> None:
    name = week.key("high", "fired", WEDNESDAY)
    found = one_of(week.with_changed(name, "proof", rule__when="RUT > 100.5"), name)
    assert (found.standing, found.reasons[0]) == (
        Standing.RULE_CHANGED, "the text of its rule is not the one that was judged",
    )  # fmt: skip


def test_another_number_of_an_event_is_found_and_both_are_told(week: Week) -> None:
    name = week.key("high", "fired", WEDNESDAY)
    found = one_of(week.with_changed(name, "content", values={"RUT": 102.0, "100": 100.0}), name)
    assert found.standing is Standing.EVENT_CHANGED
    assert [(each.what, each.then, each.now) for each in found.differences if each.what == "RUT"] == [
        ("RUT", 102.0, 101.0)
    ]


@pytest.mark.parametrize(
    ("column", "changed_to", "standing"),
    [
        ("content", {"severity": "critical"}, Standing.EVENT_CHANGED),
        ("content", {"session": "2025-12-04"}, Standing.EVENT_CHANGED),
        ("content", {"edge": "nonsense"}, Standing.EVENT_CHANGED),
        ("content", {"origins": ["OTHER USD"]}, Standing.EVENT_CHANGED),
        ("proof", {"before": "0" * 64}, Standing.EVENT_CHANGED),
        ("proof", {"seal": 5}, Standing.EVENT_CHANGED),
        ("proof", {"rule_sha256": None}, Standing.RULE_CHANGED),
        ("proof", {"rule": []}, Standing.RULE_CHANGED),
        ("proof", {"rule__instruments": {}}, Standing.RULE_CHANGED),
        ("proof", {"inputs": None}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__rows": 10**9}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__rows": "many"}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__first": "2025-11-04"}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__prices": {"RUT": {}}}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__prices": {"XYZ": {"sha256": "", "checks": "", "origins": []}}}, Standing.INPUTS_CHANGED),
        ("proof", {"inputs__known_at": 0}, Standing.INPUTS_CHANGED),
    ],
)
def test_whatever_is_changed_of_an_event_or_its_proof_is_found(
    week: Week, column: str, changed_to: dict[str, Any], standing: Standing
) -> None:
    name = week.key("high", "fired", WEDNESDAY)
    found = week.with_changed(name, column, **changed_to)
    assert one_of(found, name).standing is standing
    assert [each.key for each in found if each.standing is not Standing.VERIFIED] == [name]


@pytest.mark.parametrize(
    "changed_to", [{"inputs__trades": "none"}, {"inputs__trades": []}, {"inputs__ends": 0}, {"inputs__trades": [{}]}]
)
def test_a_trade_that_is_another_is_found(week: Week, changed_to: dict[str, Any]) -> None:
    name = next(row.key for row in week.events if row.content["provisional"])
    found = one_of(week.with_changed(name, "proof", **changed_to), name)
    assert found.standing is Standing.INPUTS_CHANGED


def test_an_event_of_before_there_were_proofs_is_not_verifiable_and_no_fault(week: Week) -> None:
    found = week.with_changed("update events set proof = null")
    assert counted(found) == {"not verifiable": len(found)}
    assert not any(each.standing.is_fault for each in found)


@pytest.mark.parametrize("known_at", [EVER - 1, EVER, EVER + 1, -1])
def test_an_instant_after_all_that_is_known_is_looked_at_once(week: Week, known_at: int) -> None:
    """In what an event was judged on, which is not so any more."""
    row = next(row for row in week.events if row.key == week.key("high", "fired", THURSDAY))
    inputs = {**row.proof["inputs"], "known_at": known_at}
    hand = Hand(week.path)
    hand.does("update bars set close = 98.0 where instrument = 'RUT' and end = ?", TUESDAY)
    hand.changes(row.key, "proof", inputs=inputs, inputs_sha256=digest_of(inputs))
    assert one_of(audited_at(week.path), row.key).standing.is_fault


def test_an_alert_that_cannot_be_proved_later_is_told_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a rule with a number that JSON does not know how to write."""
    odd = replace(HIGH, rule=replace(HIGH.rule, held=np.bool_(HIGH.rule.held)))  # type: ignore[arg-type]
    with Station(tmp_path / "a.db", indices(RUT={WEDNESDAY: 101.0}), rules=[odd]).starts(MORNING) as station:
        (event,) = station.ticks([MORNING, after(WEDNESDAY)])
        assert f"{event.key} is recorded without a proof" in caplog.messages
        assert faults(audited(station)) == ["high fired 2025-12-03: not verifiable"]


def test_who_has_changed_an_event_with_all_its_hashes_is_found_by_the_replay(week: Week) -> None:
    """The seal is no signature; what the rule says of the bars is."""
    row = next(row for row in week.events if row.key == week.key("high", "fired", WEDNESDAY))
    content = {**row.content, "values": {"RUT": 130.0, "100": 100.0}}
    proof = sealed(proved(row.proof["rule"], row.proof["inputs"]), content, row.recorded_at, "")
    hand = Hand(week.path)
    hand.changes(row.key, "content", values=content["values"])
    hand.changes(row.key, "proof", **proof)
    found = one_of(audited_at(week.path), row.key)
    assert (found.standing, found.reasons) == (Standing.DIFFERS, ("it says something else than its rule does",))


def test_a_rule_without_data_is_looked_at_row_by_row(tmp_path: Path) -> None:
    days = closes("2025-11-03", "2025-12-31")
    feed = indices()
    for end in [end for end in days if WEDNESDAY <= end < WEDNESDAY + 9 * DAY]:
        feed.never_has("RUT", end)
    with Station(tmp_path / "a.db", feed, rules=[HIGH, QUICK]).starts(MORNING) as station:
        station.ticks(end + 4 * 3600 for end in days if WEDNESDAY <= end < WEDNESDAY + 14 * DAY)
        happened = [name.rpartition(" ")[0] for name in told(station.recorded())]
        assert {"high no_data", "high data_back", "quick no_data"} <= set(happened)
        assert faults(audited(station)) == []


def test_of_an_empty_store_there_is_nothing_to_say(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(), rules=[HIGH]).starts(MORNING) as station:
        assert audited(station) == []


@pytest.mark.parametrize("seconds", [0, -3600])
def test_what_comes_after_something_was_judged_is_known_later_whatever_the_clock_says(
    tmp_path: Path, seconds: int
) -> None:
    feed, now = indices(RUT={WEDNESDAY: 101.0}), after(WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        assert len(station.ticks([MORNING, now])) == 1
        archive, other = station.intake._archive, bars(Interval.DAY, {WEDNESDAY: 97.5}, feed.origin)
        arrival = archive.history.compare("RUT", other, now + seconds)
        station.runs(archive.keep([("RUT", arrival)], now + seconds))
        told = [(row.known_at, row.replaced_at) for row in station.rows(schema.revisions)]
        assert told == [(now, now + 1)]
        assert faults(audited(station)) == []


def test_a_bar_of_the_second_source_is_taken_as_it_was_preferred_then(tmp_path: Path) -> None:
    """No configuration is read: which source came first stands in the proof."""
    first, second = indices(RUT={WEDNESDAY: 101.0}), FakeFeed("second")
    second.holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 98.0))
    with Station(tmp_path / "a.db", first, second, rules=[HIGH]).starts(MORNING) as station:
        station.ticks([MORNING, after(WEDNESDAY)])
        archive = station.intake._archive
        late = bars(Interval.DAY, dict.fromkeys(DAYS[:20], 98.0), second.origin)
        now = after(WEDNESDAY, 90)
        station.runs(archive.keep([("RUT", archive.history.compare("RUT", late, now))], now))
        station.ticks([after(THURSDAY)])
        events = station.rows(schema.events)
        found = audited(station)
        assert (len(events), faults(found)) == (len(found), [])
        assert [origin[0] for origin in events[0].proof["inputs"]["prices"]["RUT"]["origins"]] == ["fake"]


def test_two_rules_of_one_id_are_told_apart(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 94.0, FRIDAY: 120.0})
    other = rule("high", "RUT > 110", "RUT < 95", Basis.CLOSE)
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.ticks([MORNING, after(WEDNESDAY), after(THURSDAY)])
        station.restarts(after(THURSDAY, 120), [other])
        station.ticks([after(THURSDAY, 121), after(FRIDAY)])
        found = audited(station)
        assert (len(found), faults(found)) == (3, [])
        assert np.unique([row.proof["rule"]["when"] for row in station.rows(schema.events)]).tolist() == [
            "RUT > 100", "RUT > 110",
        ]  # fmt: skip
