"""What comes in from Telegram, in our words: an `Incoming` for each line that wants an answer, written or tapped, and
what becomes of chats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from telegram import CallbackQuery, Chat, ChatMember, ChatMemberRestricted, Message, Update, User
from telegram.constants import ChatID, ChatType

from bot.answers.buttons import Place
from rules.model import Instant

Kind = Literal["private", "group", "channel"]

_KINDS: dict[str, Kind] = {
    ChatType.PRIVATE: "private",
    ChatType.GROUP: "group",
    ChatType.SUPERGROUP: "group",
    ChatType.CHANNEL: "channel",
}

NOBODY = 0
"""Who has written what a channel posts: Telegram does not say which of its administrators it was."""

_ADDRESSED = re.compile(r"/[^\s@]*(@\S*)")


@dataclass(frozen=True, slots=True)
class Tap:
    """That a line was not written: a button was tapped that stands for it.

    `query` is what Telegram wants answered, `message` the one that the button stands beneath, which has a picture or
    not. `token` is what Telegram was given for the button, until it is looked up; `place` is then where the answer
    goes. It stays None where nothing is known of the button.
    """

    query: str
    message: int
    has_picture: bool = False
    token: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A line written to the bot.

    `address` is the chat to answer to, `thread` the topic in it; `user` who wrote. `text` is the line without the bot's
    own name: `/corr@ourbot RUT SOL` reads `/corr RUT SOL`; that of a `tap` is empty until it is looked up. `number` is
    that of its update: they increase. `waited` is for how many seconds an earlier process has had it. `name` is what
    the writer calls themselves, as long as the process that took the line lives: it is not kept. `configures` is
    whether they may say how the chat is told, as far as that was looked into.
    """

    address: str
    kind: Kind
    user: int
    text: str
    thread: int | None = None
    number: int = 0
    waited: int = 0
    name: str = ""
    tap: Tap | None = None
    configures: bool = True


@dataclass(frozen=True, slots=True)
class Move:
    """A group that has become a supergroup: its old address and its new one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Departure:
    """A chat where the bot is no more, since when, and why in a few words: blocked by its reader, removed from it."""

    address: str
    at: Instant
    why: str


def read_incoming(update: Update, our_name: str) -> Incoming | None:
    """The line in an update, if it is one for us: written, posted in a channel, or tapped.

    In groups and channels only commands are. Edited messages, pictures and commands for another bot are not.
    """
    if update.callback_query is not None:
        return _tapped(update.callback_query, update.update_id)
    message = update.channel_post or update.message
    if message is None or not message.text:
        return None
    kind = _KINDS.get(message.chat.type)
    if kind is None or (kind != "private" and not message.text.startswith("/")):
        return None
    who, text = _writer(message, kind), _without_name(message.text, our_name)
    if who is None or text is None:
        return None
    return Incoming(
        str(message.chat.id),
        kind,
        who,
        _storable(text),
        _topic(message),
        update.update_id,
        name=_name(message.from_user or message.chat),
    )


def read_move(update: Update) -> Move | None:
    """The move that an update tells of: Telegram says it in both chats."""
    message = update.message
    if message is None:
        return None
    here, to, since = message.chat.id, message.migrate_to_chat_id, message.migrate_from_chat_id
    if to is not None:
        return Move(str(here), str(to))
    return None if since is None else Move(str(since), str(here))


def read_departure(update: Update) -> Departure | None:
    """That an update says the bot was blocked, or removed from a chat. That it was let in somewhere means nothing:
    whoever wants something of it there writes.
    """
    changed = update.my_chat_member
    if changed is None or _is_there(changed.new_chat_member):
        return None
    at = int(changed.date.timestamp())
    return Departure(str(changed.chat.id), at, f"the bot is {changed.new_chat_member.status} there")


def _is_there(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def _tapped(query: CallbackQuery, number: int) -> Incoming | None:
    """The tap of a button beneath a message of ours. Under a message that came by way of another bot there is no chat
    to answer to, and games are not ours.
    """
    message, data = query.message, query.data
    kind = None if message is None else _KINDS.get(message.chat.type)
    if message is None or not data or kind is None:
        return None
    here = message if isinstance(message, Message) else None  # of an old one Telegram tells no more than its number
    tap = Tap(_storable(query.id), message.message_id, bool(here and here.photo), _storable(data))
    who = query.from_user
    thread = _topic(here) if here else None
    return Incoming(str(message.chat.id), kind, who.id, "", thread, number, name=_name(who), tap=tap)


def _writer(message: Message, kind: Kind) -> int | None:
    """Who wrote a message. Administrators who hide behind their group's name share one id, which is theirs alone."""
    if kind == "channel":
        return NOBODY
    if message.from_user is None:
        return None
    theirs = message.sender_chat is not None and message.sender_chat.id == message.chat.id
    who = message.from_user.id
    return int(ChatID.FAKE_CHANNEL) if who == ChatID.ANONYMOUS_ADMIN and not theirs else who


def _name(who: User | Chat) -> str:
    """What a writer, or a channel, is called; nothing of an account that was deleted."""
    return _storable((who.full_name if isinstance(who, User) else who.effective_name) or "")


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
