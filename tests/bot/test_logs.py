"""The log for machines: one object a line, its fields beside the sentence, and the same nets for secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.logs import install
from bot.redaction import HIDDEN, Redaction
from tests.servers.telegram import TOKEN

LOG = logging.getLogger("bot.delivery.worker")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    with install(Redaction([TOKEN, 'a"quoted\\secret']), stream, as_objects=True):
        yield stream


def objects(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_is_an_object_with_its_fields(out: io.StringIO) -> None:
    LOG.info("delivery %d: %s", 7, "sent", extra={"delivery": 7, "outcome": "sent"})
    [found] = objects(out)
    assert list(found) == ["at", "level", "room", "text", "delivery", "outcome"]
    assert found["at"].endswith("Z")
    del found["at"]
    assert found == {
        "level": "info", "room": "delivery.worker", "text": "delivery 7: sent", "delivery": 7, "outcome": "sent",
    }  # fmt: skip


def test_an_error_is_one_line_with_its_traceback_in_a_field(out: io.StringIO) -> None:
    try:
        raise ValueError(f"of {TOKEN}")
    except ValueError:
        LOG.exception("it failed")
    [found] = objects(out)
    assert (found["level"], found["text"]) == ("error", "it failed")
    assert found["error"].startswith("Traceback (most recent call last)")
    assert found["error"].endswith(f"ValueError: of {HIDDEN}")


@pytest.mark.parametrize("secret", [TOKEN, 'a"quoted\\secret'])
def test_a_secret_stands_in_no_field(out: io.StringIO, secret: str) -> None:
    LOG.warning("of %s", secret, extra={"url": f"https://host/{secret}", "parts": [secret]})
    assert secret not in out.getvalue()
    assert json.dumps(secret)[1:-1] not in out.getvalue()
    assert objects(out)[0]["text"] == f"of {HIDDEN}"


def test_line_breaks_make_no_second_line(out: io.StringIO) -> None:
    LOG.warning("written by somebody: %s", "x\n2025-01-01 00:00:00Z CRITICAL run: all is lost\r\u2028")
    assert len(out.getvalue().splitlines()) == 1


def test_what_comes_from_outside_begins_no_line_of_its_own() -> None:
    stream = io.StringIO()
    forged = "no answer\r\n2025-01-01 00:00:00Z CRITICAL run: all is lost\x1b[2J\u2028\x85"
    with install(Redaction([]), stream):
        LOG.warning("yahoo: %s", forged)
        try:
            raise ValueError(forged)
        except ValueError:
            LOG.exception("it failed")
    first, second, *traceback = stream.getvalue().split("\n")
    assert first.endswith(r"yahoo: no answer\r\n2025-01-01 00:00:00Z CRITICAL run: all is lost\x1b[2J\u2028\x85")
    assert second.endswith("ERROR delivery.worker: it failed")
    assert [line for line in traceback if line and not line.startswith("  ")] == []


@pytest.mark.parametrize("as_objects", [False, True], ids=["lines", "objects"])
def test_what_steers_a_terminal_or_turns_its_words_round_stands_in_no_line(as_objects: bool) -> None:
    """A traceback quotes what a server said: with a carriage return and an escape it wrote over the line above."""
    stream = io.StringIO()
    steering = "\r\x1b[2K\x85\u2028\u202a\u202e\u2066\u2069all is well"
    with install(Redaction([]), stream, as_objects=as_objects):
        LOG.warning("yahoo: %s", steering)
        try:
            raise ValueError(steering)
        except ValueError:
            LOG.exception("it failed")
    told = stream.getvalue()
    assert [letter for letter in told if letter != "\n" and not letter.isprintable()] == []
    assert told.count("all is well") == told.count(r"\u202e") == 2


def test_the_fields_of_a_record_take_no_place_of_ours(out: io.StringIO) -> None:
    ours = ("at", "level", "room", "text", "error", "event", "_record", "stack_info")
    fields = {name: "forged" for name in ours if name != "stack_info"}
    try:
        raise ValueError("of ours")
    except ValueError:
        LOG.error("delivery %d", 7, exc_info=True, extra={**fields, "delivery": 7})
    [found] = objects(out)
    assert [name for name in ("at", "level", "room", "text", "error") if found[name] == "forged"] == []
    assert (found["level"], found["text"], found["delivery"]) == ("error", "delivery 7", 7)
    assert found["error"].endswith("ValueError: of ours")


def test_what_is_no_number_is_null_wherever_it_stands(out: io.StringIO) -> None:
    """`NaN` is no JSON: a machine that reads the log stumbled on the line."""
    none = float("nan"), float("inf"), -float("inf")
    LOG.info("measured", extra={"ratio": none[0], "deep": {"row": [1.5, *none], "pair": (none[1], "NaN")}})
    [found] = [json.loads(line, parse_constant=pytest.fail) for line in out.getvalue().splitlines()]
    assert (found["ratio"], found["deep"]) == (None, {"row": [1.5, None, None, None], "pair": [None, "NaN"]})


def test_what_no_json_holds_is_told_in_words(out: io.StringIO) -> None:
    LOG.info("of %s", "a thing", extra={"thing": object})
    assert "class 'object'" in out.getvalue()


def test_a_secret_that_is_learned_later_is_hidden_from_then_on() -> None:
    redaction, stream = Redaction([]), io.StringIO()
    with install(redaction, stream):
        LOG.info("before: word-of-mouth")
        redaction.learn(["word-of-mouth"])
        LOG.info("after: word-of-mouth")
    first, second = stream.getvalue().splitlines()
    assert first.endswith("before: word-of-mouth")
    assert second.endswith(f"after: {HIDDEN}")
