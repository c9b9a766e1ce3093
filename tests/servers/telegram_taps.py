"""Buttons as users tap them, and how a tap is answered: once, and soon."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.servers.telegram_faults import Refused
from tests.servers.telegram_journal import FLASHED, WRITTEN, Journal
from tests.servers.telegram_messages import Params, units
from tests.servers.telegram_posted import Flashed, Happening, Posted, Tapped

LONGEST_FLASH = 200
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"


class Tapping:
    """Taps, and their answers: `flashes`. Each may be answered once, while it is not `forgotten`."""

    _changed: threading.Condition
    _updates: list[dict[str, Any]]
    _update_ids: itertools.count[int]
    journal: Journal
    timeline: list[Happening]

    def __init__(self) -> None:
        self.flashes: list[Flashed] = []
        self._query_ids = itertools.count(770_001)
        self._waiting: dict[str, int] = {}

    if TYPE_CHECKING:

        def shown(self, chat: int) -> list[Posted]: ...

        def _as_sent(self, posted: Posted) -> dict[str, Any]: ...

    def taps(self, label: str, *, chat: int = 1001, user: int | None = None, beneath: int | None = None) -> int:
        """A user taps the newest button with that label in a chat, or the one `beneath` a message. Returns the number
        of the update.
        """
        with self._changed:
            found = [
                (posted, data)
                for posted in reversed(self.shown(chat))
                if beneath in (None, posted.message_id)
                for row in posted.buttons
                for each, data in row
                if each == label
            ]
            assert found, f"no button {label!r} in {[each.labels for each in self.shown(chat)]}"
            posted, data = found[0]
            return self._taps({"message": self._as_sent(posted), "data": data}, chat, user, label)

    def taps_data(self, data: str, *, chat: int = 1001, user: int | None = None, **more: Any) -> int:
        """A client sends what it likes, as if it had been on a button beneath the newest message of a chat. `more` goes
        into the query as it is.
        """
        with self._changed:
            beneath = {"message": self._as_sent(self.shown(chat)[-1])} if self.shown(chat) else {}
            return self._taps({**beneath, "data": data, **more}, chat, user, "")

    @property
    def unanswered_taps(self) -> int:
        """How many buttons are still busy."""
        with self._changed:
            return len(self._waiting)

    def forgets_taps(self) -> None:
        """What was tapped until now is too old to be answered."""
        with self._changed:
            self._waiting.clear()

    def waits_for_flash(self, wanted: str | Callable[[Flashed], bool], seconds: float = 10) -> Flashed:
        """The first answer to a tap that holds the text, or satisfies the condition."""

        def fits(flashed: Flashed) -> bool:
            return wanted in flashed.text if isinstance(wanted, str) else wanted(flashed)

        with self._changed:
            found = self._changed.wait_for(lambda: [each for each in self.flashes if fits(each)], seconds)
            assert found, f"{wanted} was never flashed; there were {self.flashes}"
            return found[0]

    @property
    def tap_methods(self) -> dict[str, Callable[[Params], Any]]:
        """By name."""
        return {"answerCallbackQuery": self._answer_callback_query}

    def _taps(self, content: dict[str, Any], chat: int, user: int | None, label: str) -> int:
        who = user if user is not None else chat if chat > 0 else 1001
        query, number = str(next(self._query_ids)), next(self._update_ids)
        sender = {"id": who, "is_bot": False, "first_name": "Ann"}
        update = {"id": query, "from": sender, "chat_instance": "77", **content}
        self._waiting[query] = chat
        self.timeline.append(Tapped(chat, who, query, label))
        self.journal.notes(WRITTEN, update=number, chat=chat, text=f"[{label}]")
        self._updates.append({"update_id": number, "callback_query": update})
        return number

    def _answer_callback_query(self, params: Params) -> bool:
        text = params.get("text", "")
        if units(text) > LONGEST_FLASH:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        with self._changed:
            chat = self._waiting.pop(params["callback_query_id"], None)
            if chat is None:
                raise Refused(400, TOO_OLD)
            flashed = Flashed(chat, params["callback_query_id"], text, params.get("show_alert") == "true")
            self.journal.notes(FLASHED, chat_id=chat, text=text)
            self.flashes.append(flashed)
            self.timeline.append(flashed)
            self._changed.notify_all()
        return True


def inaccessible(posted: Posted, chat: dict[str, Any]) -> dict[str, Any]:
    """What a tap tells of a message that is too old, or deleted."""
    return {"message_id": posted.message_id, "date": 0, "chat": chat}
