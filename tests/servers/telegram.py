"""Telegram's Bot API on loopback: long polls and webhooks, messages read as it reads them, every fault it is known for.

Tests speak to it with verbs: users write and tap (`hears`, `taps`), it breaks (`fails_with`, `hangs`, `goes_down`).
What the bot sent is in `sent`, what it changed in `edited`, what it flashed in `flashes`, what was refused in
`refusals`; all that happened, in its order, in `timeline`. It keeps what it knows while it is down. A later method is
one line in `_methods`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.servers.loopback import Loopback
from tests.servers.telegram_edits import Editing
from tests.servers.telegram_faults import Faults, Refused, reset
from tests.servers.telegram_journal import ACCEPTED, CONFIRMED, HANDED, REFUSED, UNANSWERED, Journal
from tests.servers.telegram_members import Members
from tests.servers.telegram_messages import (
    Params,
    read_caption,
    read_keyboard,
    read_params,
    read_photo,
    read_text,
    size_of,
)
from tests.servers.telegram_posted import Happening, Posted
from tests.servers.telegram_push import Pushing
from tests.servers.telegram_taps import Tapping
from tests.servers.telegram_users import Users

TOKEN = "7654321:AAHsecretOfTheTestBot_0123456789abc"
OUR_NAME = "bellwether_test_bot"
GLANCE = 0.005
"""Seconds between two looks of a long poll at what is new."""


class TelegramServer(Faults, Users, Tapping, Editing, Members, Pushing, Loopback):
    """One bot, its chats, and its updates.

    With a `journal`, what it witnesses is a line of it, on the disk before the answer. With `enforces_limits` it
    answers 429 to what is too much for the real one; `floods` counts that.
    """

    def __init__(self, token: str = TOKEN, *, journal: Path | None = None, enforces_limits: bool = False) -> None:
        Faults.__init__(self)
        Users.__init__(self)
        Tapping.__init__(self)
        Editing.__init__(self)
        Members.__init__(self)
        Pushing.__init__(self)
        Loopback.__init__(self)
        self.token = token
        self.sent: list[Posted] = []
        self.timeline: list[Happening] = []
        self.menu: list[dict[str, str]] = []
        self.menus: dict[int, list[dict[str, str]]] = {}
        self.calls: list[str] = []
        self.refusals: list[str] = []
        self.floods = 0
        self.journal = Journal(journal)
        self._enforces_limits = enforces_limits
        self._changed = threading.Condition(threading.RLock())
        self._keeps_photos = True
        self._counted: deque[tuple[float, int]] = deque(maxlen=1_000)
        self._updates: list[dict[str, Any]] = []
        self._confirmed: dict[int, dict[str, Any]] = {}
        self._update_ids = itertools.count(880_001)
        self._message_ids = itertools.count(100)
        self._poll = 0
        self._me = {"id": 7654321, "is_bot": True, "first_name": "Test", "username": OUR_NAME}
        self._methods: dict[str, Callable[[Params], Any]] = {
            "getMe": lambda params: self._me,
            **self.webhook_methods,
            **self.edit_methods,
            **self.tap_methods,
            **self.member_methods,
            "setMyCommands": self._set_my_commands,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
        }

    def routes(self) -> list[web.RouteDef]:
        """`/bot<token>/<method>`, as Telegram has it."""
        return [web.route("*", "/bot{token}/{method}", self._handle)]

    def lets_go_of_photos(self) -> None:
        """From now on the bytes of a picture are looked at and not kept: a day of them is larger than the service."""
        self._keeps_photos = False

    # What breaks, beside the faults

    def loses_answers(
        self, times: float = 1, *, method: str = "sendMessage", then: Callable[[], None] = lambda: None
    ) -> None:
        """The next messages are accepted, `then` happens, and the connection is lost before the answer."""

        async def act(request: web.Request) -> web.StreamResponse | None:
            result = await self._result(method, request)
            self.journal.notes(UNANSWERED, method=method, message=_number_of(result))
            then()
            return reset(request)

        self.breaks(method, times, act)

    def hands_out_again(self, number: int) -> None:
        """An update that was confirmed comes once more: Telegram may."""
        with self._changed:
            self._updates.append(self._confirmed[number])

    def has_handed_out(self, number: int) -> bool:
        """Whether an update was handed out and confirmed."""
        with self._changed:
            return number in self._confirmed

    def goes_down(self) -> None:
        """The port is closed; nothing is forgotten."""
        self.stop()

    def comes_back(self) -> None:
        """The same port again."""
        self.start()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_to_push)

    # What a test waits for

    def waits_for(self, wanted: str | Callable[[Posted], bool], seconds: float = 10, *, after: int = 0) -> Posted:
        """The first message that holds the text or satisfies the condition, not counting the first `after` sent."""

        def fits(posted: Posted) -> bool:
            return wanted in posted.plain if isinstance(wanted, str) else wanted(posted)

        with self._changed:
            found = self._changed.wait_for(lambda: [each for each in self.sent[after:] if fits(each)], seconds)
            assert found, f"{wanted} never came; sent: {[each.plain for each in self.sent]}"
            return found[0]

    def waits_for_calls(self, method: str, times: int = 1, seconds: float = 10) -> None:
        """`method` was called so often, whatever it was answered."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.calls.count(method) >= times, seconds)
            assert came, f"{method} was called {self.calls.count(method)} times"

    # The API

    async def _close(self) -> None:
        """Also what still waits for a client that went away."""
        await super()._close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        with self._changed:
            self.calls.append(method)
            self._changed.notify_all()
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401)
            act = self.next_fault(method)
            answer = await act(request) if act is not None else None
            return answer or web.json_response({"ok": True, "result": await self._result(method, request)})
        except Refused as refused:
            if method in self._methods:
                self.refusals.append(f"{method}: {refused.description}")
                self.journal.notes(REFUSED, method=method, status=refused.status, **refused.parameters)
            return refused.answer()
        except ConnectionError:
            return web.Response()  # whoever asked is no more

    async def _result(self, method: str, request: web.Request) -> Any:
        params = await read_params(request)
        if method == "getUpdates":
            return await self._get_updates(params)
        if method not in self._methods:
            raise Refused(404, "Not Found: method not found")
        return self._methods[method](params)

    async def _get_updates(self, params: Params) -> list[dict[str, Any]]:
        """What is new from `offset` on, after at most `timeout` seconds; what lies before it is confirmed."""
        if self.webhook is not None:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        mine, until = self._poll, time.monotonic() + float(params.get("timeout", 0))
        offset = int(params.get("offset", 0))
        kinds = set(json.loads(params.get("allowed_updates", "[]")))
        self._forget_before(offset)
        while True:
            with self._changed:
                new = [each for each in self._updates if not kinds or kinds & each.keys()]
            if new or time.monotonic() >= until:
                given = new[: int(params.get("limit", 100))]
                if given:
                    self.journal.notes(HANDED, updates=[each["update_id"] for each in given])
                return given
            await asyncio.sleep(GLANCE)
            if mine != self._poll:
                raise Refused(409)

    def _forget_before(self, offset: int) -> None:
        """A client that asks from `offset` on has what lies before it."""
        with self._changed:
            left = [each for each in self._updates if each["update_id"] >= offset]
            self._confirmed |= {each["update_id"]: each for each in self._updates if each["update_id"] < offset}
            if len(left) < len(self._updates):
                self.journal.notes(CONFIRMED, before=offset)
            self._updates = left

    def _set_my_commands(self, params: Params) -> bool:
        """The menu of everybody, or of one chat."""
        scope, commands = json.loads(params.get("scope") or "{}"), json.loads(params["commands"])
        if scope.get("type") == "chat":
            self._open_chat(int(scope["chat_id"]))
            self.menus[int(scope["chat_id"])] = commands
        else:
            self.menu = commands
        return True

    def _send_message(self, params: Params) -> dict[str, Any]:
        chat = self._open_chat(int(params["chat_id"]))
        plain = read_text(params["text"], params.get("parse_mode"))
        return self._accept(chat, params, params["text"], plain)

    def _send_photo(self, params: Params) -> dict[str, Any]:
        chat = self._open_chat(int(params["chat_id"]))
        if chat["id"] in self._without_photos:
            raise Refused(400, "Bad Request: not enough rights to send photos to the chat")
        photo, caption = read_photo(params.get("photo")), params.get("caption", "")
        return self._accept(chat, params, caption, read_caption(caption, params.get("parse_mode")), photo)

    def _accept(
        self, chat: dict[str, Any], params: Params, text: str, plain: str, photo: bytes | None = None
    ) -> dict[str, Any]:
        """Keep a message that nothing is wrong with, unless there are too many. Returns what every answer has."""
        silent, where = params.get("disable_notification") == "true", chat["id"]
        thread = int(params["message_thread_id"]) if "message_thread_id" in params else None
        self._refuse_topic(where, thread)
        buttons, replies_to = read_keyboard(params), self._replied(where, params)
        with self._changed:
            now = time.monotonic()
            self._count(where, now)
            number, size = next(self._message_ids), None if photo is None else size_of(photo)
            kept = photo if self._keeps_photos else None
            mode = params.get("parse_mode")
            posted = Posted(where, text, plain, mode, number, silent, thread, now, kept, size, buttons, replies_to)
            known = {name: value for name, value in asdict(posted).items() if name not in ("at", "photo")}
            self.journal.notes(ACCEPTED, **known)
            self.sent.append(posted)
            self.timeline.append(posted)
            self._shown[where, number] = posted
            self._changed.notify_all()
        return self._as_sent(posted)

    def _replied(self, chat: int, params: Params) -> int | None:
        """The message that one answers; None where there is none, or it is no more and that does not matter."""
        about = json.loads(params.get("reply_parameters") or "{}")
        if (number := about.get("message_id")) is None:
            return None
        if (chat, number) in self._theirs or (chat, number) in self._shown:
            return int(number)
        if not about.get("allow_sending_without_reply"):
            raise Refused(400, "Bad Request: message to be replied not found")
        return None

    def _as_sent(self, posted: Posted) -> dict[str, Any]:
        """A message of the bot's, as Telegram tells of it."""
        message = {"message_id": posted.message_id, "date": int(time.time()), "chat": self._chats[posted.chat_id]}
        topic = {} if posted.thread is None else {"message_thread_id": posted.thread, "is_topic_message": True}
        rows = [[{"text": label, "callback_data": data} for label, data in row] for row in posted.buttons]
        markup = {"reply_markup": {"inline_keyboard": rows}} if rows else {}
        about = {**message, **topic, **markup, "from": self._me}
        if posted.size is None:
            return {**about, "text": posted.plain}
        width, height = posted.size
        sizes = [{"file_id": "AgAC", "file_unique_id": "AQAD", "width": width, "height": height}]
        return {**about, "photo": sizes, "caption": posted.plain}

    def _open_chat(self, chat: int) -> dict[str, Any]:
        if chat in self._moved:
            moved = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, moved, migrate_to_chat_id=self._moved[chat])
        if chat in self._gone:
            raise Refused(403)
        if chat not in self._chats:
            raise Refused(400, "Bad Request: chat not found")
        return self._chats[chat]

    def _count(self, chat: int, now: float) -> None:
        """30 a second over all (on the average of three), one a second in a chat, 20 a minute in a group; changes of
        messages count. Raises Refused for more, where limits are enforced.
        """
        ages = [(now - at, where) for at, where in self._counted]
        in_chat = [age for age, where in ages if where == chat]
        too_many = sum(age < 3.0 for age, _ in ages) >= 90 or any(age < 1.0 for age in in_chat)
        if self._enforces_limits and (too_many or (chat < 0 and sum(age < 60.0 for age in in_chat) >= 20)):
            self.floods += 1
            raise Refused(429, retry_after=1)
        self._counted.append((now, chat))


def _number_of(result: Any) -> int | None:
    """The number of an accepted message."""
    return result.get("message_id") if isinstance(result, dict) else None
