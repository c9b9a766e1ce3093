"""A year of a simulated market through the real engine, told as a trader would read it."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from bot.app import App
from bot.cli._options import add_market
from bot.cli._output import opened
from bot.commands.registry import answer
from bot.console import show
from bot.queries.view import NoAnswer
from bot.render.alerts import SIMULATED, alert, summary
from bot.render.numbers import date
from rules.engine import Book, evaluate
from rules.model import XNYS, AlertEvent, Edge

YEAR = 252

NEXT = (
    ("chat", "ask yourself: /corr RUT ETH, /rules, /help drawdown"),
    ('explain "drawdown(RUT)"', "try a line of the rule language"),
    ("replay --data DIR --from 2025-01-01", "your own prices (docs/data-files.md)"),
    ("check my.toml", "your own rules (config.example.toml, docs/rule-language.md)"),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The shared options."""
    add_market(parser)


def run(arguments: argparse.Namespace) -> int:
    """A year of sessions, then two questions, then where to go next."""
    app = opened(arguments)
    sessions, told = _year(app)
    view = app.view()
    print(f"\n{told} messages in {sessions} sessions. Now two questions.\n")
    for question in ("/corr RUT SOL", "/regime"):
        print(f"> {question}")
        show(answer(view, question).html)
        print()
    print("Where to go next")
    for words, why in NEXT:
        print(f"  {_program()} {words:<36}  {why}")
    return 0


def _program() -> str:
    """How this command is called from here."""
    called = Path(sys.argv[0])
    if called.name != "bellwether" or shutil.which("bellwether"):
        return "bellwether"
    here = Path.cwd()
    return str(called.relative_to(here) if called.is_absolute() and called.is_relative_to(here) else called)


def _year(app: App) -> tuple[int, int]:
    """Tick by tick as live would: adopt silently, then judge each session as it closes, and tell.

    Returns how many sessions and messages that were. Raises NoAnswer where no session has closed.
    """
    rules = app.settings.compiled
    panels = {name: app.view().panel(name) for name in {XNYS, *(rule.calendar for rule in rules)}}
    closes = panels[XNYS].clock.closes.tolist()
    if len(closes) < 2:
        raise NoAnswer(f"the demo needs prices of two sessions of {XNYS} at least")
    year = closes[max(1, len(closes) - YEAR) :]
    market = f"a {SIMULATED} market" if app.history.simulated else "real prices"
    first = panels[XNYS].clock.session(len(closes) - len(year))
    print(f"{len(year)} sessions of {market} from {date(first)}, {len(rules)} rules.\n")
    grace = app.settings.market.grace_minutes * 60
    book, told, sent = Book(), set[str](), 0
    for now in [closes[-len(year) - 1], *year]:
        seen = {name: panel[: int((panel.clock.closes <= now).sum())] for name, panel in panels.items()}
        outcome = evaluate(rules, seen, book, now + grace, grace)
        book = outcome.book
        sent += sum(_tell(app, event, told) for event in outcome.events)
    return len(year), sent


def _tell(app: App, event: AlertEvent, told: set[str]) -> int:
    """The whole message the first time a rule fires, one line after that; a quiet resolution is not sent."""
    rule = next(each for each in app.settings.compiled if each.rule.id == event.rule)
    if event.edge is Edge.RESOLVED and not rule.rule.notify_resolved:
        return 0
    if event.rule in told:
        show(summary(event))
    else:
        show(f"\n{alert(event, rule)}\n")
        told.add(event.rule)
    return 1
