"""What is odd in the real prices is found and named, what is only wild is not, and no rule hears of either."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.answers.quality import Fault, Finding, Ruling
from bot.app import Options, open_app
from bot.cli._patients import Ward, from_files
from bot.market.quality import Checkup
from bot.market.sessions import Sessions
from bot.queries.view import View
from bot.settings import load_settings
from rules.bars import DAY, Interval
from rules.model import Instant
from tests.acceptance.real import real_app

pytestmark = pytest.mark.shared_data

END = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp())
SPAN = ("open", "high", "low")


@pytest.fixture(scope="module")
def ward(shared_data: Path) -> Ward:
    return asyncio.run(from_files(shared_data, load_settings(), Sessions(END), END))


def checkup(ward: Ward, name: str, interval: Interval) -> Checkup:
    return next(each for each in ward.checkups if (each.instrument.id, each.interval) == (name, interval))


def found(ward: Ward, name: str, interval: Interval, fault: Fault) -> dict[str, Finding]:
    """What was found of one fault, by the instant at which the bar ends."""
    findings = checkup(ward, name, interval).findings
    return {stamp(each.end): each for each in findings if each.fault is fault}


def stamp(end: Instant) -> str:
    return f"{dt.datetime.fromtimestamp(end, dt.UTC):%Y-%m-%d %H:%M}"


def test_a_day_that_repeats_the_open_and_high_of_the_day_before_is_named(ward: Ward) -> None:
    oddity = found(ward, "RUT", Interval.DAY, Fault.REPEATED)["2024-07-19 20:00"]
    assert oddity.ruling is Ruling.TRIMMED
    assert oddity.detail == "open 2,233.97 and high 2,261.16 are the day before's"


@pytest.mark.parametrize(
    ("interval", "end"), [(Interval.FIVE_MINUTES, "2025-12-18 15:40"), (Interval.HOUR, "2025-12-18 16:00")]
)
def test_a_tick_of_the_day_before_is_named_in_every_file_that_holds_it(
    ward: Ward, interval: Interval, end: str
) -> None:
    oddity = found(ward, "RUT", interval, Fault.RANGE)[end]
    assert oddity.detail.startswith("low 2,492.29 is the session before's close")


def test_opens_outside_the_days_range_are_named(ward: Ward) -> None:
    oddities = found(ward, "VIX", Interval.DAY, Fault.RANGE)
    assert len(oddities) == 47
    assert oddities["1992-02-11 21:00"].detail == "open 19.24 is not from 17.61 to 18.57"


@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL", "ADA", "XRP"])
def test_an_exchanges_outages_are_named_as_hours_that_are_not_there_or_without_a_trade(ward: Ward, coin: str) -> None:
    hours = checkup(ward, coin, Interval.HOUR)
    assert list(found(ward, coin, Interval.HOUR, Fault.FROZEN)) == ["2021-02-11 04:00"]
    assert len(hours.missing) == (19 if coin == "SOL" else 22)
    assert stamp(int(hours.missing[-1])) == "2021-09-29 09:00"


def test_sessions_that_a_source_lacks_are_named(ward: Ward) -> None:
    days = [stamp(int(each))[:10] for each in checkup(ward, "VIX", Interval.DAY).missing]
    assert days == ["1991-03-01", "1997-01-31", "1997-11-26", "1999-12-31"]
    assert checkup(ward, "VIX", Interval.DAY).left_out == {Fault.OFF_CALENDAR: 28}


def test_at_most_one_bar_in_ten_thousand_is_left_out(ward: Ward) -> None:
    rows = sum(len(each.bars) for each in ward.checkups)
    rejected = {f"{each.instrument.id} {each.interval}": each.rejected for each in ward.checkups if each.rejected}
    assert rows > 350_000
    assert sum(rejected.values()) <= 1e-4 * rows
    assert rejected == {
        "ADA 1h": 1, "BTC 1h": 1, "ETH 1h": 1, "SOL 1h": 1, "UUP 1d": 2, "XRP 1h": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2007-02-27", "2007-02-27"),
        ("2008-09-15", "2008-11-30"),
        ("2010-05-06", "2010-05-07"),
        ("2011-08-08", "2011-08-11"),
        ("2018-02-05", "2018-02-09"),
        ("2020-02-24", "2020-04-09"),
        ("2022-11-08", "2022-11-10"),
        ("2024-08-05", "2024-08-06"),
        ("2025-04-03", "2025-04-10"),
        ("2025-10-10", "2025-10-12"),
    ],
)
def test_a_crash_is_believed_of_everything(ward: Ward, first: str, last: str) -> None:
    since, until = (int(pd.Timestamp(each, tz="UTC").timestamp()) for each in (first, last))
    lost = [
        f"{each.instrument} {each.interval} {stamp(each.end)}"
        for patient in ward.checkups
        for each in patient.findings
        if since <= each.end <= until + 2 * DAY and each.ruling is Ruling.REJECTED
    ]
    beside = {
        "US10Y 1d 2020-03-09 20:00",
        "UUP 1d 2020-03-13 20:00",
    }  # no proxy speaks for them, and no rule reads them
    assert set(lost) <= beside


@pytest.mark.soak
def test_no_rule_says_anything_else_because_of_what_was_left_out_or_trimmed(shared_data: Path) -> None:
    app = open_app(Options(data=shared_data), at=END)
    with_gate = app.view()
    bars = {name: dict(of_one) for name, of_one in app.history.bars.items()}
    for each in asyncio.run(from_files(shared_data, app.settings, app.history.sessions, END)).checkups:
        if each.interval in bars.get(each.instrument.id, {}):
            bars[each.instrument.id][each.interval] = each.bars
    without = View(replace(app.history, bars=bars), app.settings.scope, app.settings.compiled)
    assert with_gate.events(None) == without.events(None)
    assert len(with_gate.events(None)) > 500


def test_a_note_says_in_one_line_what_was_not_taken_as_it_stands() -> None:
    app = real_app()
    (note,) = [each for each in app.notes if each.startswith("rows ")]
    assert note == (
        "rows left out: 1 of ADA, 1 of BTC, 1 of ETH, 1 of SOL, 2 of UUP, 1 of XRP; used for the close only: 6 of RUT, "
        "1 of SPX, 47 of VIX (bellwether doctor --data DIR lists them)"
    )
    close = app.history.bars["RUT"][Interval.DAY]
    row = int(np.searchsorted(close.end, int(pd.Timestamp("2024-07-19 20:00", tz="UTC").timestamp())))
    assert close.close[row] == pytest.approx(2184.35, abs=0.01)
    assert np.isnan([getattr(close, name)[row] for name in SPAN]).all()


def test_a_simulated_market_has_nothing_to_find() -> None:
    for seed in (7, 8, 9):
        assert open_app(Options(seed=seed), at=END).history.findings == ()
