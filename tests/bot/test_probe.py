"""The look at the store: whether it takes what is written, whether the outbox moves, whether what is owed is taken."""

from __future__ import annotations

from pathlib import Path

from bot.delivery.channel import Ambiguous, ChatGone, Outcome, Rejected, RetryLater, Sent
from bot.delivery.settle import settle
from bot.probe import GRACE, Excuse, StoreProbe
from bot.store.database import Database
from bot.store.outbox import claim
from tests.bot.store.stores import NOW, message, owes, stored, subscribes
from tests.bot.watchdog.things import Clock


class Beat:
    """A probe of a store, and the clocks that it goes by."""

    def __init__(self, database: Database, *, apart: bool = False) -> None:
        self.clock, self.now, self.excused, self.told = Clock(), NOW, False, False
        excuse = Excuse(lambda: self.excused, lambda: self.told)
        self.probe = StoreProbe(database, "telegram", lambda: self.now, excuse, 30.0, self.clock, apart=apart)

    async def passes(self, seconds: int) -> None:
        """Time goes by, and the probe looks."""
        self.clock.now += seconds
        self.now += seconds
        await self.probe.look()


async def is_sent(database: Database, beat: Beat, ended: Outcome) -> None:
    """What is due is sent, and ends so; the probe hears it."""
    async with database.write() as connection:
        [owed] = await claim(connection, "telegram", "me", beat.now, 60, 1)
        await settle(connection, owed, ended, beat.now)
    beat.probe.hears(owed.address, ended)


def test_an_outbox_in_which_nothing_happens_though_something_is_due_is_silent(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        beat = Beat(database)
        await beat.passes(10_000)
        assert beat.probe.outbox_age() == 0.0
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        await beat.passes(GRACE)
        assert beat.probe.outbox_age() == 0.0
        await beat.passes(30)
        await beat.passes(600)
        assert beat.probe.outbox_age() == 630.0
        assert beat.probe.database_age() == 0.0

    stored(tmp_path, story)


def test_an_outbox_that_is_long_and_moves_is_well(tmp_path: Path) -> None:
    """A group takes eighteen messages a minute: what waits longest may stay the same for minutes."""

    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        for number in range(1, 6):
            await owes(database, message(number), now=beat.now)
            await beat.passes(100)
            assert beat.probe.outbox_age() == 0.0

    stored(tmp_path, story)


def test_an_outbox_that_waits_for_telegram_is_not_silent(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        beat.excused = True
        for _ in range(10):
            await beat.passes(100)
            assert beat.probe.outbox_age() == 0.0

    stored(tmp_path, story)


def test_an_outbox_whose_every_sending_fails_moves_and_is_not_taken(tmp_path: Path) -> None:
    """Each try moves what is due: that the worker lives says nothing of whether messages arrive."""

    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await beat.passes(30)
        await owes(database, message(), now=beat.now)
        for number in range(1, 13):
            await is_sent(database, beat, Ambiguous("Internal Server Error (500)"))
            await beat.passes(300)
            assert (beat.probe.outbox_age(), beat.probe.untaken_age()) == (0.0, number * 300.0)
            assert beat.probe.untaken() == "Internal Server Error (500)"
        await is_sent(database, beat, Sent("1"))
        assert beat.probe.untaken_age() == 0.0
        await beat.passes(90)
        assert (beat.probe.untaken_age(), beat.probe.untaken()) == (0.0, "")

    stored(tmp_path, story)


def test_what_a_channel_takes_meanwhile_shows_that_it_takes_something(tmp_path: Path) -> None:
    """One chat may be slow while others are told, or refused for a reason."""

    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        for ended in (Sent("1"), ChatGone("blocked"), Rejected("too long")):
            await beat.passes(90)
            beat.probe.hears("8", RetryLater("no connection"))
            assert beat.probe.untaken_age() == 90.0
            beat.probe.hears("8", ended)
            assert beat.probe.untaken_age() == 0.0

    stored(tmp_path, story)


def test_what_is_told_elsewhere_is_not_told_as_untaken_too(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        beat.excused = beat.told = True
        await beat.passes(900)
        assert beat.probe.untaken_age() == 0.0
        beat.excused = beat.told = False
        assert beat.probe.untaken_age() == 900.0

    stored(tmp_path, story)


def test_an_excuse_that_is_told_nowhere_hides_nothing(tmp_path: Path) -> None:
    """A look that fell into the seconds between a refused message and the next answered poll took it for an outage that
    another guard tells, and began to count anew; that guard began anew with each poll.
    """

    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        for number in range(1, 11):
            beat.excused = number % 2 == 0
            await beat.passes(30)
            assert beat.probe.untaken_age() == number * 30.0

    stored(tmp_path, story)


def test_where_each_address_has_a_way_of_its_own_one_that_takes_nothing_is_told_by_name(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        beat = Beat(database, apart=True)
        await subscribes(database, "mail", "pager")
        await owes(database, message(), now=beat.now)
        async with database.write() as connection:
            for owed in await claim(connection, "telegram", "me", beat.now, 60, 2):
                ended = Sent("1") if owed.address == "mail" else Ambiguous("not accepted")
                await settle(connection, owed, ended, beat.now)
                beat.probe.hears(owed.address, ended)
        await beat.passes(300)
        assert (beat.probe.untaken_age(), beat.probe.untaken()) == (300.0, "pager: not accepted")
        beat.probe.hears("mail", Sent("2"))
        assert beat.probe.untaken_age() == 300.0
        beat.probe.hears("pager", Sent("2"))
        assert beat.probe.untaken_age() == 0.0

    stored(tmp_path, story)


def test_a_database_that_takes_nothing_is_silent_and_says_why_and_is_no_fault_of_the_outbox(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        beat = Beat(database)
        await subscribes(database, "7")
        await owes(database, message(), now=beat.now)
        await beat.passes(1)
        await database.close()
        gone = tmp_path / "gone.db"
        (tmp_path / "bellwether.db").rename(gone)
        (tmp_path / "bellwether.db").mkdir()
        await beat.passes(500)
        assert (beat.probe.database_age(), beat.probe.outbox_age()) == (500.0, 0.0)
        assert beat.probe.reason == "unable to open database file", "where it lies is nobody's business but ours"
        (tmp_path / "bellwether.db").rmdir()
        gone.rename(tmp_path / "bellwether.db")
        await beat.passes(30)
        assert (beat.probe.database_age(), beat.probe.reason) == (0.0, "")

    stored(tmp_path, story)


def test_the_look_at_the_store_writes(tmp_path: Path) -> None:
    """A full disk shows only then."""

    async def story(database: Database) -> None:
        beat, log = Beat(database), tmp_path / "bellwether.db-wal"
        await beat.passes(1)
        before = log.stat().st_size
        await beat.passes(30)
        assert log.stat().st_size > before

    stored(tmp_path, story)
