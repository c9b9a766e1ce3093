"""How sendings end, in figures; and how long a reader waits: from the instant that the bars of an alert count as
closed until the channel has accepted it. The promise is kept or broken there, whoever is late: source, poll or worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bot.delivery.channel import Sent
from bot.delivery.settle import Closed, Ended
from bot.meters import Meters
from bot.store.outbox import Owed
from rules.language.compile import CompiledRule
from rules.model import Basis, Edge, Instant

OUTCOMES = {
    "Sent": "sent",
    "RetryLater": "retry",
    "Resting": "paced",
    "Ambiguous": "ambiguous",
    "ChatGone": "chat_gone",
    "ChatMoved": "chat_moved",
    "NotUnderstood": "not_understood",
    "Rejected": "rejected",
    "TokenRejected": "token_rejected",
    "Fault": "fault",
    "NotTried": "not_tried",
}
"""How a sending ended, as it is counted; what was closed without being tried is counted under its state."""

Available = Callable[[str, Instant], Instant | None]
"""When what an event tells could be known, by the event's key and instant; None for what is no alert."""


def nothing_known(_event: str, _at: Instant) -> Instant | None:
    """No message is an alert."""
    return None


class Availability:
    """When bars count as closed, by the rules that are judged on them. `settle` is in seconds, by instrument."""

    def __init__(self, rules: Iterable[CompiledRule], settle: Mapping[str, int]) -> None:
        self._settle = {
            each.rule.id: 0
            if each.rule.basis is Basis.TICK
            else max((settle[name] for name in each.instruments), default=0)
            for each in rules
        }

    def __call__(self, event: str, at: Instant) -> Instant | None:
        """What was found by judging again could be known when it was: the key says so. None for what is no alert,
        though a rule be named like it.
        """
        rule, edge, *rest = (*event.split("/"), "")
        if rule not in self._settle or edge not in tuple(Edge):
            return None
        again = [each for each in rest[1:] if each]
        return int(again[0]) if again else at + self._settle[rule]


class Measured:
    """Hears how each sending ended. `now` is the wall clock, in whole seconds; so are the waits."""

    def __init__(self, meters: Meters, available: Available, now: Callable[[], Instant]) -> None:
        self._meters, self._available, self._now = meters, available, now

    def __call__(self, channel: str, owed: Owed, ended: Ended) -> None:
        """Count it, and measure an alert that was accepted."""
        outcome = ended.state if isinstance(ended, Closed) else OUTCOMES[type(ended).__name__]
        self._meters.delivered(channel, outcome)
        if isinstance(ended, Sent) and (available := self._available(owed.event, owed.at)) is not None:
            self._meters.arrived(channel, self._now() - available)
