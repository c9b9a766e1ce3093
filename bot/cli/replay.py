"""What would have happened to every rule, session by session, over files, a simulated market or the store.

The real engine is folded over all of history from its beginning; the events of the asked period are printed, or how
each rule did in it, and both as a file.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.answers.replay import Replay
from bot.app import App
from bot.cli._files import refuse_unwritable, write
from bot.cli._options import add_json, add_market, date
from bot.cli._output import event_values, iso, note_before_history, opened, print_json
from bot.cli._replayed import events_csv, rule_values, rules_csv, shown
from bot.clock import now
from bot.console import show
from bot.queries.replay import replay
from bot.queries.timeline import asset_timeline, rule_timeline
from bot.queries.view import View
from bot.render.alerts import SIMULATED, summary
from bot.render.numbers import size
from bot.render.replay import summary_lines
from bot.render.report import Origin, page
from bot.settings import ConfigurationError, Problem
from rules.language.compile import CompiledRule
from rules.language.errors import listing, nearest


def configure(parser: argparse.ArgumentParser) -> None:
    """--from, --to, --rule, --summary, --csv, --report."""
    add_market(parser)
    parser.add_argument("--from", dest="first", type=date, metavar="DATE", help="first session to print")
    parser.add_argument("--to", dest="last", type=date, metavar="DATE", help="last session seen")
    parser.add_argument("--rule", metavar="ID", help="only this rule")
    parser.add_argument("--summary", action="store_true", help="print how each rule did instead of every event")
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write the events to this file; with --summary the rules"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write all of it to one HTML file with pictures")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the events of the period, oldest first, or how each rule did; write the files that are asked for."""
    first, last = arguments.first, arguments.last
    if first is not None and last is not None and first > last:
        raise ConfigurationError([Problem("--from", f"{first} is after --to {last}")])
    for option, file in (("--csv", arguments.csv), ("--report", arguments.report)):
        if file is not None:
            refuse_unwritable(option, file)
    if arguments.csv and arguments.report and arguments.csv.resolve() == arguments.report.resolve():
        raise ConfigurationError([Problem("--report", f"{arguments.report} is the file of --csv too")])
    app = opened(arguments)
    for option, day in (("--from", first), ("--to", last)):
        note_before_history(app, option, day)
    view = app.view(last)
    rules = _asked(view.rules, arguments.rule)
    tells_events = not (arguments.summary or arguments.report)
    if tells_events:
        _note(rule.rule.id for rule in view.live_only if rule in rules)
    with shown("replay", len(rules), "rules") as told:
        found = replay(view, rules, first, told, looked_at=not tells_events)
    written = [*_write_csv(arguments, found), *_write_report(arguments, app, view, found, first)]
    _print(arguments, found, listed=not written)
    for file in written if not arguments.json else ():
        print(f"written: {file} ({size(file.stat().st_size)})")
    return 0


def _asked(rules: Sequence[CompiledRule], name: str | None) -> list[CompiledRule]:
    ids = [rule.rule.id for rule in rules]
    if name is not None and name not in ids:
        reason = f"unknown rule {name}{nearest(name, ids)} (known: {listing(ids)})"
        raise ConfigurationError([Problem("--rule", reason)])
    return [rule for rule in rules if name in (None, rule.rule.id)]


def _print(arguments: argparse.Namespace, found: Replay, *, listed: bool) -> None:
    """The rules or the events; `listed` is whether a reader is shown each event, who has no file of them."""
    if arguments.json:
        lines = map(rule_values, found.rules) if arguments.summary else map(event_values, found.events)
        for line in lines:
            print_json(line, simulated=found.simulated)
        return
    if arguments.summary:
        for text in summary_lines(found):
            show(text)
    elif listed:
        for event in found.events:
            show(f"{summary(event)} [{event.rule}]")
    print(f"{len(found.events)} events{f', {SIMULATED}' if found.simulated else ''}")


def _write_csv(arguments: argparse.Namespace, found: Replay) -> list[Path]:
    if arguments.csv is None:
        return []
    write("--csv", arguments.csv, rules_csv(found.rules) if arguments.summary else events_csv(found.events))
    return [arguments.csv]


def _write_report(
    arguments: argparse.Namespace, app: App, view: View, found: Replay, first: dt.date | None
) -> list[Path]:
    if arguments.report is None:
        return []
    assets = [name for name in view.follow if name in view.scope.instruments]
    timelines = [each for name in assets if (each := asset_timeline(view, name, found.rules, first)) is not None]
    of_rules = {each.rule.rule.id: rule_timeline(view, each, first) for each in found.rules}
    origin = Origin(_prices(arguments, app), app.notes, now())
    with shown("report", len(timelines) + len(of_rules), "pictures") as told:
        text = page(found, timelines, of_rules, origin, told)
    write("--report", arguments.report, text)
    return [arguments.report]


def _prices(arguments: argparse.Namespace, app: App) -> str:
    """Which prices a report is of."""
    if arguments.store:
        known = "" if arguments.known_at is None else f" as they were known at {iso(arguments.known_at)}"
        return f"the prices in {app.settings.store.place}{known}"
    folder = arguments.data or (app.settings.market.data if arguments.seed is None else None)
    if folder:
        return f"the price files in {folder}"
    return f"a simulated market, seed {app.settings.market.seed if arguments.seed is None else arguments.seed}"


def _note(ids: Iterable[str]) -> None:
    """Which of the asked rules need prices between the closes, on the side."""
    if names := ", ".join(ids):
        print(f"not replayed, because only a live market has ticks: {names}", file=sys.stderr)
