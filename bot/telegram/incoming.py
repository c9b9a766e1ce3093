"""What people write to the bot, in our words: one `Incoming` for each line that wants an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from telegram import Message, Update
from telegram.constants import ChatType

_KINDS: dict[str, Literal["private", "group"]] = {
    ChatType.PRIVATE: "private",
    ChatType.GROUP: "group",
    ChatType.SUPERGROUP: "group",
}

_ADDRESSED = re.compile(r"/[^\s@]*(@\S*)")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A line written to the bot.

    `address` is the chat to answer to, `thread` the topic in it; `user` who wrote. `text` is the line without the bot's
    own name: `/corr@ourbot RUT SOL` reads `/corr RUT SOL`. `number` is that of its update: they increase. `waited` is
    for how many seconds an earlier process has had it.
    """

    address: str
    kind: Literal["private", "group"]
    user: int
    text: str
    thread: int | None = None
    number: int = 0
    waited: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A group that has become a supergroup: its old address and its new one."""

    old: str
    new: str


def read_incoming(update: Update, our_name: str) -> Incoming | None:
    """The line in an update, if it is one for us.

    In groups only commands are. Edited messages, channel posts, pictures and commands for another bot are not.
    """
    message = update.message
    if message is None or message.from_user is None or not message.text:
        return None
    kind = _KINDS.get(message.chat.type)
    if kind is None or (kind == "group" and not message.text.startswith("/")):
        return None
    text = _without_name(message.text, our_name)
    if text is None:
        return None
    who = message.from_user.id
    return Incoming(str(message.chat.id), kind, who, _storable(text), _topic(message), update.update_id)


def read_move(update: Update) -> Move | None:
    """The move that an update tells of: Telegram says it in both chats."""
    message = update.message
    if message is None:
        return None
    here, to, since = message.chat.id, message.migrate_to_chat_id, message.migrate_from_chat_id
    if to is not None:
        return Move(str(here), str(to))
    return None if since is None else Move(str(since), str(here))


def _without_name(text: str, our_name: str) -> str | None:
    """A command without the name of the bot it is addressed to; None if that is another one."""
    addressed = _ADDRESSED.match(text)
    if addressed is None:
        return text
    if addressed[1].lower() != f"@{our_name}".lower():
        return None
    return text[: addressed.start(1)] + text[addressed.end(1) :]


def _storable(text: str) -> str:
    """Without what no database and no answer takes: halves of a character, and NUL."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def _topic(message: Message) -> int | None:
    """Replies carry a thread id too; only a topic's can be written to."""
    return message.message_thread_id if message.is_topic_message else None
