"""Which rules may be judged in a tick, and which latest trades that takes.

A rule waits until the history of its instruments is complete. One that is new also waits for bars of the past that are
still to come: adopted before, it would tell of old ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.market.intake import Intake
from bot.market.sessions import Sessions
from bot.own_judging import Own
from rules.bars import Tick
from rules.book import Book
from rules.language.compile import CompiledRule
from rules.model import Basis, Instant


class DueRules:
    """By what `intake` holds. `awaited` are instruments whose bars are still to come."""

    def __init__(self, intake: Intake, sessions: Sessions) -> None:
        self._intake, self._sessions = intake, sessions

    def is_ready(self, rule: CompiledRule) -> bool:
        """Whether the history of all its instruments is complete."""
        return all(map(self._intake.ready, rule.instruments))

    def rules(self, rules: Iterable[CompiledRule], book: Book, awaited: frozenset[str]) -> list[CompiledRule]:
        """Those of the configured rules that may be judged."""
        return [rule for rule in rules if self._is_due(rule, book, awaited)]

    def own(self, own: Own, book: Book, awaited: frozenset[str]) -> Own:
        """Those of what people made that may be judged; the same object where all may."""
        if awaited.isdisjoint(own.instruments) and all(map(self._intake.ready, own.instruments)):
            return own
        due = self.rules(own.rules, book, awaited)
        return own if len(due) == len(own.rules) else Own(due)

    async def trades(self, rules: Sequence[CompiledRule], own: Own, now: Instant) -> dict[str, Tick]:
        """The latest trades that the tick rules of the sessions in progress need."""
        looked_at = [(rule.calendar, (*rule.instruments, *rule.companions)) for rule in rules if _is_live(rule)]
        needed = [*looked_at, *own.live.items()]
        trading = {name for name in {name for name, _ in needed} if self._sessions.in_progress(name, now) is not None}
        names = {name for calendar, some in needed if calendar in trading for name in some}
        return await self._intake.ticks(names, now) if names else {}

    def _is_due(self, rule: CompiledRule, book: Book, awaited: frozenset[str]) -> bool:
        return self.is_ready(rule) and (_is_adopted(rule, book) or awaited.isdisjoint(rule.instruments))


def _is_adopted(rule: CompiledRule, book: Book) -> bool:
    """Whether its past is behind it."""
    record = book.records.get(rule.rule.id)
    return record is not None and record.digest == rule.digest


def _is_live(rule: CompiledRule) -> bool:
    return rule.rule.basis is Basis.TICK
