"""The bot on a road that breaks: it polls, the fault strikes, lasts and is over; when does it hear its users again?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.answers import POLLING
from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.ear import Patience
from bot.telegram.incoming import Incoming
from bot.telegram.wire import Waits
from tests.bot.telegram.service import Pile
from tests.reliability.polling_faults import Fault
from tests.reliability.polling_roads import Road

GLANCE = 0.005
SETTLES = 0.1


@dataclass(frozen=True, slots=True)
class Conditions:
    """How patient the bot is, how long a fault lasts before it is over, and how long to wait for the bot in the end."""

    patience: Patience
    waits: Waits
    lasts: float
    given_up: float = 120.0


@dataclass(frozen=True, slots=True)
class Back:
    """Seconds from the end of a fault until an answer was accepted: to what was written while it lasted, and to what
    was written then."""

    to_earlier: float
    to_later: float

    @property
    def seconds(self) -> float:
        """Until all was well again."""
        return max(self.to_earlier, self.to_later)


def survives(fault: Fault, road: Road, conditions: Conditions) -> Back:
    """Play it. Fails when the bot does not come back."""
    return asyncio.run(_story(fault, road, conditions))


async def _story(fault: Fault, road: Road, conditions: Conditions) -> Back:
    async def echo(incoming: Incoming) -> Answer:
        return Answer(f"you: {incoming.text}")

    letters = Pile()
    service = TelegramService(
        road.server.token,
        road.url,
        echo,
        letters,
        access=Access(everyone=True),
        pacer=Pacer(),
        patience=conditions.patience,
        waits=conditions.waits,
    )
    await service.start()
    try:
        await _until(lambda: service.state == POLLING, conditions.given_up)
        road.server.hears("/before", chat=1_001)
        await _until(lambda: len(letters.done) == 1, conditions.given_up)
        await asyncio.to_thread(fault.strikes, road)
        road.server.hears("/nudge", chat=1_004)  # ends the poll that was under way, if the fault is not in its way
        await asyncio.sleep(SETTLES)
        road.server.hears("/meanwhile", chat=1_002)
        await asyncio.sleep(conditions.lasts)
        await asyncio.to_thread(fault.clears, road)
        over = time.monotonic()
        road.server.hears("/afterwards", chat=1_003)
        earlier, later = [await _accepted(road, words, conditions) for words in ("meanwhile", "afterwards")]
        await _until(lambda: service.state == POLLING, conditions.given_up)
        return Back(earlier - over, later - over)
    finally:
        await service.stop()


async def _accepted(road: Road, words: str, conditions: Conditions) -> float:
    """When the answer to a command was accepted; at once where the fault did not hinder it."""
    posted = await asyncio.to_thread(road.server.waits_for, words, conditions.given_up)
    return posted.at


async def _until(holds: Callable[[], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(GLANCE)
