"""The default pack over all of history, and one live tick on top of it."""

from __future__ import annotations

import pandas as pd

from bot.app import App
from rules.book import AGAIN
from rules.engine import evaluate, opened
from rules.evaluation import lookback
from rules.model import XNYS
from rules.panel import Panel
from tests.bench.tables import Row, timed
from tests.bench.timing import best

END = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp())


def replay_rows(app: App, panel: Panel) -> list[Row]:
    """All rules over all of history, and one live tick on top of it: a close of the exchange."""
    rules, view = app.settings.compiled, app.view()
    panels = {each: view.panel(each) for each in {rule.calendar for rule in rules}}
    years = len(panel) / panel.clock.rows_a_year
    before = evaluate(rules, {**panels, XNYS: panel[:-1]}, opened(rules), END)
    whole = best(lambda: evaluate(rules, panels, opened(rules), END))
    tick = best(lambda: evaluate(rules, panels, before.book, END), 20)
    back = 1 + AGAIN + max(lookback(rule.roots) for rule in rules)
    tails = {calendar: each[max(0, len(each) - back) :] for calendar, each in panels.items()}
    short = best(lambda: evaluate(rules, tails, before.book, END), 20)
    frame = pd.DataFrame({name: column.close for name, column in panel.columns.items()})
    pandas = best(lambda: [frame["RUT"].pct_change(fill_method=None).rolling(60).corr(frame[name]) for name in frame])
    said = f"pandas rolling(60).corr of {frame.shape[1]} columns"
    what = f"replay, {years:.0f} years, default pack of {len(rules)}"
    return [
        timed(what, whole, 15.0, said, pandas, what),
        timed("one live tick of it, whole panel", tick, None, "its replay", whole, "one live tick of that pack"),
        timed("one live tick of it, tail of the panel", short, None, "its replay", whole),
    ]
