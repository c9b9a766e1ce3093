"""How two instruments move together, with the uncertainty of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bot.answers import Correlation
from bot.queries.view import NoAnswer, View, number, origins_of
from rules.alerting import Firing
from rules.bars import Floats, Ints
from rules.engine import follow
from rules.evaluation import evaluate
from rules.functions.correlation import posterior_mean
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.model import Timing
from rules.panel import Panel
from rules.statistics import fat_tail_factor, fisher_interval, partial_correlation, percentile, slope
from rules.windows import close_of, log_return, span

LEVELS = (0.5, 0.6, 0.7)
CONTROLS = (("SPX",), ("SPX", "BTC"))
COUPLING = Timing(confirm=2)
"""Coupled after two closes with P >= .50, uncoupled after one with P <= .05, as in the default rules."""

TAIL_ROWS = 250
"""Returns from which the fatness of tails is measured; the window's own where there are fewer."""


def correlation(view: View, a: str, b: str, window: int) -> Correlation:
    """How a and b move together over the last `window` joint returns.

    From closing instants; only where those give no number from UTC days, marked approximate. Raises LanguageError for
    names or a window that make no sense, NoAnswer where there are no prices.
    """
    text = f"corr({a}, {b}, {window})"
    calendar = calendar_of([(text, parse(text))], view.scope)
    exact = _measured(view, a, b, window, view.panel(calendar), approximate=False)
    if exact is None or exact.r is None:
        rough = _measured(view, a, b, window, view.panel(calendar, approximate=True), approximate=True)
        if rough is not None and rough.r is not None:
            return _filtered(view, rough, view.panel(calendar)[: view.panel(calendar).clock.row_of(rough.as_of) + 1])
    if exact is None:
        raise NoAnswer(_why_nothing(view, a, b, calendar))
    return exact


def _measured(view: View, a: str, b: str, window: int, panel: Panel, *, approximate: bool) -> Correlation | None:
    """The answer on one panel; None where the two share no return."""
    asked = read(f"corr({a}, {b}, {window})", view.scope).column
    returns = {name: log_return(close_of(name)) for name in dict.fromkeys((a, b, *CONTROLS[-1]))}
    columns = evaluate([asked, *returns.values()], panel).columns
    legs = {name: columns[node] for name, node in returns.items()}
    joint = np.flatnonzero(~np.isnan(legs[a]) & ~np.isnan(legs[b]))
    if not len(joint):
        return None
    row = int(joint[-1])
    inside = joint[joint > row - span(window)][-window:]
    answer = Correlation(
        a=a,
        b=b,
        window=window,
        n=len(inside),
        r=None,
        ci90=None,
        p_above=dict.fromkeys(LEVELS),
        posterior_mean=None,
        percentile=(None, None),
        partial={"+".join(controls): None for controls in CONTROLS},
        beta=None,
        coupled=dict.fromkeys(LEVELS),
        clock=panel.clock.calendar,
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        approximate=approximate,
        origins=origins_of(panel, (a, b), row),
    )
    if not np.isnan(columns[asked][row]):
        answer = _windowed(answer, columns[asked][: row + 1], legs, joint, inside)
    return answer if approximate else _filtered(view, answer, panel[: row + 1])


def _windowed(
    answer: Correlation, history: Floats, legs: Mapping[str, Floats], joint: Ints, inside: Ints
) -> Correlation:
    """With what the window's returns say; `history` are the correlations up to the answer's row."""
    r = float(history[-1])
    tails = joint[-TAIL_ROWS:] if len(joint) >= TAIL_ROWS else inside
    g = fat_tail_factor(legs[answer.a][tails], legs[answer.b][tails])
    return replace(
        answer,
        r=r,
        ci90=fisher_interval(r, answer.n, g) if g is not None else None,
        percentile=(percentile(history, 504), percentile(history)),
        partial={"+".join(each): _partial(answer, each, legs, len(history)) for each in CONTROLS},
        beta=slope(legs[answer.a][inside], legs[answer.b][inside]),
    )


def _partial(answer: Correlation, controls: tuple[str, ...], legs: Mapping[str, Floats], rows: int) -> float | None:
    """r given `controls` over the same window; None where a control is one of the two."""
    joined = np.column_stack([legs[name][:rows] for name in (answer.a, answer.b, *controls)])
    known = np.flatnonzero(~np.isnan(joined).any(axis=1))
    inside = known[known > rows - 1 - span(answer.window)][-answer.window :]
    if len(inside) < answer.window or {answer.a, answer.b} & set(controls):
        return None
    return partial_correlation(joined[inside])


def _filtered(view: View, answer: Correlation, panel: Panel) -> Correlation:
    """With what the correlation filter says on the panel's last row; it never looks at an approximate one."""
    mean = posterior_mean(answer.a, answer.b)
    p = {level: f"p_corr({answer.a}, {answer.b}, above={level})" for level in LEVELS}
    above = {level: read(text, view.scope).column for level, text in p.items()}
    enters = {level: read(f"{text} >= 50%", view.scope).column for level, text in p.items()}
    leaves = {level: read(f"{text} <= 5%", view.scope).column for level, text in p.items()}
    columns = evaluate([mean, *above.values(), *enters.values(), *leaves.values()], panel).columns
    states = {
        level: follow(COUPLING, columns[enters[level]], columns[leaves[level]], panel.clock.closes) for level in LEVELS
    }
    return replace(
        answer,
        p_above={level: number(columns[node][-1]) for level, node in above.items()},
        posterior_mean=number(columns[mean][-1]),
        coupled={
            level: None if np.isnan(columns[above[level]]).all() else isinstance(state, Firing)
            for level, state in states.items()
        },
    )


def _why_nothing(view: View, a: str, b: str, calendar: str) -> str:
    for name in (a, b):
        if name not in view.history.bars:
            return f"there are no prices of {name} here"
        if np.isnan(view.panel(calendar).field(name, "close")).all():
            return f"there are no prices of {name} at the closes of {calendar} in this period"
    return f"{a} and {b} have no session in common here on which both moved from a known price"
