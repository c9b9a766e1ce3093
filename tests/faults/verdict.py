"""Whether a scenario came out as it must: no false alert, the true ones told, the fault named, all well again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape

from bot.render.numbers import instant
from rules.model import Edge
from tests.bot.markets import at
from tests.faults.cells import Cell
from tests.faults.deeds import YAHOO
from tests.faults.play import END, Play

WELL = "All is well"
SETTLED = at("2025-12-04T22:03Z")
"""By then everything has been asked again: an equity session has closed."""

OF_DATA = (Edge.NO_DATA, Edge.DATA_BACK)
TRUE = {YAHOO: "rut-record", "exchange": "sol-record"}
WHO = {YAHOO: "yahoo|RUT|IWM|SPX|SPY", "exchange": "coinbase|SOL|BTC|ETH"}


def complaints(cell: Cell, play: Play, clean: Play) -> list[str]:
    """What is wrong with a play of `cell`, against the play without a fault."""
    return [
        *(f"raised {each}" for each in dict.fromkeys(play.raised)),
        *_false(play, clean),
        *_true(cell, play, clean),
        *_named(cell, play),
        *_well(cell, play),
    ]


def _false(play: Play, clean: Play) -> Iterator[str]:
    """What happened, or is owed, and would not have without the fault."""
    known = {_of(each.key) for each in clean.events}
    for event in play.events:
        if event.edge not in OF_DATA and _of(event.key) not in known:
            yield f"false: {event.rule} {event.edge} of {event.session}"
    for what, count in Counter(_of(key) for key, _ in play.owed).items():
        if what[1] in OF_DATA:
            continue
        if what not in known:
            yield f"owed, though false: {what[0]} {what[1]} of {instant(int(what[2]))}"
        elif count > 1:
            yield f"owed {count} times: {what[0]} {what[1]} of {instant(int(what[2]))}"
    for (rule, edge), count in Counter((e.rule, e.edge) for e in play.events if e.edge in OF_DATA).items():
        if count > 1:
            yield f"{rule} told {edge} {count} times"


def _of(key: str) -> tuple[str, str, str]:
    """Rule, edge and bar of an event's key; an event that a later look at the bar led to is the same event."""
    rule, edge, bar = key.split("/")[:3]
    return rule, edge, bar


def _true(cell: Cell, play: Play, clean: Play) -> Iterator[str]:
    """The true event of each feed: by then of the one that failed, as if nothing were of the other."""
    for feed, rule in TRUE.items():
        what = next(_of(key) for key, _ in clean.owed if key.startswith(f"{rule}/fired/"))
        on_time = min(when for key, when in clean.owed if _of(key) == what)
        came = [when for key, when in play.owed if _of(key) == what]
        by = cell.by if cell.of_all or feed == cell.feed else on_time
        if not came:
            yield f"{rule} never came"
        elif came[0] > by:
            yield f"{rule} came at {instant(came[0])}, not by {instant(by)}"


def _named(cell: Cell, play: Play) -> Iterator[str]:
    """Within one poll of when it could be known."""
    if play.first is None:
        yield "the fault was never met"
        return
    seen = {when: text for when, text in play.said.items() if when >= play.first + cell.hidden}
    named = [when for when, text in seen.items() if is_named(cell, text)]
    if cell.named and min(seen) not in named:
        yield f"not named in /status: {f'only at {instant(named[0])}' if named else 'never'}"


def is_named(cell: Cell, status: str) -> bool:
    """Whether a line of /status says who and what."""
    lines = unescape(re.sub(r"<[^>]+>", "", status)).splitlines()
    return any(re.search(WHO[cell.feed], line) and re.search(cell.named, line) for line in lines)


def _well(cell: Cell, play: Play) -> Iterator[str]:
    """Who is patient with a source, for a lasting fault, need not know at once that it is over."""
    for when in (END,) if cell.by > SETTLED else (SETTLED, END):
        if WELL not in (text := play.said.get(when, "")):
            yield f"not well at {instant(when)}: {_troubles(text)}"


def _troubles(status: str) -> str:
    return "; ".join(line for line in status.splitlines() if line.startswith("⚠")) or "nothing was said"
