"""Years of sessions judged one at a time, with everything written down and read back between them."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from bot.app import Options, open_app
from rules.book import Book
from rules.engine import evaluate, opened
from rules.model import XNYS, AlertEvent
from rules.scan import Checkpoint
from tests.conftest import SHARED_DATA

pytestmark = pytest.mark.soak

END = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp())


def written_and_read(book: Book) -> Book:
    """The book with its checkpoints sent through JSON text."""
    sent = {
        calendar: {key: Checkpoint.load(json.loads(json.dumps(each.dump()))) for key, each in of_one.items()}
        for calendar, of_one in book.checkpoints.items()
    }
    return replace(book, checkpoints=sent)


def test_a_tick_a_session_over_all_of_history_gives_the_events_of_one_replay() -> None:
    app = open_app(Options(data=SHARED_DATA if SHARED_DATA.is_dir() else None), at=END)
    rules, panel = app.settings.compiled, app.view().panel(XNYS)
    whole = evaluate(rules, {XNYS: panel}, opened(rules), END)
    book = opened(rules)
    events: list[AlertEvent] = []
    for rows in range(1, len(panel) + 1):
        tick = evaluate(rules, {XNYS: panel[:rows]}, book, END)
        book = written_and_read(tick.book)
        events += tick.events
    assert tuple(events) == whole.events
    assert book.records == whole.book.records
    assert len(events) > 20
