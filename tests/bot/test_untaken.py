"""An outage in which Telegram answers polls and refuses every message: it is told once, and over when it is over.

The probe of the store, what hears of every request, and the watchdog are joined as the service joins them; each
delivery is tried again when it is due.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.answers.health import GuardReport, Health
from bot.delivery.channel import Ambiguous, Outcome, RetryLater, Sent
from bot.delivery.settle import settle
from bot.fronts import TELEGRAM
from bot.probe import Excuse, StoreProbe
from bot.service import Bounds
from bot.store.database import Database
from bot.store.outbox import claim
from bot.telegram.reach import Reach
from bot.watchdog.guard import Guarded
from bot.watchdog.watchdog import Watchdog
from tests.bot.store.stores import NOW, message, owes, stored, subscribes
from tests.bot.watchdog.things import Clock

SEND, POLL = "https://api.telegram.org/bot1:a/sendMessage", "https://api.telegram.org/bot1:a/getUpdates"
BOUNDS = Bounds()
LOOK, LONG_POLL, A_SECOND = round(BOUNDS.probe), 7, 1
"""Seconds between two looks and between two answered polls, and how many messages are tried in a second: few enough
that looks fall between a refused message and the next poll, as they do in life.
"""


class Town:
    """Telegram, the chats of a bot, and what watches over them."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.seconds = database, Clock(), 0
        self.refuses = self.is_gone = False
        self.told: list[tuple[str, Health]] = []
        self.given_up: list[str] = []
        self.reach = Reach(self.clock)
        excuse = Excuse(lambda: self.reach.age > 0.0, lambda: self.how("Telegram") is not Health.WELL)
        self.probe = StoreProbe(database, "telegram", lambda: self.now, excuse, BOUNDS.probe, self.clock)
        owed = Guarded("what is owed", self.probe.untaken_age, BOUNDS.untaken, fatal=False, why=self.probe.untaken)
        telegram = Guarded("Telegram", lambda: self.reach.age, TELEGRAM, fatal=False)
        self.watchdog = Watchdog([telegram, owed], self.given_up.append, self._hears, self.clock)

    @property
    def now(self) -> int:
        return NOW + self.seconds

    def how(self, name: str) -> Health:
        return next(each.health for each in self.watchdog.report() if each.name == name)

    def _hears(self, report: GuardReport) -> None:
        last = [health for name, health in self.told if name == report.name] or [Health.WELL]
        if report.health is not last[-1]:
            self.told.append((report.name, report.health))

    async def passes(self, seconds: int) -> None:
        """Time: what is due is sent, Telegram is polled, the store is looked at."""
        for _ in range(seconds):
            self.clock.now += 1.0
            self.seconds += 1
            await self._sends()
            if self.seconds % LONG_POLL == 0:
                self._asks(POLL, 200)
            if self.seconds % LOOK == 0:
                await self.probe.look()
            await self.watchdog.look()

    def _asks(self, url: str, code: int) -> None:
        if self.is_gone:
            self.reach.is_lost()
        else:
            self.reach.answered(url, code, b'{"ok":false}')

    async def _sends(self) -> None:
        ended: Outcome = Sent("1")
        if self.refuses or self.is_gone:
            ended = Ambiguous("Bad Gateway (502)") if self.refuses else RetryLater("connection refused")
        async with self.database.write() as connection:
            for owed in await claim(connection, "telegram", "me", self.now, 60, A_SECOND):
                self._asks(SEND, 502 if self.refuses else 200)
                await settle(connection, owed, ended, self.now)
                self.probe.hears(owed.address, ended)


@pytest.mark.parametrize("chats", [1, 10, 300])
def test_a_telegram_that_answers_polls_and_takes_no_message_is_told_once_until_it_takes_one(
    tmp_path: Path, chats: int
) -> None:
    """A refused message said that Telegram is gone, the next poll that it is back, so that guard never counted to two
    minutes; and the other one counted anew with every look that fell in between. With ten chats nobody was told.
    """

    async def story(database: Database) -> None:
        town = Town(database)
        await subscribes(database, *map(str, range(1, chats + 1)))
        await town.passes(60)
        town.refuses = True
        await owes(database, message(), now=town.now)
        await town.passes(LOOK + round(BOUNDS.untaken) + 5)
        assert town.told == [("what is owed", Health.SILENT)]
        await town.passes(600)
        assert town.told == [("what is owed", Health.SILENT)]
        town.refuses = False
        await town.passes(330)
        assert town.told == [("what is owed", Health.SILENT), ("what is owed", Health.WELL)]

    stored(tmp_path, story)


def test_a_telegram_that_is_gone_is_told_as_that_alone(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        town = Town(database)
        await subscribes(database, "7", "8")
        await town.passes(60)
        town.is_gone = True
        await owes(database, message(), now=town.now)
        await town.passes(900)
        assert town.told == [("Telegram", Health.SILENT)]
        town.is_gone = False
        await town.passes(330)
        assert town.told == [("Telegram", Health.SILENT), ("Telegram", Health.WELL)]

    stored(tmp_path, story)
