"""What was found wrong: what is wrong now, in sentences; counts since the start; a line when it begins and when it is
over."""

from __future__ import annotations

import logging

import pytest

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.ledger import (
    Complaint,
    Ledger,
    of_absence,
    of_findings,
    of_holes,
    of_remarks,
    of_silence,
    of_trades,
)
from bot.market.schedule import Due
from rules.bars import DAY, Interval
from rules.model import Instant
from tests.bot.markets import BTC, RUT, at

CLOSE = at("2025-12-10T21:00Z")
NOW = CLOSE + 1_800
RUT_ROWS = ("RUT", "rows of 1d")
OUTLIER = ("yahoo", Fault.OUTLIER)


def finding(
    end: Instant = CLOSE, ruling: Ruling = Ruling.HELD, fault: Fault = Fault.OUTLIER, source: str = "yahoo"
) -> Finding:
    return Finding("RUT", Interval.DAY, end, source, fault, ruling, "2,900 after 2,510")


def held(*ends: Instant) -> list[Complaint]:
    return of_findings(finding(end) for end in ends or (CLOSE,))


# Sentences


def test_findings_of_a_kind_are_one_sentence_with_the_newest_one_s_numbers() -> None:
    [one] = held()
    assert one.sentence == "yahoo: RUT's close of 2025-12-10 held, far from the price before (2,900 after 2,510)"
    [three] = held(CLOSE - 2 * DAY, CLOSE, CLOSE - DAY)
    assert three.sentence == (
        "yahoo: 3 closes of RUT (the last of 2025-12-10) held, far from the price before (2,900 after 2,510)"
    )
    kinds = of_findings([finding(), finding(ruling=Ruling.REJECTED), finding(fault=Fault.RANGE), finding(source="x")])
    assert len(kinds) == 4


def test_a_day_around_the_clock_is_the_one_that_ends_at_midnight() -> None:
    due = Due(BTC, Interval.DAY, at("2025-12-11T00:00Z"))
    assert of_absence("yahoo", due).sentence == "yahoo answered without BTC's close of 2025-12-10"


def test_whatever_can_be_wrong_has_a_sentence() -> None:
    hour = Due(BTC, Interval.HOUR, at("2025-12-10T15:00Z"))
    assert of_absence("coinbase", hour, "kraken").sentence == (
        "coinbase answered without BTC's hour to Wed 2025-12-10 15:00Z; kraken stands in"
    )
    told = of_remarks("yahoo", "RUT", Interval.DAY, {Fault.NO_PRICE: 1, Fault.OFF_CALENDAR: 2})
    assert [each.sentence for each in told] == [
        "yahoo: 1 close of RUT left out, no price",
        "yahoo: 2 closes of RUT left out, off the calendar",
    ]
    lacking = of_holes("RUT", Interval.DAY, [CLOSE, CLOSE - DAY])
    assert lacking.sentence == "2 closes of RUT are missing (the last of 2025-12-10); asked for again"
    one = of_holes("RUT", Interval.DAY, [CLOSE])
    assert one.sentence == "RUT's close of 2025-12-10 is missing; asked for again"
    assert of_silence("RUT", "yahoo refused the question").sentence == "no prices of RUT: yahoo refused the question"
    [trade] = of_trades([finding()])
    assert trade.sentence == "yahoo: RUT's latest trade held, far from the price before (2,900 after 2,510)"


# What is wrong now


def test_what_is_wrong_now_is_what_the_last_answer_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ledger = Ledger()
    for minute in range(3):
        ledger.note(RUT_ROWS, held(), NOW + 60 * minute)
        [fault] = ledger.faults
        assert (fault.source, fault.instrument, fault.fault, fault.ruling) == (
            "yahoo",
            "RUT",
            "far from the price before",
            "held",
        )
        assert fault.since == NOW
    ledger.note(("SPX", "rows of 1d"), [], NOW + 180)
    assert len(ledger.faults) == 1
    ledger.note(RUT_ROWS, [], NOW + 240)
    assert list(ledger.faults) == []
    sentence = held()[0].sentence
    assert caplog.messages == [sentence, f"over: {sentence}"]


def test_another_ruling_is_another_fault(caplog: pytest.LogCaptureFixture) -> None:
    ledger = Ledger()
    ledger.note(RUT_ROWS, held(), NOW)
    ledger.note(RUT_ROWS, of_findings([finding(ruling=Ruling.REJECTED)]), NOW + 60)
    assert [fault.since for fault in ledger.faults] == [NOW + 60]
    assert ledger.tallies == {(*OUTLIER, Ruling.HELD): 1, (*OUTLIER, Ruling.REJECTED): 1}


def test_faults_are_in_the_order_in_which_they_began() -> None:
    ledger = Ledger()
    ledger.note(("SPX", "rows of 1d"), of_findings([finding(source="later")]), NOW + 60)
    ledger.note(RUT_ROWS, held(), NOW)
    assert [fault.source for fault in ledger.faults] == ["yahoo", "later"]


@pytest.mark.parametrize(
    ("ruling", "level"),
    [(Ruling.HELD, "WARNING"), (Ruling.REJECTED, "WARNING"), (Ruling.TRIMMED, "INFO"), (Ruling.KEPT, "INFO")],
)
def test_what_keeps_a_bar_from_being_believed_is_a_warning(
    caplog: pytest.LogCaptureFixture, ruling: Ruling, level: str
) -> None:
    caplog.set_level(logging.INFO)
    Ledger().note(RUT_ROWS, of_findings([finding(ruling=ruling)]), NOW)
    assert [record.levelname for record in caplog.records] == [level]


# Counts since the start


def test_a_row_is_counted_once_however_often_it_is_told() -> None:
    ledger = Ledger()
    for ends in ([CLOSE], [CLOSE], [CLOSE, CLOSE - DAY], [CLOSE - DAY]):
        ledger.note(RUT_ROWS, held(*ends), NOW)
    assert ledger.tallies == {(*OUTLIER, Ruling.HELD): 2}


def test_rows_of_which_only_the_number_is_known_are_counted_as_it_grows() -> None:
    ledger = Ledger()
    for rows in (2, 2, 3, 1):
        ledger.note(RUT_ROWS, of_remarks("yahoo", "RUT", Interval.DAY, {Fault.NO_PRICE: rows}), NOW)
    assert ledger.tallies == {("yahoo", Fault.NO_PRICE, Ruling.LEFT_OUT): 3}


def test_a_bar_that_is_not_there_has_no_ruling_and_is_tallied() -> None:
    ledger = Ledger()
    ledger.note(RUT_ROWS, [of_absence("yahoo", Due(RUT, Interval.DAY, CLOSE))], NOW)
    assert ledger.tallies == {("yahoo", Fault.MISSING, None): 1}


def test_what_was_wrong_with_a_past_is_counted_and_not_wrong_now() -> None:
    ledger = Ledger()
    ledger.count(held(CLOSE, CLOSE - DAY))
    assert ledger.faults == ()
    assert ledger.tallies == {(*OUTLIER, Ruling.HELD): 2}
