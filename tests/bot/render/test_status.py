"""/status: what counts as trouble, the worst first, and never more lines than a phone shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import NO_TOKEN, SourceStatus
from bot.render.status import LATE, status_answer
from tests.bot.render.html import TelegramReader
from tests.bot.render.messages import service, service_in_trouble

NOW = service().now


def lines(**changes: object) -> list[str]:
    """What a reader sees of a service that is well but for `changes`."""
    return TelegramReader(status_answer(service(**changes), simulated=False)).text.split("\n")


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"telegram": "connecting: no route"}, "⚠ Telegram: connecting: no route"),
        ({"owed": 1, "oldest_owed": NOW - LATE}, "⚠ 1 message owed, the oldest for 5 min"),
        ({"failed": 2}, "⚠ 2 messages given up in 24 h"),
        ({"rules_waiting": 3}, "⚠ 3 of 29 rules wait for history"),
        ({"sources": (SourceStatus("yahoo", None, NOW - 90, "HTTP 429"),)}, "⚠ yahoo fails for 1 min: HTTP 429"),
        ({"waiting": {"RUT": "backfill 12%"}}, "⚠ No complete history of RUT: backfill 12%"),
        ({"waiting": dict.fromkeys("ABCDEF", "no route")}, "⚠ No complete history of A, B, C, D and 2 more: no route"),
    ],
)
def test_a_trouble_is_told_first(changes: dict[str, object], trouble: str) -> None:
    assert lines(**changes)[:2] == ["Not all is well", trouble]
    assert lines(**changes)[2].startswith("Up ")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"telegram": NO_TOKEN},
        {"owed": 40, "oldest_owed": NOW - LATE + 1},
        {"last_judged": None, "rules": 0, "sources": (), "chats": 0},
        {"sources": (SourceStatus("kraken", None, None, ""),)},
    ],
)
def test_what_is_usual_is_no_trouble(changes: dict[str, object]) -> None:
    assert lines(**changes)[0] == "All is well"
    assert not [line for line in lines(**changes) if line.startswith("⚠")]


def test_a_source_that_fails_is_not_also_told_as_one_that_answers() -> None:
    sources = (SourceStatus("yahoo", NOW - 900, NOW - 840, "down"), SourceStatus("kraken", NOW - 3, None, ""))
    assert "Prices: kraken 3 s ago" in lines(sources=sources)


def test_whatever_is_wrong_it_stays_within_fifteen_lines() -> None:
    many = {f"X{n}": f"reason {n}" for n in range(40)}
    text = status_answer(replace(service_in_trouble(), waiting=many), simulated=True)
    assert text.count("\n") < 15
    assert "⚠ and 41 more" in text


def test_a_clock_that_was_set_back_tells_no_negative_time() -> None:
    assert "Up 0 s" in lines(started=NOW + 3)
