"""Bad input: one clear sentence, exit 2, no traceback, nothing on standard output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.terminal import Terminal
from tests.bot.markets import Folder, day

KNOWN = "RUT, SPX, VIX, IWM, SPY, QQQ, HYG, TLT, UUP, GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP"
THREE_DAYS = [day("2025-12-02", 10), day("2025-12-03", 11), day("2025-12-04", 12)]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("corr RUT NOPE", f"bellwether: corr: unknown instrument NOPE (known: {KNOWN})"),
        ("corr RUTT SOL", f"bellwether: corr: unknown instrument RUTT; did you mean RUT? (known: {KNOWN})"),
        ("corr RUT RUT", "bellwether: corr: a correlation takes two different instruments, not RUT twice"),
        ("corr rut RUT", "bellwether: corr: a correlation takes two different instruments, not RUT twice"),
        (
            "corr RUT SOL ADA 60",
            "bellwether: corr: it takes two instruments at most and, if you like, a number of returns",
        ),
        ("corr RUT SOL 4", "bellwether: corr: N must be a whole number from 5 to 2520, not 4"),
        ("regime now", "bellwether regime: unrecognized arguments: now; see bellwether regime --help"),
        ("regime --hist", "bellwether regime: unrecognized arguments: --hist; see bellwether regime --help"),
        ("explain", "bellwether explain: the following arguments are required: EXPR; see bellwether explain --help"),
        ("replay --from 2026-01-02 --to 2026-01-01", "bellwether: --from: 2026-01-02 is after --to 2026-01-01"),
    ],
)
def test_words_that_mean_nothing(terminal: Terminal, words: str, sentence: str) -> None:
    assert terminal.runs(*words.split()).fault == sentence


@pytest.mark.parametrize(
    "window", ["0", "1", "4", "2521", "1000000000", "-5", "6.5", "abc", "", "٣٣", "000000000060999"]
)
def test_a_window_that_is_none(terminal: Terminal, window: str) -> None:
    fault = terminal.runs("corr", "RUT", "SOL", "--window", window).fault
    wanted = f"argument --window: must be a whole number from 5 to 2520, not {window!r}; see bellwether corr --help"
    assert fault == f"bellwether corr: {wanted}"


def test_a_window_of_thousands_of_digits_is_told_without_pythons_words(terminal: Terminal) -> None:
    """int() refuses 4300 digits: `invalid read value`."""
    fault = terminal.runs("corr", "RUT", "SOL", "--window", "000000000060" + "9" * 5_000).fault
    assert "must be a whole number from 5 to 2520" in fault


@pytest.mark.parametrize("seed", ["x", "-1", "4294967297", "1.5"])
def test_a_seed_that_is_none(terminal: Terminal, seed: str) -> None:
    fault = terminal.runs("regime", "--seed", seed).fault
    wanted = f"argument --seed: must be a whole number from 0 to 4294967296, not {seed!r}"
    assert fault == f"bellwether regime: {wanted}; see bellwether regime --help"


@pytest.mark.parametrize(
    "date", ["yesterday", "2025-02-30", "10/12/2025", "", "0000-01-01", "10000-01-01", "2025-12-10T21:00"]
)
@pytest.mark.parametrize("option", ["regime --as-of", "replay --from", "replay --to"])
def test_a_date_that_is_none(terminal: Terminal, option: str, date: str) -> None:
    command, name = option.split()
    fault = terminal.runs(command, name, date).fault
    wanted = f"argument {name}: must be a date such as 2025-12-10, not {date!r}; see bellwether {command} --help"
    assert fault == f"bellwether {command}: {wanted}"


def test_an_unknown_rule_is_told_with_the_nearest(terminal: Terminal) -> None:
    fault = terminal.runs("replay", "--rule", "vix-2").fault
    assert fault.startswith("bellwether: --rule: unknown rule vix-2; did you mean vix-25 or vix-20? (known: ")


@pytest.mark.parametrize(
    "line", ["", " ", "(", "close(RUT) >", "recrd(RUT)", "RUT RUT", "close(RUT, RUT)", "\udcff", "\x00"]
)
def test_an_expression_that_means_nothing(terminal: Terminal, line: str) -> None:
    fault = terminal.runs("explain", line).fault
    assert "^" in fault
    assert fault.splitlines()[-1]


@pytest.mark.parametrize("line", ["x" * 100_000, "(" * 5_000, "not " * 3_000, "1+" * 4_000 + "1"])
def test_an_expression_without_end_is_told_in_three_short_lines(terminal: Terminal, line: str) -> None:
    fault = terminal.runs("explain", line).fault
    assert len(fault.splitlines()) == 3
    assert max(map(len, fault.splitlines())) < 130


BAD_FOLDERS: dict[str, tuple[dict[str, str], str]] = {
    "an empty folder": (
        {},
        "prices holds no price files; they are named like RUT_1d.csv, SOL_1h.csv.gz, SPX_1d.parquet",
    ),
    "a missing column": (
        {"RUT_1d.csv": "timestamp,open,high,low,volume\n2025-12-02,1,1,1,1\n"},
        "prices/RUT_1d.csv has no column close; it needs timestamp,open,high,low,close,volume",
    ),
    "unsorted rows": (
        {"RUT_1d.csv": "timestamp,open,high,low,close,volume\n2025-12-03,1,1,1,1,1\n2025-12-02,1,1,1,1,1\n"},
        "prices/RUT_1d.csv line 3: 2025-12-02T00:00:00Z comes after a later one; "
        "rows must run from the oldest to the newest",
    ),
    "duplicated rows": (
        {"RUT_1d.csv": "timestamp,open,high,low,close,volume\n2025-12-02,1,1,1,1,1\n2025-12-02,1,1,1,1,1\n"},
        "prices/RUT_1d.csv line 3: 2025-12-02T00:00:00Z stands twice; rows must run from the oldest to the newest",
    ),
    "no rows": (
        {"RUT_1d.csv": "timestamp,open,high,low,close,volume\n"},
        "the files feed has no bars of any configured instrument",
    ),
    "no known instrument": (
        {"ZZZ_1d.csv": "timestamp,open,high,low,close,volume\n2025-12-02,1,1,1,1,1\n"},
        "the files feed has no bars of any configured instrument",
    ),
}


@pytest.mark.parametrize(("files", "sentence"), BAD_FOLDERS.values(), ids=BAD_FOLDERS)
@pytest.mark.parametrize("command", ["replay", "regime", "corr RUT SPX", "explain RUT", "chat", "demo"])
def test_a_folder_that_holds_no_prices(
    terminal: Terminal, tmp_path: Path, files: dict[str, str], sentence: str, command: str
) -> None:
    folder = Folder(tmp_path / "prices")
    for name, text in files.items():
        folder.holds_bytes(name, text.encode())
    fault = terminal.runs(*command.split(), "--data", folder.path).fault
    assert fault.replace(str(tmp_path), "").replace("/prices", "prices") == f"bellwether: {sentence}"


@pytest.mark.parametrize("name", ["nowhere", "x" * 300, "a\nb"])
def test_a_folder_that_is_not_there(terminal: Terminal, tmp_path: Path, name: str) -> None:
    assert "is not a folder" in terminal.runs("regime", "--data", tmp_path / name).fault


def test_a_folder_named_like_a_file_of_prices(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "RUT_1d.csv").mkdir()
    assert len(terminal.runs("regime", "--data", tmp_path).fault.splitlines()) == 1


def test_one_row_is_a_market_without_answers(terminal: Terminal, tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", day("2025-12-02", 10))
    assert terminal.runs("replay", "--data", folder.path).out == "0 events\n"
    for command in (("regime",), ("corr", "RUT", "SPX")):
        ran = terminal.runs(*command, "--data", folder.path)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.count("\n") == 1
    assert terminal.runs("explain", "close(RUT)", "--data", folder.path, "--json").lines[0]["value"] == 10.0


@pytest.mark.parametrize("close", ["inf", "-inf", "-3", "0"])
def test_a_price_that_no_market_prints_stops_the_command(terminal: Terminal, tmp_path: Path, close: str) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", *THREE_DAYS, day("2025-12-05", close))
    assert "RUT_1d.csv line 5" in terminal.runs("replay", "--data", folder.path).fault


def test_a_price_that_is_unknown_is_a_gap(terminal: Terminal, tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", *THREE_DAYS, day("2025-12-05", "nan"), day("2025-12-08", ""))
    (found,) = terminal.runs("explain", "close(RUT)", "--data", folder.path, "--json").lines
    assert (found["value"], found["as_of"]) == (12.0, "2025-12-04")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[market", b"seed = \x00", b"\x00" * 100])
def test_a_configuration_that_is_no_toml(terminal: Terminal, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "my.toml"
    file.write_bytes(content)
    for command in (("check", file), ("regime", "--config", file)):
        assert len(terminal.runs(*command).fault.splitlines()) == 1


@pytest.mark.parametrize("name", [".", "nope.toml", "x" * 300])
def test_a_configuration_that_cannot_be_read(terminal: Terminal, tmp_path: Path, name: str) -> None:
    fault = terminal.runs("check", tmp_path / name).fault
    assert fault.endswith("; a configuration looks like config.example.toml")


def test_a_junk_variable_in_the_environment_is_told(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_JUNK", "1")
    assert terminal.runs("regime").fault == "bellwether: BELLWETHER_JUNK (environment): unknown section junk"
