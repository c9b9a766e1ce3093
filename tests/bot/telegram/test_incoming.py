"""Which updates are lines to answer, and how they read."""

from __future__ import annotations

from typing import Any

import pytest
from telegram import Update

from bot.telegram.incoming import Incoming, read_incoming

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
    assert line(text) == Incoming("1001", "private", 1001, read, number=1)


@pytest.mark.parametrize("kind", ["group", "supergroup"])
def test_in_a_group_only_commands_are_for_us(kind: str) -> None:
    assert line("/corr RUT SOL", kind=kind) == Incoming("-4242", "group", 1001, "/corr RUT SOL", number=1)
    assert line("good morning", kind=kind) is None


@pytest.mark.parametrize("kind", ["private", "group", "supergroup"])
@pytest.mark.parametrize("text", ["/corr@otherbot RUT SOL", "/start@other_bot", "/corr@"])
def test_a_command_for_another_bot_is_not_for_us(text: str, kind: str) -> None:
    assert line(text, kind=kind) is None


@pytest.mark.parametrize("what", ["edited_message", "channel_post", "edited_channel_post"])
def test_edits_and_posts_are_not_answered(what: str) -> None:
    assert line(what=what) is None


def test_what_no_database_takes_is_replaced() -> None:
    read = line("/corr \ud800RUT\0SOL")
    assert read is not None
    assert read.text == "/corr ?RUT SOL"


def test_a_message_without_words_or_without_a_writer_is_not_answered() -> None:
    assert line(None) is None
    assert line(sender=None) is None
    assert line(kind="channel") is None


def test_an_update_without_content_is_not_answered() -> None:
    assert read_incoming(Update(7), US) is None


def test_a_topic_is_answered_in_the_topic_and_a_reply_in_the_chat() -> None:
    topic = line(kind="supergroup", message_thread_id=9, is_topic_message=True)
    reply = line(kind="supergroup", message_thread_id=9)
    assert topic is not None
    assert topic.thread == 9
    assert reply is not None
    assert reply.thread is None
