"""Alerts over the years: an instrument's closes, the regime on them, and where rules fired."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import numpy as np

from bot.answers import Lane, TimelinePicture
from bot.answers.stats import Stat
from bot.queries.view import View, origins_of
from rules.bars import Floats, Ints
from rules.model import XNYS, Severity
from rules.panel import Clock
from rules.regime.label import label

LANES = 24
"""Rules on one picture: more are not told apart."""

_LOUDEST_FIRST = tuple(reversed(Severity))


def rule_timeline(view: View, found: Stat, first: dt.date | None = None) -> TimelinePicture:
    """Where a rule fired on the price of the first instrument that decides it, from session `first` on."""
    rule = found.rule
    return _picture(view, rule.instruments[0], rule.calendar, rule.rule.title or rule.rule.id, [found], first)


def asset_timeline(
    view: View, instrument: str, rules: Iterable[Stat], first: dt.date | None = None
) -> TimelinePicture | None:
    """Where the rules that read an instrument fired, on its own calendar; None where it has no prices. The loudest come
    first.
    """
    calendar = view.scope.instruments[instrument].calendar
    found = [each for each in rules if instrument in each.rule.instruments and each.evidence.fired]
    found.sort(key=lambda each: _LOUDEST_FIRST.index(each.rule.rule.severity))
    picture = _picture(view, instrument, calendar, f"{instrument} and its alerts", found, first)
    return picture if np.isfinite(picture.close).any() else None


def _picture(
    view: View, instrument: str, calendar: str, title: str, found: Sequence[Stat], first: dt.date | None
) -> TimelinePicture:
    """From the first close of the instrument on, or from `first`."""
    panel = view.panel(calendar)
    close = panel.field(instrument, "close")
    known = np.flatnonzero(~np.isnan(close))
    start = int(known[0]) if len(known) else len(panel)
    if first is not None:
        start = max(start, int(np.searchsorted(panel.clock.sessions, np.datetime64(first))))
    lanes = [_lane(each, panel.clock, start) for each in found]
    last = len(panel) - 1
    return TimelinePicture(
        title=title,
        instrument=instrument,
        sessions=panel.clock.sessions[start:],
        close=close[start:],
        labels=_labels(view, panel.clock)[start:],
        lanes=tuple(lanes[:LANES]),
        origins=origins_of(panel, (instrument,), last) if last >= 0 else (),
        clock=calendar,
        as_of=panel.clock.session(last) if last >= 0 else dt.date.min,
        simulated=view.simulated,
        untold=max(0, len(lanes) - LANES),
    )


def _lane(found: Stat, clock: Clock, start: int) -> Lane:
    """The rows after `start` on which it fired: those of a session, whichever clock the rule is on."""
    sessions = np.array(found.evidence.fired, dtype="datetime64[D]")
    rows: Ints = np.searchsorted(clock.sessions.astype("datetime64[D]"), sessions, side="right") - 1 - start
    return Lane(found.rule.rule.title or found.rule.rule.id, found.rule.rule.severity, rows[rows >= 0])


def _labels(view: View, clock: Clock) -> Floats:
    """The regime as it was known at each close of a clock: that of the last session which had closed."""
    known = view.panel(XNYS).clock.closes
    labels = view.columns([label()], XNYS)[label()]
    rows = np.searchsorted(known, clock.closes, side="right") - 1
    if not len(labels):
        return np.full(len(clock), np.nan)
    found: Floats = np.where(rows >= 0, labels[np.maximum(rows, 0)], np.nan)
    return found
