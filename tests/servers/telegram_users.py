"""What users do in their chats: each is an update that the bot is told, or something it finds out by itself."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.servers.telegram_journal import WRITTEN, Journal
from tests.servers.telegram_posted import Happening, Wrote

NAMES = {"first_name": "Ann"}
TITLED = {"title": "Traders"}


class Users:
    """Users write and post; chats become others; readers want no more."""

    journal: Journal
    timeline: list[Happening]
    _changed: threading.Condition
    _updates: list[dict[str, Any]]
    _update_ids: itertools.count[int]
    _message_ids: itertools.count[int]

    def __init__(self) -> None:
        self._chats: dict[int, dict[str, Any]] = {}
        self._gone: set[int] = set()
        self._without_photos: set[int] = set()
        self._moved: dict[int, int] = {}
        self._theirs: set[tuple[int, int]] = set()

    if TYPE_CHECKING:

        def opens_topic(self, thread: int, *, chat: int) -> None: ...

    def hears(
        self,
        text: str,
        *,
        chat: int = 1001,
        user: int = 1001,
        kind: str = "private",
        first_name: str = "Ann",
        **more: Any,
    ) -> int:
        """`user` writes `text` in `chat`. `more` goes into the message as it is. Returns the number of the update."""
        if more.get("is_topic_message"):
            self.opens_topic(more["message_thread_id"], chat=chat)
        sender = {"id": user, "is_bot": False, "first_name": first_name}
        if text:
            self.timeline.append(Wrote(chat, user, text, kind, more.get("message_thread_id")))
        return self._update("message", chat, kind, {"from": sender, "text": text, **more})

    def hears_anonymous(self, text: str, *, chat: int, **more: Any) -> int:
        """An administrator who hides behind the group's name writes in it."""
        self.knows(chat, "supergroup")
        return self.hears(text, chat=chat, user=1_087_968_824, kind="supergroup", sender_chat=self._chats[chat], **more)

    def edits(self, text: str, *, chat: int = 1001) -> None:
        """A user changes a message."""
        sender = {"id": chat, "is_bot": False, **NAMES}
        self._update("edited_message", chat, "private", {"from": sender, "text": text, "edit_date": 1})

    def posts(self, text: str, *, chat: int) -> int:
        """A channel publishes something; nobody is told by whom. Returns the number of the update."""
        self.knows(chat, "channel")
        self.timeline.append(Wrote(chat, 0, text, "channel", None))
        return self._update("channel_post", chat, "channel", {"sender_chat": self._chats[chat], "text": text})

    def poisons(self) -> None:
        """An update comes that the library cannot read."""
        with self._changed:
            unreadable = {"message_id": "?", "date": "yesterday", "chat": 17}
            self._updates.append({"update_id": next(self._update_ids), "message": unreadable})

    def knows(self, chat: int, kind: str = "private") -> None:
        """The bot may write to `chat`."""
        with self._changed:
            self._chats.setdefault(chat, {"id": chat, "type": kind, **(NAMES if kind == "private" else TITLED)})
            self._gone.discard(chat)

    def blocks(self, chat: int) -> None:
        """The reader of `chat` wants no more."""
        with self._changed:
            self._gone.add(chat)

    def forbids_photos(self, chat: int) -> None:
        """An administrator of `chat` lets nobody send pictures."""
        with self._changed:
            self._without_photos.add(chat)

    def migrates(self, chat: int, to: int) -> None:
        """The group `chat` becomes the supergroup `to`."""
        self.knows(to, "supergroup")
        with self._changed:
            self._moved[chat] = to

    def _update(self, what: str, chat: int, kind: str, content: dict[str, Any]) -> int:
        self.knows(chat, kind)
        with self._changed:
            about, number = next(self._message_ids), next(self._update_ids)
            message = {"message_id": about, "date": int(time.time()), "chat": self._chats[chat]}
            self._theirs.add((chat, about))
            self.journal.notes(WRITTEN, update=number, chat=chat, text=content.get("text", ""))
            self._updates.append({"update_id": number, what: {**message, **content}})
            return number
