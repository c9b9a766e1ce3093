"""How two instruments move together, with the uncertainty of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from bot.answers import Change, Correlation, PairPicture, Volatility
from bot.queries.coupling import LEVELS, Coupling
from bot.queries.view import NoAnswer, View, number, origins_of
from rules.bars import Floats, Ints
from rules.columns import Node
from rules.functions.conditional import DOUBLED
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.pairs import returns_of, rise_of, standard_error
from rules.panel import Panel
from rules.statistics import change_test, kendall, percentile
from rules.windows import FLAT, span

CONTROLS = (("SPX",), ("SPX", "BTC"))
MONTH = 21
"""Sessions."""

RANKED = 504
"""Sessions of a pair's own history that r is ranked in, and that its picture shows."""


def correlation(view: View, a: str, b: str, window: int) -> Correlation:
    """How a and b move together over the last `window` joint returns.

    From closing instants; only where those give no number from UTC days, marked approximate. Raises LanguageError for
    names or a window that make no sense, NoAnswer where there are no prices.
    """
    calendar = _clock_of(view, a, b, window)
    exact = _Asked(view, a, b, window, calendar, approximate=False).answer()
    if exact is None or exact.r is None:
        rough = _Asked(view, a, b, window, calendar, approximate=True).answer()
        if rough is not None and rough.r is not None:
            return rough
    if exact is None:
        raise NoAnswer(_why_nothing(view, a, b, calendar))
    return exact


def pair_picture(view: View, answer: Correlation) -> PairPicture | None:
    """What a picture shows beside an answer; None where r was undefined on all of its sessions."""
    asked = _Asked(view, answer.a, answer.b, answer.window, answer.clock, approximate=answer.approximate)
    return asked.picture(answer.as_of)


def _clock_of(view: View, a: str, b: str, window: int) -> str:
    text = f"corr({a}, {b}, {window})"
    return calendar_of([(text, parse(text))], view.scope)


class _Asked:
    """A pair and a window on one panel: the columns that its answer and its picture are read from."""

    def __init__(self, view: View, a: str, b: str, window: int, clock: str, *, approximate: bool) -> None:
        self.view, self.a, self.b, self.window, self.clock = view, a, b, window, clock
        self.approximate = approximate
        self.panel: Panel = view.panel(clock, approximate=approximate)

    def columns(self, nodes: Mapping[str, Node]) -> dict[str, Floats]:
        """Columns of this panel by the names given."""
        found = self.view.columns(nodes.values(), self.clock, approximate=self.approximate)
        return {name: found[node] for name, node in nodes.items()}

    def node(self, template: str) -> Node:
        """The column of an expression about this pair and window."""
        return read(template.format(a=self.a, b=self.b, n=self.window), self.view.scope, self.clock).column

    def answer(self) -> Correlation | None:
        """None where the two share no return."""
        x, y = returns_of(self.a, self.b)
        legs = self.columns({"x": x, "y": y})
        joint = np.flatnonzero(~np.isnan(legs["x"]) & ~np.isnan(legs["y"]))
        if not len(joint):
            return None
        row = int(joint[-1])
        inside = joint[joint > row - span(self.window)][-self.window :]
        error = standard_error(self.a, self.b, self.window)
        measured = self.columns({"error": error, **{name: self.node(text) for name, text in _MEASURED.items()}})
        at = {name: number(column[row]) for name, column in measured.items()}
        answer = self._blank(row, len(inside))
        if at["r"] is not None:
            answer = replace(
                answer,
                r=at["r"],
                ci90=interval(at["low"], at["high"]),
                kendall=kendall(legs["x"][inside], legs["y"][inside]),
                percentile=(at["rank"], percentile(measured["r"][: row + 1])),
                ranked=int(np.count_nonzero(~np.isnan(measured["r"][: row + 1]))),
                partial={"+".join(controls): self._partial(controls, row) for controls in CONTROLS},
                beta=at["beta"],
                month_ago=number(measured["r"][row - MONTH]) if row >= MONTH else None,
                change=change_of(measured, joint, self.window),
                volatility=self._volatility(row, at["adjusted"]),
                shared=at["shared"] == 1.0,
            )
        else:
            answer = replace(answer, reason=_why_undefined(answer, legs, inside))
        return self._filtered(answer, row)

    def _blank(self, row: int, n: int) -> Correlation:
        return Correlation(
            a=self.a,
            b=self.b,
            window=self.window,
            n=n,
            r=None,
            ci90=None,
            kendall=None,
            ewma=None,
            p_above=dict.fromkeys(LEVELS),
            posterior_mean=None,
            posterior90=None,
            percentile=(None, None),
            ranked=0,
            partial={"+".join(controls): None for controls in CONTROLS},
            beta=None,
            month_ago=None,
            change=None,
            volatility=None,
            shared=False,
            coupled=dict.fromkeys(LEVELS),
            clock=self.clock,
            as_of=self.panel.clock.session(row),
            at=int(self.panel.clock.closes[row]),
            approximate=self.approximate,
            origins=origins_of(self.panel, (self.a, self.b), row),
        )

    def _partial(self, controls: tuple[str, ...], row: int) -> float | None:
        """r given `controls` over the same window; None where a control is one of the two."""
        given = ", ".join(f"{name}={control}" for name, control in zip(("given", "also"), controls, strict=False))
        if {self.a, self.b} & set(controls):
            return None
        node = self.node(f"pcorr({{a}}, {{b}}, {given}, n={{n}})")
        return number(self.columns({"left": node})["left"][row])

    def _volatility(self, row: int, adjusted: float | None) -> Volatility | None:
        rises = self.columns({leg: rise_of(self.a, self.b, leg, self.window) for leg in (self.a, self.b)})
        known = {leg: float(column[row]) for leg, column in rises.items() if not np.isnan(column[row])}
        leg = max(known, key=lambda name: known[name], default=self.a)
        if adjusted is None or known.get(leg, 0.0) <= DOUBLED:
            return None
        return Volatility(leg, known[leg], adjusted)

    def _filtered(self, answer: Correlation, row: int) -> Correlation:
        """With what the correlation filter says on the answer's row."""
        coupling = Coupling(self.view, self.a, self.b, self.clock)
        at = coupling.on(row)
        coupled = {level: coupling.states(level, row) for level in LEVELS}
        return replace(
            answer,
            ewma=at["ewma"],
            p_above={level: at[f"p {level}"] for level in LEVELS},
            posterior_mean=at["mean"],
            posterior90=interval(at["low"], at["high"]),
            coupled={level: None if states is None else bool(states[-1]) for level, states in coupled.items()},
        )

    def picture(self, as_of: dt.date) -> PairPicture | None:
        """The last sessions up to the answer's."""
        row = self.panel.clock.row_of(as_of)
        shown = slice(max(0, row + 1 - RANKED), row + 1)
        lines = self.columns({name: self.node(_MEASURED[name]) for name in ("r", "low", "high")})
        if np.isnan(lines["r"][shown]).all():
            return None
        coupling = Coupling(self.view, self.a, self.b, self.clock)
        coupled = {level: coupling.states(level, row) for level in LEVELS}
        return PairPicture(
            a=self.a,
            b=self.b,
            window=self.window,
            sessions=self.panel.clock.sessions[shown],
            r=lines["r"][shown],
            low=lines["low"][shown],
            high=lines["high"][shown],
            coupled={level: states[shown] for level, states in coupled.items() if states is not None},
            clock=self.clock,
            approximate=self.approximate,
            simulated=self.view.simulated,
        )


_MEASURED = {
    "r": "corr({a}, {b}, {n})",
    "low": "corr_low({a}, {b}, {n})",
    "high": "corr_high({a}, {b}, {n})",
    "rank": f"percentile(corr({{a}}, {{b}}, {{n}}), {RANKED})",
    "beta": "beta({a}, {b}, {n})",
    "adjusted": "adjcorr({a}, {b}, {n})",
    "shared": "shared({a}, {b}, {n})",
}


def interval(low: float | None, high: float | None) -> tuple[float, float] | None:
    """Both ends, or none."""
    return None if low is None or high is None else (low, high)


def change_of(measured: Mapping[str, Floats], joint: Ints, window: int) -> Change | None:
    """r on the last of the `joint` rows against that of the window that ended just before its own began.

    `measured` holds the columns r and error, the standard error of atanh r.
    """
    if len(joint) <= window:
        return None
    rows = joint[[-1, -1 - window]]
    r, errors = measured["r"][rows], measured["error"][rows]
    tested = change_test(float(r[0]), float(errors[0]), float(r[1]), float(errors[1]))
    return Change(float(r[1]), *tested) if tested else None


def _why_undefined(answer: Correlation, legs: Mapping[str, Floats], inside: Ints) -> str:
    if answer.n < answer.window:
        return f"only {answer.n} of {answer.window} returns"
    still = [name for name, leg in zip((answer.a, answer.b), legs.values(), strict=True) if np.std(leg[inside]) < FLAT]
    return f"{' and '.join(still) or answer.a} hardly moved" if still else "not defined on these returns"


def _why_nothing(view: View, a: str, b: str, calendar: str) -> str:
    for name in (a, b):
        if name not in view.history.bars:
            return f"there are no prices of {name} here"
        if np.isnan(view.panel(calendar).field(name, "close")).all():
            return f"there are no prices of {name} at the closes of {calendar} in this period"
    return f"{a} and {b} have no session in common here on which both moved from a known price"
