"""The text of /status: whether all is well or what is not, then what there is. At most fifteen lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from bot.answers import UP, SourceStatus, Status
from bot.answers.quality import Ruling
from bot.answers.service import ASKED_AGAIN, PriceFault
from bot.render.alerts import SIMULATED_LINE
from bot.render.numbers import duration, instant, size
from rules.language.errors import short
from rules.model import Instant

LATE = 5 * 60
"""Seconds a message may be owed before that is worth a line."""

LINES = 15
"""What a phone shows; troubles that find no room are counted."""

GRAVE = (None, Ruling.REJECTED, Ruling.HELD)
"""What became of prices that an alert may wait for, the worst first: none came, or none that is believed. Whatever else
is wrong with prices is only noted."""

SENTENCE = 160
"""The most characters of what is wrong with a price."""

TALLIES = 2
"""How many counts of doubtful rows are told; each takes a line of a phone."""

NOT_WATCHING = "Nothing is watched here: only <code>bellwether run</code> watches and sends alerts."


def status_answer(status: Status, *, simulated: bool) -> str:
    """The verdict first, then each trouble, then the facts."""
    troubles, facts = list(_troubles(status)), list(_facts(status))
    room = LINES - 1 - simulated - len(facts)
    told = troubles if len(troubles) <= room else troubles[: room - 1]
    untold = len(troubles) - len(told)
    return "\n".join(
        [
            f"<b>{'Not all is well' if troubles else 'All is well'}</b>",
            *([SIMULATED_LINE] if simulated else []),
            *(f"⚠ {each}" for each in told),
            *([f"⚠ and {untold} more"] if untold else []),
            *facts,
        ]
    )


def _troubles(status: Status) -> Iterator[str]:
    """What keeps an alert from being judged or from arriving, the worst first."""
    if status.lost:
        yield f"{_words(status.database)} was deleted or replaced: stop and start, or all is forgotten"
    if status.telegram not in UP:
        yield f"Telegram: {_words(status.telegram)}"
    if status.oldest_owed is not None and status.now - status.oldest_owed >= LATE:
        yield f"{_messages(status.owed)} owed, the oldest for {_since(status.oldest_owed, status)}"
    if status.failed:
        yield f"{_messages(status.failed)} given up in 24 h"
    if status.rules_waiting:
        yield f"{status.rules_waiting} of {status.rules} rules wait for history"
    yield from (_words(each, SENTENCE) for each in status.clocks)
    for source in status.sources:
        if source.failing_since is not None:
            since = _since(source.failing_since, status)
            yield f"{_words(source.name)} {_words(source.trouble)}: {_words(source.reason)} (for {since})"
    for fault in sorted((each for each in status.faults if each.ruling in GRAVE), key=_gravity):
        yield _told(fault, status)
    for reason, names in _by_reason(status.waiting).items():
        yield f"No complete history of {_some(names)}: {_words(reason)}"


def _facts(status: Status) -> Iterator[str]:
    yield f"Up {_since(status.started, status)}"
    well = [_answered(source, status) for source in status.sources if source.failing_since is None]
    if well:
        yield f"Sources: {', '.join(well)}"
    if counts := _counts(status):
        yield f"Since the start: {_words(counts, SENTENCE)}"
    noted = [each for each in status.faults if each.ruling not in GRAVE]
    if noted:
        more = f", and {len(noted) - 1} more" if len(noted) > 1 else ""
        yield f"Noted: {_words(noted[-1].sentence, SENTENCE)}{more}"
    judged = "none judged yet" if status.last_judged is None else f"last judged {instant(status.last_judged)}"
    yield f"Rules: {status.rules}, {judged}"
    yield f"Messages: {status.owed or 'none'} owed"
    yield f"Chats: {status.chats}" + (f"; also told: {_words(', '.join(status.further))}" if status.further else "")
    if status.telegram in UP:
        yield f"Telegram: {status.telegram}"
    free = "" if status.free is None else f", {size(status.free)} free"
    yield f"Database: {_words(status.database)}, {size(status.size)}{free}"


def _gravity(fault: PriceFault) -> tuple[bool, int, Instant]:
    """A bar that nobody has is the last: it is asked for again by itself."""
    return not fault.source, GRAVE.index(fault.ruling), fault.since


def _told(fault: PriceFault, status: Status) -> str:
    """What is wrong, and for how long; of what is asked for again by itself the bars say how old it is."""
    sentence = _words(fault.sentence, SENTENCE)
    return sentence if fault.sentence.endswith(ASKED_AGAIN) else f"{sentence} (for {_since(fault.since, status)})"


def _counts(status: Status) -> str:
    """Rows that were given and doubted, by source and reason, the most frequent first; empty where there are none."""
    rows = [(count, *key) for key, count in status.tallies.items() if count and key[2] is not None]
    rows.sort(key=lambda each: -each[0])
    told = [f"{source} {count} {ruling} ({fault})" for count, source, fault, ruling in rows[:TALLIES]]
    more = sum(count for count, *_ in rows[TALLIES:])
    return ", ".join([*told, f"and {more} more"] if more else told)


def _since(then: Instant, status: Status) -> str:
    """How long ago; nothing is in the future, even where the clock was set back."""
    return duration(max(0, status.now - then))


def _answered(source: SourceStatus, status: Status) -> str:
    when = "not asked yet" if source.last_answer is None else f"{_since(source.last_answer, status)} ago"
    return f"{_words(source.name)} {when}"


def _messages(count: int) -> str:
    return f"{count} message{'s' * (count != 1)}"


def _by_reason(waiting: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reason in waiting.items():
        found.setdefault(reason, []).append(name)
    return found


def _some(names: list[str]) -> str:
    first, more = ", ".join(map(escape, names[:4])), len(names[4:])
    return f"{first} and {more} more" if more else first


def _words(text: str, most: int = 80) -> str:
    """What another program said, on one line and of bounded length."""
    return escape(short(" ".join(text.split()), most), quote=False)
