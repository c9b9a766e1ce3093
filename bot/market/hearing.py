"""One poll's answers: what the sources say, what the gate believes of it, and what other sources say of the rest.

All answers of a poll are judged together, so that two that move alike speak for each other. What is held gets a second
opinion at once; what the preferred source still lacks after a while is taken from the next one that has it. Neither is
waited for without end: a source that is slow answers one series after the other, and those that came are judged.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from bot.answers.quality import Fault, Finding
from bot.feeds.contract import FeedError, Request
from bot.market.archive import of_ends
from bot.market.asking import Question
from bot.market.backfill import Shelf
from bot.market.live import Arrival
from bot.market.quality import Judged, Offer
from bot.market.schedule import Due, Key
from bot.market.source import SourceId
from bot.market.sources import Answer
from bot.market.standing import Told
from rules.model import Instant

PATIENCE = 600
"""Seconds after a bar has settled until the next source is asked for what the answer of the preferred one lacks."""

ASKING_LIMIT = 60.0
"""Seconds that a poll waits for the answers to its questions, and as long again for what other sources say; well under
what a tick may take, of which it is only a part."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer to a question: what was asked of the source, what it changes, and what its feed left out."""

    question: Question
    request: Request
    answer: Answer
    arrival: Arrival
    remarks: Counter[Fault]

    @property
    def due(self) -> Due:
        """The bar that was asked for."""
        return self.question.due

    @property
    def source(self) -> str:
        """Who gave it, as in messages."""
        return str(self.answer.source)

    @property
    def has_it(self) -> bool:
        """Whether the bar that was asked for is in it, believed or not."""
        return self.due.end in self.answer.bars.end

    def told(self) -> Told:
        """What it says for findings that stand."""
        after, until = self.request.after, self.request.until
        fully = not self.question.holes and after == self.question.after
        return Told(self.due.key, self.source, after, until, self.arrival, fully)

    def offer(self) -> Offer:
        """What the gate is given."""
        return Offer(self.due.instrument, self.source, self.answer.bars, self.arrival)


@dataclass(frozen=True, slots=True)
class Silence:
    """A question that no source answered, and why; `late` where there was no time for an answer, and nothing else."""

    question: Question
    reason: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """What one poll brought to light: the answers to its questions, those of other sources that were asked besides,
    what is believed of them, and everything that was found wrong."""

    heard: tuple[Heard, ...]
    others: tuple[Heard, ...]
    silences: tuple[Silence, ...]
    judged: Judged
    findings: tuple[Finding, ...]

    @property
    def late(self) -> list[Key]:
        """The series of which no answer came in time, in the order in which they were asked for."""
        return [each.question.due.key for each in self.silences if each.late]

    def brought(self, due: Due) -> bool:
        """Whether a bar came that is believed."""
        return _brought(self.judged, due)

    def stand_in(self, due: Due) -> str:
        """Who gave a bar that the preferred source lacks, if it is believed."""
        having = [each.source for each in self.others if each.due == due and each.has_it]
        return having[-1] if having and self.brought(due) else ""


class Hearing:
    """Puts questions to the sources, and their answers before the gate."""

    def __init__(self, shelf: Shelf, limit: float = ASKING_LIMIT) -> None:
        self._shelf, self._limit = shelf, limit
        self._tried: dict[Key, set[SourceId]] = {}

    async def hear(self, questions: Sequence[Question], now: Instant) -> Round:
        """The answers to `questions`, judged before anybody else is asked."""
        answers = await _in_time([self._ask(each, now) for each in questions], self._limit)
        outcomes = [
            answer or Silence(question, "no answer came in time", late=True)
            for question, answer in zip(questions, answers, strict=True)
        ]
        heard = tuple(each for each in outcomes if isinstance(each, Heard))
        silences = tuple(each for each in outcomes if isinstance(each, Silence))
        judged = self._judge(heard, None, now)
        return Round(heard, (), silences, judged, judged.findings)

    async def confer(self, first: Round, lacking: Iterable[Due], now: Instant) -> Round:
        """The same, and what other sources say of what was not believed; `lacking` are the bars that are owed."""
        owed = {due for due in lacking if self._is_impatient(due, now) and not first.brought(due)}
        asked = [(each, list[Heard]()) for each in first.heard]
        await _in_time([self._ask_others(each, said, first.judged, owed, now) for each, said in asked], self._limit)
        others = [each for _, said in asked for each in said]
        if not others and not any(self._shelf.gate.held(*each.due.key) for each in first.heard):
            return first  # nothing was left open
        stand_ins = [each for each in others if each.due in owed]
        rebased = first.judged.rebased  # that was told already
        again = [each for each in (*first.heard, *stand_ins) if each.due.key not in rebased]
        second = self._judge(again, others, now)
        judged = replace(second, rebased=second.rebased | rebased)
        return replace(first, others=tuple(others), judged=judged, findings=(*first.findings, *second.findings))

    def _is_impatient(self, due: Due, now: Instant) -> bool:
        return now >= due.end + self._shelf.schedule.settle(due.instrument) + PATIENCE

    async def _ask(self, question: Question, now: Instant) -> Heard | Silence:
        request, remarks = _listening(question.request())
        try:
            answer = await (self._next_in_turn if question.holes else self._shelf.sources.bars)(request, now)
        except FeedError as reason:
            return Silence(question, str(reason))
        self._tried.setdefault(question.due.key, set()).add(answer.source)
        return self._heard(question, request, answer, remarks, now)

    def _heard(
        self, question: Question, request: Request, answer: Answer, remarks: Counter[Fault], now: Instant
    ) -> Heard:
        arrival = self._shelf.archive.history.compare(request.instrument.id, answer.bars, now)
        if question.holes:
            arrival = of_ends(arrival, question.holes)
        return Heard(question, request, answer, arrival, remarks)

    async def _next_in_turn(self, request: Request, now: Instant) -> Answer:
        """Bars that lack, from the source after those that were asked for them; after the last one from the first."""
        key = request.instrument.id, request.interval
        if tried := self._tried.get(key):
            if (answer := await self._shelf.sources.after(request, now, tried)) is not None:
                return answer
            tried.clear()
        return await self._shelf.sources.bars(request, now)

    async def _ask_others(self, heard: Heard, said: list[Heard], judged: Judged, owed: set[Due], now: Instant) -> None:
        """Put to `said`, as it comes, what other sources say of rows that are held, and of a bar that is owed: of that
        until one has it."""
        due = heard.due
        wanted = set(self._shelf.gate.held(*due.key)) if due.key not in judged.rebased else set()
        if due in owed:
            wanted.add(due.end)
        if not wanted:
            return
        request, remarks = _listening(Request(due.instrument, due.interval, min(wanted) - 1, max(wanted)))
        sources, tried = self._shelf.sources, {heard.answer.source}
        answer = await sources.opinion(request, now, heard.answer.source)
        while answer is not None:
            said.append(self._heard(heard.question, request, answer, remarks, now))
            if due not in owed or due.end in answer.bars.end:
                break
            request, remarks = _listening(request)
            tried.add(answer.source)
            answer = await sources.after(request, now, tried)

    def _judge(self, heard: Sequence[Heard], others: Sequence[Heard] | None, now: Instant) -> Judged:
        offers = [each.offer() for each in heard]
        opinions = None if others is None else [each.offer() for each in others]
        return self._shelf.gate.judge(offers, self._shelf.archive.history.held, now, opinions)


def _listening(request: Request) -> tuple[Request, Counter[Fault]]:
    """A request, and what its feed will have left out of the answer to it."""
    remarks: Counter[Fault] = Counter()
    return replace(request, remark=lambda fault, rows: remarks.update({fault: rows})), remarks


async def _in_time(work: Sequence[Coroutine[Any, Any, T]], limit: float) -> list[T | None]:
    """What comes of each within so many seconds. What does not is cancelled, and has ended: None."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=limit)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [None if task.cancelled() else task.result() for task in tasks]


def _brought(judged: Judged, due: Due) -> bool:
    of_key = (each.written for name, each in judged.arrivals if (name, each.written.interval) == due.key)
    return any(due.end in written.end for written in of_key)
