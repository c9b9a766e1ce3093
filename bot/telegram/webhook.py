"""Updates that Telegram pushes to an address of ours: where they are handed in, and who looks after that.

Telegram hears that an update has arrived when its line is committed, not before; until then it pushes it again. When
this process ends the webhook stays: Telegram keeps what comes for a day, the next process sets it anew under a secret
of its own, and one that polls deletes it. To delete it here could undo what another process has just set.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from telegram import Update, WebhookInfo
from telegram.error import Conflict, TelegramError

from bot.answers import PUSHED
from bot.store.errors import StoreError
from bot.telegram.ear import CONFLICT, Attentive, Fittings
from bot.telegram.polling import ALLOWED
from bot.telegram.wire import can_be_read

CONNECTIONS = 4
"""How many updates Telegram may push at once, of different chats: those of one chat it pushes one after the other, the
next when the last has arrived. Here each is taken alone, in the order of its coming.
"""

TAKING = 8.0
"""Seconds that an update may take to be kept; whoever serves this waits for a little longer."""

LARGEST_NUMBER = 2**63 - 1
"""What the database holds."""

_log = logging.getLogger(__name__)


class Door:
    """Where updates are handed in, by whoever knows the secret. It is shut while nobody listens behind it."""

    def __init__(self) -> None:
        self.secret = secrets.token_urlsafe(32)
        self._listener: Callable[[Update], Awaitable[bool]] | None = None
        self._startled = False

    def open(self, listener: Callable[[Update], Awaitable[bool]]) -> None:
        """From now on `listener` is told; it says whether the update is kept."""
        self._listener = listener

    def shut(self) -> None:
        """From now on Telegram is asked to come again."""
        self._listener = None

    def knows(self, secret: str) -> bool:
        """Whether this is the secret that only Telegram was told; takes as long for one that is nearly right."""
        return hmac.compare_digest(secret.encode("utf-8", "replace"), self.secret.encode())

    async def take(self, body: bytes) -> HTTPStatus:
        """What to answer to whoever knows the secret, once what came is kept or cannot be."""
        update = _read(body)
        if update is None:
            if not self._startled:  # a row of them is one line
                _log.warning("something that is no update came with the right secret, and is left")
            self._startled = True
            return HTTPStatus.BAD_REQUEST
        self._startled = False
        if self._listener is None or not await self._listener(update):
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK


class Webhook(Attentive):
    """Has Telegram push to `url`, where `door` is reached; looks now and then whether it still does."""

    def __init__(self, fittings: Fittings, url: str, door: Door) -> None:
        super().__init__(fittings, PUSHED, fittings.sending)
        self._url, self._door = url, door
        self._alone = asyncio.Lock()
        self._keeping: asyncio.Task[bool] | None = None
        self._failed_at: dt.datetime | None = None
        self._fails = False

    async def run(self) -> None:
        """Listen until cancelled; the door is open meanwhile."""
        self._door.open(self._hear)
        try:
            await super().run()
        finally:
            self._door.shut()
            if self._keeping is not None and not self._keeping.done():
                self._keeping.cancel()
                await asyncio.wait([self._keeping])

    async def _choose(self) -> None:
        await self._bot.set_webhook(
            self._url,
            secret_token=self._door.secret,
            allowed_updates=ALLOWED,
            max_connections=CONNECTIONS,
        )

    async def _attempt(self) -> None:
        """One look. That somebody else has set or deleted the webhook is a conflict, and it is set again; it is told
        until a look finds it where the last one left it.
        """
        async with asyncio.timeout(self._answer):
            info = await self._bot.get_webhook_info()
        if _spelled(info.url) != _spelled(self._url):
            whose = "deleted the webhook; perhaps it polls" if not info.url else "set another webhook"
            raise Conflict(f"another process has {whose}")
        if (why := self._failing(info)) is None:
            self._heard(surely=not (self._glance and self.trouble.startswith(CONFLICT)))
        else:
            self._glance = False
            self._complain(TelegramError(why))
        self._alive_at = time.monotonic() + self._patience.look
        await asyncio.sleep(self._patience.look)

    def _failing(self, info: WebhookInfo) -> str | None:
        """Why Telegram cannot hand over what waits there; None where nothing waits or nothing has failed since
        the last look. What failed before the first look did so while nobody listened.
        """
        latest, before = info.last_error_date, self._failed_at
        again = not self._glance and latest is not None and (before is None or latest > before)
        self._failed_at = latest
        self._fails = info.pending_update_count > 0 and (again or self._fails)
        if not self._fails:
            return None
        return f"{info.pending_update_count} updates wait, Telegram cannot hand them over: {info.last_error_message}"

    async def _hear(self, update: Update) -> bool:
        """Take one update after the other; whether it is kept.

        Whoever pushes is answered in time. What the database is busy with cannot be called off; if it is kept after all
        it is one line still when it comes again.
        """
        until = asyncio.get_running_loop().time() + TAKING
        if not self._works():
            return False
        try:
            async with asyncio.timeout_at(until):
                await self._alone.acquire()
        except TimeoutError:
            return False
        self._keeping = asyncio.create_task(self._keep(update))
        self._keeping.add_done_callback(lambda _: self._alone.release())
        done, _ = await asyncio.wait([self._keeping], timeout=until - asyncio.get_running_loop().time())
        if not done:
            _log.error("an update is not kept yet: the database does not take it")
        return any(not each.cancelled() and each.result() for each in done)

    async def _keep(self, update: Update) -> bool:
        try:
            await self._take([update])
        except StoreError as error:
            _log.error("an update was not kept: %s", error)
            return False
        except Exception:  # Telegram pushes it again; the next one may be well
            _log.exception("an update could not be taken")
            return False
        self._heard_at = time.monotonic()
        return True


def _spelled(url: str) -> tuple[str, str, str]:
    """The same for two ways to write one address: Telegram tells it in its own."""
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower().removesuffix(":443"), unquote(parts.path) or "/"


def _read(body: bytes) -> Update | None:
    """The update of a request; None if it is none. One that the library cannot read has no content: it is passed by,
    not pushed for ever.
    """
    try:
        content: Any = json.loads(body)
        number = content["update_id"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    if type(number) is not int or not 0 <= number <= LARGEST_NUMBER:
        return None
    return Update.de_json(content if can_be_read(content) else {"update_id": number}, None)
