"""The gate: every bar that a source gives is believed, trimmed, held until something else agrees, or rejected.

    an answer -> laid over what is held -> structural checks -> is it another series?
              -> row by row, oldest first: repeated? how far from the close before? who speaks for it? restated?

It remembers what it holds from poll to poll, and nothing else: what is believed depends on the offers, on what is held,
on that memory and on `now`. docs/data-quality.md lists the checks and their limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.live import Arrival
from bot.market.quality.bench import Bench
from bot.market.quality.checks import Remark
from bot.market.quality.closes import Closes, Ruler
from bot.market.quality.memory import Memory, Place
from bot.market.quality.offers import Judged, Key, Offer
from bot.market.quality.overlap import Rewriting, Rewritten, rewritten
from bot.market.quality.screening import screened
from bot.market.quality.stretch import CONTEXT, Stretch, joined, lay, of_origin
from bot.market.quality.trades import TradeGate
from bot.market.quality.witnesses import Held, Witnesses
from bot.market.schedule import Settle
from bot.market.sessions import Sessions
from rules.bars import Bars, Interval, Origin, Tick
from rules.model import Instant, Instrument, Kind

NOBODY: Mapping[str, Tick] = MappingProxyType({})
"""No trade of any other."""


@dataclass(frozen=True)
class _Answer:
    """What one origin of an offer says, laid over what is held; `asked` is False for what only the memory holds."""

    ruler: Ruler
    source: str
    origin: Origin
    stretch: Stretch
    closes: Closes
    rewriting: Rewritten | None
    asked: bool

    @property
    def key(self) -> Key:
        return self.ruler.instrument.id, self.ruler.interval

    @property
    def place(self) -> Place:
        return self.key, self.origin


class Gate:
    """Remembers what it holds from poll to poll; nothing else. Not for several tasks at once."""

    def __init__(self, instruments: Mapping[str, Instrument], sessions: Sessions, settle: Settle) -> None:
        """`settle` is how long after its end a bar counts as closed, in seconds."""
        self._instruments, self._sessions, self._settle = instruments, sessions, settle
        self._memory = Memory()
        self._trades = TradeGate(instruments, sessions)
        self._now: Instant = 0

    def judge(self, offers: Sequence[Offer], held: Held, now: Instant, opinions: Sequence[Offer] | None = ()) -> Judged:
        """All offers of one poll together, so that two that move alike speak for each other. `held` is the history;
        `opinions` are what other sources say of rows that a first call has held: with them alone, what they speak for
        is believed from memory. None: they are still to be asked, and nothing is believed because nobody objects.

        A finding is told once, as long as the source goes on saying the same. What is believed has to be held by the
        next call, or it is believed again.
        """
        self._now = now
        answers = [each for offer in offers for each in self._laid(offer, held, now)]
        asked = {each.place for each in answers}
        views = [each for offer in opinions or () for each in self._laid(offer, held, now)]
        for view in (each for each in views if each.place not in asked):
            self._memory.hear(view.place, view.stretch.answer)
        answers += [self._recalled(place, held, now) for place in self._memory.rows if place not in asked]
        heeded = [each for each in (*answers, *views) if each.rewriting is None]
        usable = [(each.key, each.stretch.usable()) for each in heeded]
        still = [(each.key, each.stretch.still()) for each in heeded]
        witnesses = Witnesses(self._instruments, self._sessions, held, usable, still)
        heard = opinions is not None
        parts = [self._judged(each, witnesses, now, heard=heard) for each in sorted(answers, key=_in_order)]
        return Judged(
            tuple(arrival for part in parts for arrival in part.arrivals),
            tuple(finding for part in parts for finding in part.findings),
            frozenset(key for part in parts for key in part.rebased),
        )

    def waiting(self) -> frozenset[Key]:
        """What has rows that are held: to be asked again at the next poll. After a day another poll is no hope."""
        return self._memory.waiting(self._now)

    def held(self, instrument: str, interval: Interval) -> frozenset[Instant]:
        """The ends of the rows that are held of an instrument: those that another source is to be asked about."""
        return self._memory.held((instrument, interval))

    def judge_trades(
        self,
        trades: Mapping[str, Tick],
        held: Held,
        now: Instant,
        beside: Mapping[str, Tick] = NOBODY,
        opinions: Mapping[str, Tick] | None = NOBODY,
    ) -> tuple[dict[str, Tick], tuple[Finding, ...]]:
        """Latest trades for rules on ticks and for answers: the same scepticism. What is held is left out.

        `beside` are trades of proxies, which nobody has asked for; `opinions` what other sources say of trades that a
        first call has held. None: they are still to be asked, and nothing is remembered of this call.
        """
        self._now = now
        return self._trades.judge(trades, held, beside, opinions, now)

    def screen(
        self, instrument: Instrument, bars: Bars, beside: Mapping[str, Mapping[Interval, Bars]]
    ) -> tuple[Bars, tuple[Finding, ...]]:
        """A stretch of history at once, as a source gives it; vectorised. `beside` are the proxies' bars where they are
        known, and those that are held from before. A last bar that is doubted waits to be asked for again."""
        return screened(instrument, bars, beside, self._sessions, self._instruments, final=False)

    # From offers to answers

    def _laid(self, offer: Offer, held: Held, now: Instant) -> Iterable[_Answer]:
        ruler = Ruler(offer.instrument, offer.bars.interval, self._sessions)
        for origin in dict.fromkeys((*offer.bars.origins, *offer.arrival.written.origins)):
            answer, written = of_origin(offer.bars, origin), of_origin(offer.arrival.written, origin)
            if len(answer) or len(written):
                yield self._answer(ruler, offer.source, origin, answer, written, held, now)

    def _answer(
        self, ruler: Ruler, source: str, origin: Origin, answer: Bars, written: Bars, held: Held, now: Instant,
        *, asked: bool = True,
    ) -> _Answer:  # fmt: skip
        every = held.get(ruler.instrument.id, {}).get(ruler.interval, answer.take(slice(0)))
        own = of_origin(every, origin)
        said = own.take(np.isin(own.end, written.end))
        stretch = lay(answer, written, said, own, ruler, now - self._settle[ruler.instrument.kind])
        closes = Closes.of(_tail(every, stretch.bars), ruler, origin.book)
        usual = closes.usual(len(closes.end) - 1)
        usual = usual if usual > 0 else ruler.limit.floor
        funds = ruler.instrument.kind is Kind.ETF
        rewriting = rewritten(stretch.answer, own, funds, usual) if asked else None
        return _Answer(ruler, source, origin, stretch, closes, rewriting, asked)

    def _recalled(self, place: Place, held: Held, now: Instant) -> _Answer:
        """The rows that are held of an origin which was not asked this time."""
        (name, interval), origin = place
        rows = joined(each.bar for each in self._memory.rows[place].values())
        rows = replace(rows, known_at=np.full(len(rows), now, dtype=np.int64))
        ruler = Ruler(self._instruments[name], interval, self._sessions)
        return self._answer(ruler, origin.venue, origin, rows, rows, held, now, asked=False)

    # From answers to verdicts

    def _judged(self, answer: _Answer, witnesses: Witnesses, now: Instant, *, heard: bool) -> Judged:
        if answer.rewriting is not None:
            return self._another_series(answer, answer.rewriting, now)
        stretch, bars = answer.stretch, answer.stretch.bars
        if answer.asked:
            self._memory.splits.pop(answer.place, None)
        again = partial(self._again, answer, now=now)
        bench = Bench(stretch, answer.closes, answer.origin, witnesses, again, heard=heard)
        verdicts = {row: bench.verdict(row) for row in stretch.rows}
        believed = [row for row, remark in verdicts.items() if remark is None]
        remarks = [*stretch.remarks, *(each for each in verdicts.values() if each is not None)]
        waits = {int(bars.end[each.row]): _one(bars, each.row) for each in remarks if each.ruling is Ruling.HELD}
        self._memory.hold(answer.place, waits, bars.take(stretch.offered), stretch.answer, now)
        findings = self._memory.news(answer.place, _findings(answer, remarks), whole=answer.asked)
        written = bars.take(np.array(believed, dtype=np.int64))
        arrival = Arrival(written, stretch.said.take(np.isin(stretch.said.end, written.end)))
        return Judged(((answer.key[0], arrival),) if believed else (), tuple(findings))

    def _again(self, answer: _Answer, row: int, *, now: Instant) -> bool:
        """Whether this poll tells a held row for the second time; a memory tells nothing."""
        return answer.asked and self._memory.said_before(answer.place, _one(answer.stretch.bars, row), now)

    def _another_series(self, answer: _Answer, rewriting: Rewritten, now: Instant) -> Judged:
        """Nothing of it is believed. A split that is told twice asks for the whole past in the new unit."""
        split = rewriting.what is Rewriting.SPLIT
        if split and self._memory.confirms_split(answer.place, rewriting.ratio, now):
            return Judged(rebased=frozenset({answer.key}))
        ruling = Ruling.HELD if split else Ruling.REJECTED
        last = len(answer.stretch.bars) - 1
        found = _findings(answer, [Remark(last, Fault.REWRITTEN, ruling, rewriting.told())])
        return Judged(findings=tuple(self._memory.news(answer.place, found, whole=True)))


def _in_order(answer: _Answer) -> tuple[str, str, str, str]:
    return (*answer.key, answer.source, str(answer.origin))


def _tail(held: Bars, bars: Bars) -> Bars:
    """What is held from a while before `bars` on: enough to know a usual move, and quick where history is long."""
    first = int(np.searchsorted(held.end, bars.end[0])) if len(bars) else len(held)
    return held.take(slice(max(0, first - CONTEXT), None))


def _one(bars: Bars, row: int) -> Bars:
    return bars.take(slice(row, row + 1))


def _findings(answer: _Answer, remarks: Iterable[Remark]) -> list[Finding]:
    """Remarks as the world hears them, oldest first."""
    name, interval = answer.key
    ends = answer.stretch.bars.end
    found = [
        Finding(name, interval, int(ends[each.row]), answer.source, each.fault, each.ruling, each.detail)
        for each in remarks
    ]
    return sorted(found, key=lambda each: (each.end, each.fault, each.ruling))
