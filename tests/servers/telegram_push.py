"""Telegram's webhook: it pushes what is new over HTTP with the secret, chat by chat in order, until it is taken."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.servers.telegram_faults import Refused
from tests.servers.telegram_journal import HANDED, Journal
from tests.servers.telegram_messages import Params

SECRET = "X-Telegram-Bot-Api-Secret-Token"
GLANCE = 0.005


@dataclass
class Webhook:
    """What `setWebhook` was told, and how pushing goes."""

    url: str
    secret: str = ""
    kinds: frozenset[str] = frozenset()
    connections: int = 40
    failed_at: int = 0
    failure: str = ""
    again_at: dict[int, float] = field(default_factory=dict)


class Pushing:
    """The methods of webhooks. `proxies` ends TLS: which address of ours stands behind a public one. `pushed` is every
    push: the number of the update, and the status of the answer, 0 where none came.
    """

    journal: Journal
    _changed: threading.Condition
    _updates: list[dict[str, Any]]

    def __init__(self) -> None:
        self.proxies: dict[str, str] = {}
        self.pushed: list[tuple[int, int]] = []
        self.patience, self.again = 5.0, 0.1
        self.webhook: Webhook | None = None
        self._taken: dict[int, dict[str, Any]] = {}
        self._pushing: asyncio.Task[None] | None = None

    def stands_behind(self, public: str, address: str) -> None:
        """Requests to the https URL `public` go to `address`, a host and port on loopback, without TLS."""
        parts = urlsplit(public)
        self.proxies[f"{parts.scheme}://{parts.netloc.lower()}"] = f"http://{address}"

    def sets_webhook(self, url: str = "https://elsewhere.example/telegram") -> None:
        """Somebody set a webhook: polling is refused until it is deleted, and nothing is pushed to where it was."""
        with self._changed:
            self.webhook = Webhook(url)

    def pushes_again(self, number: int) -> None:
        """An update that was taken comes once more: the answer was lost on the way."""
        with self._changed:
            self._updates.append(self._taken[number])

    @property
    def secret(self) -> str:
        """What Telegram was told last; empty without a webhook."""
        return self.webhook.secret if self.webhook else ""

    def statuses(self, number: int) -> list[int]:
        """How the pushes of an update were answered."""
        with self._changed:
            return [status for each, status in self.pushed if each == number]

    def waits_for_pushes(self, number: int, times: int, seconds: float = 10) -> None:
        """An update was pushed so often, whatever that was answered."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.statuses(number)) >= times, seconds), self.pushed

    @property
    def webhook_methods(self) -> dict[str, Callable[[Params], Any]]:
        """By name."""
        return {
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
        }

    def _set_webhook(self, params: Params) -> bool:
        if not params["url"].startswith("https://"):
            raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        url = _in_its_own_way(params["url"])
        kinds = frozenset(json.loads(params.get("allowed_updates", "[]")))
        with self._changed:
            if params.get("drop_pending_updates") == "true":
                self._updates.clear()
            self.webhook = Webhook(url, params.get("secret_token", ""), kinds, int(params.get("max_connections", 40)))
        self._begin_to_push()
        return True

    def _begin_to_push(self) -> None:
        if self._pushing is None or self._pushing.done():
            self._pushing = asyncio.get_running_loop().create_task(self._push_all(), name="pushes")

    def _delete_webhook(self, params: Params) -> bool:
        with self._changed:
            self.webhook = None
        return True

    def _webhook_info(self, params: Params) -> dict[str, Any]:
        with self._changed:
            hook = self.webhook
            about = {"has_custom_certificate": False, "pending_update_count": len(self._updates)}
            if hook is None:
                return {"url": "", **about}
            failed = {"last_error_date": hook.failed_at, "last_error_message": hook.failure} if hook.failed_at else {}
            return {"url": hook.url, **about, **failed, "max_connections": hook.connections}

    async def _push_all(self) -> None:
        timeout = aiohttp.ClientTimeout(total=self.patience)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while (hook := self.webhook) is not None:
                due = list(self._due(hook))[: hook.connections]
                await asyncio.gather(*(self._push(session, hook, chat, update) for chat, update in due))
                await asyncio.sleep(GLANCE)

    def _due(self, hook: Webhook) -> Iterator[tuple[int, dict[str, Any]]]:
        """The oldest update of each chat, unless it was refused a moment ago."""
        with self._changed:
            first: dict[int, dict[str, Any]] = {}
            for update in self._updates:
                if not hook.kinds or hook.kinds & update.keys():
                    first.setdefault(_chat_of(update), update)
        now = time.monotonic()
        return ((chat, update) for chat, update in first.items() if hook.again_at.get(chat, 0.0) <= now)

    async def _push(self, session: aiohttp.ClientSession, hook: Webhook, chat: int, update: dict[str, Any]) -> None:
        number = update["update_id"]
        self.journal.notes(HANDED, updates=[number])
        status, failure = await self._post(session, hook, update)
        with self._changed:
            self.pushed.append((number, status))
            if 200 <= status < 300:
                self._updates.remove(update)
                self._taken[number] = update
                hook.again_at.pop(chat, None)
            else:
                hook.failed_at, hook.failure = max(int(time.time()), hook.failed_at + 1), failure
                hook.again_at[chat] = time.monotonic() + self.again
            self._changed.notify_all()

    async def _post(self, session: aiohttp.ClientSession, hook: Webhook, update: dict[str, Any]) -> tuple[int, str]:
        """The status of the answer, and how Telegram words a failure."""
        parts = urlsplit(hook.url)
        behind = self.proxies.get(f"{parts.scheme}://{parts.netloc}")
        if behind is None:
            return 0, "Failed to resolve host: Name or service not known"
        headers = {"Host": parts.netloc, **({SECRET: hook.secret} if hook.secret else {})}
        try:
            async with session.post(behind + parts.path, json=update, headers=headers) as answer:
                return answer.status, f"Wrong response from the webhook: {answer.status} {answer.reason}"
        except TimeoutError:
            return 0, "Read timeout expired"
        except (aiohttp.ClientError, OSError):
            return 0, "Connection refused"


def _in_its_own_way(url: str) -> str:
    """A host in small letters, and a path where there was none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}"


def _chat_of(update: dict[str, Any]) -> int:
    content = next(value for name, value in update.items() if name != "update_id")
    chat = content.get("message", content).get("chat")
    return int(chat["id"]) if isinstance(chat, dict) else 0
