"""What administrators are told: a stop and its end, no flood, and nothing is lost while the database is down."""

from __future__ import annotations

import asyncio

import pytest

from bot.answers.health import GuardReport, Health
from bot.watchdog.notices import SELDOM, SETTLED, UNHEARD, WORTH, Notices
from rules.model import Instant
from tests.bot.markets import at
from tests.bot.watchdog.things import Clock, plays

START = at("2025-12-10T21:30Z")


class Office:
    """Notices go out of here; it may be closed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._first = self.clock()
        self.posted: dict[str, str] = {}
        self.earlier: list[tuple[str, Instant]] = []
        self.attempts = 0
        self.closed = False
        self.shouted: list[str] = []
        self.is_deaf = False
        self.notices = Notices(self.post, self.wall, self.clock, self.posted_before, shout=self.shout)

    def wall(self) -> Instant:
        return START + round(self.clock() - self._first)

    async def post(self, key: str, html: str) -> None:
        self.attempts += 1
        if self.closed:
            raise OSError("disk full")
        self.posted[key] = html

    async def posted_before(self) -> list[tuple[str, Instant]]:
        if self.closed:
            raise OSError("disk full")
        return self.earlier

    async def shout(self, html: str) -> bool:
        await asyncio.sleep(0)  # as long as it takes to send
        if not self.is_deaf:
            self.shouted.append(html.split("\n")[0])
        return not self.is_deaf

    def tries(self, seconds: int) -> list[str]:
        """So much later what is owed is tried again; what was told past the database until then."""
        self.clock.now += seconds
        plays(self.notices.flush)
        return self.shouted

    def follows(self, *earlier: tuple[str, Instant]) -> None:
        """It begins after another one, which has posted this."""
        self.earlier += earlier

        async def story() -> None:
            running = asyncio.create_task(self.notices.run())
            for _ in range(5):
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.wait([running])

        plays(story)

    def silent(self, seconds: int, name: str = "polling", why: str = "") -> None:
        """The thing falls silent and stays so for a while, with a report each second."""
        for passed in range(1, seconds + 1):
            self.clock.now += 1.0
            self.notices.hear(GuardReport(name, Health.SILENT, passed, 0, why))

    def well(self, name: str = "polling", seconds: int = 0) -> None:
        """It is well, and for so long."""
        self.notices.hear(GuardReport(name, Health.WELL))
        for _ in range(seconds):
            self.clock.now += 1.0
            self.notices.hear(GuardReport(name, Health.WELL))

    def gives_up(self, seconds: int) -> None:
        self.notices.hear(GuardReport("polling", Health.GIVEN_UP, seconds, 3))

    def sends(self) -> list[str]:
        """What was told, in first lines."""
        plays(self.notices.flush)
        return [html.split("\n")[0] for html in self.posted.values()]


def test_a_stop_is_told_once_and_its_end_once() -> None:
    office = Office()
    office.silent(600)
    office.well()
    office.well()
    assert office.sends() == ["⚠ <b>Not well: polling</b>", "✅ <b>Well again: polling</b>"]
    assert list(office.posted) == [f"notice/polling/stopped/{START // SELDOM}", f"notice/polling/back/{START}"]
    assert "since Wed 2025-12-10 21:30Z" in next(iter(office.posted.values()))


def test_what_is_over_within_a_minute_is_not_told() -> None:
    office = Office()
    for _ in range(100):
        office.silent(WORTH - 1)
        office.well()
    assert office.sends() == []


def test_a_thing_that_comes_and_goes_is_told_once_an_hour() -> None:
    office = Office()
    for _ in range(30):
        office.silent(200)
        office.well()
        office.clock.now += 40.0
    assert office.sends() == ["⚠ <b>Not well: polling</b>", "✅ <b>Well again: polling</b>"] * 2


def test_a_stop_that_lasts_beyond_the_hour_is_told_though_one_before_was() -> None:
    office = Office()
    office.silent(200)
    office.well()
    office.silent(SELDOM)
    assert office.sends()[-1] == "⚠ <b>Not well: polling</b>"
    assert len(office.posted) == 3


def test_each_thing_is_told_by_itself() -> None:
    office = Office()
    office.silent(100, "polling")
    office.silent(100, "the database")
    office.well("polling")
    assert [line.partition(" <b>")[2] for line in office.sends()] == [
        "Not well: polling</b>",
        "Not well: the database</b>",
        "Well again: polling</b>",
    ]


def test_a_process_that_begins_anew_and_ends_for_the_same_reason_floods_nobody() -> None:
    """Each process knows nothing of what the one before has told: the outbox takes a key only once."""
    posted: dict[str, str] = {}
    for minutes in range(0, 180, 6):
        office = Office()
        office.clock.now += minutes * 60
        office.posted = posted
        office.silent(300)
        office.gives_up(300)
        plays(office.notices.flush)
    assert len(posted) <= 2 * 4


def test_the_end_of_the_process_is_told_once() -> None:
    office = Office()
    office.silent(300)
    for _ in range(5):
        office.gives_up(300)
        office.sends()
    assert office.sends() == ["⚠ <b>Not well: polling</b>", "🛑 <b>The process ends: polling</b>"]
    assert office.attempts == 2


def test_what_a_server_said_steers_no_markup() -> None:
    office = Office()
    office.silent(100, why="<b>500</b>\nsorry")
    plays(office.notices.flush)
    assert "&lt;b&gt;500&lt;/b&gt; sorry" in office.posted[f"notice/polling/stopped/{START // SELDOM}"]


def test_a_notice_that_cannot_be_written_is_kept_and_told_later_in_order(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    office.closed = True
    office.silent(300, "the database")
    assert office.sends() == []
    office.well("the database")
    assert office.sends() == []
    office.closed = False
    assert office.sends() == ["⚠ <b>Not well: the database</b>", "✅ <b>Well again: the database</b>"]
    [told] = [record.getMessage() for record in caplog.records]
    assert told == "a notice to the administrators cannot be written yet: disk full"


def test_notices_go_out_by_themselves() -> None:
    office = Office()

    async def story() -> None:
        running = asyncio.create_task(office.notices.run())
        await asyncio.sleep(0)
        office.silent(100)
        while not office.posted:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])

    plays(story)


STOPPED, ENDING = ("notice/polling/stopped/1", START - 700), ("notice/polling/ending/1", START - 300)


def test_what_an_earlier_process_told_of_is_said_to_be_back_by_the_next() -> None:
    office = Office()
    office.follows(STOPPED, ENDING)
    office.well(seconds=round(SETTLED))
    assert office.sends() == ["✅ <b>Well again: polling</b>"]
    [(key, html)] = office.posted.items()
    assert key == f"notice/polling/back/{START - 700}"
    assert "11 min" in html, "the time until it is sure of that is not time that it was away"


def test_a_process_that_has_just_begun_finds_everything_well_and_says_nothing_of_it_yet() -> None:
    office = Office()
    office.follows(STOPPED)
    office.well(seconds=round(SETTLED) - 1)
    office.silent(30)
    office.well(seconds=round(SETTLED) - 1)
    assert office.sends() == []


def test_what_stops_again_before_it_was_said_to_be_back_is_back_once() -> None:
    office = Office()
    office.follows(STOPPED)
    office.silent(300)
    office.well(seconds=3 * round(SETTLED))
    assert office.sends() == ["⚠ <b>Not well: polling</b>", "✅ <b>Well again: polling</b>"]


def test_what_an_earlier_process_said_to_be_back_is_left_alone() -> None:
    office = Office()
    office.follows(STOPPED, (f"notice/polling/back/{START - 700}", START - 500), ("notice/a/b/ending/7", START - 9))
    office.well(seconds=2 * round(SETTLED))
    office.well("a/b", seconds=2 * round(SETTLED))
    assert office.sends() == ["✅ <b>Well again: a/b</b>"]


def test_what_was_told_before_is_read_once_the_database_is_there(caplog: pytest.LogCaptureFixture) -> None:
    office = Office()
    office.closed = True
    office.follows(STOPPED)
    office.well(seconds=2 * round(SETTLED))
    office.closed = False
    office.follows()
    office.well(seconds=round(SETTLED))
    assert office.sends() == ["✅ <b>Well again: polling</b>"]
    assert [each.getMessage() for each in caplog.records] == [
        "what administrators were told cannot be read yet: disk full"
    ]


def test_what_cannot_be_written_for_a_minute_is_told_past_the_database_once() -> None:
    office = Office()
    office.closed = True
    office.silent(WORTH)
    assert office.tries(0) == []
    assert office.tries(int(UNHEARD) - 1) == []
    assert office.tries(1) == ["⚠ <b>Not well: polling</b>"]
    assert office.tries(600) == ["⚠ <b>Not well: polling</b>"], "once"
    office.closed = False
    assert office.sends() == [], "it was told, and is not told again when it could be written"
    office.well()
    assert office.sends() == ["✅ <b>Well again: polling</b>"]


def test_what_nobody_heard_is_kept_and_written_when_that_is_possible() -> None:
    office = Office()
    office.closed = office.is_deaf = True
    office.silent(WORTH)
    office.tries(0)
    assert office.tries(int(UNHEARD)) == []
    office.closed = False
    assert office.sends() == ["⚠ <b>Not well: polling</b>"]


def test_that_something_is_back_can_wait_for_the_database() -> None:
    office = Office()
    office.silent(WORTH)
    office.sends()
    office.closed = True
    office.well()
    office.tries(0)
    assert office.tries(10 * int(UNHEARD)) == []
    office.closed = False
    assert office.sends()[-1] == "✅ <b>Well again: polling</b>"


def test_who_ends_the_process_and_who_writes_do_not_tell_the_same_thing_twice_past_the_database() -> None:
    """Both were shouting the same notice; who was done second found it gone and failed."""
    office = Office()
    office.closed = True
    office.silent(WORTH)
    office.tries(0)
    office.clock.now += UNHEARD
    office.gives_up(WORTH)

    async def story() -> None:
        await asyncio.gather(office.notices.flush(), office.notices.flush())

    plays(story)
    assert office.shouted == ["⚠ <b>Not well: polling</b>", "🛑 <b>The process ends: polling</b>"]


@pytest.mark.parametrize(
    "alert",
    ["notice/fired/1764795600", "notice/corrected/1764795600/1764800000", "notice/", "notice/a/stopped/soon"],
    ids=["an alert", "a correction", "nothing", "no instant"],
)
def test_an_alert_of_a_rule_that_is_called_a_notice_silences_nobody(alert: str) -> None:
    """Such a key could not be read, at every try: nothing was told any more, for ever."""
    office = Office()
    office.follows((alert, START - 900), STOPPED)
    office.well(seconds=round(SETTLED))
    assert office.sends() == ["✅ <b>Well again: polling</b>"]
