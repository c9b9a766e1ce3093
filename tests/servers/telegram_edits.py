"""Messages that are changed after they were sent, refused where Telegram refuses that."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.servers.telegram_faults import Refused
from tests.servers.telegram_journal import EDITED, Journal
from tests.servers.telegram_messages import Params, read_caption, read_keyboard, read_photo, read_text, size_of
from tests.servers.telegram_posted import Edited, Happening, Posted

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


class Editing:
    """What the bot has sent, as it reads now; `edited` is every change."""

    journal: Journal
    timeline: list[Happening]
    _changed: threading.Condition

    def __init__(self) -> None:
        self.edited: list[Posted] = []
        self._shown: dict[tuple[int, int], Posted] = {}

    if TYPE_CHECKING:

        def _open_chat(self, chat: int) -> dict[str, Any]: ...

        def _count(self, chat: int, now: float) -> None: ...

    def shown(self, chat: int) -> list[Posted]:
        """The bot's messages in a chat as they read now, the oldest first."""
        with self._changed:
            return [posted for (where, _), posted in self._shown.items() if where == chat]

    def reads_now(self, posted: Posted) -> Posted:
        """A message as it reads now."""
        with self._changed:
            return self._shown[posted.chat_id, posted.message_id]

    def deletes(self, posted: Posted) -> None:
        """A user deletes a message of the bot's."""
        with self._changed:
            del self._shown[posted.chat_id, posted.message_id]

    def waits_for_edit(self, wanted: str | Callable[[Posted], bool], seconds: float = 10) -> Posted:
        """The first change after which a message holds the text, or satisfies the condition."""

        def fits(posted: Posted) -> bool:
            return wanted in posted.plain if isinstance(wanted, str) else wanted(posted)

        with self._changed:
            found = self._changed.wait_for(lambda: [each for each in self.edited if fits(each)], seconds)
            assert found, f"{wanted} never came; changed were {[each.plain for each in self.edited]}"
            return found[0]

    @property
    def edit_methods(self) -> dict[str, Callable[[Params], Any]]:
        """By name."""
        return {
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageMedia": self._edit_media,
            "editMessageReplyMarkup": self._edit_keyboard,
        }

    def _edit_text(self, params: Params) -> dict[str, Any]:
        before, mode = self._to_edit(params), params.get("parse_mode")
        if before.size is not None:
            raise Refused(400, "Bad Request: there is no text in the message to edit")
        plain = read_text(params["text"], mode)
        return self._change(before, replace(before, text=params["text"], plain=plain, parse_mode=mode), params)

    def _edit_caption(self, params: Params) -> dict[str, Any]:
        before, mode = self._to_edit(params), params.get("parse_mode")
        if before.size is None:
            raise Refused(400, "Bad Request: there is no caption in the message to edit")
        caption = params.get("caption", "")
        plain = read_caption(caption, mode)
        return self._change(before, replace(before, text=caption, plain=plain, parse_mode=mode), params)

    def _edit_media(self, params: Params) -> dict[str, Any]:
        """A text gets a picture too; a picture that is uploaded anew is another one."""
        before, media = self._to_edit(params), json.loads(params["media"])
        if media.get("type") != "photo" or not str(media.get("media", "")).startswith("attach://"):
            raise Refused(400, "Bad Request: wrong type of the web page content")
        photo = read_photo(params.get(media["media"].removeprefix("attach://")))
        caption, mode = media.get("caption", ""), media.get("parse_mode")
        words = {"text": caption, "plain": read_caption(caption, mode), "parse_mode": mode}
        return self._change(before, replace(before, photo=photo, size=size_of(photo), **words), params, new=True)

    def _edit_keyboard(self, params: Params) -> dict[str, Any]:
        before = self._to_edit(params)
        return self._change(before, before, params)

    def _to_edit(self, params: Params) -> Posted:
        chat = self._open_chat(int(params["chat_id"]))
        with self._changed:
            found = self._shown.get((chat["id"], int(params["message_id"])))
        if found is None:
            raise Refused(400, "Bad Request: message to edit not found")
        return found

    def _change(self, before: Posted, after: Posted, params: Params, *, new: bool = False) -> dict[str, Any]:
        """Without a keyboard in the request the message has none any more."""
        after = replace(after, buttons=read_keyboard(params))
        if after == before and not new:
            raise Refused(400, NOT_MODIFIED)
        with self._changed:
            self._count(after.chat_id, time.monotonic())
            self._shown[after.chat_id, after.message_id] = after
            self.journal.notes(EDITED, chat_id=after.chat_id, message_id=after.message_id, plain=after.plain)
            self.edited.append(after)
            self.timeline.append(Edited(after))
            self._changed.notify_all()
            return self._as_sent(after)

    if TYPE_CHECKING:

        def _as_sent(self, posted: Posted) -> dict[str, Any]: ...
