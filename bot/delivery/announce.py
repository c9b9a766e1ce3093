"""Which events are told, in which words, and for how long they stay news. A decision: nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers.buttons import NO_BUTTONS
from bot.delivery.grouping import Group, Rules, grouped
from bot.delivery.keys import keys_of
from bot.render.alerts import Told, alert
from bot.render.away import away
from bot.render.evidence import NO_RECORDS, Records
from bot.store.messages import Message
from bot.store.severity import gravest
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, AlertEvent, Delivery, Edge, Instant, Severity

LATE_TICK = 10 * 60
"""Seconds after which an alert on a session in progress says how late it is."""

MARGIN = 30 * 60
"""Seconds beyond the grace after which an alert on a close says so."""


AWAY = "away"
"""What the key of a summary begins with."""

LASTING = 30 * 86_400
"""Seconds that a summary is worth sending: it says itself that it is no news."""


@dataclass(frozen=True, slots=True)
class News:
    """How long an alert is on time, and how long it is news, in seconds.

    `next_open` says when a calendar's trading starts next after an instant.
    """

    next_open: Callable[[str, Instant], Instant | None]
    grace: int
    expire: int

    def late_after(self, event: AlertEvent) -> Instant:
        """Sent later than this, a message says how late it is."""
        if event.rejudged_at is not None:
            return event.rejudged_at + MARGIN
        return event.at + (LATE_TICK if event.provisional else self.grace + MARGIN)

    def expires_at(self, event: AlertEvent) -> Instant:
        """Until then it is sent: for a set time, and over a weekend until trading starts again.

        What was found by judging again is news from then on.
        """
        since = event.at if event.rejudged_at is None else event.rejudged_at
        opens = None if event.clock == ALWAYS else self.next_open(event.clock, since)
        return max(since + self.expire, opens or 0)


def messages(
    events: Iterable[AlertEvent], rules: Rules, news: News, recorded: Iterable[AlertEvent] = ()
) -> list[Message]:
    """What is to be told of events; a quiet resolution is not.

    `recorded` is what the store knows of the closes of its `heads`, these events included or not.
    """
    return [message(group, rules, news) for group in groups(events, rules, recorded)]


def groups(events: Iterable[AlertEvent], rules: Rules, recorded: Iterable[AlertEvent] = ()) -> list[Group]:
    """The same before it is put into words."""
    return grouped([event for event in events if is_told(event, rules.get(event.rule))], rules, recorded)


def summaries(missed: Mapping[int, Sequence[AlertEvent]], now: Instant) -> list[Message]:
    """One message for each list of events that are no news any more, by the chats that were not told of them."""
    alike: dict[tuple[str, ...], tuple[Sequence[AlertEvent], set[int]]] = {}
    for chat, events in missed.items():
        if events:
            alike.setdefault(tuple(event.key for event in events), (events, set()))[1].add(chat)
    return [
        Message(
            event=f"{AWAY}/{now}",
            at=now,
            html=away(events),
            policy=Delivery.AT_LEAST_ONCE,
            silent=False,
            late_after=now + MARGIN,
            expires_at=now + LASTING,
            parts=keys,
            oldest=min(event.at for event in events),
            only=frozenset(chats),
            digest=True,
        )
        for keys, (events, chats) in alike.items()
    ]


def is_told(event: AlertEvent, rule: CompiledRule | None) -> bool:
    """Whether readers hear of an event."""
    ended = Edge.RESOLVED in (event.edge, event.undone)
    return not ended or (rule is not None and rule.rule.notify_resolved)


def message(group: Group, rules: Rules, news: News, records: Records = NO_RECORDS) -> Message:
    """One message, with what can be asked and done about it at hand; what its events' rules have led to before is in
    `records`.
    """
    members = (group.head, *group.parts)
    policies = {rules[each.rule].rule.delivery if each.rule in rules else Delivery.AT_LEAST_ONCE for each in members}
    (head,), parts, before = (_with_rules(some, rules) for some in ((group.head,), group.parts, group.before))
    return Message(
        event=group.head.key,
        at=group.head.at,
        html=alert(*head, parts, before, records),
        policy=Delivery.AT_LEAST_ONCE if Delivery.AT_LEAST_ONCE in policies else Delivery.AT_MOST_ONCE,
        silent=all(map(_is_silent, members)),
        late_after=min(map(news.late_after, members)),
        expires_at=max(map(news.expires_at, members)),
        parts=tuple(part.key for part in group.parts),
        severity=gravest(each.severity for each in members),
        buttons=keys_of(group.head) if group.head.rule in rules else NO_BUTTONS,
    )


def _is_silent(event: AlertEvent) -> bool:
    return event.severity in (Severity.INFO, Severity.NOTICE) or event.edge is not Edge.FIRED


def _with_rules(events: Iterable[AlertEvent], rules: Rules) -> list[Told]:
    return [(event, rules.get(event.rule)) for event in events]
