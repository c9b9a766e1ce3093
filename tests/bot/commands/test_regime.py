"""/regime, /regime panel and /regime history: what they answer, and how they refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.answers import RegimePicture
from bot.queries.view import View
from rules.functions.registry import Scope
from tests.bot.commands.desks import ask_offline, two_indices_and_bitcoin
from tests.bot.commands.test_answers import ask, on_files
from tests.bot.markets import Folder, hours, seen, weekdays


@pytest.fixture(scope="module")
def view() -> View:
    return seen()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """RUT and SPX since 2024, BTC with hours since 2025-06; no VIX."""
    return two_indices_and_bitcoin(tmp_path_factory.mktemp("prices"))


def test_regime_gives_its_life_its_arguments_and_what_is_beside_it(view: View) -> None:
    lines = ask(view, "/regime")
    assert lines[0] == "SIMULATED: not real prices"
    assert lines[1] == "Regime: RISK_ON since 2025-11-19"
    assert lines[2] == "29 closes, after NEUTRAL 46"
    assert lines[3] == "ON 98%, NEUTRAL 2%, OFF <1%"
    assert [line.split()[0] for line in lines[4:7]] == ["SPX", "VIX", "BTC"]
    assert re.fullmatch(r"Beside it: \d of 7 agree \(/regime panel\)", lines[-4])
    assert lines[-3:] == [
        "Labels describe risk, not direction.",
        "Close of Wed 2025-12-31",
        "Next open Fri 2026-01-02 14:30Z",
    ]


def test_regime_brings_a_picture_and_its_other_forms_none(view: View) -> None:
    assert isinstance(ask_offline(view, "/regime").picture, RegimePicture)
    assert ask_offline(view, "/regime panel").picture is None
    assert ask_offline(view, "/regime history").picture is None


@pytest.mark.parametrize("words", ["panel", "PANEL", "  Panel "])
def test_regime_panel_has_a_line_for_each_gauge(view: View, words: str) -> None:
    lines = ask(view, f"/regime {words}")
    assert lines[:2] == ["SIMULATED: not real prices", "Regime: RISK_ON; beside it"]
    assert [line[:14].rstrip() for line in lines[2:10]] == [
        "RUT/SPX", "RUT off record", "RUT-altcoins", "Mean corr", "Altcoins/BTC", "HYG/TLT", "Dollar", "VIX",
    ]  # fmt: skip
    told = ask(view, "/regime")[-4]
    assert lines[9].startswith("VIX "), "it is in the label and not counted"
    assert f"{sum('✓' in line for line in lines[2:9])} of 7 agree" in told
    assert lines[10].startswith(told.removeprefix("Beside it: ").removesuffix(" (/regime panel)"))


def test_regime_history_has_the_last_labels_from_the_newest_and_how_long_they_stay(view: View) -> None:
    lines = ask(view, "/regime history")
    assert lines[2:4] == ["2025-11-19 RISK_ON, 29 closes so far", "2025-09-16 NEUTRAL, 46 closes"]
    assert lines[10:13] == [
        "RISK_ON: 2x, 64 to 78, median 71",
        "NEUTRAL: 5x, 24 to 283, median 46",
        "RISK_OFF: 3x, 17 to 34, median 22",
    ]


@pytest.mark.parametrize("words", ["now", "panel now", "history panel", "panels", "--history", "2025-12-10"])
def test_regime_refuses_other_words(view: View, words: str) -> None:
    usage = ["Usage: /regime [panel|history]", "Example: /regime panel"]
    assert ask(view, f"/regime {words}") == ["it takes panel, history or nothing more", *usage]


@pytest.mark.parametrize("form", ["", " panel", " history"])
@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        ("2023-12-29", "the regime needs 61 returns of the S&P 500, and this market has 0"),
        ("2024-01-02", "the regime needs 61 returns of the S&P 500, and this market has 0"),
        ("2024-02-01", "the regime needs 61 returns of the S&P 500, and this market has 21"),
    ],
)
def test_regime_says_why_it_has_no_answer(folder: Folder, form: str, as_of: str, sentence: str) -> None:
    assert ask(on_files(folder, as_of), f"/regime{form}") == [sentence]


def test_regime_on_files_without_a_vix_says_so(folder: Folder) -> None:
    lines = ask(on_files(folder), "/regime")
    assert "VIX: no number, left out" in lines
    assert lines[-2:] == ["Next open Fri 2026-01-02 14:30Z", "Source: files USD"]


def test_a_young_regime_says_how_young(folder: Folder) -> None:
    assert "Young: alerts after 250 closes, 250 seen" in ask(on_files(folder, "2024-12-30"), "/regime")
    assert not [line for line in ask(on_files(folder, "2024-12-31"), "/regime") if line.startswith("Young")]


def test_on_a_holiday_the_regime_is_of_the_session_before_and_says_when_trading_starts(folder: Folder) -> None:
    for day in ("2025-11-26", "2025-11-27"):
        assert ask(on_files(folder, day), "/regime")[-3:-1] == [
            "Close of Wed 2025-11-26",
            "Next open Fri 2025-11-28 14:30Z",
        ]


def test_without_baskets_and_without_a_dollar_it_answers_and_its_panel_says_what_is_lacking(folder: Folder) -> None:
    known = on_files(folder)
    some = {name: each for name, each in known.scope.instruments.items() if name != "UUP"}
    bare = View(known.history, Scope(some, {}), ())
    assert [line for line in ask(bare, "/regime") if re.match(r"Beside it: \d of 2 agree", line)]
    beside = [line for line in ask(bare, "/regime panel") if line.startswith("n/a")]
    assert beside == ["n/a without ALTS, RISK, HYG and 3 more"]


@pytest.mark.parametrize("lacking", ["SPX", "VIX", "BTC"])
def test_a_folder_without_one_of_the_three_prices_gets_an_answer_or_a_sentence(tmp_path: Path, lacking: str) -> None:
    folder = Folder(tmp_path)
    for seed, name in enumerate(("RUT", "SPX", "VIX")):
        if name != lacking:
            folder.holds(f"{name}_1d.csv", *weekdays("2025-01-01", "2025-12-31", seed))
    if lacking != "BTC":
        folder.holds("BTC_1h.csv", *hours("2025-01-01", "2025-12-31", 4))
    for line in ("/regime", "/regime panel", "/regime history"):
        lines = ask(on_files(folder), line)
        if lacking == "SPX":
            assert lines == ["the regime needs 61 returns of the S&P 500, and this market has 0"]
        elif line == "/regime":
            assert [each for each in lines if each.endswith("left out")] == [f"{lacking}: no number, left out"]
