"""The Telegram half of the bot with a webhook: it listens on loopback behind what ends TLS for a public address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import httpx

from bot.telegram.application import TelegramService
from bot.telegram.ear import Patience
from bot.telegram.webhook import Door, Webhook
from bot.web.listener import Listener
from bot.web.webhook import SECRET, webhook_app
from tests.bot.telegram.service import live
from tests.servers.telegram import TelegramServer

URL = "https://bot.example.org/telegram"
PATH = "/telegram"

BRISK = Patience(answer=0.4, first_pause=0.02, longest_pause=0.1, look=0.2)
"""A look at the webhook five times a second, not once a minute."""


class Hook:
    """What a story has at hand: the service, its door, and whatever somebody sends to the address by himself."""

    def __init__(self, service: TelegramService, door: Door, address: str) -> None:
        self.service, self.door, self.address = service, door, address

    async def is_sent(self, content: bytes, **headers: str) -> int:
        """Somebody who knows the secret sends this; the status he is answered."""
        async with httpx.AsyncClient(base_url=f"http://{self.address}") as client:
            known = {SECRET: self.door.secret, **headers}
            return (await client.post(PATH, content=content, headers=known)).status_code


def live_pushed(
    server: TelegramServer,
    story: Callable[[Hook], Awaitable[None]],
    *,
    url: str = URL,
    patience: Patience = BRISK,
    **parts: Any,
) -> None:
    """Start the service with a webhook, let the story happen, stop it. `parts` as `live` has them."""
    door = Door()

    async def told(service: TelegramService) -> None:
        listener = Listener(webhook_app(url, door), "127.0.0.1:0")
        await listener.start()
        server.stands_behind(url, listener.address)
        try:
            await story(Hook(service, door, listener.address))
        finally:
            await listener.stop()

    live(server, told, ear=partial(Webhook, url=url, door=door), patience=patience, **parts)
