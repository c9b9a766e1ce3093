"""The outbox worker: a few lanes that send side by side, each one delivery after the other.

A lane settles what it sent and claims what is next in one transaction, so that a delivery costs one commit. What a lane
holds is nobody else's; a lane that hangs holds up its own chat and nobody else. When nothing is due there are no lanes.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.delivery.channel import Ambiguous, Channel, Frame, Rank, TokenRejected
from bot.delivery.settle import FIRST_PAUSE, LONGEST_PAUSE, Ended, Fault, NotTried, before_sending, settle
from bot.render.alerts import as_sent
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.outbox import Owed, claim, free_claims, next_due
from rules.model import Instant

log = logging.getLogger(__name__)
Now = Callable[[], Instant]
Told = Callable[[str, Owed, Ended], None]
"""Hears of each sending that is settled: the channel's name, what was owed, how it ended."""


def _to_nobody(_channel: str, _owed: Owed, _ended: Ended) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many deliveries are sent at a time, and how long what may take, in seconds.

    `sending`: then it is given up as unanswered; a turn in a busy group may take a minute. `lease`: a claimed delivery
    is nobody else's; longer than any sending. `rest`: for so long after a message others go before the chat's next.
    `idle`: between looks at an outbox that nobody has said anything of. `trouble`: until the database is tried again.
    """

    at_a_time: int = 8
    sending: float = 120.0
    lease: int = 300
    rest: float = 1.05
    idle: float = 30.0
    trouble: float = FIRST_PAUSE


class Worker:
    """Delivers what is owed to the chats of one channel. `owner` names this process among others.

    `may_send` says whether it is this process that works: another may have taken over while it was held up.
    """

    def __init__(
        self,
        database: Database,
        channel: Channel,
        owner: str,
        now: Now,
        limits: Limits | None = None,
        may_send: Callable[[], bool] = lambda: True,
        told: Told = _to_nobody,
    ) -> None:
        self._database, self._channel, self._owner, self._now = database, channel, owner, now
        self._limits, self._may_send, self._told = limits or Limits(), may_send, told
        self._sending: set[int] = set()
        self._resting: dict[int, float] = {}  # chats that were told something, and until when others go first
        self._more = asyncio.Event()
        self._stopping = False
        self._refused_until = -math.inf
        self._trouble = ""

    def wake(self) -> None:
        """Something may be owed."""
        self._more.set()

    async def run(self) -> None:
        """Deliver until stopped; returns when nothing is being sent any more. Whatever goes wrong, it goes on."""
        taken_over = False
        async with asyncio.TaskGroup() as lanes:
            while not self._stopping:
                self._more.clear()
                try:
                    taken_over = taken_over or await self._take_over()
                    pause = await self._open_lanes(lanes)
                    self._trouble = ""
                except StoreError as error:
                    if str(error) != self._trouble:
                        log.error("nothing can be delivered: %s", error)
                    self._trouble, pause = str(error), self._limits.trouble
                except Exception:
                    log.exception("the outbox failed")
                    pause = self._limits.trouble
                await self._rest(pause)

    async def stop(self) -> None:
        """Send nothing more; what is being sent is waited for by whoever awaits `run`."""
        self._stopping = True
        self._channel.turn_away()
        self._more.set()

    async def round(self) -> int:
        """Deliver what is due now. Returns how many deliveries were dealt with, one way or the other."""
        claimed = await self._claim_first(self._limits.at_a_time)
        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(self._lane(each)) for each in claimed]
        return sum(lane.result() for lane in lanes)

    async def _take_over(self) -> bool:
        async with self._database.write() as connection:
            await free_claims(connection, self._channel.name, self._now())
        return True

    async def _open_lanes(self, lanes: asyncio.TaskGroup) -> float:
        """As many as there is something due for. Returns for how many seconds there is nothing more to do."""
        refused = self._refused_until - asyncio.get_running_loop().time()
        if refused > 0:
            return refused
        if not self._may_send():
            return self._limits.trouble
        async with self._database.read() as connection:
            due = await next_due(connection, self._channel.name, self._sending)
        if due is None or due > self._now():
            return self._limits.idle if due is None else min(self._limits.idle, due - self._now())
        claimed = await self._claim_first(self._limits.at_a_time - len(self._sending))
        for each in claimed:
            lanes.create_task(self._lane(each), name=f"delivery {each.id}")
        return 0.0 if claimed else self._limits.idle  # without a free lane the next that ends says so

    async def _lane(self, owed: Owed) -> int:
        """Send one delivery after the other while any is due. Never raises. Returns how many."""
        following: Owed | None = owed
        dealt_with = 0
        while following is not None:
            owed = following
            dealt_with += 1
            self._sending.add(owed.id)
            try:
                following = await self._settle(owed, await self._send(owed))
            except Exception:
                log.exception("delivery %d, attempt %d: not settled", owed.id, owed.attempts)
                following = None
            finally:
                self._sending.discard(owed.id)
        self._more.set()
        return dealt_with

    async def _send(self, owed: Owed) -> Ended:
        now = self._now()
        if self._stopping or not self._may_send():
            return NotTried()
        if closed := before_sending(owed, now):
            return closed
        limit = asyncio.timeout(self._limits.sending)
        try:
            html = as_sent(owed.html, late=now - owed.at if now > owed.late_after else None, repeat=owed.repeat)
            async with limit:
                rank = Rank.DIGEST if owed.digest else Rank.ALERT
                picture = None if owed.repeat else owed.picture  # a luxury that is tried once
                frame = Frame(owed.buttons, picture, owed.thread, owed.replies_to)
                how = {"plain": owed.plain, "silent": owed.silent}
                sent = await self._channel.send(owed.address, html, **how, rank=rank, frame=frame)
            self._resting[owed.chat] = asyncio.get_running_loop().time() + self._limits.rest
            return sent
        except Exception as fault:
            if limit.expired():
                return Ambiguous(f"no answer within {self._limits.sending:g} s")
            log.exception("delivery %d: the channel failed", owed.id)
            return Fault(f"a fault of the channel: {type(fault).__name__}")

    async def _settle(self, owed: Owed, ended: Ended) -> Owed | None:
        """Write down how a sending ended, until that works, or it would be sent again. Returns what is next."""
        if isinstance(ended, TokenRejected):
            self._refused_until = asyncio.get_running_loop().time() + LONGEST_PAUSE
        told = False
        while True:
            try:
                following = await self._settle_and_claim(owed, ended)
            except StoreError as error:
                if not told:
                    log.error("delivery %d, attempt %d: %s, but not settled: %s", owed.id, owed.attempts, ended, error)
                told = True
                if self._stopping:
                    return None
                await asyncio.sleep(self._limits.trouble)
            else:
                fields = {"delivery": owed.id, "attempt": owed.attempts, "outcome": type(ended).__name__}
                log.info("delivery %d, attempt %d: %s", owed.id, owed.attempts, ended, extra=fields)
                self._told(self._channel.name, owed, ended)
                return following

    async def _settle_and_claim(self, owed: Owed, ended: Ended) -> Owed | None:
        async with self._database.write() as connection:
            await settle(connection, owed, ended, self._now())
            claimed = await self._claim(connection, 1, self._sending - {owed.id})
        return claimed[0] if claimed else None

    async def _claim_first(self, most: int) -> list[Owed]:
        async with self._database.write() as connection:
            claimed = await self._claim(connection, most, self._sending)
        self._sending.update(each.id for each in claimed)
        return claimed

    async def _claim(self, connection: Connection, most: int, without: set[int]) -> list[Owed]:
        """Nothing while we are stopping or may not send, or are refused: every message would fail. A chat that has just
        been told something comes after all others: a lane that waits for it could send to them.
        """
        now = asyncio.get_running_loop().time()
        if self._stopping or not self._may_send() or now < self._refused_until:
            return []
        self._resting = {chat: until for chat, until in self._resting.items() if until > now}
        claimed: list[Owed] = []
        for resting in (self._resting, ()) if self._resting else ((),):
            left = most - len(claimed)
            if left > 0:
                who = self._channel.name, self._owner, self._now(), self._limits.lease
                claimed += await claim(connection, *who, left, without, resting)
        return claimed

    async def _rest(self, seconds: float) -> None:
        """For a while, or until somebody says that there is something to do."""
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            pass
