"""A view of one panel, for questions about markets that are made row by row; and what its next close would be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bot.market.history import History
from bot.queries.view import View
from rules.evaluation import evaluate, lookback
from rules.functions.registry import Scope
from rules.panel import Panel
from rules.regime.label import label
from tests.bot.markets import SESSIONS
from tests.rules.markets import INSTRUMENTS, SCOPE, columns_of
from tests.rules.regimes import BTC, SPX, VIX, with_close

Prices = Mapping[str, float]


class PanelView(View):
    """Answers from a panel that no bars were made into."""

    def __init__(
        self,
        panel: Panel,
        scope: Scope = SCOPE,
        grace: int | None = None,
        until: int | None = None,
        awaited: frozenset[str] = frozenset(),
    ) -> None:
        until = int(panel.clock.closes[-1]) if until is None else until
        super().__init__(History(INSTRUMENTS, {}, SESSIONS, until), scope, (), grace=grace, awaited=awaited)
        self._only = panel

    def panel(self, calendar: str, *, approximate: bool = False) -> Panel:
        """The panel, whatever is asked for."""
        return self._only


def without(panel: Panel, name: str, rows: slice = slice(None)) -> Panel:
    """The panel with gaps."""
    close = panel.field(name, "close").copy()
    close[rows] = np.nan
    return replace(panel, columns={**panel.columns, name: columns_of(close)})


def closes(panel: Panel, row: int) -> Prices:
    """What the regime reads on a row, as far as it has a price."""
    found = {name: float(panel.field(name, "close")[row]) for name in (SPX, BTC, VIX)}
    return {name: price for name, price in found.items() if not np.isnan(price)}


def ahead(panel: Panel, rows: Sequence[int]) -> Iterator[tuple[int, Callable[[Prices], float]]]:
    """Of each row, the label's index that the engine finds on a close after it, at any prices.

    The engine goes on from its memory of the row; `whole` below starts from the first.
    """
    node, reach = label(), lookback([label()])
    done, start = evaluate([node], panel[: rows[0] + 1], next_start=rows[0] + 1), rows[0] + 1
    for row in rows:
        if row >= start:
            done, start = evaluate([node], panel[: row + 1], start, done.checkpoints), row + 1
        cut, memory = max(0, row - reach), done.checkpoints

        def judge(prices: Prices, row: int = row, cut: int = cut, memory: object = memory) -> float:
            longer = with_close(panel[cut : row + 1], **prices)
            return float(evaluate([node], longer, len(longer) - 1, memory).columns[node][-1])  # type: ignore[arg-type]

        yield row, judge


def whole(panel: Panel, row: int, prices: Prices) -> float:
    """The label's index on a close after a row, judged from the first row on."""
    node = label()
    return float(evaluate([node], with_close(panel[: row + 1], **prices)).columns[node][-1])
