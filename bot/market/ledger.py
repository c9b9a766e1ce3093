"""What was found wrong with prices: what is wrong now, in sentences, and counts since the start.

What is wrong now is what the last question for a series brought to light; the next answer replaces it. One line goes to
the log when a fault begins and one when it is over, not one a poll. Rows are counted once, however often they are told.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers.quality import Fault, Finding, Ruling
from bot.answers.service import ASKED_AGAIN, PriceFault
from bot.market.schedule import Due
from bot.meters import Meters
from bot.render.numbers import instant, session_of
from rules.bars import Interval, Tick
from rules.language.errors import short
from rules.model import Instant

Subject = tuple[str, str]
"""An instrument's id, and what of it: an interval, its holes, its trades."""

Tallied = tuple[str, Fault, Ruling | None]
"""Who gave rows, what is wrong with them, and what became of them; None where none were given."""

LOUD = (Ruling.HELD, Ruling.REJECTED)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A fault of some rows that `source` gave of an instrument, in a sentence; without a ruling nothing was given.

    `ends` are those rows; `more` counts rows of which only their number is known.
    """

    source: str
    instrument: str
    fault: Fault
    ruling: Ruling | None
    sentence: str
    ends: frozenset[Instant] = frozenset()
    more: int = 0

    @property
    def key(self) -> Tallied:
        """What makes it the same complaint at the next poll."""
        return self.source, self.fault, self.ruling

    def rows_beyond(self, before: Complaint | None) -> int:
        """How many of its rows were not complained of before."""
        if before is None:
            return len(self.ends) + self.more
        return len(self.ends - before.ends) + max(0, self.more - before.more)


class Ledger:
    """Faults of prices, by what they are of."""

    def __init__(self, meters: Meters | None = None) -> None:
        self._meters = meters or Meters()
        self._now: dict[Subject, dict[Tallied, tuple[Complaint, Instant]]] = {}
        self._tallies: Counter[Tallied] = Counter()

    @property
    def tallies(self) -> Mapping[Tallied, int]:
        """Rows since the start, by who gave them, what was wrong with them and what became of them."""
        return self._tallies

    @property
    def faults(self) -> tuple[PriceFault, ...]:
        """What is wrong now, in the order in which it began."""
        of_all = [each for of_one in self._now.values() for each in of_one.values()]
        return tuple(
            PriceFault(each.source, each.instrument, each.fault, each.ruling, since, each.sentence)
            for each, since in sorted(of_all, key=lambda known: known[1])
        )

    def note(self, subject: Subject, complaints: Iterable[Complaint], now: Instant) -> None:
        """Take all that is wrong with a subject by an answer at `now`; what is not among it is over."""
        before, after = self._now.get(subject, {}), {each.key: each for each in complaints}
        for key, each in after.items():
            known = before.get(key)
            self._tally(each, known and known[0])
            if known is None:
                _log("%s", each)
        for key, (each, _) in before.items():
            if key not in after:
                _log("over: %s", each)
        self._now[subject] = {key: (each, before[key][1] if key in before else now) for key, each in after.items()}

    def count(self, complaints: Iterable[Complaint]) -> None:
        """Take what is wrong with a past that was filled: it is counted, but nothing will be asked again."""
        for each in complaints:
            self._tally(each, None)
            _log("%s", each, logging.INFO)

    def _tally(self, complaint: Complaint, before: Complaint | None) -> None:
        if rows := complaint.rows_beyond(before):
            self._tallies[complaint.key] += rows
            self._meters.faulted(*complaint.key, rows)


# Sentences


def _log(words: str, complaint: Complaint, level: int | None = None) -> None:
    """One line; as loud as what became of the rows, unless said."""
    loud = logging.WARNING if complaint.ruling in LOUD else logging.INFO
    fields = {"source": complaint.source, "instrument": complaint.instrument, "fault": str(complaint.fault)}
    log.log(loud if level is None else level, words, complaint.sentence, extra=fields)


def of_findings(findings: Iterable[Finding]) -> list[Complaint]:
    """Findings in sentences, those of a kind about one series together."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        kind = each.instrument, each.interval, each.source, each.fault, each.ruling
        groups.setdefault(kind, []).append(each)
    return [_of_group(of_kind) for of_kind in groups.values()]


def _of_group(findings: Sequence[Finding]) -> Complaint:
    last = max(findings, key=lambda each: each.end)
    ends = frozenset(each.end for each in findings)
    said = f" ({last.detail})" if last.detail else ""
    rows = _bars_words(last.instrument, last.interval, ends)
    sentence = f"{last.source}: {rows} {last.ruling}, {last.fault}{said}"
    return Complaint(last.source, last.instrument, last.fault, last.ruling, sentence, ends)


def of_trades(findings: Iterable[Finding]) -> list[Complaint]:
    """Latest trades that are not believed. Each poll tells another one: what is counted is how often it begins."""
    return [
        Complaint(
            each.source, each.instrument, each.fault, each.ruling,
            f"{each.source}: {each.instrument}'s latest trade {each.ruling}, {each.fault} ({each.detail})", more=1,
        )
        for each in findings
    ]  # fmt: skip


def of_old_trade(tick: Tick) -> Complaint:
    """A latest trade that says nothing of now."""
    told = f"{tick.origin.venue}: {tick.instrument}'s latest trade is frozen since {instant(tick.at)}"
    return Complaint(tick.origin.venue, tick.instrument, Fault.FROZEN, None, told, more=1)


def of_no_trade(source: str, instrument: str, fault: Fault | None, stand_in: str = "") -> Complaint:
    """An answer without a trade, or with what is none for a `fault`; another source, `stand_in`, may have had one."""
    told = f"{source} told no trade of {instrument}"
    told = f"{told}, but what is {fault}" if fault is not None else told
    told = f"{told}; {stand_in} stands in" if stand_in else told
    return Complaint(source, instrument, fault or Fault.MISSING, None, told, more=1)


def of_remarks(source: str, instrument: str, interval: Interval, remarks: Mapping[Fault, int]) -> list[Complaint]:
    """What a feed left out of its answer."""
    return [
        Complaint(
            source, instrument, fault, Ruling.LEFT_OUT,
            f"{source}: {_count_of(rows, interval)} of {instrument} left out, {fault}", more=rows,
        )
        for fault, rows in remarks.items()
    ]  # fmt: skip


def of_absence(source: str, due: Due, stand_in: str = "") -> Complaint:
    """An answer without the bar that it was asked for; another source, `stand_in`, may have had it."""
    sentence = f"{source} answered without {_bars_words(*due.key, [due.end])}"
    told = f"{sentence}; {stand_in} stands in" if stand_in else sentence
    return Complaint(source, due.instrument.id, Fault.MISSING, None, told, frozenset([due.end]))


def of_silence(instrument: str, reason: str) -> Complaint:
    """No answer, for a reason that is this instrument's own."""
    return Complaint("", instrument, Fault.MISSING, None, f"no prices of {instrument}: {short(reason, 160)}")


def of_holes(instrument: str, interval: Interval, ends: Sequence[Instant]) -> Complaint:
    """Bars that lack and are asked for."""
    last = _when(interval, max(ends))
    lacking = f"{_count_of(len(ends), interval)} of {instrument} are missing (the last {last})"
    if len(ends) == 1:
        lacking = f"{_bars_words(instrument, interval, ends)} is missing"
    return Complaint("", instrument, Fault.MISSING, None, f"{lacking}; {ASKED_AGAIN}", frozenset(ends))


def _bars_words(instrument: str, interval: Interval, ends: Iterable[Instant]) -> str:
    """`RUT's close of 2025-12-10`, `3 closes of RUT (the last of 2025-12-10)`."""
    known = sorted(ends)
    if len(known) == 1:
        return f"{instrument}'s {_bar(interval)} {_when(interval, known[0])}"
    return f"{_count_of(len(known), interval)} of {instrument} (the last {_when(interval, known[-1])})"


def _bar(interval: Interval) -> str:
    return "close" if interval is Interval.DAY else "hour" if interval is Interval.HOUR else "bar"


def _count_of(rows: int, interval: Interval) -> str:
    return f"{rows} {_bar(interval)}{'s' * (rows != 1)}"


def _when(interval: Interval, end: Instant) -> str:
    return f"of {session_of(end)}" if interval is Interval.DAY else f"to {instant(end)}"
