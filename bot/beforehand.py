"""What followed the alerts of all rules, worked out before anybody asks: that takes seconds after each close, and four
who ask first would hold every thread that answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bot.allocator import give_back
from bot.outlook import Outlook
from bot.parts import Parts
from bot.queries.evidence import evidence_of_rules
from bot.queries.view import View
from bot.store.errors import StoreError
from rules.language.compile import CompiledRule
from rules.model import Instant

AT_ONCE = 24
"""Rules that are looked into together: they share columns, and who asks meanwhile waits for no more than these."""

log = logging.getLogger(__name__)

_Market = tuple[int, *tuple[Instant | None, ...]]


class Beforehand:
    """Of one service, in a thread of its own. It fills the casebook that answers are read from (bot/outlook.py)."""

    def __init__(self, parts: Parts, outlook: Outlook) -> None:
        self._parts, self._outlook = parts, outlook
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="beforehand")
        self._known: _Market | None = None

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self) -> None:
        """Until cancelled; half way between two polls, when alerts are out."""
        while True:
            await asyncio.sleep(until_half_way(self._parts.now(), self._parts.poll_seconds))
            await self.look()

    async def look(self) -> None:
        """Work out what is not known yet, once history is complete. Never raises for what a rule or the store does."""
        if self._parts.intake.waiting():
            return
        try:
            view = await self._outlook.view()
        except StoreError as error:
            log.warning("what followed is not worked out beforehand: %s", error)
            return
        market = self._market(view)
        if market == self._known:
            return
        work = asyncio.get_running_loop().run_in_executor
        for at in range(0, len(view.rules), AT_ONCE):
            await work(self._thread, _look_into, view, view.rules[at : at + AT_ONCE])
        await work(self._thread, give_back)
        self._known = market

    def _market(self, view: View) -> _Market:
        """What says whether any bar is another, or a close has passed."""
        intake, now, sessions = self._parts.intake, self._parts.now(), view.history.sessions
        calendars = sorted({rule.calendar for rule in view.rules})
        return intake.version, *(sessions.last_close(each, now) for each in calendars)


def until_half_way(now: Instant, poll: int) -> int:
    """Seconds until half of the time between two polls, which are at multiples of it, has passed; at least one."""
    return poll - (now - poll // 2) % poll


def _look_into(view: View, rules: Sequence[CompiledRule]) -> None:
    try:
        evidence_of_rules(view, rules)
    except Exception:  # who asks for one of them will be told
        log.exception("what followed some of %s is not worked out beforehand", [rule.rule.id for rule in rules])
