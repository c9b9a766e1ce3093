"""What was put off, told in its time: when quiet hours end, and with the brief of the day or the week.

That something is told and that it does not wait any more is one transaction: it is told once, whatever is cut off.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from bot.answers.brief import Brief
from bot.answers.buttons import NO_BUTTONS, Button, Keyboard
from bot.answers.preferences import NEW_CHAT, Preferences
from bot.delivery.hours import digest_before, last_digest, next_digest, quiet_until
from bot.delivery.owing import Readers
from bot.delivery.own_notices import is_own_notice
from bot.render.brief import digest
from bot.render.quiet import while_quiet
from bot.store.alerts import events_at, events_of
from bot.store.chats import Subscriber
from bot.store.database import Connection
from bot.store.messages import Message, owe
from bot.store.states import GATHERED, HELD
from bot.store.waiting import Waiting, close_waiting, is_owed_or_was, put_off, send_waiting, waiting
from rules.bars import DAY, HOUR
from rules.model import AlertEvent, Delivery, Instant

LATE = 2 * HOUR
"""Seconds after its time from which on a brief of the market is left out; what was gathered is told however late."""

QUIET, DIGEST = "quiet", "digest"
"""What the keys of what is told of several things together begin with."""

KEYS: Keyboard = ((Button("Regime", "/regime"), Button("Correlations", "/corr"), Button("Alerts", "/alerts")),)


@dataclass(frozen=True, slots=True)
class Due:
    """A chat that is to be told what was gathered for it, or how the market stands, under a key that is used once.

    `with_brief`: the market as well. It tells of what happened since `since`.
    """

    reader: Subscriber
    key: str
    since: Instant
    with_brief: bool = True


@dataclass(frozen=True, slots=True)
class Drawn:
    """A brief for a chat, and a PNG to see beside it, or none."""

    brief: Brief
    picture: bytes | None = field(default=None, repr=False)


class Briefs(Protocol):
    """Says how the market stands. What it takes, it takes before the transaction, and beside the loop."""

    async def drawn(self, chats: Collection[int], now: Instant) -> Mapping[int, Drawn]:
        """For chats, by their numbers; whose cannot be made is left out. Raises nothing but StoreError."""
        ...


class Later:
    """Owes `readers` what was put off for them."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def due(self, connection: Connection, now: Instant) -> frozenset[int] | None:
        """The chats that are to have a brief of the market by `now`, and were owed none; None where nothing is due to
        anybody.
        """
        ripe = await self._ripe(connection, now)
        found = await self._due(connection, await self._chats(connection), ripe, now)
        return frozenset(each.reader.chat for each in found.values() if each.with_brief) if found or ripe else None

    async def tell(self, connection: Connection, drawn: Mapping[int, Drawn], now: Instant) -> int:
        """Owe what is due, with the briefs that were `drawn` up. Returns how many deliveries are new."""
        chats, ripe = await self._chats(connection), await self._ripe(connection, now)
        due = await self._due(connection, chats, ripe, now)
        if not due and not ripe:
            return 0
        ripe = await self._ripe(connection, now, due.keys())
        known = await events_of(connection, {key for each in ripe for key in each.events})
        undone = {event.undone_key for event in await events_at(connection, {event.at for event in known.values()})}
        notices = {each.id for each in ripe if is_own_notice(each.events[0])}
        said = {each.id for each in ripe if any(key in known and key not in undone for key in each.events)}
        void = {each.id for each in ripe} - said - notices
        by_chat = _by_chat(each for each in ripe if each.id in said)
        alone = notices | {only for each in by_chat.values() if (only := _whole(each, undone)) is not None}
        told: list[Message] = []
        for chat in {*by_chat, *due}:
            mine = by_chat.get(chat, [])
            held = [each for each in mine if each.state == HELD and each.id not in alone]
            gathered = [each for each in mine if each.state == GATHERED]
            told += [_after_quiet(chat, _events(held, known, undone), held, now)] if held else []
            if chat in due:
                told += _digest(due[chat], drawn.get(chat), _events(gathered, known, undone), now)
        await close_waiting(connection, {each.id for each in ripe} - void - alone, void, now)
        await send_waiting(connection, alone, now, LATE, DAY)
        return len(alone) + await owe(connection, told, list(chats.values()), now)

    async def _chats(self, connection: Connection) -> dict[int, Subscriber]:
        """Those that choose how they are told, by number."""
        readers = await self._readers.of_alerts(connection)
        return {each.chat: each for each in readers if each.preferences is not None}

    async def _ripe(self, connection: Connection, now: Instant, also: Collection[int] = ()) -> list[Waiting]:
        return await waiting(connection, self._readers.channel, now, also, self._readers.admitted)

    async def _due(
        self, connection: Connection, chats: Mapping[int, Subscriber], ripe: Iterable[Waiting], now: Instant
    ) -> dict[int, Due]:
        """By chat: the briefs it asked for, once each, and what was gathered whenever that was to be told."""
        found: dict[int, Due] = {}
        for each in ripe:
            if each.state == GATHERED and each.chat in chats:
                reader = chats[each.chat]
                weekly = not _chosen(reader).digests and now - each.due <= LATE
                since = digest_before(each.due, _chosen(reader))
                found[each.chat] = Due(reader, f"{DIGEST}/{each.chat}/{now}", since, weekly)
        asked = {chat: at for chat, each in chats.items() if (at := last_digest(now, _chosen(each))) is not None}
        keys = {chat: f"{DIGEST}/{chat}/{at}" for chat, at in asked.items() if now - at <= LATE}
        for chat in keys.keys() - await is_owed_or_was(connection, keys):
            found[chat] = Due(chats[chat], keys[chat], digest_before(asked[chat], _chosen(chats[chat])))
        return found


async def rearrange(connection: Connection, chat: int, chosen: Preferences, now: Instant) -> None:
    """A chat has chosen anew: what waits for it is due by what holds now. What its next digest was to tell already it
    still tells: the one after may be a week away.
    """
    await put_off(connection, chat, HELD, quiet_until(now, chosen) or now)
    await put_off(connection, chat, GATHERED, next_digest(now, chosen), since=now + 1)


def _chosen(reader: Subscriber) -> Preferences:
    return reader.preferences or NEW_CHAT


def _by_chat(ripe: Iterable[Waiting]) -> dict[int, list[Waiting]]:
    found: dict[int, list[Waiting]] = {}
    for each in ripe:
        found.setdefault(each.chat, []).append(each)
    return found


def _whole(mine: Sequence[Waiting], undone: AbstractSet[str]) -> int | None:
    """The one message that was held for a chat, where all of it is so: it is sent as it is, with all it says."""
    held = [each for each in mine if each.state == HELD]
    return held[0].id if len(held) == 1 and undone.isdisjoint(held[0].events) else None


def _events(some: Iterable[Waiting], known: Mapping[str, AlertEvent], undone: Collection[str]) -> list[AlertEvent]:
    """What they tell of that is so, oldest first."""
    keys = dict.fromkeys(key for each in some for key in each.events if key in known and key not in undone)
    return sorted((known[key] for key in keys), key=lambda event: event.at)


def _after_quiet(chat: int, events: Sequence[AlertEvent], held: Sequence[Waiting], now: Instant) -> Message:
    silent = all(each.silent for each in held)
    return _together(f"{QUIET}/{chat}/{now}", chat, while_quiet(events), events, now, silent=silent)


def _digest(due: Due, drawn: Drawn | None, events: Sequence[AlertEvent], now: Instant) -> list[Message]:
    """One message, or none where there is nothing to say."""
    brief = drawn.brief if drawn is not None and due.with_brief else None
    if brief is None and not events:
        return []
    html = digest(brief, events, due.since, _chosen(due.reader).zone, now)
    picture = drawn.picture if drawn is not None and brief is not None else None
    keys = KEYS if brief is not None else NO_BUTTONS
    return [_together(due.key, due.reader.chat, html, events, now, silent=True, buttons=keys, picture=picture)]


def _together(
    key: str,
    chat: int,
    html: str,
    events: Sequence[AlertEvent],
    now: Instant,
    *,
    silent: bool,
    buttons: Keyboard = NO_BUTTONS,
    picture: bytes | None = None,
) -> Message:
    return Message(
        event=key,
        at=now,
        html=html,
        policy=Delivery.AT_LEAST_ONCE,
        silent=silent,
        late_after=now + LATE,
        expires_at=now + DAY,
        parts=tuple(event.key for event in events),
        oldest=min((event.at for event in events), default=None),
        only=frozenset({chat}),
        digest=True,
        buttons=buttons,
        picture=picture,
    )
