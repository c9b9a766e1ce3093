"""Who is let in, and who is told of it: requests, decisions and the operator's words, as changes to the store.

Administrators are told that somebody asks, with a button for each decision; who was decided of is told once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from bot.answers import changes
from bot.answers.buttons import Button
from bot.answers.people import Person, Roster, Standing
from bot.delivery.notices import notice, owe_notice
from bot.render.people import LET_IN, NOT_LET_IN, asks
from bot.store.chats import told_addresses, turn_out
from bot.store.database import Connection
from bot.store.people import ask, decide, everybody
from rules.bars import DAY
from rules.model import Instant


@dataclass(frozen=True, slots=True)
class Door:
    """Whom the configuration lets in to a channel, `everyone` or those by their ids, and who decides of all others."""

    channel: str
    configured: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    everyone: bool = False

    @property
    def admitted(self) -> Collection[str] | None:
        """As the store takes it."""
        return None if self.everyone else self.configured | self.admins


async def roster(connection: Connection, door: Door) -> Roster:
    """Everybody who may use the bot or asks to, and how many chats are told."""
    chats = len(await told_addresses(connection, door.channel, door.admitted))
    known = tuple(await everybody(connection, door.channel))
    return Roster(door.configured, door.admins, door.everyone, known, chats)


async def asked(connection: Connection, door: Door, change: changes.AskToBeLetIn, now: Instant) -> None:
    """Somebody asks to be let in; administrators hear of it, once."""
    if not await ask(connection, door.channel, change.user, change.name, now):
        return
    person = Person(change.user, change.name, Standing.PENDING, now)
    buttons = ((Button("Let in", f"/allow {change.user}"), Button("Refuse", f"/deny {change.user}")),)
    told = notice(f"asks/{change.user}/{now}", asks(person), now, buttons)
    await owe_notice(connection, door.channel, door.admins, told)


async def decided(connection: Connection, door: Door, change: changes.Decide, by: str, now: Instant) -> None:
    """An administrator has decided: who it is about is told, and owed nothing more where they are refused."""
    known = {each.user: each.standing for each in await everybody(connection, door.channel)}
    before = known.get(change.user)
    if before is change.standing:
        return
    await decide(connection, door.channel, change.user, change.standing, by, now)
    if change.standing is Standing.DENIED:
        await turn_out(connection, door.channel, change.user, now)
    if before is not None or change.standing is Standing.ALLOWED:
        words = LET_IN if change.standing is Standing.ALLOWED else NOT_LET_IN
        told = notice(f"decided/{change.user}/{now}", words, now)
        await owe_notice(connection, door.channel, [change.user], told)


async def broadcast(connection: Connection, door: Door, change: changes.Broadcast, now: Instant) -> None:
    """The operator's words for every chat that is told; the same ones once a day, however often they are sent."""
    said = hashlib.sha256(change.html.encode()).hexdigest()[:12]
    told = notice(f"broadcast/{now // DAY}/{said}", change.html, now)
    await owe_notice(connection, door.channel, await told_addresses(connection, door.channel, door.admitted), told)
