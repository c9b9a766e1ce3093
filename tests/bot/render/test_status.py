"""/status: what counts as trouble, the worst first, and never more lines than a phone shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import NO_TOKEN, SourceStatus
from bot.answers.quality import Fault, Ruling
from bot.render.status import LATE, LINES, status_answer
from tests.bot.render.html import TelegramReader
from tests.bot.render.messages import service, service_in_trouble
from tests.bot.render.services import HELD, HOLE, LEFT_OUT, MISSING, REJECTED, TRIMMED, fault

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
        (
            {"sources": (SourceStatus("yahoo", None, NOW - 90, "HTTP 429"),)},
            "⚠ yahoo does not answer: HTTP 429 (for 1 min)",
        ),
        ({"clocks": ("yahoo's clock is 1 d behind",)}, "⚠ yahoo's clock is 1 d behind"),
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
    assert "Sources: kraken 3 s ago" in lines(sources=sources)


def test_prices_that_are_wrong_are_told_the_worst_first() -> None:
    told = [line for line in lines(faults=(HOLE, HELD, REJECTED, MISSING)) if line.startswith("⚠")]
    assert told == [
        *(f"⚠ {each.sentence} (for 3 min)" for each in (MISSING, REJECTED, HELD)),
        "⚠ 2 hours of SOL are missing (the last to Tue 2025-12-09 14:00Z); asked for again",
    ]


def test_what_was_left_out_or_kept_is_noted_and_no_trouble() -> None:
    text = lines(faults=(LEFT_OUT, TRIMMED))
    assert text[0] == "All is well"
    assert "Noted: yahoo: HYG's close of 2025-12-09 trimmed, outside its own range, and 1 more" in text


def test_doubtful_rows_are_counted_since_the_start_by_source_and_reason_the_most_frequent_first() -> None:
    counts = {
        ("coinbase", Fault.SCALE, Ruling.REJECTED): 1,
        ("yahoo", Fault.OUTLIER, Ruling.HELD): 3,
        ("kraken", Fault.MISSING, None): 40,
        ("kraken", Fault.FROZEN, Ruling.HELD): 0,
    }
    told = "Since the start: yahoo 3 held (far from the price before), coinbase 1 rejected (off by a power of ten)"
    assert told in lines(tallies=counts)
    more = counts | {("yahoo", Fault.RANGE, Ruling.TRIMMED): 7, ("yahoo", Fault.NO_PRICE, Ruling.LEFT_OUT): 5}
    told = "Since the start: yahoo 7 trimmed (outside its own range), yahoo 5 left out (no price), and 4 more"
    assert told in lines(tallies=more)


def test_where_no_row_was_doubted_nothing_is_counted() -> None:
    assert not [line for line in lines(tallies={("kraken", Fault.MISSING, None): 2}) if line.startswith("Since")]


def test_a_source_that_bars_us_is_not_said_to_be_silent() -> None:
    barred = SourceStatus("binance", None, NOW - 7, "HTTP 451", "does not serve this place")
    assert "⚠ binance does not serve this place: HTTP 451 (for 7 s)" in lines(sources=(barred,))


def test_whatever_is_wrong_it_stays_within_fifteen_lines() -> None:
    many = {f"X{n}": f"reason {n}" for n in range(40)}
    faults = tuple(fault(f"yahoo: row {n}", Ruling.HELD) for n in range(20))
    tallies: dict[tuple[str, Fault, Ruling | None], int] = {("yahoo", each, Ruling.HELD): 20 for each in Fault}
    told = replace(service_in_trouble(), waiting=many, faults=(*faults, LEFT_OUT), tallies=tallies)
    shown = status_answer(told, simulated=True).split("\n")
    assert len(shown) == LINES
    assert [line for line in shown if line.startswith("⚠")][-1] == "⚠ and 62 more"


def test_a_clock_that_was_set_back_tells_no_negative_time() -> None:
    assert "Up 0 s" in lines(started=NOW + 3)
