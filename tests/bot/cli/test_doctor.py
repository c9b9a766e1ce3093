"""`bellwether doctor`: what is wrong with price files and with the store, and what works here."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.cli._surroundings import calendars, sources
from bot.settings import load_settings
from rules.bars import Interval
from tests.bot.cli.terminal import Ran, Terminal
from tests.bot.market.stations import FakeFeed, Station, closes, rule
from tests.bot.markets import NOW, SESSIONS, Folder, at, day, hours, utc_days, weekdays
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import YahooServer

LIE = "2025-06-12T00:00:00Z"


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder with a lie about RUT, a session of it that is not there, and files of two strangers."""
    rows = weekdays("2024-06-03", "2025-12-31", seed=4)
    index = next(number for number, row in enumerate(rows) if row.startswith(LIE))
    cells = rows[index].split(",")
    rows[index] = ",".join([cells[0], *(str(float(cell) * 100) for cell in cells[1:5]), cells[5]])
    del rows[index + 6]
    folder = Folder(tmp_path / "odd").holds("RUT_1d.csv", *rows)
    folder.holds("DOGE_1h.csv.gz", *hours("2025-06-01", "2025-06-20"))
    folder.holds("US10Y_1d.csv", *(day(f"2025-06-{number:02}", 4.4) for number in range(2, 6)))
    return folder.path


def series(ran: Ran, name: str) -> dict[str, object]:
    """The line about a series."""
    return next(line for line in ran.lines if line.get("series") == name)


def test_a_finding_is_printed_with_its_date_and_its_numbers(terminal: Terminal, odd: Path) -> None:
    ran = terminal.runs("doctor", "--data", odd)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert "  off by a power of ten, rejected (1)" in lines
    (told,) = [line for line in lines if line.startswith("    2025-06-12")]
    assert told.endswith(" is 100 times more")
    assert "  not there (1), from 2025-06-20 to 2025-06-20" in lines
    assert lines[-1].endswith("series: 1 left out (0.1136%), 0 trimmed or noted")


def test_json_is_a_line_a_finding_and_a_line_a_series(terminal: Terminal, odd: Path) -> None:
    ran = terminal.runs("doctor", "--data", odd, "--json")
    (finding,) = [line for line in ran.lines if "fault" in line]
    assert finding | {"detail": ""} == {
        "instrument": "RUT", "interval": "1d", "end": "2025-06-12T20:00:00Z", "source": "files",
        "fault": "off by a power of ten", "ruling": "rejected", "detail": "",
    }  # fmt: skip
    rut = series(ran, "RUT 1d")
    assert rut["rejected"] == 1
    assert rut["missing"] == {"count": 1, "first": "2025-06-20T20:00:00Z", "last": "2025-06-20T20:00:00Z"}
    assert rut["not_read"] == {"off the calendar": 16}


def test_files_of_what_is_not_configured_are_looked_through_too(terminal: Terminal, odd: Path) -> None:
    ran = terminal.runs("doctor", "--data", odd, "--json")
    assert series(ran, "DOGE 1h")["missing"] == {"count": 0, "first": None, "last": None}
    assert series(ran, "US10Y 1d")["rows"] == 4


def test_five_minutes_and_hours_of_an_index_are_looked_through(terminal: Terminal, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "intraday").holds("RUT_5m.csv", "2025-12-18T15:30:00Z,2,3,4,2,0")
    ran = terminal.runs("doctor", "--data", folder.path)
    assert ran.code == 0
    assert "    2025-12-18T15:35Z  " in ran.out


def test_a_clean_folder_has_nothing_to_tell(terminal: Terminal, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "clean").holds("BTC_1d.csv", *utc_days("2025-01-01", "2025-12-31"))
    ran = terminal.runs("doctor", "--data", folder.path)
    assert ran.out.splitlines() == [
        "BTC 1d: 365 rows from 2025-01-02 to 2026-01-01, 0 left out",
        "365 rows in 1 series: 0 left out (0.0000%), 0 trimmed or noted",
    ]


def test_a_folder_that_is_none_is_bad_usage(terminal: Terminal, tmp_path: Path) -> None:
    fault = terminal.runs("doctor", "--data", tmp_path / "nowhere").fault
    assert fault.endswith("is not a folder; --data takes a folder of files such as RUT_1d.csv")


def test_a_file_that_cannot_be_read_is_told_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "bad").holds("RUT_1d.csv", day("2025-12-30", "what"))
    assert "line 2: open 'what' is not a number" in terminal.runs("doctor", "--data", folder.path).fault


def test_files_and_store_at_once_are_bad_usage(terminal: Terminal, odd: Path) -> None:
    assert "not allowed with argument" in terminal.runs("doctor", "--data", odd, "--store").fault


def test_a_store_that_is_not_there_is_told(terminal: Terminal, tmp_path: Path) -> None:
    config = tmp_path / "my.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    ran = terminal.runs("doctor", "--store", "--config", config)
    assert (ran.code, ran.out) == (1, "")
    assert "is not there; `bellwether run` makes it" in ran.err


def test_the_store_is_looked_through_with_what_was_restated(terminal: Terminal, tmp_path: Path) -> None:
    ends = closes("2025-06-02", "2025-12-10")
    feed = FakeFeed().holds("RUT", Interval.DAY, {end: 2_000.0 + index for index, end in enumerate(ends)})
    path = tmp_path / "held.db"
    with Station(path, feed, rules=[rule("high", "close(RUT) > record(RUT)")]) as station:
        station.starts(at("2025-12-10T22:00Z"))
        feed.restates("RUT", Interval.DAY, ends[-1], close=2_345.0)
        feed.holds("RUT", Interval.DAY, {closes("2025-12-11", "2025-12-11")[0]: 2_346.0})
        feed.restates("RUT", Interval.DAY, ends[-1], close=2_345.0)
        for minute in (0, 1, 2):
            station.tick(at("2025-12-11T22:00Z") + 60 * minute)
    config = tmp_path / "my.toml"
    config.write_text(f'[store]\nurl = "sqlite:///{path}"\n')
    ran = terminal.runs("doctor", "--store", "--config", config, "--json")
    assert ran.code == 0
    assert series(ran, "RUT 1d")["rows"] == len(ends) + 1
    assert [line.get("restated") for line in ran.lines] == [1]


# What works here


def test_calendars_say_their_last_close_and_next_open() -> None:
    (sign,) = calendars(load_settings(), SESSIONS, at("2025-11-28T17:00Z"))
    assert (sign.subject, sign.works) == ("calendar XNYS", True)
    assert sign.told == (
        "last close 2025-11-26T21:00:00Z, session 2025-11-28 is trading, next open 2025-12-01T14:30:00Z"
    )


def test_each_source_is_asked_once_and_says_what_it_has_or_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_FEEDS__VENUES", '["coinbase"]')
    yahoo = YahooServer(SESSIONS, clock=lambda: NOW).holds("^RUT", Interval.DAY, weekdays("2025-11-03", "2025-12-31"))
    coinbase = CoinbaseServer(clock=lambda: NOW)
    with yahoo, coinbase, redirect_yahoo(yahoo.url):
        redirect_ccxt("coinbase", coinbase.url)
        signs = {each.subject: each for each in asyncio.run(sources(load_settings(), SESSIONS, NOW))}
    assert Counter(each.works for each in signs.values()) == {True: 1, False: 1}
    assert signs["source yahoo"].told.startswith("RUT closed at ")
    assert signs["source yahoo"].told.endswith("on 2025-12-31T21:00:00Z, and its clock agrees with this machine's")
    assert signs["source coinbase"].told == "coinbase answered with an empty list of markets"


@pytest.mark.parametrize(("drift", "told"), [(300, "is 300 seconds slow"), (-300, "is 300 seconds fast")])
def test_a_wrong_clock_is_seen_by_the_sources(monkeypatch: pytest.MonkeyPatch, drift: int, told: str) -> None:
    monkeypatch.setenv("BELLWETHER_FEEDS__VENUES", '["coinbase"]')
    rows = weekdays("2025-11-03", "2025-12-31")
    yahoo = YahooServer(SESSIONS, clock=lambda: NOW + drift).holds("^RUT", Interval.DAY, rows)
    with yahoo, CoinbaseServer(clock=lambda: NOW) as coinbase, redirect_yahoo(yahoo.url):
        redirect_ccxt("coinbase", coinbase.url)
        signs = asyncio.run(sources(load_settings(), SESSIONS, NOW))
    assert [each.told.endswith(told) for each in signs if each.subject == "source yahoo"] == [True]
