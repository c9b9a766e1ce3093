"""An instrument's last close and where it stands."""

from __future__ import annotations

import numpy as np

from bot.answers import Quote
from bot.queries.view import NoAnswer, View, number
from rules.evaluation import evaluate
from rules.language.meaning import read


def quote(view: View, instrument: str) -> Quote:
    """The instrument's last close on its own calendar. Raises NoAnswer without prices."""
    calendar = view.history.instruments[instrument].calendar
    panel = view.panel(calendar)
    words = ("close", "ret", "record", "drawdown")
    close, change, record, drawdown = (read(f"{word}({instrument})", view.scope).column for word in words)
    columns = evaluate([close, change, record, drawdown], panel).columns
    known = np.flatnonzero(~np.isnan(columns[close]))
    if not len(known):
        raise NoAnswer(f"there are no prices of {instrument} here")
    row = int(known[-1])
    return Quote(
        instrument=instrument,
        close=float(columns[close][row]),
        change=number(columns[change][row]),
        record=number(columns[record][row]),
        drawdown=float(columns[drawdown][row]),
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        clock=calendar,
        origin=panel.origin(instrument, row) or "",
    )
