"""`replay` as a product: the table, JSON, CSV, files that are whole or not there, and a bar where somebody looks on."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import pytest

from bot.cli._replayed import shown
from tests.bot.cli.terminal import Terminal
from tests.bot.market.stations import Station
from tests.bot.markets import Folder, day
from tests.bot.replays import config
from tests.bot.watched import HIGH, MORNING, WEDNESDAY, after, indices

KEYS = [
    "rule", "title", "severity", "tags", "since", "through", "firings", "per_year", "median_spell", "last_fired",
    "by_closes", "nearest_miss", "outcome", "outcomes",
]  # fmt: skip


@pytest.fixture(scope="module")
def asked(prices: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """A replay of four rules over the small folder of prices."""
    return ["replay", "--data", prices, "--config", config(tmp_path_factory.mktemp("replayed"))]


def test_a_summary_in_json_is_an_object_a_rule(terminal: Terminal, asked: list[object]) -> None:
    events = terminal.runs(*asked, "--json").lines
    ran = terminal.runs(*asked, "--summary", "--json")
    assert ran.code == 0
    assert [line["rule"] for line in ran.lines] == ["rut-up", "rut-far", "rut-trades", "btc-often"]
    for line in ran.lines:
        assert list(line) == KEYS
        fired = [each["session"] for each in events if (each["rule"], each["event"]) == (line["rule"], "fired")]
        if not line["by_closes"]:
            assert line["firings"] == len(fired)
            assert line["last_fired"] == (fired[-1] if fired else None)
    by_id = {line["rule"]: line for line in ran.lines}
    assert by_id["rut-far"]["nearest_miss"]["values"]["close(RUT)"] > 0
    assert by_id["rut-up"]["nearest_miss"] is None
    assert by_id["rut-trades"]["by_closes"]
    assert by_id["rut-trades"]["firings"] > 0
    often = by_id["btc-often"]
    assert (often["outcome"]["instrument"], often["outcome"]["horizon"]) == ("BTC", 20)
    assert often["outcome"]["ci90"][0] <= often["outcome"]["median"] <= often["outcome"]["ci90"][1]
    assert {each["horizon"] for each in often["outcomes"]} == {1, 5, 20}


def test_a_summary_in_words_is_a_line_a_rule_and_what_chance_would_give(
    terminal: Terminal, asked: list[object]
) -> None:
    ran = terminal.runs(*asked, "--summary")
    head, *lines = ran.out.splitlines()
    assert head.split() == ["RULE", "FIRED", "A", "YEAR", "SPELL", "LAST", "WHAT", "FOLLOWED"]
    assert lines[0].startswith("rut-up")
    assert "never  nearest 20" in lines[1]
    assert "by closes" in lines[2]
    assert "BTC next 20 days: " in lines[3]
    assert lines[5].startswith("4 rules, 2024-01-02 to 2025-12-31. Of ")
    assert "chance alone would give about " in lines[5]
    assert ran.err == ""


def test_a_period_counts_only_what_fired_in_it(terminal: Terminal, asked: list[object]) -> None:
    whole = terminal.runs(*asked, "--summary", "--json").lines
    part = terminal.runs(*asked, "--summary", "--json", "--from", "2025-06-01").lines
    events = terminal.runs(*asked, "--json", "--from", "2025-06-01").lines
    for before, later in zip(whole, part, strict=True):
        fired = sum((each["rule"], each["event"]) == (later["rule"], "fired") for each in events)
        assert later["by_closes"] or later["firings"] == fired
        assert later["firings"] <= before["firings"]
        assert later["since"] == "2025-06-02" if later["rule"] != "btc-often" else "2025-06-01"


def test_of_less_than_a_year_it_is_not_told_how_often_a_year(terminal: Terminal, asked: list[object]) -> None:
    for first, is_told in (("2024-06-03", True), ("2025-06-02", False)):
        line = terminal.runs(*asked, "--summary", "--from", first, "--rule", "btc-often").out.splitlines()[1]
        name, fired, often, *_ = line.split()
        assert (name, int(fired) > 10, often != "n/a") == ("btc-often", True, is_told)


def test_events_as_csv_are_those_of_json(terminal: Terminal, asked: list[object], tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    ran = terminal.runs(*asked, "--csv", file)
    lines = terminal.runs(*asked, "--json").lines
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [{**row, "values": json.loads(row["values"])} for row in rows] == lines
    assert ran.out.splitlines()[0] == f"{len(lines)} events"
    assert ran.out.splitlines()[1].startswith(f"written: {file} (")


def test_a_summary_as_csv_has_a_line_for_each_outcome(terminal: Terminal, asked: list[object], tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    terminal.runs(*asked, "--summary", "--csv", file)
    lines = {line["rule"]: line for line in terminal.runs(*asked, "--summary", "--json").lines}
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert len(rows) == sum(max(1, len(line["outcomes"])) for line in lines.values())
    for row in rows:
        outcomes = lines[row["rule"]]["outcomes"]
        (of,) = [
            each
            for each in outcomes
            if (each["instrument"], str(each["horizon"])) == (row["instrument"], row["horizon"])
        ]
        assert float(row["firings"]) == lines[row["rule"]]["firings"]
        assert (float(row["median"]) if row["median"] else None) == of["median"]
        assert row["finding"] == of["finding"]
        assert row["tags"].split() == lines[row["rule"]]["tags"]


def test_a_report_is_written_whole_and_named(terminal: Terminal, asked: list[object], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the one before")
    ran = terminal.runs(*asked, "--report", file)
    assert ran.code == 0
    assert ran.out.splitlines()[-1].startswith(f"written: {file} (")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_json_is_all_that_is_printed_beside_files(terminal: Terminal, asked: list[object], tmp_path: Path) -> None:
    ran = terminal.runs(*asked, "--json", "--csv", tmp_path / "events.csv")
    assert ran.lines == terminal.runs(*asked, "--json").lines


@pytest.mark.parametrize("option", ["--csv", "--report"])
def test_where_nothing_can_be_written_is_told_before_the_work(terminal: Terminal, tmp_path: Path, option: str) -> None:
    lost = tmp_path / "no" / "file"
    wanted = f"bellwether: {option}: {lost} cannot be written: there is no folder {tmp_path / 'no'}"
    assert terminal.runs("replay", "--data", "nowhere", option, lost).fault == wanted
    folder = terminal.runs("replay", "--data", "nowhere", option, tmp_path).fault
    assert folder == f"bellwether: {option}: {tmp_path} is a folder, and must be a file"


def test_two_files_cannot_be_one(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "both"
    ran = terminal.runs("replay", "--data", "nowhere", "--csv", file, "--report", tmp_path / "." / "both")
    assert ran.fault == f"bellwether: --report: {file} is the file of --csv too"


@pytest.mark.parametrize("rows", [[day("2025-12-02", 10)], [day("2025-12-02", 10), day("2025-12-03", "nan")]])
def test_a_market_of_a_row_or_two_has_a_summary_and_a_report(
    terminal: Terminal, asked: list[object], tmp_path: Path, rows: list[str]
) -> None:
    folder = Folder(tmp_path / "prices").holds("RUT_1d.csv", *rows)
    of_few = [*asked[:2], folder.path, *asked[3:]]
    lines = terminal.runs(*of_few, "--summary", "--json").lines
    assert [line["firings"] for line in lines] == [0, 0, 0, 0]
    assert all(line["outcomes"] == [] or line["outcome"] is None or line["outcome"]["n"] == 0 for line in lines)
    ran = terminal.runs(*of_few, "--summary", "--report", tmp_path / "report.html")
    assert (ran.code, "Traceback" in ran.err) == (0, False)
    assert "never" in ran.out


def test_a_period_without_a_session_has_a_report_too(terminal: Terminal, asked: list[object], tmp_path: Path) -> None:
    ran = terminal.runs(*asked, "--from", "2090-01-01", "--summary", "--report", tmp_path / "report.html")
    assert ran.code == 0
    assert "4 rules, no session. Of 0 outcomes none has enough firings to claim anything" in ran.out


def test_the_store_is_replayed_while_the_service_runs_on_it(terminal: Terminal, tmp_path: Path) -> None:
    file, report = tmp_path / "my.toml", tmp_path / "report.html"
    rule = '[[rules]]\nid = "above"\nwhen = "close(RUT) > 100"\n'
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/a.db"\n{rule}')
    with Station(tmp_path / "a.db", indices(RUT={WEDNESDAY: 101.0}), rules=[HIGH]).starts(MORNING) as station:
        station.ticks([MORNING, after(WEDNESDAY)])
        ran = terminal.runs("replay", "--store", "--config", file, "--summary", "--json", "--report", report)
    (line,) = ran.lines
    assert (line["rule"], line["firings"], line["last_fired"]) == ("above", 1, "2025-12-03")
    assert f"replayed with the prices in {tmp_path}/a.db" in report.read_text(encoding="utf-8")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_shown_where_somebody_looks_on_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, seen in ((_Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with shown("replay", 3, "rules") as told:
            told(2)
            told(1)
        assert ("replay:" in stream.getvalue()) is seen
