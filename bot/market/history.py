"""The history of bars, and the panels of it as of a moment. One place turns bars into what rules and answers see."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace

from bot.answers.quality import Finding
from bot.feeds.contract import Feed, FeedError, NoSuchBars, Request
from bot.market.sessions import HISTORY_STARTS, Sessions
from rules.alignment import approximated, build_panel
from rules.bars import DAY, Bars, Interval
from rules.model import ALWAYS, Instant, Instrument
from rules.panel import Panel

BarSets = Mapping[str, Mapping[Interval, Bars]]
"""The bars of instruments by id."""

Screen = Callable[[Instrument, Bars, BarSets], tuple[Bars, tuple[Finding, ...]]]
"""What of an instrument's bars can be believed, given those of others beside it, and what is wrong with the rest."""

Panels = MutableMapping[tuple[str, bool], Panel]
"""By calendar, and by whether they are approximate; of the last session that had closed."""

BEGINNING = (HISTORY_STARTS - dt.date(1970, 1, 1)).days * DAY


@dataclass(frozen=True)
class History:
    """Bars of all instruments up to `until`, the instant of the last bar that any of them has. `findings` tell which
    rows were left out of `bars`, or trimmed, and why. `made` are the panels that were made of these bars: whoever asks
    for one next is given the same."""

    instruments: Mapping[str, Instrument]
    bars: BarSets
    sessions: Sessions
    until: Instant
    findings: tuple[Finding, ...] = ()
    made: Panels = field(default_factory=dict, repr=False, compare=False)

    @property
    def simulated(self) -> bool:
        """Whether any price here is made up."""
        of_all = (bars for of_one in self.bars.values() for bars in of_one.values())
        return any(origin.simulated for bars in of_all for origin in bars.origins)

    @property
    def begins(self) -> dt.date:
        """The day of the oldest bar of any instrument."""
        return _first_day(self.bars)

    def panel(self, calendar: str, as_of: dt.date | None = None, *, approximate: bool = False) -> Panel:
        """Everything known at the close of session `as_of` (by default the last), aligned on a clock."""
        if as_of is not None:
            return self._aligned(calendar, min(self.until, self.sessions.cutoff(calendar, as_of)), approximate)
        known = self.made.get((calendar, approximate))
        if known is None or not len(known) or known.clock.closes[-1] != self.sessions.last_close(calendar, self.until):
            known = self.made[calendar, approximate] = self._aligned(calendar, self.until, approximate)
        return known

    def _aligned(self, calendar: str, until: Instant, approximate: bool) -> Panel:
        fitting = {
            name: {interval: bars.upto(until) for interval, bars in of_one.items()}
            for name, of_one in self.bars.items()
            if self.instruments[name].calendar in (calendar, ALWAYS)
        }
        if approximate and until == self.until:
            return approximated(self.panel(calendar), self.instruments, fitting)
        clock = self.sessions.clock(calendar, until, _first_day(fitting))
        return build_panel(clock, self.instruments, fitting, approximate=approximate)


def _first_day(bars: Mapping[str, Mapping[Interval, Bars]]) -> dt.date:
    """The day of the oldest bar: rows before it would hold nothing."""
    starts = [int(each.start[0]) for of_one in bars.values() for each in of_one.values() if len(each)]
    return dt.date(1970, 1, 1) + dt.timedelta(days=min(starts, default=BEGINNING) // DAY)


def intervals_of(instrument: Instrument) -> tuple[Interval, ...]:
    """The intervals that panels are made of: days, and for what never stops also hours."""
    return (Interval.DAY, Interval.HOUR) if instrument.calendar == ALWAYS else (Interval.DAY,)


async def load_history(
    feed: Feed, instruments: Mapping[str, Instrument], sessions: Sessions, now: Instant, screen: Screen | None = None
) -> History:
    """Ask `feed` for all bars of all instruments that completed by `now`, and keep what passes the `screen`. Raises
    FeedError without any."""
    loaded = await asyncio.gather(*(_bars_of(feed, instrument, now) for instrument in instruments.values()))
    bars = {name: of_one for name, of_one in zip(instruments, loaded, strict=True) if of_one}
    ends = [int(each.end[-1]) for of_one in bars.values() for each in of_one.values() if len(each)]
    if not ends:
        raise FeedError(f"the {feed.name} feed has no bars of any configured instrument")
    history = History(instruments, bars, sessions, max(ends))
    return history if screen is None else _screened(history, screen)


def _screened(history: History, screen: Screen) -> History:
    """Without the rows that cannot be believed: they are gaps."""
    found: list[Finding] = []
    kept: dict[str, dict[Interval, Bars]] = {}
    for name, of_one in history.bars.items():
        kept[name] = {}
        for interval, bars in of_one.items():
            kept[name][interval], findings = screen(history.instruments[name], bars, history.bars)
            found += findings
    return replace(history, bars=kept, findings=tuple(found), made={})


async def _bars_of(feed: Feed, instrument: Instrument, now: Instant) -> dict[Interval, Bars]:
    found: dict[Interval, Bars] = {}
    for interval in intervals_of(instrument):
        try:
            found[interval] = await feed.bars(Request(instrument, interval, BEGINNING, now))
        except NoSuchBars:
            continue
    return found
