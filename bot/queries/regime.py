"""The regime: the label and its life, how probable each state is, what speaks for it, what would flip it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np

from bot.answers import Contribution, Emerging, Provisional, Regime, RegimeChange, RegimePicture, Spell
from bot.market.progress import in_progress
from bot.queries.flips import flips
from bot.queries.view import NoAnswer, View, number, origins_of
from rules.bars import Floats, Tick
from rules.columns import Node
from rules.evaluation import evaluate
from rules.model import XNYS, Instant, Label
from rules.panel import Panel
from rules.regime.filter import (
    ALERTS_AFTER,
    MEDIAN_LEAST,
    READS,
    STATES,
    USES,
    btc_size,
    btc_term,
    probabilities,
    rows_seen,
    spx_size,
    spx_term,
    vix_shift,
    vix_term,
)
from rules.regime.flip import NEEDED, NextClose
from rules.regime.label import OFF_ENTER, OFF_LEAVE, ON_ENTER, ON_LEAVE
from rules.regime.label import label as label_node
from rules.windows import close_of, log_return

SHOWN = 252
"""Sessions on a picture: a year."""

_SPEAKS: Mapping[str, tuple[Node, Node]] = {
    READS.spx: (spx_size(), spx_term()),
    READS.btc: (btc_size(), btc_term()),
    READS.vix: (vix_shift(), vix_term()),
}
"""What each price is in units of its usual one, and its log-likelihoods."""


def regime(view: View, trades: Mapping[str, Tick] | None = None, now: Instant = 0) -> Regime:
    """The regime as of the last session with a number that needs no further bar. Raises NoAnswer before the first.

    `trades` are latest trades as of `now`: of a session in progress they tell what its close would make of the label.
    """
    panel, columns = view.panel(XNYS), _columns(view)
    stop = view.due(XNYS, USES)
    known = np.flatnonzero(~np.isnan(columns[label_node()][:stop]))
    if not len(known):
        raise NoAnswer(_too_little(columns, stop))
    row = int(known[-1])
    p = columns[probabilities()]
    spells = tuple(_spells(panel, columns[label_node()], known))
    raws = np.argmax(p[known], axis=1)
    return Regime(
        label=spells[-1].label,
        raw=STATES[int(raws[-1])],
        spells=spells,
        probabilities=_by_state(p[row]),
        emerging=_emerging(spells[-1].label, raws, columns[label_node()][known], p[row]),
        drivers={name: _contribution(panel, columns, name, row) for name in USES},
        flips=flips(view, stop - 1),
        seen=int(columns[rows_seen()][row]),
        needed=ALERTS_AFTER,
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        origins=origins_of(panel, USES, row),
        provisional=_provisional(view, trades, now) if trades and stop == len(panel) else None,
        gap=panel.clock.session(row + 1) if row + 1 < stop else None,
        waiting=panel.clock.session(stop) if stop < len(panel) else None,
        late=tuple(name for name in USES if _is_missing(panel, name, stop)) if stop < len(panel) else (),
        trading=stop == len(panel) and _is_trading(view, panel, now),
    )


def regime_changes(view: View) -> list[RegimeChange]:
    """Every session on which the label changed, from its first number on."""
    panel, column = view.panel(XNYS), _columns(view)[label_node()]
    spells = list(_spells(panel, column, np.flatnonzero(~np.isnan(column))))
    before = [Label.NEUTRAL, *(spell.label for spell in spells)]
    return [
        RegimeChange(spell.since, spell.label, previous)
        for spell, previous in zip(spells, before, strict=False)
        if spell.label is not previous
    ]


def regime_picture(view: View, answer: Regime) -> RegimePicture:
    """What a picture shows beside an answer: a year up to its close."""
    panel, columns = view.panel(XNYS), _columns(view)
    stop = panel.clock.row_of(answer.as_of) + 1
    rows = slice(max(0, stop - SHOWN), stop)
    return RegimePicture(
        instrument=READS.spx,
        sessions=panel.clock.sessions[rows],
        close=panel.field(READS.spx, "close")[rows],
        labels=columns[label_node()][rows],
        p=columns[probabilities()][rows],
        as_of=answer.as_of,
        simulated=view.simulated,
    )


def _columns(view: View) -> Mapping[Node, Floats]:
    of_prices = [node for pair in _SPEAKS.values() for node in pair]
    return view.columns([*NEEDED, *of_prices, rows_seen(), *map(_return_of, USES)], XNYS)


def _return_of(name: str) -> Node:
    return log_return(close_of(name))


def _too_little(columns: Mapping[Node, Floats], stop: int) -> str:
    seen = int(columns[rows_seen()][stop - 1]) if stop else 0
    if seen > MEDIAN_LEAST:
        return "the S&P 500 does not move here: no return of it is usual"
    return f"the regime needs {MEDIAN_LEAST + 1} returns of the S&P 500, and this market has {seen}"


def _is_trading(view: View, panel: Panel, now: Instant) -> bool:
    """Whether the session after the panel's last is in progress."""
    sessions = view.history.sessions
    return sessions.in_progress(XNYS, now) is not None and sessions.last_close(XNYS, now) == panel.clock.closes[-1]


def _is_missing(panel: Panel, name: str, row: int) -> bool:
    return bool(np.isnan(panel.field(name, "close")[row]))


def _spells(panel: Panel, labels: Floats, known: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Iterator[Spell]:
    """Runs of one label over the rows with a number."""
    values = labels[known]
    starts = np.flatnonzero(np.diff(values, prepend=-1.0)).tolist()
    for first, stop in pairwise([*starts, len(known)]):
        yield Spell(STATES[int(values[first])], panel.clock.session(int(known[first])), int(stop - first))


def _emerging(label: Label, raws: Floats, labels: Floats, p: Floats) -> Emerging | None:
    """The likeliest state where it is not the label's, and which probability stands against which threshold."""
    emerging = STATES[int(raws[-1])]
    if emerging is label:
        return None
    other = (raws != raws[-1]) | (labels != labels[-1])
    closes = len(raws) - 1 - int(np.flatnonzero(other)[-1]) if other.any() else len(raws)
    of, threshold, rises = _threshold(label, emerging)
    return Emerging(emerging, closes, of, float(p[STATES.index(of)]), threshold, rises)


def _threshold(label: Label, emerging: Label) -> tuple[Label, float, bool]:
    """The probability that decides over the label when another state is the likeliest."""
    if emerging is Label.RISK_OFF:
        return Label.RISK_OFF, OFF_ENTER, True
    if label is Label.RISK_OFF:
        return Label.RISK_OFF, OFF_LEAVE, False
    return (Label.RISK_ON, ON_ENTER, True) if emerging is Label.RISK_ON else (Label.RISK_ON, ON_LEAVE, False)


def _contribution(panel: Panel, columns: Mapping[Node, Floats], name: str, row: int) -> Contribution | None:
    size, terms = (columns[node][row] for node in _SPEAKS[name])
    if np.isnan(terms).any():
        return None
    return Contribution(
        instrument=name,
        price=float(panel.field(name, "close")[row]),
        move=number(np.expm1(columns[_return_of(name)][row])),
        size=float(np.exp(size) if name == READS.vix else abs(size)),
        terms=_by_state(terms),
    )


def _provisional(view: View, trades: Mapping[str, Tick], now: Instant) -> Provisional | None:
    """The session in progress as if it closed now; None where there is none, or the S&P 500 has not traded in it."""
    closed = view.panel(XNYS)
    panel = in_progress(closed[-2:], trades, view.history.sessions, now)
    following = NextClose.after(_columns(view), len(closed) - 1)
    if panel is None or following is None:
        return None
    returns = evaluate([_return_of(READS.spx), _return_of(READS.btc)], panel, start=len(panel) - 1).columns
    inputs = (*returns.values(), panel.field(READS.vix, "close")[-1:])
    if np.isnan(inputs[0][0]):
        return None
    p, labels = following.judge(*inputs)
    missing = tuple(
        name for name, value in zip((READS.spx, READS.btc, READS.vix), inputs, strict=True) if np.isnan(value[0])
    )
    return Provisional(int(panel.clock.closes[-1]), STATES[int(labels[0])], _by_state(p[0]), missing)


def _by_state(values: Floats) -> dict[Label, float]:
    return {state: float(values[i]) for i, state in enumerate(STATES)}
