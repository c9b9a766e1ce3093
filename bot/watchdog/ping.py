"""The dead-man's switch: an address that is asked for at a steady pace, only while all is well.

Whoever stands behind the address raises the alarm when the requests stay away: that covers what no process can tell of
itself. The address may hold a secret, so no line of the log names it, nor the words of an error that could quote it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import httpx

PATIENCE = 10.0

log = logging.getLogger(__name__)


class Ping:
    """Asks for `url` every `seconds`, unless `trouble` names one: then it is withheld. A request may take `patience`
    seconds in all. It holds up nothing.
    """

    def __init__(
        self, url: str, seconds: float, trouble: Callable[[], Awaitable[str]], patience: float = PATIENCE
    ) -> None:
        self._url, self._seconds, self._trouble, self._patience = url, seconds, trouble, patience
        self._told: str | None = None

    async def run(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient(timeout=self._patience) as client:
            while True:
                began = asyncio.get_running_loop().time()
                self._tell(await self._outcome(client))
                await asyncio.sleep(max(0.0, began + self._seconds - asyncio.get_running_loop().time()))

    async def _outcome(self, client: httpx.AsyncClient) -> str:
        """What is wrong; empty where the request was answered."""
        limit = asyncio.timeout(self._patience)
        try:
            async with limit:
                if trouble := await self._trouble():
                    return f"withheld: {trouble}"
                answer = await client.get(self._url)
        except Exception as error:  # whatever a network does, the next one is another
            return "unanswered: no answer in time" if limit.expired() else f"unanswered: {type(error).__name__}"
        return "" if answer.is_success else f"unanswered: {answer.status_code}"

    def _tell(self, outcome: str) -> None:
        """Once per change."""
        if outcome != self._told:
            self._told = outcome
            log.log(logging.WARNING if outcome else logging.INFO, "the dead-man's switch is %s", outcome or "pinged")
