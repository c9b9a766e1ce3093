"""One market from 1990, real where it is at hand: its default pack, a column, filters, the regime, reading it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bot.app import App, Options, open_app
from bot.queries.gauges import regime_panel
from bot.queries.regime import regime
from bot.queries.view import View
from rules.coupling import PairFilter
from rules.evaluation import evaluate
from rules.language.meaning import read
from rules.model import XNYS
from rules.panel import Panel
from rules.regime.label import label
from rules.scan import run
from tests.bench.figures import Figure, Target, Unit
from tests.bench.pack import END, replay_rows
from tests.bench.stats.speed import PAIRS, speed
from tests.bench.tables import Block, Row, rows, timed
from tests.bench.timing import best

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDER = SHARED if SHARED.is_dir() else None
"""Real prices; None where there are none, and the market is simulated."""

TIMES_PANDAS = 10.0
"""How many times as long as pandas an exact rolling correlation may take."""

TEN_YEARS = 2520


def market_tables() -> list[Block]:
    """What is computed on it."""
    app = open_app(Options(data=FOLDER), at=END)
    panel = app.view().panel(XNYS)
    replays = replay_rows(app, panel)
    reading = best(lambda: open_app(Options(data=FOLDER), at=END), 2)
    what = f"reading the market ({'simulated' if app.history.simulated else 'real prices'})"
    read_in = timed(what, reading, None, "the replay", replays[0].measured.median)
    found = [*_column_rows(app, panel), *replays, *_filter_rows(), *_regime_rows(app, panel), read_in]
    return [rows("one market", found)]


def _column_rows(app: App, panel: Panel) -> list[Row]:
    """One column against pandas."""
    node = read("corr(RUT, SPX, 60)", app.settings.scope).column
    ours = best(lambda: evaluate([node], panel))
    frame = pd.DataFrame({name: np.log(panel.columns[name].close) for name in ("RUT", "SPX")}).diff()
    pandas = best(lambda: frame["RUT"].rolling(60).corr(frame["SPX"]))
    what = f"rolling correlation, exact window, {len(panel):,} rows"
    bound, beside = Target(TIMES_PANDAS, Unit.TIMES), Figure.once(pandas)
    return [Row(what, Figure.once(ours), bound, "pandas rolling(60).corr", beside, what)]


def _filter_rows() -> list[Row]:
    """Ten pairs at three levels with their shift, and the regime; and a bank of pairs against single ones."""
    cost, frame = speed(7), pd.DataFrame(np.random.default_rng(7).standard_normal((TEN_YEARS, PAIRS)))
    pandas = best(lambda: [frame[0].rolling(60).corr(frame[each]) for each in frame])
    said = f"pandas rolling(60).corr of {PAIRS} pairs"
    what = f"the filters of {PAIRS} pairs at 3 levels, shift and regime"
    noise = np.random.default_rng(7).standard_normal((2, 1000, PAIRS))
    pair = PairFilter()
    bank = best(lambda: run(pair, list(noise), pair.initial(PAIRS)))
    single = best(
        lambda: [run(pair, [np.ascontiguousarray(x[:, [i]]) for x in noise], pair.initial(1)) for i in range(PAIRS)]
    )
    return [
        timed(f"{what}, ten years", cost.ten_years, 1.5, said, pandas, f"{what}, ten years"),
        timed(f"{what}, a row of it", cost.replayed, 1e-3, said, pandas, f"{what}, a row of it"),
        timed(f"{what}, a live row", cost.live, None, said, pandas),
        timed(f"the filter alone, a row of {PAIRS} pairs", bank / 1000, None, "the pairs one by one", single / 1000),
    ]


def _regime_rows(app: App, panel: Panel) -> list[Row]:
    """The label over all of history, and an answer about it: the first, which folds it, and one more."""
    years = len(panel) / panel.clock.rows_a_year
    whole = best(lambda: evaluate([label()], panel))
    frame = pd.DataFrame({name: column.close for name, column in panel.columns.items()})[["SPX", "VIX", "BTC"]]
    pandas = best(lambda: frame.rolling(756, min_periods=60).median())
    first = best(lambda: _ask_regime(app.view()), 2)
    view = app.view()
    _ask_regime(view)
    again = best(lambda: _ask_regime(view), 10)
    return [
        timed(f"the regime's label, {years:.0f} years", whole, 2.0, "pandas rolling(756).median of three", pandas),
        timed("an answer about the regime, its panel and what would flip it", again, None, "the first one", first),
    ]


def _ask_regime(view: View) -> object:
    answer = regime(view)
    return answer, regime_panel(view, answer)
