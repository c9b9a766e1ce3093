"""What people wrote and what became of it, as Telegram's journal has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.servers.telegram_journal import ACCEPTED, CONFIRMED, WRITTEN, Entry

START, STOP, FORGET, ALERT = "/start", "/stop", "/forget yes", "/alert save RUT record"

SAID = {
    START: ("Alerts come here from now on", "Alerts come here since"),
    STOP: ("No more alerts come here", "No alerts come here"),
    ALERT: ("is watched from now on", "You have this already"),
    FORGET: ("All that was stored about this chat is deleted",),
}
"""By command, what its reply says. No command of a chat is like the one before it: a reply tells which it answers."""

REPEAT = "May be a repeat"
_MARKS = ("<b>Late</b>", REPEAT)


@dataclass(frozen=True, slots=True)
class Line:
    """A command in a chat. `written` is its place in the journal, `answers` those of its replies that were accepted;
    `confirmed`: Telegram was told that it has been received.
    """

    update: int
    chat: int
    text: str
    written: int
    answers: tuple[int, ...]
    confirmed: bool


def lines(journal: Sequence[Entry]) -> list[Line]:
    """Every command, in the order they were written; the lines of a chat are answered in their order."""
    heard = max((entry.what["before"] for entry in journal if entry.kind == CONFIRMED), default=0)
    replies, answered, found = _replies(journal), dict[int, int](), []
    for index, entry in enumerate(journal):
        if entry.kind == WRITTEN:
            update, chat, text = entry.what["update"], entry.what["chat"], entry.what["text"]
            later = [each for each in replies[chat] if each[0] > max(index, answered.get(chat, 0))]
            answers = tuple(_fitting(later, text))
            answered.update({chat: answers[0]} if answers else {})
            found.append(Line(update, chat, text, index, answers, update < heard))
    return found


def _replies(journal: Sequence[Entry]) -> dict[int, list[tuple[int, str]]]:
    """By chat, the places and words of all that was accepted and is no alert."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for index, entry in enumerate(journal):
        if entry.kind == ACCEPTED and not is_alert(entry):
            found[entry.what["chat_id"]].append((index, entry.what["plain"]))
    return found


def _fitting(replies: Iterable[tuple[int, str]], text: str) -> Iterator[int]:
    """The places of a line's replies: the first that fits it, and what repeats that."""
    began = False
    for index, plain in replies:
        if any(each in plain for each in SAID[text]):
            began = True
            yield index
        elif began:
            return


def is_alert(message: Entry) -> bool:
    """Whether an accepted message is an alert, by the short id in its last line."""
    return str(message.what["text"].split("\n")[-1 - marks(message)]).startswith("<i>")


def marks(message: Entry) -> int:
    """How many lines were added to an alert as it was sent: that it is late, that it may be a repeat."""
    ends = reversed(message.what["text"].split("\n"))
    return next(index for index, line in enumerate(ends) if not line.startswith(_MARKS))


def is_marked(message: Entry) -> bool:
    """Whether it says that it may be a repeat."""
    return REPEAT in str(message.what["plain"])


def words(message: Entry) -> str:
    """An alert without what was added to it as it was sent."""
    text = message.what["text"].split("\n")
    return "\n".join(text[: len(text) - marks(message)])
