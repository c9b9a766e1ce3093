"""The HTTP under the library, with what it gets wrong put right.

- A 429 is one error whatever its body: in HTML it would look like a lost answer, in JSON it raises a deprecated type.
- An update that the library cannot read becomes one without content, so that its number is passed by.
- A request that is too large is refused like any other bad one: it would look like a lost answer.
- A pool of connections that stays full is wedged: the next request gets a new one.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import ssl
from dataclasses import dataclass, replace
from functools import cache
from http import HTTPStatus
from typing import Any

import httpx
from telegram import Bot, Update
from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.redaction import Redaction
from bot.telegram.reach import Reach

_log = logging.getLogger(__name__)

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds to wait for a connection (and for a free one), for an answer, and for one request in all, whatever the
    network does; and over how many connections messages are sent.

    A picture may take `upload` more: 150 kB at 60 kbit/s. So many `uploads` at once are few of the connections: a slow
    line holds up no words.
    """

    connect: float = 5.0
    answer: float = 10.0
    longest: float = 30.0
    connections: int = 32
    upload: float = 20.0
    uploads: int = 8

    @property
    def answer_to_upload(self) -> float:
        """Seconds for the answer to a picture: the system takes all of it at once, and sends it while we wait."""
        return self.answer + self.upload

    @property
    def longest_upload(self) -> float:
        """Seconds for a picture in all."""
        return self.longest + self.upload


class Flooded(TelegramError):
    """Telegram wants fewer messages; nothing was delivered. `seconds` is how long to wait, None if it does not say."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__("Too many requests" if seconds is None else f"Too many requests: wait {seconds:g} s")
        self.seconds = seconds


class Unsent(TelegramError):
    """The request never left."""


class Wire(BaseRequest):
    """Requests to Telegram; proxies as the environment says. `reach` hears what becomes of each."""

    def __init__(self, waits: Waits, reach: Reach) -> None:
        self._waits, self._reach = waits, reach
        self._client = self._new_client()
        self._retired: HTTPXRequest | None = None
        self._since = -math.inf
        self._closed = False

    def _new_client(self) -> HTTPXRequest:
        return HTTPXRequest(
            connection_pool_size=self._waits.connections,
            connect_timeout=self._waits.connect,
            read_timeout=self._waits.answer,
            write_timeout=self._waits.answer,
            pool_timeout=self._waits.connect,
            httpx_kwargs={"verify": _certificates()},
        )

    @property
    def read_timeout(self) -> float | None:
        """Seconds to wait for an answer; a long poll adds its own."""
        return self._client.read_timeout

    async def initialize(self) -> None:
        """Open the pool of connections."""
        await self._client.initialize()
        self._closed = False

    async def shutdown(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._client.shutdown()
        if self._retired is not None:
            await self._retired.shutdown()

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        """One request. Raises Flooded, Unsent, BadRequest, NetworkError, TimedOut."""
        if self._closed:
            raise Unsent("the connection is closed")
        try:
            code, payload = await self._client.do_request(url, method, request_data, *timeouts, **named)
        except NetworkError as error:
            if isinstance(error.__cause__, httpx.PoolTimeout):
                await self.renew()
            else:
                self._reach.is_lost()
            raise
        self._reach.answered(url, code, payload)
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise Flooded(_asked_to_wait(payload))
        if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise BadRequest("the request is too large")
        return code, payload

    async def renew(self) -> None:
        """Use new connections from now on. The old ones stay for what is under way, until the next time."""
        now = asyncio.get_running_loop().time()
        if now - self._since < self._waits.longest_upload:
            return
        self._since = now
        if self._retired is not None:
            await self._retired.shutdown()
        self._retired, self._client = self._client, self._new_client()


class PollingWire(Wire):
    """The wire that updates come in by: one connection, one request at a time."""

    def __init__(self, waits: Waits, reach: Reach) -> None:
        super().__init__(replace(waits, connections=1, upload=0.0), reach)

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *timeouts: Any, **named: Any
    ) -> tuple[int, bytes]:
        """One request, its answer readable."""
        code, payload = await super().do_request(url, method, request_data, *timeouts, **named)
        return code, _readable(payload) if code == HTTPStatus.OK else payload

    async def renew(self) -> None:
        """Use a new connection from now on: nothing else is under way on the old one."""
        if not self._closed:
            old, self._client = self._client, self._new_client()
            await old.shutdown()


@cache
def _certificates() -> ssl.SSLContext:
    """Whom to trust, read once: it takes longer than a request."""
    return httpx.create_ssl_context()


def _asked_to_wait(payload: bytes) -> float | None:
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, LookupError, TypeError):
        return None


def _readable(payload: bytes) -> bytes:
    """The same updates; the content of those that cannot be read is left out, their numbers stay."""
    try:
        answer = json.loads(payload)
        updates = answer["result"]
        clean = [each if can_be_read(each) else {"update_id": each["update_id"]} for each in updates]
    except (ValueError, LookupError, TypeError):
        return payload  # no list of updates: the library says what is wrong with it
    return payload if clean == updates else json.dumps({**answer, "result": clean}).encode()


def can_be_read(update: dict[str, Any]) -> bool:
    """Whether the library can; if not, that is logged."""
    try:
        Update.de_json(dict(update), None)
    except Exception as error:  # whatever its parser stumbles on
        _log.warning("update %s cannot be read (%s) and is left out", update["update_id"], type(error).__name__)
        return False
    return True


def open_bot(token: str, base_url: str, waits: Waits, reach: Reach | None = None) -> tuple[Bot, PollingWire, Wire]:
    """The library's client on wires of ours: one for updates, one for all else."""
    reach = reach or Reach()
    polling, sending = PollingWire(waits, reach), Wire(waits, reach)
    bot = Bot(token, base_url=f"{base_url.rstrip('/')}/bot", request=sending, get_updates_request=polling)
    return bot, polling, sending


def reason(bot: Bot, error: TelegramError) -> str:
    """What went wrong in a few words on one line, without the token: the library and proxies quote it."""
    said = Redaction([bot.token]).redact(str(error))
    return "".join(each if each.isprintable() else " " for each in " ".join(said.split()))[:LONGEST_REASON]
