"""Deliveries by Apprise: one message at a time to each of the configured names, in a thread of its own, within a bound.

Apprise tells of a failure only that there was one. Whether the message arrived, then, is open: it is tried again and
marked as a possible repeat, or, where a rule asked for at most once, given up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.channel import BARE, Ambiguous, ChatGone, Frame, Outcome, Rank, RetryLater, Sent
from bot.delivery.pacing import Pace, Pacer
from bot.delivery.turn import NOT_OURS, turn
from bot.further.service import Failed, Service
from bot.redaction import Redaction
from bot.render.plain import to_plain
from bot.store.further import APPRISE, NOT_CONFIGURED

PACE = Pace(between=0.02, between_in_chat=5.0)
"""Twelve a minute to one name: what mail servers and free services bear; chats bear more."""

LONGEST = 45.0
"""Seconds until a message counts as unanswered; Apprise has its own, shorter ones for each connection."""

NAME = "Bellwether"

log = logging.getLogger(__name__)


class Sender(Protocol):
    """What hands over words, and blocks meanwhile."""

    def send(self, title: str, body: str) -> Failed | None:
        """None when they were accepted."""
        ...


@dataclass(slots=True)
class _Line:
    """One name: its service, its thread, and the call that has not ended."""

    sender: Sender
    thread: ThreadPoolExecutor
    overdue: Future[Failed | None] | None = None


class AppriseChannel:
    """Sends to `senders`, by name. What is printed of a failure is redacted of `secrets`.

    `works` says whether it is this process that works: another may have taken over while a message waited.
    """

    name = APPRISE

    def __init__(
        self,
        senders: Mapping[str, Sender],
        secrets: tuple[str, ...] = (),
        works: Callable[[], bool] = lambda: True,
        pacer: Pacer | None = None,
        longest: float = LONGEST,
    ) -> None:
        self._lines = {
            name: _Line(sender, ThreadPoolExecutor(1, thread_name_prefix=f"apprise {name}"))
            for name, sender in senders.items()
        }
        self._redaction, self._works = Redaction(secrets), works
        self._pacer, self._longest = pacer or Pacer(PACE), longest

    def close(self) -> None:
        """Send nothing more; a call that has not ended is left behind."""
        for line in self._lines.values():
            line.thread.shutdown(wait=False, cancel_futures=True)

    def turn_away(self) -> None:
        """Whatever is owed and waits for its turn is told that it does not come: the process ends."""
        self._pacer.turn_away()

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,  # noqa: ARG002 - it is always plain
        silent: bool = False,  # noqa: ARG002 - nobody can be told to be silent
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,  # noqa: ARG002 - words are all that every service takes
    ) -> Outcome:
        """Send one message to a name when it is its turn: the first line as its title, the others beneath."""
        line = self._lines.get(address)
        if line is None:
            return ChatGone(NOT_CONFIGURED)
        if line.overdue is not None and not line.overdue.done():
            return RetryLater("the message before it has not been answered yet", self._longest)
        if (not_yet := await turn(self._pacer, address, rank)) is not None:
            return not_yet
        if not self._works():
            return RetryLater(NOT_OURS)
        return await self._hand_over(address, line, *_in_words(html))

    async def _hand_over(self, address: str, line: _Line, title: str, body: str) -> Outcome:
        try:
            call = line.overdue = line.thread.submit(line.sender.send, title, body)
        except RuntimeError:
            return RetryLater("the service stops")
        answer = asyncio.wrap_future(call)
        answer.add_done_callback(_is_known)
        await asyncio.wait([answer], timeout=self._longest)
        if not answer.done():
            return Ambiguous(f"no answer within {self._longest:g} s")
        if (error := call.exception()) is not None:
            log.error("%s: a fault of Apprise: %s", address, type(error).__name__)
            return Ambiguous(f"a fault of Apprise: {type(error).__name__}")
        failed = call.result()
        if failed is None:
            return Sent()
        log.warning("%s: %s", address, self._redaction.redact(failed.words) or "not accepted")
        return Ambiguous("not accepted" if failed.status is None else f"not accepted: HTTP status {failed.status}")


def _is_known(answer: asyncio.Future[Failed | None]) -> None:
    """One that comes when nobody waits for it any more is no news, not even as an exception."""
    if not answer.cancelled():
        answer.exception()


def open_channel(
    urls: Mapping[str, str], secrets: tuple[str, ...] = (), works: Callable[[], bool] = lambda: True
) -> AppriseChannel:
    """The channel to some URLs, by their names. Raises ValueError as `check` does."""
    return AppriseChannel({name: Service(url) for name, url in urls.items()}, secrets, works)


def _in_words(html: str) -> tuple[str, str]:
    """A title and what stands beneath it; neither is ever empty."""
    first, _, body = to_plain(html).strip().partition("\n")
    title = " ".join(first.split())  # a subject is one line, whatever ends lines elsewhere
    return (title, body.strip()) if body.strip() else (NAME, title)
