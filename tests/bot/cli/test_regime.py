"""`regime`: every key of its JSON, its panel, its history, its picture."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.queries.regime import regime
from bot.render.plain import to_plain
from rules.model import XNYS
from tests.bot.cli.terminal import Terminal
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import NOW, Folder, hours, utc_days, weekdays
from tests.servers.telegram_messages import size_of

STATES = ["RISK_ON", "NEUTRAL", "RISK_OFF"]
GAUGE = ["name", "text", "unit", "value", "percentile", "rising", "leans", "missing", "heard", "agrees"]
AS_OF = ("--as-of", "2025-12-10")


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prices of all that the regime and its gauges read but the dollar and the bonds."""
    folder = Folder(tmp_path_factory.mktemp("complete"))
    for seed, name in enumerate(("RUT", "SPX", "VIX", "QQQ")):
        folder.holds(f"{name}_1d.csv", *weekdays("2024-01-02", "2025-12-31", seed + 40))
    for seed, name in enumerate(("BTC", "ETH", "SOL", "ADA", "XRP")):
        folder.holds(f"{name}_1h.csv.gz", *hours("2025-01-01", "2025-12-31", seed + 50))
        folder.holds(f"{name}_1d.csv", *utc_days("2025-01-01", "2025-12-31", seed + 60))
    return folder.path


def test_it_prints_every_key_in_order(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("regime", "--data", prices, *AS_OF, "--json")
    assert (ran.code, ran.err) == (0, "")
    (found,) = ran.lines
    assert list(found) == [
        "label", "raw", "since", "sessions", "usual", "probabilities", "emerging", "drivers", "flips", "panel",
        "spells", "seen", "needed", "gap", "waiting", "late", "origins", "as_of",
    ]  # fmt: skip
    assert list(found["probabilities"]) == STATES
    assert sum(found["probabilities"].values()) == pytest.approx(1)
    assert found["label"] in STATES
    assert found["raw"] == max(found["probabilities"], key=found["probabilities"].get)
    assert found["since"] <= found["as_of"] == "2025-12-10"
    assert list(found["drivers"]) == ["SPX", "VIX", "BTC"]
    assert {tuple(each) for each in found["drivers"].values()} == {("price", "move", "size", *STATES)}
    assert {tuple(each) for each in found["flips"]} <= {("to", "instrument", "price", "move", "vix")}
    assert [list(each) for each in found["panel"]] == [GAUGE] * 8
    assert list(found["spells"][0]) == ["label", "since", "sessions"]
    assert [found["spells"][0][key] for key in ("label", "since", "sessions")] == [
        found[key] for key in ("label", "since", "sessions")
    ]


def test_what_emerges_has_keys_of_its_own(terminal: Terminal, complete: Path) -> None:
    app = open_app(Options(data=complete), at=NOW)
    panel = app.view().panel(XNYS)
    days = (panel.clock.session(row) for row in range(70, len(panel)))
    day = next(day for day in days if regime(app.view(day)).emerging)
    (found,) = terminal.runs("regime", "--data", complete, "--as-of", day, "--json").lines
    assert list(found["emerging"]) == ["label", "closes", "of", "probability", "threshold", "rises"]
    assert found["emerging"]["label"] == found["raw"] != found["label"]


def test_what_is_undefined_is_null_in_json(terminal: Terminal, prices: Path) -> None:
    """There are no bonds, no dollar and no altcoins here, and BTC begins in June."""
    (found,) = terminal.runs("regime", "--data", prices, "--as-of", "2024-06-20", "--json").lines
    assert found["drivers"]["BTC"] is None
    assert found["usual"] is None
    dollar = next(each for each in found["panel"] if each["name"] == "Dollar")
    assert [dollar[key] for key in ("value", "percentile", "rising", "leans", "agrees")] == [None] * 5
    assert dollar["missing"] == ["UUP"]


def test_its_gauges_are_the_bits_that_explain_finds(terminal: Terminal, complete: Path) -> None:
    asked = ("--data", complete, *AS_OF, "--json")
    (found,) = terminal.runs("regime", *asked).lines
    known = [each for each in found["panel"] if each["value"] is not None and each["name"] != "Altcoins/BTC"]
    assert [each["name"] for each in known] == ["RUT/SPX", "RUT off record", "RUT-altcoins", "Mean corr", "VIX"]
    for each in known[2:4]:
        (told,) = terminal.runs("explain", each["text"], *asked).lines
        assert (told["value"], told["as_of"]) == (each["value"], found["as_of"])
    (rank,) = terminal.runs("explain", f"percentile({known[0]['text']}, 504)", *asked).lines
    assert rank["value"] == known[0]["percentile"]


def test_its_drivers_are_the_bits_that_explain_finds(terminal: Terminal, complete: Path) -> None:
    asked = ("--data", complete, *AS_OF, "--json")
    (found,) = terminal.runs("regime", *asked).lines
    names = ("spx", "btc", "vix")
    told = {name: terminal.runs("explain", f"regime_{name}()", *asked).lines[0]["value"] for name in names}
    sizes = {name.lower(): each["size"] for name, each in found["drivers"].items()}
    assert sizes == {name: abs(value) for name, value in told.items()}


@pytest.mark.parametrize(("option", "line"), [((), "/regime"), (("--panel",), "/regime panel")])
def test_in_words_it_is_the_answer_of_the_chat(
    terminal: Terminal, complete: Path, option: tuple[str, ...], line: str
) -> None:
    view = open_app(Options(data=complete), at=NOW).view(dt.date(2025, 12, 10))
    assert (
        terminal.runs("regime", "--data", complete, *AS_OF, *option).out
        == to_plain(ask_offline(view, line).html) + "\n"
    )


def test_the_panel_in_json_is_part_of_the_whole(terminal: Terminal, prices: Path) -> None:
    asked = ("regime", "--data", prices, *AS_OF, "--json")
    assert terminal.runs(*asked, "--panel").lines == terminal.runs(*asked).lines


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_draws_a_picture_beside_the_text(
    terminal: Terminal, tmp_path: Path, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_PICTURES__THEME", theme)
    file = tmp_path / "regime.png"
    ran = terminal.runs("regime", "--picture", file)
    assert ran.code == 0
    assert "Labels describe risk, not direction." in ran.out
    assert size_of(file.read_bytes())[0] == 1_080


def test_a_picture_that_cannot_be_written_is_told_in_a_sentence(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.runs("regime", "--picture", tmp_path / "no" / "regime.png")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("two", [("--history", "--panel"), ("--panel", "--picture", "a.png")])
def test_it_gives_one_thing_at_a_time(terminal: Terminal, two: tuple[str, ...]) -> None:
    ran = terminal.runs("regime", *two)
    assert ran.code == 2
    assert "not allowed with" in ran.err


# --history


def test_history_prints_every_change_in_order(terminal: Terminal) -> None:
    ran = terminal.runs("regime", "--history", "--json")
    assert ran.code == 0
    assert len(ran.lines) > 5
    assert {tuple(line) for line in ran.lines} == {("session", "label", "previous", "simulated")}
    label, sessions = "NEUTRAL", []
    for line in ran.lines:
        assert line["previous"] == label != line["label"]
        label = line["label"]
        sessions.append(line["session"])
    assert sessions == sorted(set(sessions))


def test_history_ends_with_the_label_in_force(terminal: Terminal) -> None:
    (found,) = terminal.runs("regime", "--json").lines
    last = terminal.runs("regime", "--history", "--json").lines[-1]
    assert (last["label"], last["session"], last["previous"]) == (
        found["label"], found["since"], found["spells"][1]["label"],
    )  # fmt: skip


def test_history_in_words_says_that_it_is_simulated_and_how_long_labels_stay(terminal: Terminal) -> None:
    lines = terminal.runs("regime", "--history").out.splitlines()
    assert "SIMULATED" in lines[0]
    assert [line.split(":")[0] for line in lines[-3:]] == STATES


@pytest.mark.parametrize("as_of", ["0001-01-01", "2024-03-27"])
@pytest.mark.parametrize("option", ["--history", "--panel", "--json"])
def test_before_there_is_a_label_it_says_so_in_a_sentence(
    terminal: Terminal, prices: Path, as_of: str, option: str
) -> None:
    """`zip() argument 2 is longer`: a traceback, in two ways."""
    ran = terminal.runs("regime", option, "--data", prices, "--as-of", as_of)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("bellwether: the regime needs 61 returns of the S&P 500, and this market has ")
    assert ran.err.count("\n") == 1
