"""How bars come in: asked for when they are owed, judged together, written down, and only then held.

    asking: what is wanted -> hearing: sources and gate -> archive: store, then history
                                                       -> ledger: what was found wrong

The past is filled in `backfill`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping

from bot.answers.quality import Fault
from bot.answers.service import PriceFault, SourceStatus
from bot.market.archive import Archive
from bot.market.asking import Asking
from bot.market.backfill import Backfill, Depth, Shelf, Told
from bot.market.health import Health
from bot.market.hearing import ASKING_LIMIT, Heard, Hearing, Round, Silence
from bot.market.history import History, intervals_of
from bot.market.holes import RECENT
from bot.market.latest import Latest
from bot.market.ledger import (
    Complaint,
    Ledger,
    Subject,
    of_absence,
    of_findings,
    of_holes,
    of_remarks,
    of_silence,
)
from bot.market.live import LiveHistory
from bot.market.quality import Gate
from bot.market.schedule import Due, Key, Schedule
from bot.market.source import SourceId
from bot.market.sources import Sources
from bot.market.standing import Standing
from bot.meters import Meters
from bot.store.database import Database
from rules.bars import Tick
from rules.model import Instant

log = logging.getLogger(__name__)


class Intake:
    """Everything between the sources and the history. One task polls; another may fill history meanwhile.

    A poll waits for answers for `asking_limit` seconds, for those of other sources as long again, and as long for a
    past that is filled anew.
    """

    def __init__(
        self,
        database: Database,
        sources: Sources,
        history: LiveHistory,
        schedule: Schedule,
        depth: Depth,
        grace: int,
        gate: Gate,
        asking_limit: float = ASKING_LIMIT,
        meters: Meters | None = None,
    ) -> None:
        self._sources, self._gate, self._meters = sources, gate, meters or Meters()
        self._instruments = {each.id: each for each in schedule.instruments}
        self._archive, self.ledger = Archive(database, history, schedule), Ledger(self._meters)
        shelf = Shelf(sources, schedule, self._archive, gate, self.ledger)
        self._past, self._latest = Backfill(shelf, depth, asking_limit), Latest(shelf)
        self._hearing = Hearing(shelf, asking_limit)
        self._asking, self._standing = Asking(schedule, self._archive, grace), Standing()

    async def restore(self) -> None:
        """Take what the store holds."""
        await self._archive.restore()

    async def close(self) -> None:
        """Close the sources."""
        await self._sources.close()

    # What is known

    def snapshot(self, now: Instant) -> History:
        """The market as of now, every closed session as a row of its own."""
        return self._archive.history.snapshot(now)

    @property
    def version(self) -> int:
        """Another number whenever a bar that is held has changed."""
        return self._archive.version

    @property
    def newest(self) -> Mapping[Key, Instant]:
        """When the newest bar of each series ended, of those that have one."""
        keys = [(name, interval) for name, each in self._instruments.items() for interval in intervals_of(each)]
        ends = {key: self._archive.history.last_end(*key) for key in keys}
        return {key: end for key, end in ends.items() if end is not None}

    @property
    def fills(self) -> Mapping[str, int]:
        """How often this process has filled the past of an instrument to its end: with another number there is another
        past, of which whoever remembers the one before remembers less, or in another unit."""
        return self._past.fills

    def ready(self, instrument: str) -> bool:
        """Whether its history is complete, so that rules may be judged on it."""
        return self._past.ready(self._instruments[instrument])

    def waiting(self) -> dict[str, str]:
        """The instruments whose history is not complete, and why."""
        return self._past.waiting()

    def awaited(self, now: Instant, since: Instant) -> frozenset[str]:
        """The instruments whose newest closed bars are lacking and may come any moment; see `Asking.awaited`."""
        return self._asking.awaited(now, since)

    @property
    def health(self) -> Mapping[SourceId, Health]:
        """How the sources are doing."""
        return self._sources.health

    @property
    def sources(self) -> tuple[SourceStatus, ...]:
        """The same, as it is told."""
        return tuple(
            SourceStatus(str(name), each.last_answer, each.failing_since, each.reason, str(each.trouble or ""))
            for name, each in self.health.items()
        )

    @property
    def clocks(self) -> tuple[str, ...]:
        """What is wrong with clocks, ours or a source's, by the last answers."""
        return self._sources.clocks.troubles

    @property
    def faults(self) -> tuple[PriceFault, ...]:
        """What is wrong with prices by the last answers, and what sources do not have that is asked of them."""
        refused = [
            PriceFault(str(source), name, Fault.MISSING, None, each.since, each.reason)
            for (name, source), each in self._sources.refusals.items()
        ]
        return (*self.ledger.faults, *refused)

    # The past

    async def backfill(self, now: Instant, told: Told) -> None:
        """Go on with every history that is not complete; what fails is left for the next call, with its reason."""
        await self._past.run(now, told)

    # The present

    async def ticks(self, instruments: Iterable[str], now: Instant) -> dict[str, Tick]:
        """The latest trades of instruments, of those that have one that is believed."""
        wanted = set(instruments)
        return await self._latest.of([each for name, each in self._instruments.items() if name in wanted], now)

    async def poll(self, now: Instant) -> int:
        """Ask for every bar that is owed. Returns how many bars were new or changed."""
        wanted = self._asking.wanted(now, self._gate.waiting())
        lacking = [each.due for each in wanted if self._asking.is_lacking(each.due)]
        told = await self._hearing.hear(wanted, now)
        try:
            told = await self._hearing.confer(told, lacking, now)
            for each in told.heard:
                self._note_answer(each, now)
            for silence in told.silences:
                self._note_silence(silence, now)
            came = await self._keep(told, now)
            self._asking.has_asked(wanted, now, told.late)
            self._meters.polled(came)
        finally:  # the gate tells each finding once, also where the poll is given up or the store takes nothing
            self._latest.forget(now)
            self._write_up(told, lacking, now)
        return came

    async def _keep(self, told: Round, now: Instant) -> int:
        """Hold what is believed; a series whose unit has changed is begun anew. Then see what lacks."""
        judged = told.judged
        arrivals = [
            (name, each) for name, each in judged.arrivals if (name, each.written.interval) not in judged.rebased
        ]
        came = await self._archive.keep(arrivals, now)
        for key in sorted(judged.rebased):
            origins = {origin for each in told.heard if each.due.key == key for origin in each.answer.bars.origins}
            await self._past.begin_anew(self._instruments[key[0]], key[1], origins, now)
        await self._past.go_on_anew(now)
        for name, each in arrivals:
            if self._archive.is_complete(key := (name, each.written.interval)):
                self._archive.look_for_holes(self._instruments[name], key, now)
        await self._archive.keep_holes()
        return came

    def _note_answer(self, heard: Heard, now: Instant) -> None:
        due = heard.due
        if heard.question.holes:
            self._archive.holes.asked(due.key, heard.question.holes, now, answered=True)
            return
        self._asking.has_answered(due, now)
        if heard.answer.stand_in:
            log.info("%s of %s from %s in place of the preferred source", due.interval, due.instrument.id, heard.source)

    def _note_silence(self, silence: Silence, now: Instant) -> None:
        due, holes = silence.question.due, silence.question.holes
        if holes:
            if not silence.late:
                self._archive.holes.asked(due.key, holes, now, answered=False)
        elif self._asking.is_lacking(due) and self._asking.is_silent(due, now):
            log.info("%s of %s has to wait: %s", due.interval, due.instrument.id, silence.reason)

    # What was wrong

    def _write_up(self, told: Round, lacking: Collection[Due], now: Instant) -> None:
        """Tell the ledger what each question of a poll brought to light."""
        answers, judged = [each.told() for each in (*told.heard, *told.others)], told.judged
        standing, passing = self._standing.take(answers, told.findings, judged.arrivals, judged.rebased)
        for key, findings in standing.items():
            self.ledger.note(_subject(key, "rows"), of_findings(findings), now)
        self.ledger.count(of_findings(passing))
        of_answers: dict[Key, list[Complaint]] = {}
        for heard in (*told.heard, *told.others):
            of_answers.setdefault(heard.due.key, []).extend(of_remarks(heard.source, *heard.due.key, heard.remarks))
        for heard in told.heard:
            if heard.due in lacking and not heard.has_it:
                of_answers[heard.due.key].append(of_absence(heard.source, heard.due, told.stand_in(heard.due)))
        for silence in (each for each in told.silences if not each.question.holes):
            of_answers.setdefault(silence.question.due.key, []).extend(self._of_silence(silence))
        for key, complaints in of_answers.items():
            self.ledger.note(_subject(key, "answers"), complaints, now)
        for key in standing:
            recent = [end for end in self._archive.holes.open(key, now) if end > now - RECENT]
            self.ledger.note(_subject(key, "holes"), [of_holes(*key, recent)] if recent else [], now)

    def _of_silence(self, silence: Silence) -> list[Complaint]:
        """What nobody answered; nothing that the trouble of a source itself explains."""
        name, reason = silence.question.due.instrument.id, silence.reason
        failing = [str(source) for source, each in self.health.items() if each.failing_since is not None]
        refused = {refused for refused, _ in self._sources.refusals}
        if name in refused or any(source in reason for source in failing):
            return []
        return [of_silence(name, reason)]


def _subject(key: Key, what: str) -> Subject:
    name, interval = key
    return name, f"{what} of {interval}"
