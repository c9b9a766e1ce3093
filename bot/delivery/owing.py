"""Who is owed what: events as messages for everybody who is told of alerts, whatever the channel, as each wants to be
told. Called within the transaction that records the events; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.answers.personal import owner_of
from bot.delivery.announce import News, groups, message, summaries
from bot.delivery.deciding import Decisions, by_the_hour, known_of
from bot.delivery.grouping import Group, Rules, heads
from bot.delivery.quiet import Withhold
from bot.render.evidence import NO_RECORDS, Records
from bot.render.quiet import budget_spent
from bot.store.alerts import all_said, dark_since, events_at, events_of, unsaid_events
from bot.store.chats import Subscriber, own_readers, subscribers
from bot.store.database import Connection
from bot.store.further import APPRISE, NOBODY, UNTAKEN, Roll, enrolled
from bot.store.messages import Message, is_for, owe
from bot.store.severity import grave_enough
from bot.store.summaries import Lapsed, close_lapsed, lapsed, take_back, told_of
from bot.store.waiting import fired_key
from rules.alerting import BEFORE
from rules.bars import DAY
from rules.model import AlertEvent, Delivery, Edge, Instant

BUDGET = "budget"
"""What the key of a notice begins with that says that a chat is told no more today."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who is told of alerts: the chats of `channel` and the further ones in `roll`. `admitted` are the people of
    `channel` who may be; None: everybody who asked for it.
    """

    channel: str
    admitted: frozenset[str] | None = None
    roll: Roll = NOBODY

    async def of_alerts(self, connection: Connection) -> list[Subscriber]:
        """Those who are told every alert, or every one that is grave enough for them; of some only their own."""
        ours = await subscribers(connection, self.channel, self.admitted)
        own = await own_readers(connection, self.channel, self.admitted)
        return [*ours, *own, *await enrolled(connection, self.roll.subscribers)]

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

    async def tell(
        self, connection: Connection, events: Sequence[AlertEvent], now: Instant, records: Records = NO_RECORDS
    ) -> int:
        """Owe what is news, with what its rules led to before. Returns how many deliveries are new and to be sent."""
        if not events:
            return 0
        readers = [*await self.readers.of_alerts(connection), *await self.readers.by_name(connection)]
        decisions = Decisions(await known_of(connection, events, self._rules, now), now)
        told = await self._told(connection, events, readers, decisions, records)
        owed = await owe(connection, told, readers, now, decisions)
        spent = [_no_more_today(chat, midnight, now) for chat, midnight in decisions.spent.items()]
        return owed + await owe(connection, spent, readers, now)

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
        decisions = Decisions(await known_of(connection, unsaid, self._rules, now), now)
        missed = {
            reader.chat: _in_order(
                event
                for event in (*_for(reader, unsaid, decisions), *of_chat.get(reader.chat, ()))
                if event.key not in undone and event.at >= reader.since
            )
            for reader in readers
        }
        return await owe(connection, summaries(missed, now), readers, now, by_the_hour(now))

    async def _told(
        self,
        connection: Connection,
        events: Sequence[AlertEvent],
        readers: Sequence[Subscriber],
        decisions: Decisions,
        records: Records,
    ) -> list[Message]:
        """Events in words, each for those who may hear of it; what stands beneath another on its own, for those who do
        not want to hear of the other.
        """
        before = await events_at(connection, {at for _, at in heads(events, self._rules)})
        told: list[Message] = []
        for some in _by_owner(events):
            for group in groups(some, self._rules, before):
                whole = await self._meant(connection, group, readers, decisions.now, records)
                apart = decisions.wanted_apart(group, [each for each in readers if is_for(whole, each)])
                told.append(_without(whole, apart, readers) if apart else whole)
                told += [self._alone(part, apart, records) for part in group.parts if apart]
        return told

    def _alone(self, part: AlertEvent, to: frozenset[int], records: Records) -> Message:
        return replace(message(Group(part), self._rules, self._news, records), only=to)

    async def _meant(
        self, connection: Connection, group: Group, readers: Sequence[Subscriber], now: Instant, records: Records
    ) -> Message:
        """A correction for those who were told what it takes back, the end of an alert also for those who were told
        that it began, that data is back for those who were there when it was missing, what somebody made for themselves
        for them alone; each shown as an answer to what it follows.
        """
        event, whole = group.head, message(group, self._rules, self._news, records)
        owner = owner_of(event.rule)
        if event.undone_key:
            only = await take_back(connection, event.undone_key, now)
            return replace(whole, only=only, answers=event.undone_key)
        if owner is not None:
            whole = replace(whole, only=frozenset({owner}))
        if event.edge is Edge.DATA_BACK:
            gaps = [await dark_since(connection, each) for each in (event, *group.parts)]
            said = max((at for at in gaps if at is not None), default=BEFORE)
            there = (each.chat for each in readers if is_for(whole, each) and each.since <= said)
            return replace(whole, only=frozenset(there))
        if event.edge is not Edge.RESOLVED or event.since is None:
            return whole
        if self.readers.roll and owner is None:
            whole = replace(whole, also=await told_of(connection, event.rule, Edge.FIRED, event.since))
        return replace(whole, answers=await fired_key(connection, event.rule, event.since))


def _by_owner(events: Iterable[AlertEvent]) -> list[list[AlertEvent]]:
    """What is everybody's, then what is each chat's own: they share no message."""
    found: dict[int | None, list[AlertEvent]] = {None: []}
    for event in events:
        found.setdefault(owner_of(event.rule), []).append(event)
    return list(found.values())


def _without(whole: Message, chats: frozenset[int], readers: Iterable[Subscriber]) -> Message:
    """The same for the others."""
    return replace(whole, only=frozenset(each.chat for each in readers if is_for(whole, each)) - chats)


def _for(reader: Subscriber, events: Iterable[AlertEvent], decisions: Decisions) -> Iterable[AlertEvent]:
    """Those that are a reader's to hear, are grave enough, and are wanted at all."""
    return (event for event in events if _is_for(reader, event) and not _is_unwanted(reader, event, decisions))


def _is_for(reader: Subscriber, event: AlertEvent) -> bool:
    owner = owner_of(event.rule)
    if owner is not None:
        return owner == reader.chat
    return reader.least is not None and grave_enough(event.severity, reader.least)


def _is_unwanted(reader: Subscriber, event: AlertEvent, decisions: Decisions) -> bool:
    chosen = reader.preferences
    return chosen is not None and isinstance(decisions.of(event.key, reader.chat, chosen), Withhold)


def _no_more_today(chat: int, midnight: Instant, now: Instant) -> Message:
    """Owed once a day, however often there is more: the key says which day."""
    return Message(
        event=f"{BUDGET}/{chat}/{midnight}",
        at=now,
        html=budget_spent(),
        policy=Delivery.AT_MOST_ONCE,
        silent=True,
        late_after=now + DAY,
        expires_at=midnight + DAY,
        only=frozenset({chat}),
        digest=True,
    )


def _in_order(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    return sorted(events, key=lambda event: event.at)
