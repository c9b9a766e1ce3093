"""`make bench`: how long the main jobs take, against their targets and against something known. Prints, never asserts.

Each row is the best of several runs in one process on one machine, beside a yardstick of the same run; the ratio
travels between machines better than the seconds do. `--write` puts the tables into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from bot.app import App, Options, open_app
from bot.queries.gauges import regime_panel
from bot.queries.regime import regime
from bot.queries.view import View
from rules.coupling import PairFilter
from rules.evaluation import evaluate as evaluate_columns
from rules.language.meaning import read
from rules.model import XNYS
from rules.panel import Panel
from rules.regime.label import label
from rules.scan import run
from tests.bench.levels import levels_table
from tests.bench.live import Run, load_table, memory_table, run_figures
from tests.bench.pack import END, replay_rows
from tests.bench.pictures import Shown, picture_figures
from tests.bench.polls import poll_table
from tests.bench.replays import replays_table
from tests.bench.timing import Row, best, table
from tests.bench.vocabulary import vocabulary_table

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- table -->"


def command(*words: str) -> Callable[[], object]:
    """A run of a fresh interpreter."""
    return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=ROOT)


def column_rows(app: App, panel: Panel) -> list[Row]:
    """One column against pandas; a bank of pairs against single ones."""
    node = read("corr(RUT, SPX, 60)", app.settings.scope).column
    ours = best(lambda: evaluate_columns([node], panel))
    frame = pd.DataFrame({name: np.log(panel.columns[name].close) for name in ("RUT", "SPX")}).diff()
    pandas = best(lambda: frame["RUT"].rolling(60).corr(frame["SPX"]))
    noise = np.random.default_rng(7).standard_normal((2, 1000, 10))
    pair = PairFilter()
    bank = best(lambda: run(pair, list(noise), pair.initial(10)))
    single = best(
        lambda: [run(pair, [np.ascontiguousarray(x[:, [i]]) for x in noise], pair.initial(1)) for i in range(10)]
    )
    return [
        Row("rolling correlation, exact window", ours, None, "pandas rolling(60).corr", pandas),
        Row("correlation filter, one row of 10 pairs", bank / 1000, 1e-3, "the pairs one by one", single / 1000),
    ]


def regime_rows(app: App, panel: Panel) -> list[Row]:
    """The label over all of history, and an answer about it: the first, which folds it, and one more."""
    years = len(panel) / panel.clock.rows_a_year
    whole = best(lambda: evaluate_columns([label()], panel))
    frame = pd.DataFrame({name: column.close for name, column in panel.columns.items()})[["SPX", "VIX", "BTC"]]
    pandas = best(lambda: frame.rolling(756, min_periods=60).median())
    first = best(lambda: _ask_regime(app.view()), 2)
    view = app.view()
    _ask_regime(view)
    again = best(lambda: _ask_regime(view), 10)
    return [
        Row(f"the regime's label, {years:.0f} years", whole, 2.0, "pandas rolling(756).median of three", pandas),
        Row("an answer about the regime, its panel and what would flip it", again, None, "the first one", first),
    ]


def _ask_regime(view: View) -> object:
    answer = regime(view)
    return answer, regime_panel(view, answer)


def start_rows() -> list[Row]:
    """What a user waits for before anything happens."""
    bare = best(command("-c", "pass"), 5)
    shown = best(command("-m", "bot.cli.main", "--help"), 5)
    loaded = best(command("-c", "import bot.app"), 3)
    return [
        Row("bellwether --help", shown, 0.5, "a bare interpreter", bare),
        Row("imports of an offline command", loaded, None, "a bare interpreter", bare),
    ]


def service_rows(service: Run, tick: Row) -> list[Row]:
    """The real process, started again on a filled database."""
    return [
        Row("`run` again, until Telegram is polled", service.polling, None, "its imports", service.imports),
        Row("its first poll, over HTTP", service.first_poll, 5.0, tick.what, tick.seconds),
    ]


def picture_rows(shown: Shown) -> list[Row]:
    """An answer with its picture through a server of Telegram's, beside its text alone, and what others feel of it."""
    picture, words, amid = shown.picture, shown.words, shown.amid
    lag, first, idle = shown.picture_lag, shown.first_lag, shown.words_lag
    return [
        Row("`/corr RUT SOL` with its picture, p50", picture.p50, None, "its text alone, p50", words.p50),
        Row("the same, p95", picture.p95, 1.0, "its text alone, p95", words.p95),
        Row("the first picture of a process", shown.first, None, "later ones, p50", picture.p50),
        Row("a text while a crowd waits for pictures, p50", amid.p50, None, "without the crowd, p50", words.p50),
        Row("the same, p95", amid.p95, 1.0, "without the crowd, p95", words.p95),
        Row("how late the loop is while pictures are drawn, p95", lag.p95, 0.05, "while texts are, p95", idle.p95),
        Row("the same, at most", lag.most, None, "while texts are, at most", idle.most),
        Row("while the first one is, at most", first.most, None, "while texts are, at most", idle.most),
    ]


def main() -> None:
    """Print the tables; write them where asked."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    write = parser.parse_args().write
    app = open_app(Options(data=SHARED), at=END) if SHARED.is_dir() else open_app(Options(), at=END)
    panel = app.view().panel(XNYS)
    market = "simulated" if app.history.simulated else "real prices"
    reading = best(lambda: open_app(Options(data=SHARED if SHARED.is_dir() else None), at=END), 2)
    rows = [*replay_rows(app, panel), *column_rows(app, panel), *regime_rows(app, panel), *start_rows()]
    rows.append(Row(f"reading the market ({market})", reading, None, "the replay", rows[0].seconds))
    service = run_figures(SHARED if SHARED.is_dir() else None)
    rows += service_rows(service, rows[1]) if service else []
    speed, pictures = table("what", rows), table("answers with a picture", picture_rows(picture_figures()))
    size = [replays_table(), vocabulary_table(), levels_table()]
    held = [memory_table(service)] if service else []
    tables = "\n\n".join([speed, *size, pictures, *held, poll_table(), load_table()])
    print(tables)
    if service is None:
        print("\nlibfaketime is not installed (Debian: apt-get install faketime): no figures of the running service")
    if write:
        text = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
        PAGE.write_text(f"{text}{MARK}\n\n{tables}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
