"""What an audit reads of a store, at once: events with their proofs, and everything that the bars they were judged on
have ever said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.audit.known import Known
from bot.market.sessions import Sessions
from bot.store.alerts import event_of
from bot.store.bars import Words, load_words
from bot.store.database import Connection
from bot.store.proofs import Recorded, proved_events, seal_of
from rules.bars import Interval
from rules.model import AlertEvent


@dataclass(frozen=True)
class ReadIn:
    """Events in the order they were recorded, what those of them that are corrections take back, and the bars. `gaps`
    are how often the event that was recorded before one is not there any more, of all events."""

    recorded: Sequence[Recorded]
    undone: Mapping[str, AlertEvent]
    known: Known
    gaps: int


async def read(connection: Connection, sessions: Sessions, rule: str | None, first: dt.date, last: dt.date) -> ReadIn:
    """The events of the sessions from `first` to `last`, of one rule or of all."""
    recorded, contents, gaps, before = [], {}, 0, ""
    async for each in proved_events(connection):
        gaps += each.proof is not None and each.proof.get("before") != before
        before = seal_of(each.proof)
        if rule in (None, each.rule):
            contents[each.key] = each.content
            if first <= _session(each, first) <= last:
                recorded.append(each)
    undone = _undone(recorded, contents)
    words: dict[str, dict[Interval, Words]] = {}
    for name in _instruments(recorded):
        words[name] = {interval: await load_words(connection, name, interval) for interval in _INTERVALS}
    return ReadIn(recorded, undone, Known(words, sessions), gaps)


_INTERVALS = (Interval.DAY, Interval.HOUR)


def _undone(recorded: Iterable[Recorded], contents: Mapping[str, Mapping[str, Any]]) -> dict[str, AlertEvent]:
    """What corrections take back, of what can be read."""
    found = {}
    for key in (str(each.content.get("undone_key")) for each in recorded):
        try:
            found[key] = event_of(contents[key])
        except (KeyError, TypeError, ValueError):
            continue
    return found


def _session(recorded: Recorded, otherwise: dt.date) -> dt.date:
    """The session of an event; of one that cannot be read `otherwise`, so that it is told of."""
    try:
        return dt.date.fromisoformat(recorded.content["session"])
    except (KeyError, TypeError, ValueError):
        return otherwise


def _instruments(recorded: Iterable[Recorded]) -> list[str]:
    """Whose bars events were judged on."""
    names: dict[str, None] = {}
    for each in recorded:
        try:
            names |= dict.fromkeys(map(str, (each.proof or {})["inputs"]["prices"]))
        except (LookupError, TypeError):
            continue
    return list(names)
