"""Who administers a chat, whether the bot is in it, and what topics it has."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.servers.telegram_faults import Refused
from tests.servers.telegram_messages import Params


class Members:
    """Everybody is a member who was not made something else."""

    _changed: threading.Condition
    _updates: list[dict[str, Any]]
    _update_ids: itertools.count[int]
    _chats: dict[int, dict[str, Any]]
    _gone: set[int]
    _me: dict[str, Any]

    def __init__(self) -> None:
        self._admins: set[tuple[int, int]] = set()
        self._topics: dict[tuple[int, int], str] = {}
        self._tells_members = True

    if TYPE_CHECKING:

        def knows(self, chat: int, kind: str = "private") -> None: ...

    def promotes(self, user: int, *, chat: int) -> None:
        """`user` administers a group or a channel from now on."""
        with self._changed:
            self._admins.add((chat, user))

    def demotes(self, user: int, *, chat: int) -> None:
        """`user` does not any more."""
        with self._changed:
            self._admins.discard((chat, user))

    def hides_members(self) -> None:
        """Telegram does not say who administers what."""
        self._tells_members = False

    def removes_bot(self, chat: int, *, date: int | None = None) -> int:
        """A reader blocks the bot, or an administrator removes it, and Telegram tells. Returns the update's number."""
        with self._changed:
            self._gone.add(chat)
        return self._membership(chat, "kicked", date)

    def adds_bot(self, chat: int, kind: str = "supergroup") -> int:
        """Somebody adds the bot to a chat, and Telegram tells. Returns the number of the update."""
        self.knows(chat, kind)
        return self._membership(chat, "member", None)

    def opens_topic(self, thread: int, *, chat: int) -> None:
        """A forum has a topic."""
        with self._changed:
            self._topics[chat, thread] = "open"

    def closes_topic(self, thread: int, *, chat: int) -> None:
        """An administrator closes a topic."""
        with self._changed:
            self._topics[chat, thread] = "closed"

    def deletes_topic(self, thread: int, *, chat: int) -> None:
        """An administrator deletes a topic."""
        with self._changed:
            self._topics.pop((chat, thread), None)

    @property
    def member_methods(self) -> dict[str, Callable[[Params], Any]]:
        """By name."""
        return {"getChatMember": self._get_chat_member}

    def _refuse_topic(self, chat: int, thread: int | None) -> None:
        state = "open" if thread is None else self._topics.get((chat, thread), "")
        if not state:
            raise Refused(400, "Bad Request: message thread not found")
        if state == "closed":
            raise Refused(400, "Bad Request: TOPIC_CLOSED")

    def _membership(self, chat: int, status: str, date: int | None) -> int:
        with self._changed:
            number = next(self._update_ids)
            who = {"id": abs(chat), "is_bot": False, "first_name": "Ann"}
            before = "member" if status == "kicked" else "left"
            change = {"chat": self._chats[chat], "from": who, "date": int(time.time()) if date is None else date}
            old, new = {"user": self._me, "status": before}, {"user": self._me, "status": status, "until_date": 0}
            self._updates.append(
                {"update_id": number, "my_chat_member": {**change, "old_chat_member": old, "new_chat_member": new}}
            )
            return number

    def _get_chat_member(self, params: Params) -> dict[str, Any]:
        chat, user = int(params["chat_id"]), int(params["user_id"])
        if chat not in self._chats:
            raise Refused(400, "Bad Request: chat not found")
        if not self._tells_members:
            raise Refused(400, "Bad Request: CHAT_ADMIN_REQUIRED")
        about = {"user": {"id": user, "is_bot": False, "first_name": "Ann"}}
        if (chat, user) not in self._admins:
            return {**about, "status": "member"}
        return {**about, "status": "creator", "is_anonymous": False}
