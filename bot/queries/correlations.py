"""Many pairs at once, on one clock: one instrument against all others, and every pair of a basket."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from bot.answers import Against, CorrelationList, CorrelationMatrix
from bot.queries.correlation import RANKED, change_of, interval
from bot.queries.view import NoAnswer, View, last_known, number
from rules.bars import Floats, Ints
from rules.evaluation import evaluate
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS
from rules.pairs import pearson, returns_of, standard_error
from rules.panel import Panel
from rules.windows import span

LEVEL = 0.6
"""The level that a list gives the filter's probability of."""

SIDE_BY_SIDE = 4
"""Pairs whose columns are held in memory at a time."""


def against_all(view: View, a: str, window: int) -> CorrelationList:
    """`a` against every other instrument that has prices here, each as of the last session both have.

    All on the clock of what trades in sessions among them, so that the lines compare. Raises NoAnswer without prices.
    """
    others = [name for name in view.scope.instruments if name != a]
    clock = _clock_of(view, [a, *(name for name in others if name in view.history.bars)])
    panel = view.panel(clock)
    shown = [name for name in others if _is_priced(view, panel, name)]
    lines = [
        line
        for start in range(0, len(shown), SIDE_BY_SIDE)
        for line in _lines(view, panel, a, shown[start : start + SIDE_BY_SIDE], window)
    ]
    if not _is_priced(view, panel, a):
        raise NoAnswer(f"there are no prices of {a} at the closes of {clock} here")
    if not lines:
        raise NoAnswer(f"no other instrument here has a session in common with {a}")
    as_of = max(line.as_of for line in lines)
    row = panel.clock.row_of(as_of)
    return CorrelationList(
        a=a,
        window=window,
        level=LEVEL,
        lines=tuple(sorted(lines, key=lambda line: (line.r is None, -(line.r or 0.0)))),
        clock=clock,
        as_of=as_of,
        at=int(panel.clock.closes[row]),
        simulated=view.simulated,
        missing=tuple(name for name in others if name not in {line.b for line in lines}),
    )


def matrix(view: View, basket: str, window: int) -> CorrelationMatrix:
    """Every pair of a basket at the newest close to which one of it has a return.

    All on the clock of what trades in sessions among them; `avg_corr` of the basket is the mean. Raises
    NoAnswer without prices, LanguageError for a basket of one or on the clocks of two exchanges.
    """
    members = view.scope.baskets[basket]
    mean = read(f"avg_corr({basket}, {window})", view.scope).column
    clock = _clock_of(view, members)
    panel = view.panel(clock)
    priced = [name for name in members if _is_priced(view, panel, name)]
    if len(priced) < 2:
        raise NoAnswer(f"there are prices of {' and '.join(priced) or 'none'} of {basket} here; it takes two")
    moves = dict(zip(priced, returns_of(*priced), strict=True))
    pairs = {pair: pearson(*pair, window) for pair in combinations(priced, 2)}
    columns = view.columns([mean, *pairs.values(), *moves.values()], clock)
    last = {name: last_known(columns[node]) for name, node in moves.items()}
    row = max((at for at in last.values() if at is not None), default=len(panel) - 1)
    return CorrelationMatrix(
        basket=basket,
        instruments=tuple(priced),
        window=window,
        r=_square(priced, {pair: float(columns[node][row]) for pair, node in pairs.items()}),
        average=number(columns[mean][row]),
        late={name: panel.clock.session(at) for name, at in last.items() if at is not None and at < row},
        clock=clock,
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        simulated=view.simulated,
        missing=tuple(name for name in members if name not in priced),
    )


def _square(names: Sequence[str], r_of: Mapping[tuple[str, str], float]) -> Floats:
    """Both halves of the matrix of r, and ones on its diagonal."""
    r = np.eye(len(names))
    for (one, other), value in r_of.items():
        i, j = names.index(one), names.index(other)
        r[i, j] = r[j, i] = value
    return r


def _is_priced(view: View, panel: Panel, name: str) -> bool:
    """Whether an instrument ever had a price on the panel's clock, which it must trade on."""
    own = view.scope.instruments[name].calendar in (ALWAYS, panel.clock.calendar)
    return own and not bool(np.isnan(panel.field(name, "close")).all())


def _clock_of(view: View, names: Sequence[str]) -> str:
    """The sessions that the first of `names` trades in, or of those that trade in any; UTC days when all never stop."""
    calendars = [view.scope.instruments[name].calendar for name in names]
    sessions = [each for each in calendars if each != ALWAYS]
    if calendars[0] == ALWAYS and XNYS in sessions:
        return XNYS
    return sessions[0] if sessions else ALWAYS


def _lines(view: View, panel: Panel, a: str, others: Sequence[str], window: int) -> Iterator[Against]:
    """The lines of a few others; of those without a session in common there is none."""
    texts = {b: _texts(a, b, window) for b in others}
    nodes = {text: read(text, view.scope).column for of_one in texts.values() for text in of_one.values()}
    errors = {b: standard_error(a, b, window) for b in others}
    columns = evaluate([*nodes.values(), *errors.values()], panel).columns
    for b, of_one in texts.items():
        both = ~np.isnan(columns[nodes[of_one["move"]]]) & ~np.isnan(columns[nodes[of_one["other"]]])
        joint = np.flatnonzero(both)
        if len(joint):
            found = {"error": columns[errors[b]], **{name: columns[nodes[text]] for name, text in of_one.items()}}
            yield _line(b, found, joint, window, panel.clock.session(int(joint[-1])))


def _texts(a: str, b: str, n: int) -> dict[str, str]:
    return {
        "move": f"logret({a})",
        "other": f"logret({b})",
        "r": f"corr({a}, {b}, {n})",
        "low": f"corr_low({a}, {b}, {n})",
        "high": f"corr_high({a}, {b}, {n})",
        "rank": f"percentile(corr({a}, {b}, {n}), {RANKED})",
        "p": f"p_corr({a}, {b}, above={LEVEL})",
    }


def _line(b: str, columns: dict[str, Floats], joint: Ints, window: int, as_of: dt.date) -> Against:
    row = int(joint[-1])
    at = {name: number(column[row]) for name, column in columns.items()}
    return Against(
        b=b,
        n=int((joint[-window:] > row - span(window)).sum()),
        r=at["r"],
        ci90=interval(at["low"], at["high"]),
        p_above=at["p"],
        percentile=at["rank"],
        change=change_of(columns, joint, window),
        as_of=as_of,
    )
