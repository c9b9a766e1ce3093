"""Updates of any shape: what is for us is read, and nothing that a client may send is an error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import Update

from bot.telegram.incoming import read_departure, read_incoming, read_move
from bot.telegram.reading import Read, read
from bot.telegram.wire import can_be_read

US = "bellwether_bot"
TEXT = st.text(st.characters(exclude_categories=()), max_size=80)
CHAT = st.fixed_dictionaries(
    {
        "id": st.integers(-(2**52), 2**52),
        "type": st.sampled_from(["private", "group", "supergroup", "channel", "sender", "something new"]),
    },
    optional={"title": TEXT, "first_name": TEXT},
)
USER = st.fixed_dictionaries({"id": st.integers(0, 2**52), "is_bot": st.booleans(), "first_name": TEXT})
MESSAGE = st.fixed_dictionaries(
    {"message_id": st.integers(0, 2**31), "date": st.integers(0, 2**31), "chat": CHAT},
    optional={
        "text": st.one_of(TEXT, TEXT.map("/corr {}".format), TEXT.map("/corr@{}".format)),
        "from": USER,
        "sender_chat": CHAT,
        "message_thread_id": st.integers(0, 2**31),
        "is_topic_message": st.booleans(),
        "migrate_to_chat_id": st.integers(-(2**52), 2**52),
    },
)
TAP = st.fixed_dictionaries(
    {"id": TEXT, "from": USER, "chat_instance": TEXT},
    optional={"message": MESSAGE, "data": TEXT, "inline_message_id": TEXT, "game_short_name": TEXT},
)
CONTENT = st.one_of(
    st.tuples(st.just("callback_query"), TAP),
    st.tuples(st.sampled_from(["message", "channel_post", "edited_message", "something_new"]), MESSAGE),
)


def one(kind: str, content: dict[str, Any]) -> Update:
    return Update.de_json({"update_id": 7, kind: content}, None)


@given(CONTENT)
@settings(max_examples=400, deadline=None)
def test_no_update_of_a_client_is_an_error(update: tuple[str, dict[str, Any]]) -> None:
    kind, content = update
    if not can_be_read({"update_id": 7, kind: content}):
        return
    parsed = one(kind, content)
    line = read_incoming(parsed, US)
    read_move(parsed)
    read_departure(parsed)
    for text in () if line is None else (line.text, line.name, *((line.tap.query, line.tap.token) if line.tap else ())):
        assert "\0" not in text
        text.encode()


def test_one_update_that_cannot_be_read_costs_no_other(caplog: pytest.LogCaptureFixture) -> None:
    ann = {"id": 1001, "is_bot": False, "first_name": "Ann"}
    chat = {"id": 1001, "type": "private", "first_name": "Ann"}
    good = one("message", {"message_id": 1, "date": 1, "chat": chat, "from": ann, "text": "/corr"})
    nobodys = one("callback_query", {"id": "1", "chat_instance": "1", "data": "x", "message": {**_message(chat)}})
    found = read([nobodys, good], US)
    assert [line.text for line in found.lines] == ["/corr"]
    assert "update 7 could not be read" in caplog.text


def _message(chat: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": 1, "date": 1, "chat": chat, "text": "RUT"}


def test_nothing_is_found_in_nothing() -> None:
    assert read([], US) == Read()
    assert read([Update(7)], US) == Read()
