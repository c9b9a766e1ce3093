"""Which updates are lines to answer, and how they read."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest
from telegram import ChatMemberRestricted, Update

from bot.telegram.incoming import NOBODY, Departure, Incoming, Tap, read_departure, read_incoming

US = "Bellwether_Bot"


def line(text: str | None = "/corr", *, kind: str = "private", what: str = "message", **more: Any) -> Incoming | None:
    chat = {"id": -4242 if kind != "private" else 1001, "type": kind, "first_name": "Ann", "title": "Traders"}
    sender = more.pop("sender", {"id": 1001, "is_bot": False, "first_name": "Ann"})
    message = {"message_id": 5, "date": 1_764_881_462, "chat": chat, "from": sender, "text": text, **more}
    update = Update.de_json({"update_id": 1, what: {key: each for key, each in message.items() if each}}, None)
    return read_incoming(update, US)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("/corr RUT SOL", "/corr RUT SOL"),
        ("/corr@Bellwether_Bot RUT SOL", "/corr RUT SOL"),
        ("/corr@bellwether_bot", "/corr"),
        ("corr RUT SOL", "corr RUT SOL"),
        ("write to me@example.com", "write to me@example.com"),
        ("/", "/"),
        ("/corr\nRUT", "/corr\nRUT"),
    ],
)
def test_a_line_in_a_private_chat_is_read(text: str, read: str) -> None:
    assert line(text) == Incoming("1001", "private", 1001, read, number=1, name="Ann")


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_in_a_group_only_commands_are_for_us(kind: str) -> None:
    assert line("/corr RUT SOL", kind=kind) == Incoming("-4242", "group", 1001, "/corr RUT SOL", number=1, name="Ann")
    assert line("good morning", kind=kind) is None


@pytest.mark.parametrize("kind", ["private", "group", "supergroup"])
@pytest.mark.parametrize("text", ["/corr@otherbot RUT SOL", "/start@other_bot", "/corr@"])
def test_a_command_for_another_bot_is_not_for_us(text: str, kind: str) -> None:
    assert line(text, kind=kind) is None


@pytest.mark.parametrize("what", ["edited_message", "edited_channel_post"])
def test_edits_are_not_answered(what: str) -> None:
    assert line(what=what) is None


def test_what_no_database_takes_is_replaced() -> None:
    read = line("/corr \ud800RUT\0SOL")
    assert read is not None
    assert read.text == "/corr ?RUT SOL"


def test_a_message_without_words_or_without_a_writer_is_not_answered() -> None:
    assert line(None) is None
    assert line(sender=None) is None


def test_an_update_without_content_is_not_answered() -> None:
    assert read_incoming(Update(7), US) is None


def test_a_topic_is_answered_in_the_topic_and_a_reply_in_the_chat() -> None:
    topic = line(kind="supergroup", message_thread_id=9, is_topic_message=True)
    reply = line(kind="supergroup", message_thread_id=9)
    assert topic is not None
    assert topic.thread == 9
    assert reply is not None
    assert reply.thread is None


# Taps


def tap(data: str | None = "f00d", *, kind: str = "private", beneath: dict[str, Any] | None = None) -> Incoming | None:
    chat = {"id": 1001 if kind == "private" else -4242, "type": kind, "first_name": "Ann", "title": "Traders"}
    message = {"message_id": 5, "date": 1_764_881_462, "chat": chat, **(beneath or {"text": "RUT at a record"})}
    sender = {"id": 12, "is_bot": False, "first_name": "Ann"}
    query = {"id": "77", "from": sender, "chat_instance": "1", "message": message, "data": data}
    content = {name: each for name, each in query.items() if each is not None}
    return read_incoming(Update.de_json({"update_id": 1, "callback_query": content}, None), US)


def test_a_tap_is_a_line_that_is_still_to_be_looked_up() -> None:
    assert tap() == Incoming("1001", "private", 12, "", number=1, name="Ann", tap=Tap("77", 5, token="f00d"))


def test_a_tap_beneath_a_picture_says_so() -> None:
    size = {"file_id": "A", "file_unique_id": "B", "width": 10, "height": 10}
    read = tap(beneath={"photo": [size], "caption": "RUT"})
    assert read is not None
    assert read.tap == Tap("77", 5, has_picture=True, token="f00d")


def test_a_tap_in_a_topic_is_answered_there() -> None:
    read = tap(kind="supergroup", beneath={"text": "RUT", "message_thread_id": 9, "is_topic_message": True})
    assert read is not None
    assert (read.address, read.kind, read.thread) == ("-4242", "group", 9)


def test_a_tap_beneath_a_message_that_telegram_tells_no_more_of_is_still_one() -> None:
    assert tap(beneath={"date": 0}) == tap()


@pytest.mark.parametrize("data", ["x" * 100_000, "'; drop table taps; --", "\ud800\0\u202e", "{}", "\n"])
def test_a_tap_may_hold_anything(data: str) -> None:
    read = tap(data)
    assert read is not None
    assert read.tap is not None
    assert "\0" not in read.tap.token
    read.tap.token.encode()


def test_a_game_a_tap_without_data_and_one_beneath_no_message_of_ours_are_not_answered() -> None:
    assert tap(None) is None
    assert tap("") is None
    query = {"id": "7", "from": {"id": 1, "is_bot": False, "first_name": "A"}, "chat_instance": "1"}
    for more in ({"game_short_name": "chess"}, {"inline_message_id": "x", "data": "f00d"}):
        update = Update.de_json({"update_id": 1, "callback_query": {**query, **more}}, None)
        assert read_incoming(update, US) is None


# Groups and channels


def test_what_a_channel_posts_is_written_by_nobody() -> None:
    read = line(kind="channel", what="channel_post", sender=None)
    assert read == Incoming("-4242", "channel", NOBODY, "/corr", number=1, name="Traders")
    assert line("good morning", kind="channel", what="channel_post") is None


def test_nobody_writes_under_the_id_of_hidden_administrators_of_another_group() -> None:
    hidden = {"id": 1_087_968_824, "is_bot": True, "first_name": "Group"}
    here, elsewhere = ({"id": number, "type": "supergroup", "title": "Traders"} for number in (-4242, -5))
    one, other = (line(kind="supergroup", sender=hidden, sender_chat=each) for each in (here, elsewhere))
    assert one is not None
    assert other is not None
    assert (one.user, other.user) == (1_087_968_824, 136_817_688)


# Where the bot is no more


def membership(status: str, **more: Any) -> Departure | None:
    bot = {"id": 7, "is_bot": True, "first_name": "Bell"}
    chat = {"id": -4242, "type": "supergroup", "title": "Traders"}
    who = {"id": 1, "is_bot": False, "first_name": "Ann"}
    members = {"old_chat_member": {"user": bot, "status": "member"}, "new_chat_member": {"user": bot, **more}}
    members["new_chat_member"]["status"] = status
    content = {"chat": chat, "from": who, "date": 1_764_881_462, **members}
    return read_departure(Update.de_json({"update_id": 1, "my_chat_member": content}, None))


@pytest.mark.parametrize(("status", "more"), [("left", {}), ("kicked", {"until_date": 0})])
def test_a_bot_that_was_removed_is_no_more_there(status: str, more: dict[str, Any]) -> None:
    assert membership(status, **more) == Departure("-4242", 1_764_881_462, f"the bot is {status} there")


def test_a_bot_that_was_added_is_there() -> None:
    assert membership("member") is None
    assert read_departure(Update(7)) is None


@pytest.mark.parametrize("is_member", [True, False])
def test_a_bot_that_may_do_little_is_there_as_long_as_it_is_a_member(is_member: bool) -> None:
    rights = [name for name in signature(ChatMemberRestricted).parameters if name.startswith("can_")]
    gone = membership("restricted", is_member=is_member, until_date=0, **dict.fromkeys(rights, False))
    assert (gone is None) == is_member
