"""What an expression means to the engine, and what it is now."""

from __future__ import annotations

from bot.answers import Explained
from bot.queries.anchors import anchors
from bot.queries.view import View, last_known, number
from rules.columns import Node, instruments_of, warmup
from rules.evaluation import evaluate, lookback
from rules.language.compile import Shown, context_of
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse


def explain(view: View, text: str) -> Explained:
    """What an expression means and what it is now. Raises LanguageError."""
    calendar = calendar_of([(text, parse(text))], view.scope)
    typed = read(text, view.scope)
    shown = [part for part in typed.walk() if part.node is not None and part.value is None and part is not typed]
    parts = {part.text: Shown(part.text, part.spoken, part.unit, part.column) for part in shown}
    for each in context_of(typed, view.scope, calendar):
        parts.setdefault(each.text, each)
    panel = view.panel(calendar)
    node = typed.column if typed.node is not None else None
    nodes: list[Node] = [each.node for each in parts.values()] + ([node] if node is not None else [])
    columns = evaluate(nodes, panel).columns
    row = last_known(columns[node]) if node is not None else None
    shown_row = len(panel) - 1 if row is None else row
    return Explained(
        typed=typed,
        calendar=calendar,
        warmup=warmup(node) if node is not None else 0,
        lookback=lookback([node]) if node is not None else 0,
        anchors=anchors([node]) if node is not None else (),
        instruments=instruments_of([node]) if node is not None else (),
        value=float(columns[node][row]) if node is not None and row is not None else None,
        parts=tuple((each, number(columns[each.node][shown_row]) if len(panel) else None) for each in parts.values()),
        as_of=panel.clock.session(row) if row is not None else None,
    )
