"""What a chat does not want now: held, gathered or withheld, and told in its time, once, whatever is cut off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.answers.buttons import load
from bot.answers.preferences import Mode, Mute, Preferences
from bot.delivery.grouping import COMPONENT, TOGETHER
from bot.render.alerts import REGIME
from bot.store import schema
from bot.store.chats import prefer, unsubscribe
from bot.store.database import Connection
from bot.store.errors import StoreError
from bot.store.outbox import claim, settle
from rules.bars import DAY, HOUR, Interval
from rules.language.compile import CompiledRule
from rules.model import Instant, Severity
from tests.bot.delivery.briefs import FakeBriefs
from tests.bot.market.stations import CHANNEL, MINUTE, FakeFeed, Station, rule
from tests.bot.markets import BTC, at
from tests.bot.personal.owners import makes
from tests.bot.watched import FRIDAY, HIGH, MORNING, THURSDAY, WEDNESDAY, after, indices

EVENING, SEVEN = 20 * 60, 7 * 60
SLEEPS = Preferences(quiet=(EVENING, SEVEN))
DAWN, SATURDAY = at("2025-12-04T07:00Z"), at("2025-12-06T09:00Z")
SHOCK = {WEDNESDAY: 101.0}
OTHER = rule("other", "SPX > 100", "SPX < 95")


def spoken(compiled: CompiledRule, severity: Severity = Severity.NOTICE, *tags: str) -> CompiledRule:
    return replace(compiled, rule=replace(compiled.rule, severity=severity, tags=tags, title=compiled.rule.id))


NOTICES = [spoken(HIGH), spoken(OTHER)]


def opened(path: Path, feed: FakeFeed, rules: Iterable[CompiledRule], chosen: Preferences) -> Station:
    """A watch that has looked once, and a chat that has chosen."""
    station = Station(path / "a.db", feed, rules=list(rules)).starts(MORNING)
    station.chat("one", MORNING)
    prefers(station, chosen)
    station.tick(MORNING)
    return station


def prefers(station: Station, chosen: Preferences) -> None:
    (chat,) = station.rows(schema.chats)
    station.runs(station._write(lambda connection: prefer(connection, chat.id, chosen)))


def deliveries(station: Station) -> list[Any]:
    return station.rows(schema.deliveries)


def stand(station: Station) -> list[str]:
    """Of every delivery what leads it, and how it stands."""
    return [f"{row.event.partition('/')[0]} {row.state}" for row in deliveries(station)]


def sent(station: Station, now: Instant) -> list[tuple[str, str, str]]:
    """Sends what is owed, each as a message that is called by its leader and its chat: to whom, and what it answers."""
    done: list[tuple[str, str, str]] = []

    async def of(connection: Connection) -> None:
        while due := await claim(connection, CHANNEL, "me", now, 60, 10):
            for each in due:
                lead = each.event.partition("/")[0]
                await settle(connection, each, now, "sent", message=f"{lead}/{each.address}")
                done.append((each.address, lead, each.replies_to))

    station.runs(station._write(of))
    return done


def test_what_comes_in_quiet_hours_is_told_together_when_they_end(tmp_path: Path) -> None:
    with opened(tmp_path, indices(RUT=SHOCK, SPX=SHOCK), NOTICES, SLEEPS) as station:
        assert station.tick(after(WEDNESDAY)).owed == 0
        assert stand(station) == ["high held", "other held"]
        assert station.tick(DAWN - MINUTE).owed == 0
        assert station.tick(DAWN).owed == 1
        assert stand(station) == ["high listed", "other listed", "quiet owed"]
        assert "2 alerts:\n12-03 🟡 high\n12-03 🟡 other" in deliveries(station)[-1].html
        assert station.tick(DAWN + MINUTE).owed == 0


def test_one_that_was_held_alone_is_told_as_it_is(tmp_path: Path) -> None:
    with opened(tmp_path, indices(RUT=SHOCK), NOTICES, SLEEPS) as station:
        station.tick(after(WEDNESDAY))
        (held,) = deliveries(station)
        assert station.tick(DAWN).owed == 1
        (told,) = deliveries(station)
        assert (told.state, told.html, told.due_at) == ("owed", held.html, DAWN)


def test_that_the_time_of_an_alert_is_over_is_told_when_quiet_hours_end_and_as_it_is(tmp_path: Path) -> None:
    """It came in the middle of the night, if without a sound."""
    noon, one = 12 * 60, MORNING + DAY + HOUR
    with opened(tmp_path, indices(), NOTICES[:1], Preferences(quiet=(noon, 13 * 60))) as station:
        makes(station, "one", "rut < 90 for 1d", MORNING)
        assert station.tick(MORNING + DAY).owed == 0
        assert stand(station) == ["own held"]
        assert station.tick(one - MINUTE).owed == 0
        assert station.tick(one).owed == 1
        assert stand(station) == ["own owed"]
        assert deliveries(station)[-1].html.startswith("<b>#1</b>: its time is over")
        assert sent(station, one)[-1] == ("one", "own", "")


def test_what_waits_beside_the_end_of_an_alerts_time_is_told_by_itself(tmp_path: Path) -> None:
    hours = Preferences(quiet=(12 * 60, 23 * 60))
    with opened(tmp_path, indices(RUT={THURSDAY: 101.0}, SPX={THURSDAY: 101.0}), NOTICES, hours) as station:
        makes(station, "one", "rut < 90 for 1d", MORNING)
        station.ticks([MORNING + DAY, after(THURSDAY)])
        assert stand(station) == ["own held", "high held", "other held"]
        assert station.tick(THURSDAY + 2 * HOUR).owed == 2
        assert stand(station) == ["own owed", "high listed", "other listed", "quiet owed"]


def test_what_is_critical_waits_for_nothing(tmp_path: Path) -> None:
    with opened(tmp_path, indices(RUT=SHOCK), [spoken(HIGH, Severity.CRITICAL)], SLEEPS) as station:
        assert station.tick(after(WEDNESDAY)).owed == 1
        assert [row.silent for row in deliveries(station)] == [False]


def test_what_turns_out_not_to_be_so_while_it_is_held_is_told_to_nobody(tmp_path: Path) -> None:
    feed = indices(RUT=SHOCK)
    with opened(tmp_path, feed, NOTICES, Preferences(quiet=(EVENING, EVENING - 1))) as station:
        station.tick(after(WEDNESDAY))
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        station.ticks(range(after(WEDNESDAY, 61), THURSDAY, 20 * MINUTE))
        assert stand(station) == ["high withdrawn"]
        assert station.tick(after(THURSDAY)).owed == 0


def test_what_is_gathered_is_told_on_saturday_also_by_another_process(tmp_path: Path) -> None:
    chosen = Preferences(severities={Severity.NOTICE: Mode.DIGEST})
    with opened(tmp_path, indices(RUT=SHOCK, SPX={THURSDAY: 101.0}), NOTICES, chosen) as station:
        station.ticks([after(WEDNESDAY), after(THURSDAY), after(FRIDAY)])
        assert stand(station) == ["high gathered", "other gathered"]
        station.restarts(SATURDAY - HOUR)
        assert station.tick(SATURDAY - MINUTE).owed == 0
        assert station.tick(SATURDAY).owed == 1
        digest = deliveries(station)[-1]
        assert digest.html == "<b>Digest</b>, Sat 2025-12-06 09:00\n<b>Kept for this</b>\n12-03 🟡 high\n12-04 🟡 other"
        assert (digest.digest, digest.silent) == (True, True)
        station.restarts(SATURDAY + MINUTE)
        assert station.tick(SATURDAY + MINUTE).owed == 0


def test_a_digest_that_cannot_be_committed_is_told_by_the_next_tick_and_once(tmp_path: Path) -> None:
    chosen = Preferences(severities={Severity.NOTICE: Mode.DIGEST})
    with opened(tmp_path, indices(RUT=SHOCK), NOTICES, chosen) as station:
        station.ticks([after(WEDNESDAY), SATURDAY - MINUTE])
        station.database.is_full(after=1)  # the tick itself is written
        with pytest.raises(StoreError):
            station.tick(SATURDAY)
        assert stand(station) == ["high gathered"]
        station.database.has_room()
        station.database.loses_an_answer(StoreError("gone"), after=1)
        with pytest.raises(StoreError):
            station.tick(SATURDAY + MINUTE)
        station.restarts(SATURDAY + 2 * MINUTE)
        assert station.tick(SATURDAY + 2 * MINUTE).owed == 0
        assert stand(station) == ["high listed", "digest owed"]


def test_when_the_day_is_spent_one_notice_says_so_and_the_rest_is_gathered(tmp_path: Path) -> None:
    rules = [*NOTICES, spoken(rule("third", "RUT > 100 and SPX > 100", "RUT < 95"))]
    with opened(tmp_path, indices(RUT=SHOCK, SPX=SHOCK), rules, Preferences(budget=1)) as station:
        assert station.tick(after(WEDNESDAY)).owed == 2
        assert stand(station) == ["high owed", "other gathered", "third gathered", "budget owed"]
        assert [row.reason for row in deliveries(station)][1] == "the day's alerts were told"


def test_what_is_muted_stands_in_the_history_and_leaves_no_words(tmp_path: Path) -> None:
    chosen = Preferences(mutes=(Mute("high", None, MORNING),))
    with opened(tmp_path, indices(RUT=SHOCK), NOTICES, chosen) as station:
        assert station.tick(after(WEDNESDAY)).owed == 0
        (row,) = deliveries(station)
        assert (row.state, row.reason, row.html, row.settled_at) == ("withheld", "muted", "", after(WEDNESDAY))
        assert [event.rule for event in station.recorded()] == ["high"]


def test_who_unsubscribes_while_something_waits_is_not_told_it(tmp_path: Path) -> None:
    with opened(tmp_path, indices(RUT=SHOCK, SPX=SHOCK), NOTICES, SLEEPS) as station:
        station.tick(after(WEDNESDAY))
        station.runs(station._write(lambda connection: unsubscribe(connection, CHANNEL, "one")))
        station.chat("one", after(WEDNESDAY, 90))
        assert station.tick(DAWN).owed == 0
        assert stand(station) == []


def test_of_a_change_that_is_muted_what_stands_beneath_it_is_told_alone(tmp_path: Path) -> None:
    change, part = spoken(OTHER, Severity.NOTICE, REGIME), spoken(HIGH, Severity.HIGH, COMPONENT)
    chosen = Preferences(mutes=(Mute("other", None, MORNING),))
    with opened(tmp_path, indices(RUT=SHOCK, SPX=SHOCK), [part, change], chosen) as station:
        station.chat("two", MORNING)
        station.tick(after(WEDNESDAY))
        assert [(row.chat, row.event.partition("/")[0], row.state) for row in deliveries(station)] == [
            (2, "other", "owed"), (1, "high", "owed"),
        ]  # fmt: skip


def test_of_an_alert_that_was_told_beneath_another_each_chat_is_shown_the_end_as_an_answer_to_what_it_was_told(
    tmp_path: Path,
) -> None:
    """Who had muted the leader was told of the other alone: for everybody else the end answered nothing."""
    lead, part = (spoken(each, Severity.NOTICE, f"{TOGETHER}both") for each in (OTHER, HIGH))
    part = replace(part, rule=replace(part.rule, notify_resolved=True))
    feed = indices(RUT={**SHOCK, THURSDAY: 90.0}, SPX=SHOCK)
    with opened(tmp_path, feed, [part, lead], Preferences(mutes=(Mute("other", None, MORNING),))) as station:
        station.chat("two", MORNING)
        station.tick(after(WEDNESDAY))
        assert sent(station, after(WEDNESDAY)) == [("two", "other", ""), ("one", "high", "")]
        station.tick(after(THURSDAY))
        assert sorted(sent(station, after(THURSDAY))) == [("one", "high", "high/one"), ("two", "high", "other/two")]


def test_the_third_firing_in_a_month_goes_to_the_digest(tmp_path: Path) -> None:
    days = {"2025-12-03": 101.0, "2025-12-04": 90.0, "2025-12-05": 101.0, "2025-12-08": 90.0, "2025-12-09": 101.0}
    prices = {at(f"{day}T21:00Z"): price for day, price in days.items()}
    with opened(tmp_path, indices(RUT=prices), NOTICES[:1], Preferences()) as station:
        station.ticks(after(end) for end in prices)
        assert stand(station) == ["high owed", "high owed", "high gathered"]


def test_an_end_answers_its_beginning_and_both_can_be_asked_about(tmp_path: Path) -> None:
    ends = replace(HIGH, rule=replace(HIGH.rule, notify_resolved=True))
    with opened(tmp_path, indices(RUT={**SHOCK, THURSDAY: 90.0}), [ends], Preferences()) as station:
        station.ticks([after(WEDNESDAY), after(THURSDAY)])
        began, ended = deliveries(station)
        assert (began.answers, ended.answers, ended.silent) == (None, began.event, True)
        assert [[key.line for key in row] for row in load(began.buttons)][1] == ["/snooze high", "/mute high"]


def test_a_brief_comes_at_its_time_with_a_picture_and_once(tmp_path: Path) -> None:
    chosen = Preferences(digests=(8 * 60,), digests_since=MORNING, severities={Severity.NOTICE: Mode.DIGEST})
    with opened(tmp_path, indices(RUT=SHOCK), NOTICES, chosen) as station:
        station.watch.briefs = briefs = FakeBriefs()
        station.tick(after(WEDNESDAY))
        eight = DAWN + HOUR
        assert [station.tick(now).owed for now in (eight - MINUTE, eight, eight + MINUTE)] == [0, 1, 0]
        assert briefs.asked == [([1], eight)]
        told = deliveries(station)[-1]
        assert (told.picture, "<b>Brief</b>" in told.html, "12-03 🟡 high" in told.html) == (b"png", True, True)


@pytest.mark.parametrize(("hours", "owed"), [(2, 1), (3, 0)])
def test_a_brief_that_is_hours_late_is_left_out(tmp_path: Path, hours: int, owed: int) -> None:
    chosen = Preferences(digests=(8 * 60,), digests_since=MORNING)
    with opened(tmp_path, indices(), NOTICES, chosen) as station:
        station.watch.briefs = FakeBriefs()
        station.ticks([DAWN])
        assert station.tick(DAWN + HOUR + hours * HOUR).owed == owed


def test_what_was_gathered_is_told_also_where_no_brief_can_be_drawn_up(tmp_path: Path) -> None:
    chosen = Preferences(digests=(8 * 60,), digests_since=MORNING, severities={Severity.NOTICE: Mode.DIGEST})
    with opened(tmp_path, indices(RUT=SHOCK), NOTICES, chosen) as station:
        station.watch.briefs = briefs = FakeBriefs()
        briefs.fail()
        station.tick(after(WEDNESDAY))
        assert station.tick(DAWN + HOUR).owed == 1
        assert "<b>Digest</b>" in deliveries(station)[-1].html


def test_what_waits_is_told_also_while_no_rule_can_be_judged(tmp_path: Path) -> None:
    with opened(tmp_path, indices(RUT=SHOCK, SPX=SHOCK), NOTICES, SLEEPS) as station:
        station.tick(after(WEDNESDAY))
        station.stops()
        station.rules = (rule("new", "BTC > 100"),)
        station.instruments = {"BTC": BTC}
        station.starts(DAWN, fill=False)
        assert station.tick(DAWN).owed == 1


def test_what_was_missed_is_not_told_at_night_either(tmp_path: Path) -> None:
    """The process comes back in quiet hours, days later: the summary waits for the morning, and comes once."""
    back = at("2025-12-08T23:00Z")
    with opened(tmp_path, indices(RUT=SHOCK, SPX={THURSDAY: 101.0}), NOTICES, SLEEPS) as station:
        station.restarts(back)
        assert station.tick(back).owed == 0
        assert stand(station) == ["away held"]
        morning = at("2025-12-09T07:00Z")
        assert [station.tick(morning + later).owed for later in (0, MINUTE)] == [1, 0]
        (told,) = deliveries(station)
        assert (told.state, "While I was away" in told.html) == ("owed", True)
