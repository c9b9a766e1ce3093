"""The files feed: every convention of docs/data-files.md, and a sentence for everything that breaks one."""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.feeds.contract import FeedError, NoSuchBars, Request, Setup, build_feed
from bot.feeds.files import FilesFeed
from bot.settings.files import FileSettings
from rules.bars import DAY, Bars, Interval, VolumeUnit
from rules.model import ALWAYS, Instrument, Kind
from tests.bot.markets import BTC, ETH, NOW, RUT, SESSIONS, SPX, Folder, at, day, hours, weekdays

HYG = Instrument("HYG", "High yield", Kind.ETF)
THREE_DAYS = [day("2025-12-02", 10), day("2025-12-03", 11), day("2025-12-04", 12)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "prices")


def read(folder: Folder, instrument: Instrument = RUT, interval: Interval = Interval.DAY) -> Bars:
    feed = FilesFeed(folder.path, SESSIONS)
    return asyncio.run(feed.bars(Request(instrument, interval, 0, NOW)))


def spoken(error: FeedError, folder: Folder) -> str:
    """The sentence, with the folder's name instead of where the test put it."""
    return str(error).replace(str(folder.path), "prices")


def ends_or_sentence(folder: Folder) -> list[int] | str:
    """What a file gave: the ends of its bars, or why it gave none."""
    try:
        return [int(end) for end in read(folder).end]
    except FeedError as told:
        return str(told)


# What a time stamp means


def test_a_sessions_day_is_a_label_that_ends_with_the_sessions_close(folder: Folder) -> None:
    bars = read(folder.holds("RUT_1d.csv", *THREE_DAYS))
    assert bars.start.tolist() == [at(f"2025-12-0{date}T00:00Z") for date in (2, 3, 4)]
    assert bars.end.tolist() == [at(f"2025-12-0{date}T21:00Z") for date in (2, 3, 4)]
    assert bars.known_at.tolist() == bars.end.tolist()
    assert bars.close.tolist() == [10.0, 11.0, 12.0]


def test_a_coins_day_opens_at_its_stamp_and_ends_at_the_next_midnight(folder: Folder) -> None:
    bars = read(folder.holds("BTC_1d.csv", day("2025-12-06", 10), day("2025-12-07", 11)), BTC)
    assert bars.end.tolist() == [at("2025-12-07T00:00Z"), at("2025-12-08T00:00Z")]


def test_a_coins_hour_opens_at_its_stamp(folder: Folder) -> None:
    bars = read(folder.holds("BTC_1h.csv", "2025-12-06T20:00:00Z,1,1,1,1,1"), BTC, Interval.HOUR)
    assert bars.end.tolist() == [at("2025-12-06T21:00Z")]


@pytest.mark.parametrize(
    ("opens", "ends"),
    [
        pytest.param("2025-12-02T14:30Z", "2025-12-02T15:00Z", id="the first half hour of a session"),
        pytest.param("2025-12-02T15:00Z", "2025-12-02T16:00Z", id="a clock hour"),
        pytest.param("2025-12-02T20:00Z", "2025-12-02T21:00Z", id="the last hour"),
        pytest.param("2025-11-28T17:00Z", "2025-11-28T18:00Z", id="the last hour of a half day"),
        pytest.param("2025-07-02T13:30Z", "2025-07-02T14:00Z", id="the first half hour in summer"),
    ],
)
def test_an_hour_of_a_session_runs_to_the_clock_hour(folder: Folder, opens: str, ends: str) -> None:
    bars = read(folder.holds("RUT_1h.csv", f"{opens},1,1,1,1,1"), RUT, Interval.HOUR)
    assert bars.end.tolist() == [at(ends)]


def test_five_minutes_run_from_their_stamp(folder: Folder) -> None:
    rows = ["2025-12-02T14:30:00Z,1,1,1,1,1", "2025-12-02T14:35:00Z,1,1,1,1,1", "2025-12-02T20:55:00Z,1,1,1,1,1"]
    bars = read(folder.holds("RUT_5m.csv", *rows), RUT, Interval.FIVE_MINUTES)
    assert (bars.end - bars.start).tolist() == [300, 300, 300]
    assert bars.end[-1] == at("2025-12-02T21:00Z")


@pytest.mark.parametrize(
    "stamp",
    [
        "2025-12-02",
        "2025-12-02T00:00:00Z",
        "2025-12-02 00:00:00",
        "2025-12-02T00:00:00+00:00",
        "2025-12-01T19:00-05:00",
    ],
)
def test_a_stamp_is_any_iso_form_of_an_instant_in_utc(folder: Folder, stamp: str) -> None:
    bars = read(folder.holds("RUT_1d.csv", f"{stamp},1,1,1,1,1"))
    assert bars.start.tolist() == [at("2025-12-02T00:00Z")]


# What is not a bar


def test_rows_outside_the_sessions_are_dropped(folder: Folder) -> None:
    saturday, thanksgiving = day("2025-11-22", 7), day("2025-11-27", 8)
    bars = read(folder.holds("RUT_1d.csv", day("2025-11-21", 6), saturday, thanksgiving, day("2025-11-28", 9)))
    assert bars.close.tolist() == [6.0, 9.0]


def test_hours_after_the_close_are_dropped(folder: Folder) -> None:
    rows = ["2025-11-28T17:00:00Z,1,1,1,6,1", "2025-11-28T18:00:00Z,1,1,1,7,1", "2025-11-29T15:00:00Z,1,1,1,8,1"]
    assert read(folder.holds("RUT_1h.csv", *rows), RUT, Interval.HOUR).close.tolist() == [6.0]


def test_hours_before_the_open_are_dropped(folder: Folder) -> None:
    rows = ["2025-12-02T12:00:00Z,1,1,1,5,1", "2025-12-02T14:30:00Z,1,1,1,6,1"]
    assert read(folder.holds("RUT_1h.csv", *rows), RUT, Interval.HOUR).close.tolist() == [6.0]


def test_sessions_before_1990_are_dropped(folder: Folder) -> None:
    rows = [day("1927-12-30", 5), day("1969-12-31", 5), day("1989-12-29", 6), day("1990-01-02", 7)]
    assert read(folder.holds("RUT_1d.csv", *rows)).close.tolist() == [7.0]


def test_an_empty_close_is_no_bar_and_other_empty_cells_are_unknown(folder: Folder) -> None:
    rows = ["2025-12-02T00:00:00Z,,,,10,", "2025-12-03T00:00:00Z,1,1,1,,1"]
    bars = read(folder.holds("RUT_1d.csv", *rows))
    assert bars.close.tolist() == [10.0]
    for name in ("open", "high", "low", "volume"):
        assert np.isnan(getattr(bars, name)).all(), name


# Who printed it


def test_without_columns_that_say_who_the_files_have_printed_it(folder: Folder) -> None:
    (origin,) = read(folder.holds("RUT_1d.csv", *THREE_DAYS)).origins
    assert (origin.feed, origin.venue, origin.quote, origin.volume_unit) == ("files", "files", "USD", "none")
    assert not origin.simulated


def test_the_quote_is_the_instruments_currency(folder: Folder) -> None:
    dax = Instrument("DAX", "DAX", Kind.INDEX, "XETR", "EUR")
    (origin,) = read(folder.holds("DAX_1d.csv", day("2025-12-02", 23_000)), dax).origins
    assert origin.quote == "EUR"


def test_another_calendars_session_ends_with_its_own_close(folder: Folder) -> None:
    dax = Instrument("DAX", "DAX", Kind.INDEX, "XETR", "EUR")
    bars = read(folder.holds("DAX_1d.csv", day("2025-12-02", 23_000)), dax)
    assert bars.end.tolist() == [at("2025-12-02T16:30Z")]


def test_columns_may_say_which_venue_printed_a_row_in_which_quote_and_unit(folder: Folder) -> None:
    header = "timestamp,open,high,low,close,volume,venue,quote,volume_unit"
    rows = [
        "2025-12-02T00:00:00Z,1,1,1,10,5,binance,USDT,base",
        "2025-12-02T00:00:00Z,1,1,1,11,5,kraken,USD,base",
        "2025-12-03T00:00:00Z,1,1,1,12,5,kraken,USD,base",
        "2025-12-04T00:00:00Z,1,1,1,13,5,,,",
    ]
    bars = read(folder.holds("BTC_1d.csv", *rows, header=header), BTC)
    printed = [(bars.origins[index].venue, bars.origins[index].quote) for index in bars.origin]
    assert printed == [("binance", "USDT"), ("kraken", "USD"), ("kraken", "USD"), ("files", "USD")]
    assert [bars.origins[index].volume_unit for index in bars.origin] == ["base", "base", "base", "none"]
    assert bars.close.tolist() == [10.0, 11.0, 12.0, 13.0]


def test_columns_it_does_not_know_are_not_read(folder: Folder) -> None:
    header = "number,timestamp,open,high,low,close,volume,remark"
    bars = read(folder.holds("RUT_1d.csv", "1,2025-12-02,1,1,1,10,1,a fine day", header=header))
    assert bars.close.tolist() == [10.0]


# What the configuration says of a file


IBIT = Instrument("IBIT", "Bitcoin ETF", Kind.ETF)
VIX = Instrument("VIX", "VIX", Kind.VOLATILITY)
FOUR = [f"2025-12-0{date}T00:00:00Z,1,1,1,{10 + date},5" for date in (2, 3, 4, 5)]


def read_as(folder: Folder, said: FileSettings, instrument: Instrument = BTC, name: str = "BTC_1d") -> Bars:
    feed = FilesFeed(folder.path, SESSIONS, {name: said})
    return asyncio.run(feed.bars(Request(instrument, Interval.DAY, 0, NOW)))


def printed(bars: Bars) -> list[tuple[str, str, str]]:
    """Who printed each row, in which quote and what its volume counts."""
    origins = (bars.origins[index] for index in bars.origin)
    return [(each.venue, each.quote, each.volume_unit) for each in origins]


@pytest.mark.parametrize(("instrument", "unit"), [(IBIT, "base"), (RUT, "none"), (VIX, "none"), (BTC, "none")])
def test_of_an_etf_the_volume_counts_shares_and_of_nothing_else_is_it_known(
    folder: Folder, instrument: Instrument, unit: str
) -> None:
    bars = read(folder.holds(f"{instrument.id}_1d.csv", *FOUR), instrument)
    assert [each.volume_unit for each in bars.origins] == [unit]


def test_the_configuration_may_say_what_a_file_does_not(folder: Folder) -> None:
    folder.holds("BTC_1d.csv", *FOUR[:2])
    said = FileSettings(venue="binance spot", quote="USDT", volume_unit=VolumeUnit.BASE)
    assert printed(read_as(folder, said)) == [("binance spot", "USDT", "base")] * 2
    assert printed(read_as(folder, FileSettings(quote="EUR"))) == [("files", "EUR", "none")] * 2
    assert printed(read_as(folder, FileSettings(), name="ETH_1d")) == [("files", "USD", "none")] * 2


def test_a_unit_that_is_said_holds_of_an_etf_too(folder: Folder) -> None:
    folder.holds("IBIT_1d.csv", *FOUR[:1])
    said = FileSettings(volume_unit=VolumeUnit.QUOTE)
    assert printed(read_as(folder, said, IBIT, "IBIT_1d")) == [("files", "USD", "quote")]


def test_from_a_date_on_another_venue_has_printed_it(folder: Folder) -> None:
    folder.holds("BTC_1d.csv", *FOUR)
    venues = {dt.date(2025, 12, 5): "late", dt.date(2025, 12, 3): "early"}
    bars = read_as(folder, FileSettings(venue="first", venues=venues))
    assert [venue for venue, _, _ in printed(bars)] == ["first", "early", "early", "late"]
    assert printed(read_as(folder, FileSettings(venues=venues)))[0] == ("files", "USD", "none")


def test_the_date_is_that_of_the_instant_the_bar_opens(folder: Folder) -> None:
    rows = [f"{stamp}:00:00Z,1,1,1,1,1" for stamp in ("2022-12-31T22", "2022-12-31T23", "2023-01-01T00")]
    folder.holds("BTC_1h.csv", *rows)
    said = FileSettings(venue="spot", venues={dt.date(2023, 1, 1): "perpetual"})
    feed = FilesFeed(folder.path, SESSIONS, {"BTC_1h": said})
    bars = asyncio.run(feed.bars(Request(BTC, Interval.HOUR, 0, NOW)))
    assert [venue for venue, _, _ in printed(bars)] == ["spot", "spot", "perpetual"]


def test_what_a_row_says_itself_is_believed(folder: Folder) -> None:
    header = "timestamp,open,high,low,close,volume,venue,volume_unit"
    rows = [f"{FOUR[0]},kraken,quote", f"{FOUR[1]},,quote", f"{FOUR[2]},kraken,", f"{FOUR[3]},,"]
    folder.holds("BTC_1d.csv", *rows, header=header)
    said = FileSettings(venue="spot", venues={dt.date(2025, 12, 4): "perpetual"}, volume_unit=VolumeUnit.BASE)
    assert [(venue, unit) for venue, _, unit in printed(read_as(folder, said))] == [
        ("kraken", "quote"),
        ("spot", "quote"),
        ("kraken", "base"),
        ("perpetual", "base"),
    ]


@pytest.mark.parametrize("column", ["venue", "quote", "volume_unit"])
def test_a_column_in_which_no_row_says_anything_is_as_none(folder: Folder, column: str) -> None:
    """To pandas it is one of numbers, which takes no text."""
    header = f"timestamp,open,high,low,close,volume,{column}"
    folder.holds("BTC_1d.csv", *(f"{row}," for row in FOUR), header=header)
    said = FileSettings(venue="spot", venues={dt.date(2025, 12, 4): "perpetual"}, quote="USDT")
    spoken_for = [("spot", "USDT", "none")] * 2 + [("perpetual", "USDT", "none")] * 2
    assert printed(read(folder, BTC)) == [("files", "USD", "none")] * 4
    assert printed(read_as(folder, said)) == spoken_for


@pytest.mark.parametrize("word", ["coins", "BASE", "7", "base "])
def test_a_unit_that_there_is_none_of_is_told_with_its_line(folder: Folder, word: str) -> None:
    """It was taken for one that says nothing, and the volume was used by nobody, without a word."""
    header = "timestamp,open,high,low,close,volume,volume_unit"
    folder.holds("RUT_1d.csv", f"{FOUR[0]},", f"{FOUR[1]},{word}", header=header)
    with pytest.raises(FeedError) as told:
        read(folder)
    shown = "7.0" if word == "7" else word
    assert spoken(told.value, folder) == (
        f"prices/RUT_1d.csv line 3: volume_unit {shown!r} is none of base, quote, none"
    )


def test_what_is_said_changes_no_number(folder: Folder) -> None:
    folder.holds("BTC_1d.csv", *FOUR)
    plain, said = read(folder, BTC), read_as(folder, FileSettings(venue="a", venues={dt.date(2025, 12, 4): "b"}))
    for column in ("start", "end", "open", "high", "low", "close", "volume", "known_at"):
        np.testing.assert_array_equal(getattr(said, column), getattr(plain, column))


def test_a_volume_of_a_coin_that_nobody_can_use_is_told(folder: Folder) -> None:
    folder.holds("BTC_1d.csv", *FOUR).holds("ETH_1h.csv.gz", FOUR[0]).holds("RUT_1d.csv", *FOUR)
    feed = FilesFeed(folder.path, SESSIONS)
    known = ["BTC", "ETH", "RUT"]
    assert feed.notes(known) == []
    for held in ((BTC, Interval.DAY), (ETH, Interval.HOUR), (RUT, Interval.DAY)):
        asyncio.run(feed.bars(Request(*held, 0, NOW)))
    told = (
        "volume not used, because it is not said what it counts (volume_unit in [files.BTC_1d]): "
        "BTC_1d.csv, ETH_1h.csv.gz"
    )
    assert feed.notes(known) == [told]


def test_of_a_coin_without_volumes_there_is_nothing_to_tell(folder: Folder) -> None:
    feed = FilesFeed(folder.holds("BTC_1d.csv", day("2025-12-02", 10)).path, SESSIONS)
    asyncio.run(feed.bars(Request(BTC, Interval.DAY, 0, NOW)))
    assert feed.notes(["BTC"]) == []


def test_it_is_told_too_where_a_column_says_it_of_other_rows_alone(folder: Folder) -> None:
    header = "timestamp,open,high,low,close,volume,volume_unit"
    folder.holds("BTC_1d.csv", f"{FOUR[0]},base", f"{FOUR[1]},", header=header)
    feed = FilesFeed(folder.path, SESSIONS)
    asyncio.run(feed.bars(Request(BTC, Interval.DAY, 0, NOW)))
    assert len(feed.notes(["BTC"])) == 1


@pytest.mark.parametrize("unit", VolumeUnit)
def test_nor_where_a_unit_is_said_be_it_that_it_is_not_known(folder: Folder, unit: VolumeUnit) -> None:
    folder.holds("BTC_1d.csv", *FOUR)
    folder.holds("ETH_1d.csv", f"{FOUR[0]},{unit}", header="timestamp,open,high,low,close,volume,volume_unit")
    feed = FilesFeed(folder.path, SESSIONS, {"BTC_1d": FileSettings(volume_unit=unit)})
    for coin in (BTC, ETH):
        asyncio.run(feed.bars(Request(coin, Interval.DAY, 0, NOW)))
    assert feed.notes(["BTC", "ETH"]) == []


def test_a_file_that_is_spoken_of_and_not_read_is_told(folder: Folder) -> None:
    folder.holds("BTC_1d.csv", *FOUR).holds("BTC_adj_1d.csv", *FOUR)
    said = dict.fromkeys(("SOLL_1h", "BTC_1d", "BTC_adj_1d"), FileSettings())
    (told,) = FilesFeed(folder.path, SESSIONS, said).notes(["BTC"])
    assert told.replace(str(folder.path), "prices") == (
        "[files] speaks of what is not read from prices: BTC_adj_1d, SOLL_1h"
    )


# Which file


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet"])
def test_a_table_gives_the_same_bars_in_every_form(folder: Folder, ending: str) -> None:
    rows = [*weekdays("2025-10-01", "2025-12-31"), "2026-01-02T00:00:00Z,,,,11,"]
    name = f"RUT_1d.{ending}"
    wanted, found = read(folder.holds("RUT_1d.csv", *rows)), read(Folder(folder.path / ending).holds(name, *rows))
    assert len(found) > 60
    assert found.origins == wanted.origins
    for column in ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin"):
        np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column))


def test_parquet_may_hold_instants_instead_of_text(folder: Folder) -> None:
    stamps = pd.to_datetime(["2025-12-02", "2025-12-03"], utc=True)
    prices = {name: [1.0, 2.0] for name in ("open", "high", "low", "close")}
    table = pd.DataFrame({"timestamp": stamps, **prices, "volume": [1, 2]})
    table.to_parquet(folder.path / "RUT_1d.parquet")
    assert read(folder).end.tolist() == [at("2025-12-02T21:00Z"), at("2025-12-03T21:00Z")]


def test_adjusted_prices_serve_where_there_are_no_others_and_say_so(folder: Folder) -> None:
    bars = read(folder.holds("HYG_adj_1d.csv", day("2025-12-02", 80)), HYG)
    assert bars.close.tolist() == [80.0]
    assert str(bars.origins[0]) == "adjusted files USD"


def test_prices_as_traded_are_preferred_to_adjusted_ones(folder: Folder) -> None:
    folder.holds("HYG_adj_1d.csv", day("2025-12-02", 80)).holds("HYG_1d.csv", day("2025-12-02", 79))
    assert read(folder, HYG).close.tolist() == [79.0]


def test_files_of_unknown_instruments_are_listed_once_and_never_read(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS).holds("ZZZ_1d.csv", "nonsense").holds("AAA_adj_1d.csv", "nonsense")
    feed = FilesFeed(folder.path, SESSIONS)
    notes = feed.notes(["RUT", "SPX"])
    assert notes == ["not read, because no instrument has this id: AAA_adj_1d.csv, ZZZ_1d.csv"]
    assert feed.notes(["RUT", "AAA", "ZZZ"]) == []


def test_files_of_other_names_are_nobodys_business(folder: Folder) -> None:
    for name in ("README.md", "rut_1d.csv", "RUT_1w.csv", "RUT_1d.csv.bak", "RUT-1d.csv", ".RUT_1d.csv"):
        folder.holds_bytes(name, b"nonsense")
    folder.holds("RUT_1d.csv", *THREE_DAYS)
    assert FilesFeed(folder.path, SESSIONS).notes(["RUT"]) == []
    assert len(read(folder)) == 3


def test_a_file_of_a_header_alone_has_no_bars(folder: Folder) -> None:
    bars = read(folder.holds("RUT_1d.csv"))
    assert len(bars) == 0
    assert bars.close.dtype == np.float64


def test_a_broken_file_stops_only_who_asks_for_it(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS).holds("SPX_1d.csv", "nonsense")
    assert len(read(folder)) == 3
    with pytest.raises(FeedError, match="SPX_1d"):
        read(folder, SPX)


def test_what_no_file_holds_is_no_such_bars(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS)
    with pytest.raises(NoSuchBars) as refused:
        read(folder, RUT, Interval.HOUR)
    assert spoken(refused.value, folder) == "prices holds no RUT_1h.csv, .csv.gz or .parquet"


# What is wrong with a file: one sentence each

CANNOT = "prices/RUT_1d.csv cannot be read as a table of prices"
FORWARD = "rows must run from the oldest to the newest"
SUCH_AS = "is not an instant such as 2025-12-31T15:00:00Z"
HEADER = b"timestamp,open,high,low,close,volume\n"

BAD_FILES = {
    "a missing column": (
        b"timestamp,open,high,low,volume\n2025-12-02,1,1,1,1\n",
        "prices/RUT_1d.csv has no column close; it needs timestamp,open,high,low,close,volume",
    ),
    "two missing columns": (
        b"timestamp,open,high,low\n2025-12-02,1,1,1\n",
        "prices/RUT_1d.csv has no column close and no column volume; it needs timestamp,open,high,low,close,volume",
    ),
    "unsorted rows": (
        HEADER + b"2025-12-03,1,1,1,1,1\n2025-12-04,1,1,1,1,1\n2025-12-02,1,1,1,1,1\n",
        f"prices/RUT_1d.csv line 4: 2025-12-02T00:00:00Z comes after a later one; {FORWARD}",
    ),
    "duplicated rows": (
        HEADER + b"2025-12-02,1,1,1,1,1\n2025-12-02,1,1,1,1,1\n",
        f"prices/RUT_1d.csv line 3: 2025-12-02T00:00:00Z stands twice; {FORWARD}",
    ),
    "a time stamp that is none": (
        HEADER + b"2025-12-02,1,1,1,1,1\n03/12/2025,1,1,1,1,1\n",
        f"prices/RUT_1d.csv line 3: timestamp '03/12/2025' {SUCH_AS}",
    ),
    "a date that does not exist": (
        HEADER + b"2025-02-30,1,1,1,1,1\n",
        f"prices/RUT_1d.csv line 2: timestamp '2025-02-30' {SUCH_AS}",
    ),
    "a time stamp in seconds": (
        HEADER + b"1764633600,1,1,1,1,1\n",
        f"prices/RUT_1d.csv line 2: timestamp '1764633600' {SUCH_AS}",
    ),
    "no time stamp": (
        HEADER + b"2025-12-02,1,1,1,1,1\n,1,1,1,1,1\n",
        "prices/RUT_1d.csv line 3: timestamp is missing",
    ),
    "a price that is no number": (
        HEADER + b"2025-12-02,1,1,1,1,1\n2025-12-03,1,1,1,abc,1\n",
        "prices/RUT_1d.csv line 3: close 'abc' is not a number",
    ),
    "a price with a thousands separator": (
        HEADER + b'2025-12-02,1,1,1,"2,531.16",1\n',
        "prices/RUT_1d.csv line 2: close '2,531.16' is not a number",
    ),
    "a row with a cell too many": (
        HEADER + b"2025-12-02,1,1,1,1,1\n2025-12-03,1,1,1,1,1,1\n",
        f"{CANNOT}: Error tokenizing data. C error: Expected 6 fields in line 3, saw 7",
    ),
    "a file of nothing": (b"", f"{CANNOT}: No columns to parse from file"),
    "not a table": (
        b"<html><body>Too many requests</body></html>\n",
        "prices/RUT_1d.csv has no column timestamp and no column open and no column high and no column low and no "
        "column close and no column volume; it needs timestamp,open,high,low,close,volume",
    ),
    "binary junk": (
        bytes([0x91, 0x00, 0xFF]) * 100,
        f"{CANNOT}: 'utf-8' codec can't decode byte 0x91 in position 0: invalid start byte",
    ),
}


@pytest.mark.parametrize(("content", "sentence"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_told_in_one_sentence(folder: Folder, content: bytes, sentence: str) -> None:
    with pytest.raises(FeedError) as told:
        read(folder.holds_bytes("RUT_1d.csv", content))
    assert spoken(told.value, folder) == sentence


@pytest.mark.parametrize("close", ["inf", "-inf", "-3", "0", "1e999"])
def test_a_close_that_no_market_prints_is_told_with_its_line(folder: Folder, close: str) -> None:
    """It was taken for a price: /price showed a record of inf and a change of -440 %, and rules fired on it."""
    folder.holds("RUT_1d.csv", day("2025-12-02", 10), day("2025-12-03", close), day("2025-12-04", 11))
    with pytest.raises(FeedError, match=r"RUT_1d\.csv line 3: (open|close) "):
        read(folder)


def test_two_rows_of_one_session_under_different_stamps_are_told(folder: Folder) -> None:
    """Both ended with the session's close, and which of them was the price was a matter of order."""
    rows = ["2025-12-02T00:00:00Z,1,1,1,10,1", "2025-12-02T21:00:00Z,1,1,1,99,1"]
    with pytest.raises(FeedError, match=r"RUT_1d\.csv line 3: "):
        read(folder.holds("RUT_1d.csv", *rows))


def test_an_order_is_kept_within_each_venue(folder: Folder) -> None:
    header = "timestamp,open,high,low,close,volume,venue"
    rows = ["2025-12-03,1,1,1,1,1,a", "2025-12-02,1,1,1,1,1,b", "2025-12-04,1,1,1,1,1,a", "2025-12-02,1,1,1,1,1,b"]
    with pytest.raises(FeedError) as told:
        read(folder.holds("BTC_1d.csv", *rows, header=header), BTC)
    assert spoken(told.value, folder) == f"prices/BTC_1d.csv line 5: 2025-12-02T00:00:00Z stands twice; {FORWARD}"


def test_rows_of_a_cell_too_many_are_not_read_a_column_to_the_left(folder: Folder) -> None:
    """pandas takes the first column for an index then: the opening price was told to be a bad time stamp."""
    rows = [f"{row}," for row in THREE_DAYS]
    with pytest.raises(FeedError) as told:
        read(folder.holds("RUT_1d.csv", *rows))
    assert "is not an instant" not in spoken(told.value, folder)


def test_packed_files_that_are_cut_or_spoilt_are_told_in_one_sentence(folder: Folder) -> None:
    packed = gzip.compress("\n".join([HEADER.decode().strip(), *hours("2025-01-01", "2025-03-01")]).encode())
    middle = len(packed) // 2
    spoilt = packed[:middle] + bytes(8) + packed[middle + 8 :]
    for content in (packed[:middle], spoilt, b"not packed at all", b""):
        folder.holds_bytes("RUT_1d.csv.gz", content)
        with pytest.raises(FeedError) as told:
            read(folder)
        sentence = spoken(told.value, folder)
        assert sentence.startswith("prices/RUT_1d.csv.gz cannot be read as a table of prices: ")
        assert "\n" not in sentence


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(200) + b"PAR1", b"timestamp,open\n"])
def test_parquet_that_is_none_is_told_in_one_sentence(folder: Folder, content: bytes) -> None:
    with pytest.raises(FeedError) as told:
        read(folder.holds_bytes("RUT_1d.parquet", content))
    sentence = spoken(told.value, folder)
    assert sentence.startswith("prices/RUT_1d.parquet cannot be read as a table of prices: ")
    assert "\n" not in sentence


def test_any_bytes_at_all_are_bars_or_a_sentence(folder: Folder) -> None:
    rng = np.random.default_rng(5)
    whole = "\n".join([HEADER.decode().strip(), *weekdays("2025-12-01", "2025-12-10")]).encode()
    for ending, content in (("csv", whole), ("csv.gz", gzip.compress(whole))):
        for _ in range(40):
            spoilt = bytearray(content)
            for place in rng.integers(0, len(content), 3):
                spoilt[place] = rng.integers(0, 256)
            one = Folder(folder.path / ending).holds_bytes(f"RUT_1d.{ending}", bytes(spoilt))
            told = ends_or_sentence(one)
            assert "\n" not in told if isinstance(told, str) else told == sorted(set(told))


# What is wrong with a folder


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedError) as told:
        FilesFeed(tmp_path / "nowhere", SESSIONS)
    wanted = f"{tmp_path / 'nowhere'} is not a folder; --data takes a folder of files such as RUT_1d.csv"
    assert str(told.value) == wanted


def test_a_file_in_place_of_a_folder_is_told(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS)
    with pytest.raises(FeedError, match="is not a folder"):
        FilesFeed(folder.path / "RUT_1d.csv", SESSIONS)


def test_a_folder_of_an_impossible_name_is_told(tmp_path: Path) -> None:
    """Path.is_dir raises for a name that is too long."""
    with pytest.raises(FeedError, match="folder"):
        FilesFeed(tmp_path / ("x" * 300), SESSIONS)


def test_an_empty_folder_is_told(folder: Folder) -> None:
    with pytest.raises(FeedError) as told:
        FilesFeed(folder.path, SESSIONS)
    wanted = "prices holds no price files; they are named like RUT_1d.csv, SOL_1h.csv.gz, SPX_1d.parquet"
    assert spoken(told.value, folder) == wanted


def test_two_files_of_one_instrument_and_interval_are_told(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS).holds("RUT_1d.csv.gz", *THREE_DAYS)
    with pytest.raises(FeedError) as told:
        FilesFeed(folder.path, SESSIONS)
    assert spoken(told.value, folder) == "prices holds both RUT_1d.csv and RUT_1d.csv.gz; keep one of them"


def test_a_folder_that_is_named_like_a_file_is_told_in_one_sentence(folder: Folder) -> None:
    (folder.path / "RUT_1d.csv").mkdir()
    with pytest.raises(FeedError) as told:
        read(folder)
    assert "\n" not in str(told.value)
    assert "RUT_1d.csv" in str(told.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_file_that_may_not_be_read_is_told(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS)
    (folder.path / "RUT_1d.csv").chmod(0)
    with pytest.raises(FeedError, match="RUT_1d"):
        read(folder)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_folder_that_may_not_be_read_is_told(folder: Folder) -> None:
    folder.holds("RUT_1d.csv", *THREE_DAYS)
    folder.path.chmod(0)
    try:
        with pytest.raises(FeedError, match="prices"):
            FilesFeed(folder.path, SESSIONS)
    finally:
        folder.path.chmod(0o700)


def test_the_files_feed_needs_a_folder() -> None:
    with pytest.raises(FeedError) as told:
        build_feed("files", Setup(SESSIONS, NOW))
    assert str(told.value) == "the files feed needs a folder: --data DIR"


# Real prices


@pytest.mark.shared_data
def test_the_shared_prices_keep_every_convention(shared_data: Path) -> None:
    feed = FilesFeed(shared_data, SESSIONS)
    us10y = Instrument("US10Y", "Ten-year yield", Kind.INDEX)

    def end_of(instrument: Instrument, interval: Interval, opens: str) -> list[int]:
        bars = asyncio.run(feed.bars(Request(instrument, interval, 0, NOW)))
        return [int(end) for end in bars.end[bars.start == at(opens)]]

    assert end_of(RUT, Interval.DAY, "2025-11-28T00:00Z") == [at("2025-11-28T18:00Z")]
    assert end_of(BTC, Interval.DAY, "2025-11-28T00:00Z") == [at("2025-11-29T00:00Z")]
    assert end_of(RUT, Interval.HOUR, "2025-12-10T14:30Z") == [at("2025-12-10T15:00Z")]
    assert end_of(RUT, Interval.FIVE_MINUTES, "2025-12-10T20:55Z") == [at("2025-12-10T21:00Z")]
    assert end_of(us10y, Interval.DAY, "2025-12-10T00:00Z") == [at("2025-12-10T21:00Z")]
    assert feed.notes(["RUT"])[0].startswith("not read, because no instrument has this id: ADA_1d.csv.gz, ADA_1h")


@pytest.mark.shared_data
def test_the_vix_rows_on_holidays_are_dropped(shared_data: Path) -> None:
    vix = Instrument("VIX", "VIX", Kind.VOLATILITY)
    feed = FilesFeed(shared_data, SESSIONS)
    bars = asyncio.run(feed.bars(Request(vix, Interval.DAY, 0, NOW)))
    rows = pd.read_csv(shared_data / "VIX_1d.csv.gz")
    assert len(bars) < rows["close"].notna().sum()
    dates = (bars.start // DAY).astype("datetime64[D]")
    assert (SESSIONS.closes_of("XNYS", dates) == bars.end).all()
    assert bars.close[bars.start == at("2025-12-31T00:00Z")].tolist() == [14.95]


def test_a_calendar_without_pause_never_drops_a_row(folder: Folder) -> None:
    coin = Instrument("BTC", "Bitcoin", Kind.COIN, ALWAYS)
    rows = hours("2025-11-22", "2025-11-27")
    assert len(read(folder.holds("BTC_1h.csv", *rows), coin, Interval.HOUR)) == len(rows)
