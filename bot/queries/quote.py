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
    texts = (f"close({instrument})", f"record({instrument})", f"drawdown({instrument})")
    close, record, drawdown = (read(text, view.scope).column for text in texts)
    columns = evaluate([close, record, drawdown], panel).columns
    known = np.flatnonzero(~np.isnan(columns[close]))
    if not len(known):
        raise NoAnswer(f"there are no prices of {instrument} here")
    row = int(known[-1])
    return Quote(
        instrument=instrument,
        close=float(columns[close][row]),
        previous=float(columns[close][known[-2]]) if len(known) > 1 else None,
        record=number(columns[record][row]),
        drawdown=float(columns[drawdown][row]),
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        clock=calendar,
        origin=panel.origin(instrument, row) or "",
    )
