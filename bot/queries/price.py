"""An instrument's closes over its last sessions, with its records, its drawdown and the alerts that fired on them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bot.answers import Flag, PricePicture
from bot.queries.view import NoAnswer, View, origins_of
from rules.bars import Ints
from rules.book import standing
from rules.language.compile import CompiledRule
from rules.language.meaning import read
from rules.model import AlertEvent, Edge
from rules.panel import Panel

SESSIONS = 250
"""Shown unless more or fewer are asked for."""

Own = tuple[CompiledRule, tuple[AlertEvent, ...]]
"""A rule that the chat which asks has made, and what happened to its alert."""


def price_picture(
    view: View, instrument: str, sessions: int | None = SESSIONS, own: Iterable[Own] = ()
) -> PricePicture:
    """The last `sessions` up to the last close on the instrument's own calendar; None shows all of them.

    Raises NoAnswer without prices.
    """
    known = view.history.instruments[instrument]
    panel = view.panel(known.calendar)
    texts = {word: f"{word}({instrument})" for word in ("close", "record", "drawdown")}
    nodes = {word: read(text, view.scope, known.calendar).column for word, text in texts.items()}
    columns = view.columns(nodes.values(), known.calendar)
    priced = np.flatnonzero(~np.isnan(columns[nodes["close"]]))
    if not len(priced):
        raise NoAnswer(f"there are no prices of {instrument} here")
    stop = int(priced[-1]) + 1
    start = max(int(priced[0]), stop - sessions if sessions is not None else 0)
    rows = slice(start, stop)
    return PricePicture(
        instrument=instrument,
        name=known.name,
        sessions=panel.clock.sessions[rows],
        close=columns[nodes["close"]][rows],
        record=columns[nodes["record"]][rows],
        drawdown=columns[nodes["drawdown"]][rows],
        half_day=panel.clock.half_day[rows],
        flags=tuple(_flags(view, panel, instrument, rows, own)),
        origins=origins_of(panel, (instrument,), stop - 1),
        clock=known.calendar,
        as_of=panel.clock.session(stop - 1),
        simulated=view.simulated,
    )


def _flags(view: View, panel: Panel, instrument: str, rows: slice, own: Iterable[Own]) -> list[Flag]:
    """What fired on the rows, and was not corrected, of the rules that the instrument decides with others or alone."""
    by_rule: dict[str, list[AlertEvent]] = {}
    for event in view.events():
        by_rule.setdefault(event.rule, []).append(event)
    told = [(rule, tuple(by_rule.get(rule.rule.id, ())), False) for rule in view.rules]
    told += [(rule, events, True) for rule, events in own]
    found = [
        Flag(row - rows.start, rule.rule.severity, is_own)
        for rule, events, is_own in told
        if instrument in rule.instruments
        for row in _rows_of(panel, standing(events))
        if rows.start <= row < rows.stop
    ]
    return sorted(found, key=lambda flag: flag.row)


def _rows_of(panel: Panel, events: Iterable[AlertEvent]) -> Ints:
    """The rows within which alerts fired: of a coin the day that an exchange's close falls into."""
    fired = [event.at for event in events if event.edge is Edge.FIRED]
    rows: Ints = np.searchsorted(panel.clock.closes, np.array(fired, dtype=np.int64))
    return rows
