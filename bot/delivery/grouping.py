"""Which events are told in one message: what fired at the close of a change of the regime is told under the change;
rules that are told together where they fired at the same close, under the loudest; and of rules that lose their data on
the same row, or have it back, one speaks for all.

A decision, and nothing is held back: what is there in the same tick goes together, what comes later goes on its own
(docs/decisions/0014-grouping.md, docs/decisions/0028-together.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.render.alerts import MOST, REGIME
from rules.book import standing
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Edge, Instant, Severity

COMPONENT = "component"
"""The tag of a rule whose firing is told under a change of the regime at the same close."""

TOGETHER = "together-"
"""What a tag begins with that rules share which are told in one message where they fire at the same close."""

Rules = Mapping[str, CompiledRule]
Close = tuple[str, Instant]
"""A clock, and when one of its rows ended."""

_LOUDNESS = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Group:
    """What one message tells: an event and, under it, the `parts` that are told by it too; of what fired at a close at
    most MOST, the loudest.

    What of the same close was told `before` is only recalled.
    """

    head: AlertEvent
    parts: tuple[AlertEvent, ...] = ()
    before: tuple[AlertEvent, ...] = ()


def heads(events: Iterable[AlertEvent], rules: Rules) -> dict[Close, AlertEvent]:
    """By close, the event that leads its message: a change of the regime, of several the first."""
    found: dict[Close, AlertEvent] = {}
    for event in events:
        if _fired_at_a_close(event) and REGIME in _tags(event, rules):
            found.setdefault(_close(event), event)
    return found


def grouped(events: Iterable[AlertEvent], rules: Rules, recorded: Iterable[AlertEvent] = ()) -> list[Group]:
    """Every event once, in their order: at the head of a group, or a part of another's.

    `recorded` is what the store knows of the closes of `heads`, `events` included or not.
    """
    now = {event.key: event for event in events}
    earlier = [event for event in standing((*recorded, *now.values())) if event.key not in now]
    groups = {
        head.key: Group(head, _components(now.values(), close, rules)[:MOST], before=_components(earlier, close, rules))
        for close, head in heads(now.values(), rules).items()
    }
    taken = {each.key for group in groups.values() for each in (group.head, *group.parts)}
    left = [event for key, event in now.items() if key not in taken]
    groups |= {head.key: Group(head, tuple(parts)) for head, *parts in (*_together(left, rules), *_alike(left))}
    under = {part.key for group in groups.values() for part in group.parts}
    return [groups.get(key) or Group(event) for key, event in now.items() if key not in under]


def serves_grouping(tag: str) -> bool:
    """Whether a tag says only what its rule is told with, and nothing to a reader."""
    return tag == COMPONENT or tag.startswith(TOGETHER)


def _together(events: Iterable[AlertEvent], rules: Rules) -> Iterable[list[AlertEvent]]:
    """Those that share a tag for it and a close: the loudest first and, of what is equally loud, what stands later in
    the rules, as many as a message takes.
    """
    found: dict[tuple[str, Close], list[AlertEvent]] = {}
    for event in events:
        shared = next((tag for tag in _tags(event, rules) if tag.startswith(TOGETHER)), None)
        if shared is not None and _fired_at_a_close(event):
            found.setdefault((shared, _close(event)), []).append(event)
    for some in found.values():
        ordered = _loudest_first(reversed(some))
        yield from (ordered[start : start + 1 + MOST] for start in range(0, len(ordered), 1 + MOST))


def _alike(events: Iterable[AlertEvent]) -> Iterable[list[AlertEvent]]:
    """The events that say of several rules that their data is lacking since the same row, or is back."""
    found: dict[tuple[Edge, Close, bool], list[AlertEvent]] = {}
    for event in events:
        if event.edge in (Edge.NO_DATA, Edge.DATA_BACK):
            found.setdefault((event.edge, _close(event), event.provisional), []).append(event)
    return found.values()


def _components(events: Iterable[AlertEvent], close: Close, rules: Rules) -> tuple[AlertEvent, ...]:
    """Of one close, the loudest first. What is a change of the regime itself is none."""
    found = [
        event
        for event in events
        if _close(event) == close
        and _fired_at_a_close(event)
        and COMPONENT in _tags(event, rules)
        and REGIME not in _tags(event, rules)
    ]
    return tuple(_loudest_first(found))


def _loudest_first(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    return sorted(events, key=lambda event: -_LOUDNESS.index(event.severity))


def _fired_at_a_close(event: AlertEvent) -> bool:
    return event.edge is Edge.FIRED and not event.provisional


def _close(event: AlertEvent) -> Close:
    return event.clock, event.at


def _tags(event: AlertEvent, rules: Rules) -> Collection[str]:
    """None of a rule that was removed: nobody knows any more what it was."""
    return rules[event.rule].rule.tags if event.rule in rules else ()
