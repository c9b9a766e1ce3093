"""The Telegram half of the bot against a server on loopback, with short pauses, for one story."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from bot.delivery.pacing import Pace, Pacer
from bot.telegram.access import Access
from bot.telegram.application import Limits, TelegramService
from bot.telegram.incoming import Incoming
from bot.telegram.polling import Patience
from bot.telegram.wire import Waits
from tests.servers.telegram import TelegramServer

QUICK = Patience(poll=1.0, first_pause=0.02, longest_pause=0.1, silence=0.3)
IMPATIENT = Waits(connect=0.5, answer=0.3, longest=2.0)
SOON = Limits(retry=0.05, stop=2.0)
UNPACED = Pace(between=0.0, between_in_chat=0.0, in_group=1_000)
MENU = {"corr": "how two instruments move together", "regime": "risk-on or risk-off"}

Answer = Callable[[Incoming], Awaitable[str | None]]
Story = Callable[[TelegramService], Awaitable[None]]


async def echo(incoming: Incoming) -> str | None:
    """Answers with what was written."""
    return f"<b>you</b>: {incoming.text}"


def live(
    server: TelegramServer,
    story: Story,
    *,
    answer: Answer = echo,
    access: Access | None = None,
    token: str | None = None,
    commands: Mapping[str, str] = MENU,
    patience: Patience = QUICK,
    limits: Limits = SOON,
    pace: Pace = UNPACED,
    waits: Waits = IMPATIENT,
) -> None:
    """Start the service, let the story happen, stop it."""

    async def told() -> None:
        service = TelegramService(
            token or server.token,
            server.url,
            answer,
            access=access or Access(everyone=True),
            commands=commands,
            pacer=Pacer(pace),
            patience=patience,
            limits=limits,
            waits=waits,
        )
        await service.start()
        try:
            async with asyncio.timeout(30):
                await story(service)
        finally:
            await service.stop()

    asyncio.run(told())


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something the other thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.005)


async def arrives(server: TelegramServer, text: str, *, after: int = 0) -> None:
    """A message with these words was accepted."""
    await asyncio.to_thread(server.waits_for, text, after=after)
