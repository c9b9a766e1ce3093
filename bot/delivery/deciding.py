"""Decisions over all that happened in a tick, chat by chat: each as bot.delivery.quiet has it, with what is known of
the chat's day counted on from one message to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.answers.personal import PERSONAL
from bot.answers.preferences import Preferences
from bot.delivery.grouping import Group, Rules
from bot.delivery.hours import midnight_before, quiet_until
from bot.delivery.quiet import Begun, Decision, Gather, Heard, Hold, Send, Why, Withhold, decide, loudest
from bot.store.chats import Subscriber
from bot.store.database import Connection
from bot.store.messages import Fate, Judge, Message
from bot.store.states import GATHERED, HELD, LISTED, OWED, TOLD, WITHHELD
from bot.store.waiting import LATELY, alerts_since, fates_of, firings_between
from rules.bars import DAY
from rules.model import AlertEvent, Edge, Instant

Ends = Mapping[int, Begun]
"""By chat, how it heard of what an event ends."""

_FOR_A_DIGEST = frozenset(Why) - {Why.QUIET}


@dataclass(frozen=True, slots=True)
class Known:
    """What the store says that decides: of an event what it is, and by chat how it heard of what that ends; of every
    chat when it was told alerts in the last days.
    """

    heard: Mapping[str, Heard]
    begun: Mapping[str, Ends]
    told: Mapping[int, Sequence[Instant]]


async def known_of(connection: Connection, events: Sequence[AlertEvent], rules: Rules, now: Instant) -> Known:
    """Of what has happened now."""
    told: dict[int, list[Instant]] = {}
    for chat, at in await alerts_since(connection, now - 2 * DAY):
        told.setdefault(chat, []).append(at)
    return Known(
        {event.key: await _heard(connection, event, rules) for event in events},
        {event.key: await _begun(connection, event) for event in events if event.since is not None},
        told,
    )


async def _heard(connection: Connection, event: AlertEvent, rules: Rules) -> Heard:
    fired = event.edge is Edge.FIRED
    recent = await firings_between(connection, event.rule, event.at - LATELY, event.at) if fired else 0
    tags = rules[event.rule].rule.tags if event.rule in rules else ()
    return Heard(event.rule, tuple(tags), event.severity, event.edge, event.rule.startswith(PERSONAL), recent)


async def _begun(connection: Connection, event: AlertEvent) -> Ends:
    if event.edge is not Edge.RESOLVED or event.since is None:
        return {}
    fates = await fates_of(connection, event.rule, event.since)
    return {chat: _heard_by(state, reason) for chat, (state, reason) in fates.items()}


def _heard_by(state: str, why: str) -> Begun:
    """What was in a digest is followed there; what was told when quiet hours ended, or in a summary of what was missed,
    is followed by a message.
    """
    if state in (*TOLD, HELD) or (state == LISTED and why not in _FOR_A_DIGEST):
        return Begun.TOLD
    if state in (GATHERED, LISTED):
        return Begun.GATHERED
    return Begun.WITHHELD if state == WITHHELD else Begun.UNKNOWN


def by_the_hour(now: Instant) -> Judge:
    """What becomes of messages that are no news, and do not count: they wait for the end of quiet hours."""

    def judge(message: Message, subscriber: Subscriber) -> Fate | None:
        chosen = subscriber.preferences
        until = None if chosen is None else quiet_until(now, chosen)
        return None if until is None else Fate(HELD, until, message.silent, Why.QUIET)

    return judge


@dataclass(slots=True)
class Decisions:
    """Says what becomes of each message in each chat, and counts what each is told; `spent` are the chats that
    something was put off for because they had been told enough, with their midnight.
    """

    known: Known
    now: Instant
    spent: dict[int, Instant] = field(default_factory=dict)
    _today: dict[int, int] = field(default_factory=dict)

    def __call__(self, message: Message, subscriber: Subscriber) -> Fate | None:
        """What becomes of it; None where nothing is chosen, or nothing is known to decide on."""
        members = [key for key in (message.event, *message.parts) if key in self.known.heard]
        if subscriber.preferences is None or not members:
            return None
        found = loudest([self.of(key, subscriber.chat, subscriber.preferences) for key in members])
        asleep = quiet_until(self.now, subscriber.preferences) is not None  # then nothing is told: a later one says so
        if isinstance(found, Gather) and found.why is Why.BUDGET and not asleep:
            self.spent[subscriber.chat] = midnight_before(self.now, subscriber.preferences.zone)
        if isinstance(found, Send) and any(map(self._counts, members)):
            self._today[subscriber.chat] = self._told_today(subscriber.chat, subscriber.preferences) + 1
        return fate_of(found, self.now)

    def of(self, key: str, chat: int, preferences: Preferences) -> Decision:
        """What would become of one event by itself."""
        heard = self.known.heard[key]
        if heard.edge is Edge.CORRECTED:
            heard = replace(heard, begun=Begun.TOLD)  # who was not told what it takes back is not meant
        elif key in self.known.begun:
            heard = replace(heard, begun=self.known.begun[key].get(chat, Begun.UNKNOWN))
        return decide(heard, preferences, self._told_today(chat, preferences), self.now)

    def wanted_apart(self, group: Group, to: Collection[Subscriber]) -> frozenset[int]:
        """The chats that want nothing of what leads a message and something of what stands beneath it."""
        return frozenset(
            each.chat
            for each in to
            if (chosen := each.preferences) is not None
            and isinstance(self.of(group.head.key, each.chat, chosen), Withhold)
            and not all(isinstance(self.of(part.key, each.chat, chosen), Withhold) for part in group.parts)
        )

    def _counts(self, key: str) -> bool:
        heard = self.known.heard[key]
        return heard.edge is Edge.FIRED and not heard.personal

    def _told_today(self, chat: int, preferences: Preferences) -> int:
        if chat not in self._today:
            midnight = midnight_before(self.now, preferences.zone)
            self._today[chat] = sum(at >= midnight for at in self.known.told.get(chat, ()))
        return self._today[chat]


def fate_of(decision: Decision, now: Instant) -> Fate:
    """A decision as it is written down."""
    match decision:
        case Send(silent):
            return Fate(OWED, now, silent)
        case Hold(why, until, silent):
            return Fate(HELD, until, silent, why)
        case Gather(why, until):
            return Fate(GATHERED, until, True, why)
        case Withhold(why):
            return Fate(WITHHELD, now, True, why)
