"""`bellwether tune`: what it prints, as JSON and as a table, and what it refuses."""

from __future__ import annotations

import csv
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.cli._surface import WIDE
from tests.bot.cli.terminal import Terminal

RULE = ("tune", "ret(RUT, 3) >= 2%", "--clear", "ret(RUT, 3) <= 0%")
GRID = ("--param", "enter=1%:4%:1%", "--param", "leave=-1%,0%")
QUICK = ("--folds", 2, "--horizon", 5, "--paths", 0)


def tuned(terminal: Terminal, *words: object) -> dict[str, Any]:
    ran = terminal.runs(*RULE, *GRID, *QUICK, *words, "--json")
    assert ran.code == 0
    (found,) = ran.lines
    return found


def test_the_surface_holds_every_variant_and_the_table_says_the_same(
    terminal: Terminal, prices: Path, tmp_path: Path
) -> None:
    file = tmp_path / "surface.csv"
    found = tuned(terminal, "--data", prices, "--csv", file)
    assert found["parameters"] == {"enter": ["1%", "2%", "3%", "4%"], "leave": ["-1%", "0%"]}
    assert found["tried"] == len(found["surface"]) == 8
    assert found["surface"][3]["values"] == {"enter": "2%", "leave": "0%"}
    assert found["surface"][3]["when"] == "ret(RUT, 3) >= 2%"
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["param_enter"] for row in rows] == [each["values"]["enter"] for each in found["surface"]]
    assert [int(row["firings"]) for row in rows] == [each["firings"] for each in found["surface"]]
    assert [float(row["median"]) for row in rows] == [each["outcome"]["median"] for each in found["surface"]]


def test_a_parameter_that_is_called_as_a_number_of_the_outcome_is_hides_none(
    terminal: Terminal, prices: Path, tmp_path: Path
) -> None:
    file = tmp_path / "surface.csv"
    ran = terminal.runs(*RULE, "--param", "n=3,5", *QUICK, "--data", prices, "--csv", file, "--json")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["param_n"] for row in rows] == ["3", "5"]
    assert [int(row["n"]) for row in rows] == [each["outcome"]["n"] for each in ran.lines[0]["surface"]]
    assert {row["false_a_year"] for row in rows} == {""}


def test_a_parameter_is_called_what_it_was_asked_for_as(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs(*RULE, "--param", "window=3,5", *QUICK, "--data", prices)
    assert ran.out.startswith("tuned: 2 variants of window\n")


def test_the_rule_as_it_is_is_one_of_its_variants(terminal: Terminal, prices: Path) -> None:
    found = tuned(terminal, "--data", prices)
    same = next(each for each in found["surface"] if each["values"] == {"enter": "2%", "leave": "0%"})
    assert {**same, "values": {}} == found["as_is"]


def test_the_text_is_no_wider_than_a_terminal_and_ends_with_lines_to_paste(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs(*RULE, *GRID, *QUICK, "--data", prices)
    text, toml = ran.out.split("[[rules]]")
    assert max(map(len, text.splitlines())) <= WIDE
    assert "Nothing was written." in text
    (rule,) = tomllib.loads(f"[[rules]]{toml}")["rules"]
    assert rule["id"] == "tuned"
    assert rule["when"].startswith("ret(RUT, 3) >= ")


def test_of_too_few_firings_no_median_is_told(terminal: Terminal, prices: Path) -> None:
    words = (*RULE, "--param", "enter=1%:9%:1%", *QUICK, "--data", prices)
    surface = terminal.runs(*words, "--json").lines[0]["surface"]
    table = terminal.runs(*words).out.partition("In-sample by enter")[2].splitlines()[2:]
    few = [each["outcome"]["finding"] == "too few" for each in surface]
    assert [line.split()[3] == "-" for line in table[: len(surface)]] == few
    assert {each["outcome"]["n"] > 0 for each, is_few in zip(surface, few, strict=True) if is_few} == {True, False}
    assert not all(few)


def test_a_simulated_market_says_so(terminal: Terminal) -> None:
    ran = terminal.runs("tune", "vix-20", "--param", "enter=19,20", "--paths", 0, "--folds", 2)
    assert ran.code == 0
    assert ran.out.startswith("SIMULATED: not real prices\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("vix-2", "--param", "enter=1,2"), "bellwether: RULE: unknown rule vix-2; did you mean vix-2"),
        (("vix-20", "--param", "n=1,2"), "bellwether: --param: the rule has no n (it has enter (20), leave (17)"),
        (("vix-20", "--param", "enter=1,2", "--clear", "x"), "bellwether: --clear: goes with an expression; vix-20"),
        (
            ("vix-20", "--param", "enter=21,22", "--instrument", "RUTT"),
            "bellwether: --instrument: unknown instrument RUT",
        ),
        (
            ("vix-20", "--param", "enter=1,2", "--csv", "/no/such/x.csv"),
            "bellwether: --csv: /no/such/x.csv cannot be written: there is no folder /no/such",
        ),
        (
            ("vix-20", "--param", "enter=1,2", "--csv", "/"),
            "bellwether: --csv: / is a folder, and must be a file",
        ),
        (
            ("rut-record-intraday", "--param", "confirm=1,2"),
            "bellwether: --param: confirm of a rule on trades counts polls, and here it is looked at by its closes",
        ),
        (("vix-20", "--param", "enter=1,2", "--horizon", "0"), "bellwether tune: argument --horizon: must be a whole"),
        (("vix-20",), "bellwether tune: the following arguments are required: --param"),
        (("drawdown(RUT) >", "--param", "enter=1,2"), "  drawdown(RUT) >"),
        (("ret(RUT, 5)", "--param", "n=1,2"), "  ret(RUT, 5)"),
    ],
)
def test_words_that_mean_nothing(terminal: Terminal, words: tuple[str, ...], sentence: str) -> None:
    assert terminal.runs("tune", *words).fault.startswith(sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("drawdown(RUT) > 3%", "--param", "enter=2%,3%", "--folds", 20, "--horizon", 200),
            "all variants are known on 502 sessions only, and 20 tests of outcomes over 200 need 4221",
        ),
        (("highest(RUT, 2000) > 1", "--param", "n=1000,2000"), "on this history the rule is never known"),
        (
            ("drawdown(RUT) > 3%", "--param", "enter=2%,3%", "--instrument", "ETH"),
            "ETH has no price here at the closes",
        ),
        (
            ("drawdown(RUT) > 3%", "--param", "enter=2%,3%", "--scheduler", "nowhere"),
            "--scheduler must be an address such as tcp://10.0.0.5:8786, not nowhere",
        ),
    ],
)
def test_what_cannot_be_answered(terminal: Terminal, prices: Path, words: tuple[object, ...], sentence: str) -> None:
    ran = terminal.runs("tune", *words, "--data", prices)
    assert (ran.code, ran.out) == (1, "")
    assert f"bellwether: {sentence}" in ran.err
    assert "Traceback" not in ran.err
