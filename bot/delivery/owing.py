"""Who is owed what: events as messages for everybody who is told of alerts, whatever the channel. Called within the
transaction that records the events; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.delivery.announce import News, messages, summaries
from bot.delivery.grouping import Rules, heads
from bot.store.alerts import all_said, events_at, events_of, unsaid_events
from bot.store.chats import Subscriber, subscribers
from bot.store.database import Connection
from bot.store.further import APPRISE, NOBODY, UNTAKEN, Roll, enrolled
from bot.store.messages import Message, owe
from bot.store.severity import grave_enough
from bot.store.summaries import Lapsed, close_lapsed, lapsed, take_back, told_of
from rules.model import AlertEvent, Edge, Instant, Severity


@dataclass(frozen=True, slots=True)
class Readers:
    """Who is told of alerts: the chats of `channel` and the further ones in `roll`. `admitted` are the people of
    `channel` who may be; None: everybody who asked for it.
    """

    channel: str
    admitted: frozenset[str] | None = None
    roll: Roll = NOBODY

    async def of_alerts(self, connection: Connection) -> list[Subscriber]:
        """Those who are told every alert, or every one that is grave enough for them."""
        ours = await subscribers(connection, self.channel, self.admitted)
        return [*ours, *await enrolled(connection, self.roll.subscribers)]

    async def by_name(self, connection: Connection) -> list[Subscriber]:
        """Those who are told in another's place: an alert that they were told they are also told is not so."""
        return [replace(each, least=None) for each in await enrolled(connection, self.roll.fallback, UNTAKEN)]

    async def lapsed(self, connection: Connection) -> list[Lapsed]:
        """What could not be sent to any of the first as long as it was news."""
        ours = await lapsed(connection, self.channel, self.admitted)
        return [*ours, *(await lapsed(connection, APPRISE) if self.roll.subscribers else ())]


class Owing:
    """Owes `readers` what happens, in the words that `news` and `rules`, by id, give it."""

    def __init__(self, readers: Readers, rules: Rules, news: News) -> None:
        self.readers, self._rules, self._news = readers, rules, news

    async def tell(self, connection: Connection, events: Sequence[AlertEvent], now: Instant) -> int:
        """Owe what is news. Returns how many deliveries are new."""
        if not events:
            return 0
        readers = [*await self.readers.of_alerts(connection), *await self.readers.by_name(connection)]
        return await owe(connection, await self._told(connection, events, now), readers, now)

    async def summarise(self, connection: Connection, now: Instant) -> int:
        """What happened while nobody watched, or could not be sent as long as it was news: in one message, once all
        that was missed is judged. Returns how many deliveries are new.
        """
        unsaid, late = await unsaid_events(connection), await self.readers.lapsed(connection)
        if not unsaid and not late:
            return 0
        await all_said(connection)
        known = await events_of(connection, {key for each in late for key in each.events})
        of_chat: dict[int, list[AlertEvent]] = {}
        for each in late:
            of_chat.setdefault(each.chat, []).extend(known[key] for key in each.events if key in known)
        around = {event.at for event in (*unsaid, *known.values())}
        undone = {event.undone_key for event in await events_at(connection, around)}
        await close_lapsed(connection, late, undone, now)
        readers = await self.readers.of_alerts(connection)
        missed = {
            reader.chat: _in_order(
                event
                for event in (*_for(reader, unsaid), *of_chat.get(reader.chat, ()))
                if event.key not in undone and event.at >= reader.since
            )
            for reader in readers
        }
        return await owe(connection, summaries(missed, now), readers, now)

    async def _told(self, connection: Connection, events: Sequence[AlertEvent], now: Instant) -> list[Message]:
        """Events in words; a correction for those who were told what it takes back, the end of an alert also for those
        who were told that it began.
        """
        before = await events_at(connection, {at for _, at in heads(events, self._rules)})
        told = messages(events, self._rules, self._news, before)
        known = {event.key: event for event in events}
        for index, message in enumerate(told):
            event = known[message.event]
            if event.undone_key:
                told[index] = replace(message, only=await take_back(connection, event.undone_key, now))
            elif event.edge is Edge.RESOLVED and event.since is not None and self.readers.roll:
                began = await told_of(connection, event.rule, Edge.FIRED, event.since)
                told[index] = replace(message, also=began)
        return told


def _for(reader: Subscriber, events: Iterable[AlertEvent]) -> Iterable[AlertEvent]:
    """Those that are grave enough."""
    least = reader.least or Severity.CRITICAL
    return (event for event in events if grave_enough(event.severity, least))


def _in_order(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    return sorted(events, key=lambda event: event.at)
