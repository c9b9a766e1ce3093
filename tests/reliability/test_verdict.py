"""The judge can tell: each thing that must not be is found in a story that is otherwise as it must be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.reliability.verdict import Books, Case, Row, complaints
from tests.servers.telegram_journal import ACCEPTED, CONFIRMED, UNANSWERED, WRITTEN, Entry

FAITHFUL, FICKLE = 1, 2
FIRST, SECOND = "a record\n<i>record · 111111</i>", "a drawdown\n<i>drawdown · 222222</i>"
REPEAT = "\nMay be a repeat: its first sending went unanswered"


def said(chat: int, text: str) -> Entry:
    """A message that was accepted."""
    return Entry(ACCEPTED, 0.0, {"chat_id": chat, "text": text, "plain": text})


def wrote(update: int, text: str) -> Entry:
    """A line of the fickle one."""
    return Entry(WRITTEN, 0.0, {"update": update, "chat": FICKLE, "text": text})


def sent(number: int, event: str, html: str, state: str = "sent") -> Row:
    """A delivery to the faithful one."""
    return Row(number, event, str(FAITHFUL), html, state, "")


STORY = (
    wrote(1, "/start"),
    said(FICKLE, "Alerts come here from now on, 12:00"),
    said(FAITHFUL, FIRST),
    Entry(UNANSWERED, 0.0, {"method": "sendMessage", "message": 1}),
    said(FAITHFUL, FIRST + REPEAT),
    said(FAITHFUL, SECOND),
    wrote(2, "/stop"),
    said(FICKLE, "No more alerts come here."),
    Entry(CONFIRMED, 0.0, {"before": 3}),
)
BOOKS = Books(
    [sent(1, "first", FIRST), sent(2, "second", SECOND)], ["first", "second"], {}, frozenset({"1"}), frozenset("12"), 0
)
WELL = Case(BOOKS, STORY, ["first", "second"], [FAITHFUL], {}, [0])


def books(**changes: object) -> Case:
    """The same story, and the database says something else."""
    return replace(WELL, books=replace(BOOKS, **changes))  # type: ignore[arg-type]


def story(change: Callable[[list[Entry]], Sequence[Entry]]) -> Case:
    """The same database, and the journal says something else."""
    return replace(WELL, journal=change(list(STORY)))


WRONG = {
    "was never recorded": books(events=["first"]),
    "is recorded 2 times": books(events=["first", "second", "second"]),
    "never happened": books(events=["first", "second", "third"]),
    "was never owed second": books(rows=BOOKS.rows[:1]),
    "is expired": books(rows=[BOOKS.rows[0], sent(2, "second", SECOND, "expired")]),
    "accepted 0 times": story(lambda lines: [each for each in lines if each.what.get("text") != SECOND]),
    "what nobody owed it": story(lambda lines: [*lines, said(FAITHFUL, "a rumour\n<i>rumour · 333333</i>")]),
    "does not say so": story(lambda lines: [*lines, said(FAITHFUL, SECOND)]),
    "can be explained": story(lambda lines: [*lines, said(FAITHFUL, SECOND + REPEAT)]),
    "out of order": books(rows=[sent(2, "first", FIRST), sent(1, "second", SECOND)]),
    "never answered": story(lambda lines: [each for each in lines if "No more" not in str(each.what.get("text"))]),
    "still wait": books(unanswered=1),
    "does not hold": books(subscribed=frozenset({"1", "2"})),
    "2 alerts after": story(lambda lines: [*lines, said(FICKLE, FIRST), said(FICKLE, SECOND)]),
}


def test_a_story_in_which_all_is_well_has_no_complaints() -> None:
    assert complaints(WELL) == []
    assert (WELL.repeats, WELL.unanswered, WELL.crossed) == (1, 1, 0)


@pytest.mark.parametrize("complaint", WRONG)
def test_what_must_not_be_is_found(complaint: str) -> None:
    assert any(complaint in each for each in complaints(WRONG[complaint]))


def test_one_alert_may_be_on_its_way_when_a_chat_ends_them() -> None:
    crossing = story(lambda lines: [*lines, said(FICKLE, FIRST)])
    assert complaints(crossing) == []
    assert crossing.crossed == 1
