"""`--history DIR`: the regime on real prices of 1990 to 2025, and when it said RISK_OFF in twelve drawdowns.

Nobody knows the true state of a real day. What can be told is how often RISK_OFF began, how short its spells were, and
whether it was in force at the S&P 500's closing peak or began on the way to the trough. A crash of one day is over when
it is known: the close after the trough still counts, and the table says where it was needed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.app import Options, open_app
from bot.tuning.worlds.pairs import YEAR
from bot.tuning.worlds.regime import OFF
from rules.bars import Bools, Floats, Ints
from rules.evaluation import evaluate
from rules.model import XNYS
from rules.panel import Clock
from rules.regime.label import label
from tests.bench.stats.gates import Line, Unit, least, most
from tests.bench.stats.markdown import table

LAST = dt.date(2025, 12, 31)
SHORT = 5
"""Sessions that a spell of RISK_OFF should last."""

LATE = 1
"""Sessions after the closing trough on which RISK_OFF may still begin.

In August 2024 the trough was the close of the crash itself, at P(RISK_OFF) .72; the label followed at the next close.
Not counted, eleven of the twelve are flagged: the figures show both numbers."""


@dataclass(frozen=True)
class Episode:
    """Dates between which the greatest loss from a closing peak to a trough is the drawdown of that name."""

    name: str
    first: str
    last: str


EPISODES = (
    Episode("1998", "1998-06-01", "1998-12-31"),
    Episode("2000", "2000-01-01", "2002-12-31"),
    Episode("2007-09", "2007-08-01", "2009-06-30"),
    Episode("2010", "2010-02-01", "2010-10-31"),
    Episode("2011", "2011-02-01", "2011-12-31"),
    Episode("2015", "2015-03-01", "2015-10-31"),
    Episode("2018-02", "2018-01-01", "2018-04-30"),
    Episode("2018 Q4", "2018-08-01", "2019-01-31"),
    Episode("2020", "2020-01-01", "2020-06-30"),
    Episode("2022", "2021-12-01", "2022-12-31"),
    Episode("2024-08", "2024-06-01", "2024-08-31"),
    Episode("2025-04", "2025-01-01", "2025-05-31"),
)


@dataclass(frozen=True, eq=False)
class History:
    """By session the S&P 500's close and the label's index in STATES, both NaN where not known."""

    clock: Clock
    close: Floats
    label: Floats

    @property
    def off(self) -> Bools:
        """The sessions on which RISK_OFF is in force; one without a number leaves it."""
        last_known = np.maximum.accumulate(np.where(np.isnan(self.label), -1, np.arange(len(self.label))))
        off: Bools = (last_known >= 0) & (self.label[last_known] == OFF)
        return off

    @property
    def spells(self) -> Ints:
        """First session and first one after of each spell of RISK_OFF, (spells, 2)."""
        return np.flatnonzero(np.diff(self.off, prepend=False, append=False)).reshape(-1, 2)


@dataclass(frozen=True)
class Drawdown:
    """A drawdown of the S&P 500 and when RISK_OFF was said: sessions from the peak and the loss by then, as a share.

    Both are 0 where it was in force at the peak, and None where it was not said by LATE sessions after the trough.
    `behind` are the sessions that it came after the trough.
    """

    name: str
    peak: dt.date
    trough: dt.date
    loss: float
    sessions: int | None = None
    lost: float | None = None
    behind: int = 0

    @property
    def flagged(self) -> bool:
        """Whether RISK_OFF was in force at the peak, or began in time."""
        return self.sessions is not None


def history(folder: Path) -> History:
    """The prices of a folder up to LAST. Raises FeedError where they cannot be read."""
    end = int(dt.datetime.combine(LAST + dt.timedelta(days=1), dt.time(), dt.UTC).timestamp())
    panel = open_app(Options(data=folder), at=end).view(LAST).panel(XNYS)
    return History(panel.clock, panel.field("SPX", "close"), evaluate([label()], panel).columns[label()])


def entries_a_year(past: History) -> float:
    """How often RISK_OFF begins in 252 sessions."""
    return len(past.spells) * YEAR / len(past.clock)


def share_short(past: History) -> float:
    """Share of the spells of RISK_OFF of fewer than SHORT sessions. One still in force counts with those it has."""
    first, stop = past.spells.T
    return float((stop - first < SHORT).mean()) if len(first) else np.nan


def drawdowns(past: History, episodes: Sequence[Episode] = EPISODES) -> list[Drawdown]:
    """The drawdown of each episode. Raises ValueError where there are no prices of it."""
    return [_drawdown(past, episode) for episode in episodes]


def lines_of(past: History) -> list[Line]:
    """The figures of real history that must be reached, and how many drawdowns were flagged without being late."""
    flagged = [each for each in drawdowns(past) if each.flagged]
    below = most(np.nextafter(0.05, 0.0))
    return [
        Line("RISK_OFF entries a year", Unit.RATIO, entries_a_year(past), most(1.2)),
        Line(f"RISK_OFF spells under {SHORT} sessions", Unit.SHARE, share_short(past), below),
        Line(f"drawdowns flagged, of {len(EPISODES)}", Unit.COUNT, len(flagged), least(len(EPISODES))),
        Line("of them by the closing trough", Unit.COUNT, sum(not each.behind for each in flagged)),
    ]


def written(found: Sequence[Drawdown]) -> str:
    """The drawdowns in Markdown."""
    rows = [[each.name, f"{each.peak}", f"{each.trough}", _share(-each.loss), *_when(each)] for each in found]
    return table(["drawdown", "peak", "trough", "S&P 500", "RISK_OFF after", "S&P 500 by then"], rows)


def _when(found: Drawdown) -> tuple[str, str]:
    if found.sessions is None or found.lost is None:
        return "**not flagged**", ""
    if not found.sessions:
        return "in force at the peak", ""
    behind = f", {found.behind} after the trough" if found.behind else ""
    return f"{found.sessions} sessions{behind}", _share(-found.lost)


def _share(value: float) -> str:
    return f"{value:+.1%}"


def _drawdown(past: History, episode: Episode) -> Drawdown:
    peak, trough = _extremes(past, episode)
    dates = past.clock.session(peak), past.clock.session(trough)
    said = np.flatnonzero(past.off[peak : trough + LATE + 1])
    if not len(said):
        return Drawdown(episode.name, *dates, _loss(past, peak, trough))
    row = peak + int(said[0])
    return Drawdown(
        episode.name, *dates, _loss(past, peak, trough), row - peak, _loss(past, peak, row), max(row - trough, 0)
    )


def _extremes(past: History, episode: Episode) -> tuple[int, int]:
    """The rows of the peak and of the trough between which the most was lost."""
    within = (past.clock.sessions >= np.datetime64(episode.first)) & (
        past.clock.sessions <= np.datetime64(episode.last)
    )
    rows = np.flatnonzero(within & ~np.isnan(past.close))
    if not len(rows):
        raise ValueError(f"no closes of the S&P 500 from {episode.first} to {episode.last}")
    close = past.close[rows]
    trough = int(np.argmin(close / np.maximum.accumulate(close)))
    return int(rows[np.argmax(close[: trough + 1])]), int(rows[trough])


def _loss(past: History, peak: int, row: int) -> float:
    return float(1.0 - past.close[row] / past.close[peak])
