"""What must hold once everything that was owed has gone out: judged by Telegram's journal, the database, and a replay
of the market that nothing disturbed.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.feeds.simulated import SimulatedFeed
from bot.market.history import load_history
from bot.market.sessions import Sessions
from bot.settings import Settings, load_settings
from rules.engine import evaluate, opened
from rules.model import ALWAYS, Instant
from tests.reliability.lines import ALERT, FORGET, START, Line, is_alert, is_marked, lines, words
from tests.reliability.places import Place
from tests.servers.telegram_journal import ACCEPTED, UNANSWERED, Entry

DELIVERIES = """
select deliveries.id, deliveries.event, chats.address, deliveries.html, deliveries.state, deliveries.reason
from deliveries join chats on chats.id = deliveries.chat order by deliveries.id
"""
SUBSCRIBED = "select chats.address from chats join subscriptions on subscriptions.chat = chats.id"


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery, as the database has it."""

    id: int
    event: str
    address: str
    html: str
    state: str
    reason: str


@dataclass(frozen=True)
class Books:
    """What the database holds in the end."""

    rows: Sequence[Row]
    events: Sequence[str]
    beside: Mapping[str, str]
    subscribed: frozenset[str]
    known: frozenset[str]
    unanswered: int
    alerts: Sequence[str] = ()

    @cached_property
    def by_words(self) -> Mapping[tuple[str, str], Row]:
        """Deliveries by their chat and what they say."""
        return {(row.address, row.html): row for row in self.rows}


def read_books(place: Place) -> Books:
    """Everything that is judged."""
    return Books(
        [Row(*row) for row in place.rows(DELIVERIES)],
        [key for (key,) in place.rows("select key from events order by id")],
        dict(place.rows("select event, head from parts")),
        frozenset(address for (address,) in place.rows(SUBSCRIBED)),
        frozenset(address for (address,) in place.rows("select address from chats")),
        int(place.rows("select count(*) from inbox where answered_at is null")[0][0]),
        [address for (address,) in place.rows("select address from alerts join chats on chats.id = chat")],
    )


@dataclass(frozen=True)
class Case:
    """What is judged. `moved` gives a chat's later address by its earlier one; `faithful` chats were subscribed all the
    time, at their last address; `in_flight` is what was claimed and not settled at each kill.
    """

    books: Books
    journal: Sequence[Entry]
    expected: Sequence[str]
    faithful: Sequence[int]
    moved: Mapping[int, int]
    in_flight: Sequence[int]

    @cached_property
    def alerts(self) -> Mapping[int, Sequence[Entry]]:
        """What was accepted for each chat, in order, by its last address."""
        found: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.journal:
            if entry.kind == ACCEPTED and is_alert(entry):
                found[self.moved.get(entry.what["chat_id"], entry.what["chat_id"])].append(entry)
        return found

    @cached_property
    def lines(self) -> Sequence[Line]:
        """What people wrote."""
        return lines(self.journal)

    @cached_property
    def times(self) -> Counter[tuple[int, str]]:
        """How often each alert was accepted for each chat."""
        return Counter((chat, words(each)) for chat, alerts in self.alerts.items() for each in alerts)

    @property
    def repeats(self) -> int:
        """Accepted once more than once."""
        return sum(count - 1 for count in self.times.values())

    @property
    def unanswered(self) -> int:
        """Messages that were accepted without anybody hearing so."""
        return sum(entry.kind == UNANSWERED and entry.what["method"] == "sendMessage" for entry in self.journal)

    @property
    def crossed(self) -> int:
        """Alerts that were on their way while their chat said that it wanted no more."""
        return sum(len(alerts) for _, alerts in _after_the_end(self))


def complaints(case: Case) -> list[str]:
    """Everything that is not as it must be."""
    checks = (_events, _lost, _told_without_cause, _repeats, _order, _lines, _wishes, _peace)
    return [each for check in checks for each in check(case)]


def _events(case: Case) -> Iterator[str]:
    """Each event is committed once, and no other."""
    recorded = Counter(case.books.events)
    yield from (f"event {key} is recorded {count} times" for key, count in recorded.items() if count > 1)
    yield from (f"event {key} was never recorded" for key in case.expected if key not in recorded)
    yield from (f"event {key} never happened" for key in recorded if key not in case.expected)


def _lost(case: Case) -> Iterator[str]:
    """Lost is what a chat was to be told and was not."""
    stands = {(row.address, row.event): row for row in case.books.rows}
    for chat in case.faithful:
        for event in dict.fromkeys(case.books.beside.get(key, key) for key in case.expected):
            row = stands.get((str(chat), event))
            if row is None:
                yield f"lost: chat {chat} was never owed {event}"
            elif row.state != "sent" or not case.times[chat, row.html]:
                how = f"{row.state} ({row.reason}), accepted {case.times[chat, row.html]} times"
                yield f"lost: {event} for chat {chat} is {how}"


def _told_without_cause(case: Case) -> Iterator[str]:
    for chat in case.faithful:
        for alert in case.alerts.get(chat, ()):
            if (str(chat), words(alert)) not in case.books.by_words:
                yield f"chat {chat} was told what nobody owed it: {words(alert)!r}"


def _repeats(case: Case) -> Iterator[str]:
    """Bounded, and each says what it is."""
    bound = sum(case.in_flight) + case.unanswered
    if case.repeats > bound:
        yield f"{case.repeats} repeats, at most {bound} can be explained"
    for chat, alerts in case.alerts.items():
        seen = set()
        for alert in alerts:
            if words(alert) in seen and not is_marked(alert):
                yield f"a repeat to chat {chat} does not say so: {alert.what['plain']!r}"
            seen.add(words(alert))


def _order(case: Case) -> Iterator[str]:
    """No message of a chat overtakes another."""
    for chat in case.faithful:
        first = dict.fromkeys(words(alert) for alert in case.alerts.get(chat, ()))
        numbers = [
            case.books.by_words[str(chat), each].id for each in first if (str(chat), each) in case.books.by_words
        ]
        if numbers != sorted(numbers):
            yield f"chat {chat} was told out of order: {numbers}"


def _lines(case: Case) -> Iterator[str]:
    """Whatever was confirmed was answered."""
    yield from (
        f"{line.text} of chat {line.chat} (update {line.update}) was confirmed and never answered"
        for line in case.lines
        if line.confirmed and not line.answers
    )
    if case.books.unanswered:
        yield f"{case.books.unanswered} lines still wait for an answer"


def _wishes(case: Case) -> Iterator[str]:
    """What a chat was last told about itself is so."""
    for line in {line.chat: line for line in case.lines if line.answers}.values():
        address = str(case.moved.get(line.chat, line.chat))
        if line.text == ALERT:
            kept = case.books.alerts.count(address)
            yield from () if kept == 1 else (f"an alert of chat {address} was acknowledged, and there are {kept}",)
        elif (line.text == START) != (address in case.books.subscribed):
            yield f"{line.text} of chat {address} was acknowledged and does not hold"
        if line.text == FORGET and address in case.books.known:
            yield f"chat {address} was forgotten and is known"


def _peace(case: Case) -> Iterator[str]:
    """Who wanted no more gets no more, but for the one that was on its way."""
    for line, alerts in _after_the_end(case):
        if len(alerts) > 1:
            yield f"chat {line.chat} was sent {len(alerts)} alerts after its {line.text} was acknowledged"


def _after_the_end(case: Case) -> Iterator[tuple[Line, Sequence[Entry]]]:
    """The alerts of a chat between the answer to its farewell and what it wrote next."""
    for index, line in enumerate(case.lines):
        if line.text != START and line.answers:
            later = (each.written for each in case.lines[index + 1 :] if each.chat == line.chat)
            until = next(later, len(case.journal))
            span = case.journal[line.answers[0] + 1 : until]
            yield line, [e for e in span if e.kind == ACCEPTED and e.what["chat_id"] == line.chat and is_alert(e)]


def replayed(configured: Path, after: Instant, until: Instant) -> list[str]:
    """The keys of what happened on the market from one instant to another, in a replay of all of it at once."""
    return asyncio.run(_replayed(load_settings(configured), after, until))


async def _replayed(settings: Settings, after: Instant, until: Instant) -> list[str]:
    """As `bellwether run` would have it that was never stopped."""
    sessions = Sessions(until)
    year = dt.datetime.fromtimestamp(until, dt.UTC).year
    end = int(dt.datetime(year + 2, 1, 1, tzinfo=dt.UTC).timestamp())
    feed = SimulatedFeed(sessions, end, settings.market.seed)
    history = await load_history(feed, settings.instrument_map, sessions, until)
    events = evaluate(settings.compiled, {ALWAYS: history.panel(ALWAYS)}, opened(settings.compiled), until).events
    return [event.key for event in events if after < event.at <= until]


def told(complaints: Iterable[str], most: int = 20) -> str:
    """A few of many."""
    every = list(complaints)
    return "\n".join([*every[:most], *([f"... and {len(every) - most} more"] if len(every) > most else [])])
