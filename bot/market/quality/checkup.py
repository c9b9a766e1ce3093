"""A whole series looked through: what is wrong with its rows, and which rows are not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.quality.closes import FOR_EVER
from bot.market.quality.screening import screened
from bot.market.quality.witnesses import Held
from bot.market.sessions import Sessions
from rules.bars import Bars, Interval, Ints
from rules.model import ALWAYS, Instrument


@dataclass(frozen=True)
class Checkup:
    """What a series is like. `left_out` counts the rows that were none to its feed; `missing` are the ends of bars that
    should be there, from the first bar to the last."""

    instrument: Instrument
    interval: Interval
    bars: Bars
    findings: tuple[Finding, ...]
    missing: Ints
    left_out: Mapping[Fault, int] = field(default_factory=dict)

    @property
    def rejected(self) -> int:
        """How many rows cannot be believed."""
        return sum(each.ruling is Ruling.REJECTED for each in self.findings)


def examine(
    instrument: Instrument, bars: Bars, beside: Held, sessions: Sessions, instruments: Mapping[str, Instrument]
) -> Checkup:
    """Look a series through; `beside` are the bars of everything else that is known."""
    _, findings = screened(instrument, bars, beside, sessions, instruments)
    missing = np.setdiff1d(expected_ends(instrument, bars, sessions), bars.end)
    return Checkup(instrument, bars.interval, bars, findings, missing)


def expected_ends(instrument: Instrument, bars: Bars, sessions: Sessions) -> Ints:
    """The ends of all bars that there should be from the first to the last."""
    if not len(bars):
        return bars.end
    first, last, step = int(bars.end.min()), int(bars.end.max()), bars.interval.seconds
    if instrument.calendar == ALWAYS:
        return np.arange(first, last + 1, step, dtype=np.int64)
    closes = sessions.closes_between(instrument.calendar, first, last + step)
    if bars.interval is not Interval.DAY:
        closes = np.concatenate(list(_within(instrument, closes, step, sessions)) or [closes])
    return closes[(closes >= first) & (closes <= last)]


def _within(instrument: Instrument, closes: Ints, step: int, sessions: Sessions) -> Iterable[Ints]:
    """The ends on the clock's grid in each session, the last one at its close."""
    clock = sessions.clock(instrument.calendar, FOR_EVER)
    opens = sessions.opens_of(instrument.calendar, clock.sessions[np.searchsorted(clock.closes, closes)])
    for opened, closed in zip(opens.tolist(), closes.tolist(), strict=True):
        yield np.append(np.arange((opened // step + 1) * step, closed, step, dtype=np.int64), closed)
