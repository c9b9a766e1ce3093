"""What every command prints and how it exits, in the shapes that DESIGN 13 promises."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from bot.cli.main import command_summaries
from tests.bot.cli.terminal import Terminal
from tests.bot.render.html import TAGS
from tests.bot.settings.loading import TOKEN

COMMANDS = sorted(command_summaries())
MINE = '[[rules]]\nid = "mine"\nwhen = "close(RUT) > record(RUT)"\nclear = "drawdown(RUT) > 1%"\n'

SERVICE = f"""[market]
data = "prices"
[store]
url = "sqlite:////var/lib/bellwether.db"
[telegram]
token = "{TOKEN}"
allow = [7, -1001234567890]
admins = [7]
[feeds]
venues = ["kraken"]
"""


KNOWN = (
    "backup, chat, check, corr, demo, doctor, explain, health, init, move, outbox, regime, replay, restore, run, tune, "
    "verify"
)

# Help


def test_these_are_the_commands() -> None:
    assert ", ".join(COMMANDS) == KNOWN


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_lists_every_command_with_its_summary(terminal: Terminal, word: str) -> None:
    ran = terminal.runs(word)
    assert (ran.code, ran.err) == (0, "")
    for name, summary in command_summaries().items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", ran.out, re.MULTILINE)
    assert "Not investment advice." in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_explains_every_option(terminal: Terminal, name: str) -> None:
    ran = terminal.runs(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"usage: bellwether {name}")
    for line in re.findall(r"^  (--?\w.*)$", ran.out, re.MULTILINE):
        assert re.search(r"  \S", line) or line in ran.out.replace("\n" + " " * 24, "  "), line


def test_without_a_command_help_is_shown_as_bad_usage(terminal: Terminal) -> None:
    ran = terminal.runs()
    assert ran.code == 2
    assert "usage: bellwether COMMAND" in ran.out


def test_an_unknown_command_is_told_in_one_sentence(terminal: Terminal) -> None:
    wanted = f"bellwether: there is no command 'nope'; commands are {KNOWN}"
    assert terminal.runs("nope").fault == wanted


@pytest.mark.parametrize("name", ["_options", "main", "__init__", "../app", "", "-x"])
def test_only_commands_are_commands(terminal: Terminal, name: str) -> None:
    assert terminal.runs(name).fault.startswith(f"bellwether: there is no command '{name}'; commands are ")


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_told(terminal: Terminal, option: str) -> None:
    """From a checkout that is not installed it was a traceback."""
    ran = terminal.runs(option)
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"bellwether .+\n", ran.out)


# corr


def test_corr_prints_every_key_in_order(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("corr", "RUT", "BTC", "--window", "60", "--data", prices, "--as-of", "2025-12-10", "--json")
    assert (ran.code, ran.err) == (0, "")
    (found,) = ran.lines
    assert list(found) == [
        "a", "b", "window", "n", "r", "ci90", "kendall", "ewma", "p_above", "posterior_mean", "posterior90",
        "percentile", "partial", "beta", "month_ago", "change", "volatility", "state", "as_of", "alignment",
    ]  # fmt: skip
    assert (found["a"], found["b"], found["window"], found["n"]) == ("RUT", "BTC", 60, 60)
    assert (found["as_of"], found["alignment"]) == ("2025-12-10", "close")
    low, high = found["ci90"]
    assert -1 < low < found["r"] < high < 1
    assert list(found["p_above"]) == ["0.5", "0.6", "0.7"]
    assert list(found["percentile"]) == ["r_504", "r_all"]
    assert list(found["partial"]) == ["SPX", "SPX+BTC"]
    assert found["partial"]["SPX+BTC"] is None
    assert set(found["state"]) == {"0.5", "0.6", "0.7"}
    assert all(isinstance(each, bool) for each in found["state"].values())


def test_what_is_undefined_is_null(terminal: Terminal, prices: Path) -> None:
    (found,) = terminal.runs("corr", "RUT", "SPX", "--data", prices, "--as-of", "2024-01-31", "--json").lines
    assert found["n"] == 20
    undefined = ("r", "ci90", "posterior_mean", "beta")
    assert [found[key] for key in undefined] == [None] * 4
    for key in ("p_above", "percentile", "partial"):
        assert set(found[key].values()) == {None}, key


def test_a_pair_with_utc_days_alone_is_approximate_and_the_filter_silent(terminal: Terminal, prices: Path) -> None:
    (found,) = terminal.runs("corr", "RUT", "SOL", "--data", prices, "--json").lines
    assert found["alignment"] == "approximate"
    assert found["r"] is not None
    assert found["posterior_mean"] is None
    assert set(found["p_above"].values()) == {None}


def test_corr_of_one_is_a_list_and_of_none_the_matrix_of_the_basket(terminal: Terminal, prices: Path) -> None:
    (of_one,) = terminal.runs("corr", "RUT", "--data", prices, "--as-of", "2025-12-10", "--json").lines
    assert list(of_one) == ["a", "window", "as_of", "clock", "level", "against"]
    assert list(of_one["against"][0]) == ["b", "n", "r", "ci90", "p_above", "percentile", "change", "as_of"]
    (matrix,) = terminal.runs("corr", "--data", prices, "--as-of", "2025-12-10", "--json", "--window", "30").lines
    assert list(matrix) == ["basket", "window", "as_of", "clock", "r", "average", "late"]
    assert (matrix["basket"], matrix["window"], matrix["as_of"]) == ("RISK", 30, "2025-12-10")
    assert matrix["r"]["RUT"]["BTC"] == matrix["r"]["BTC"]["RUT"]


def test_corr_takes_the_window_as_the_chat_does(terminal: Terminal, prices: Path) -> None:
    (chat,) = terminal.runs("corr", "RUT", "BTC", "30", "--data", prices, "--json").lines
    (usual,) = terminal.runs("corr", "RUT", "BTC", "--window", "30", "--data", prices, "--json").lines
    assert chat == usual


@pytest.mark.parametrize("names", [("RUT", "BTC"), ("RUT",), ()])
def test_a_picture_is_written_beside_the_answer(
    terminal: Terminal, prices: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    ran = terminal.runs("corr", *names, "--data", prices, "--picture", tmp_path / "x.png")
    assert ran.code == 0
    assert "60 returns" in ran.out
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_where_there_is_nothing_to_draw_the_answer_is_given_all_the_same(
    terminal: Terminal, prices: Path, tmp_path: Path
) -> None:
    ran = terminal.runs("corr", "RUT", "BTC", "2520", "--data", prices, "--picture", tmp_path / "x.png")
    assert ran.code == 1
    assert "r: n/a, only" in ran.out
    assert ran.err.endswith("there is nothing to draw: r was never defined in these sessions\n")


def test_a_picture_that_cannot_be_written_is_told_after_the_answer(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("corr", "RUT", "BTC", "--data", prices, "--picture", "nowhere/x.png")
    assert ran.code == 2
    assert "60 returns" in ran.out
    assert ran.err.endswith("bellwether: --picture: nowhere/x.png cannot be written: No such file or directory\n")


def test_corr_in_words_is_the_answer_of_the_chat(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("corr", "rut", "btc", "--data", prices)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("RUT and BTC, 60 returns\nr ")
    assert not [tag for tag in TAGS if f"<{tag}>" in ran.out]


@pytest.mark.parametrize(
    ("as_of", "seen"),
    [
        ("2025-12-10", "2025-12-10"),
        ("2025-12-13", "2025-12-12"),
        ("2025-11-27", "2025-11-26"),
        ("2025-11-28", "2025-11-28"),
        ("2099-01-01", "2025-12-31"),
        ("9999-12-31", "2025-12-31"),
    ],
)
def test_as_of_sees_the_last_session_that_had_closed(terminal: Terminal, prices: Path, as_of: str, seen: str) -> None:
    (found,) = terminal.runs("explain", "close(RUT)", "--data", prices, "--as-of", as_of, "--json").lines
    assert found["as_of"] == seen


@pytest.mark.parametrize("command", [("corr", "RUT", "BTC"), ("regime",), ("explain", "close(RUT) > record(RUT)")])
def test_every_answer_is_as_of_the_session_before_a_holiday(
    terminal: Terminal, prices: Path, command: tuple[str, ...]
) -> None:
    (found,) = terminal.runs(*command, "--data", prices, "--as-of", "2025-11-27", "--json").lines
    assert found["as_of"] == "2025-11-26"


@pytest.mark.parametrize("as_of", ["2023-12-29", "0001-01-01"])
def test_as_of_before_the_data_there_is_no_answer(terminal: Terminal, prices: Path, as_of: str) -> None:
    for command in (("corr", "RUT", "BTC"), ("corr", "BTC", "SOL"), ("regime",)):
        ran = terminal.runs(*command, "--data", prices, "--as-of", as_of, "--json")
        assert (ran.code, ran.out) == (1, ""), command
        assert ran.err.startswith("bellwether: "), command
        assert ran.err.count("\n") == 1, command


@pytest.mark.parametrize(
    ("when", "clear"),
    [
        ("rally_since(RUT, 1980-01-01) > 10%", "RUT < 1"),
        ("RUT < 1", "rally_since(RUT, 1980-01-01) > 10%"),  # it would fire once, and never again
        ("rally_since(RUT, 1980-01-01) > 10%", "rally_since(RUT, 1980-01-01) < 5%"),
    ],
)
def test_check_warns_once_of_a_rule_that_counts_from_before_all_history(
    terminal: Terminal, tmp_path: Path, when: str, clear: str
) -> None:
    (tmp_path / "my.toml").write_text(f"[[rules]]\nid = 'old'\nwhen = '{when}'\nclear = '{clear}'\n")
    ran = terminal.runs("check", tmp_path / "my.toml")
    assert ran.code == 0
    assert [line for line in ran.out.splitlines() if line.startswith("warning")] == [
        "warning: rule old counts from 1980-01-01: no history begins before 1990-01-02, so that it will never be known"
    ]


def test_a_conversation_as_of_before_all_prices_is_refused(terminal: Terminal, prices: Path) -> None:
    """It said of every rule that it never had data."""
    ran = terminal.runs("chat", "--data", prices, "--as-of", "1980-01-01")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "bellwether: prices begin on 2024-01-02, after --as-of 1980-01-01\n"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        (("explain", "RUT"), "--as-of"),
        (("replay", "--rule", "vix-25"), "--from"),
        (("replay", "--rule", "vix-25"), "--to"),
    ],
)
def test_a_day_before_all_prices_is_remarked_on_the_side(
    terminal: Terminal, prices: Path, command: tuple[str, ...], option: str
) -> None:
    ran = terminal.runs(*command, "--data", prices, option, "1980-01-01")
    assert (ran.code, ran.err) == (0, f"prices begin on 2024-01-02, after {option} 1980-01-01\n")


def test_a_day_that_prices_begin_on_is_none_before_them(terminal: Terminal, prices: Path) -> None:
    assert terminal.runs("replay", "--rule", "vix-25", "--data", prices, "--from", "2024-01-02").err == ""


@pytest.mark.parametrize("as_of", ["2023-12-29", "0001-01-01"])
def test_as_of_before_the_data_no_label_has_changed(terminal: Terminal, prices: Path, as_of: str) -> None:
    """`zip() argument 3 is longer`: a traceback."""
    for wanted in ([], ["--json"]):
        ran = terminal.runs("regime", "--history", "--data", prices, "--as-of", as_of, *wanted)
        assert (ran.code, ran.out) in ((0, ""), (1, "")), ran.err


def test_explain_before_the_data_knows_nothing(terminal: Terminal, prices: Path) -> None:
    (found,) = terminal.runs("explain", "RUT", "--data", prices, "--as-of", "0001-01-01", "--json").lines
    assert (found["value"], found["as_of"]) == (None, None)


# replay


def test_replay_prints_every_key_in_order(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("replay", "--data", prices, "--json")
    assert ran.code == 0
    assert len(ran.lines) > 10
    for line in ran.lines:
        assert list(line) == ["event", "rule", "session", "at", "severity", "title", "values"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:00Z", line["at"])
        assert line["event"] in ("fired", "resolved", "no_data", "data_back")
    assert [line["at"] for line in ran.lines] == sorted(line["at"] for line in ran.lines)


def test_replay_prints_the_events_of_its_period(terminal: Terminal, prices: Path) -> None:
    whole = terminal.runs("replay", "--data", prices, "--json").lines
    period = ("--from", "2025-03-01", "--to", "2025-08-31")
    part = terminal.runs("replay", "--data", prices, *period, "--json").lines
    assert part == [line for line in whole if "2025-03-01" <= line["session"] <= "2025-08-31"]
    assert part


def test_replay_of_one_rule_prints_its_events_alone(terminal: Terminal, prices: Path) -> None:
    whole = terminal.runs("replay", "--data", prices, "--json").lines
    one = terminal.runs("replay", "--data", prices, "--rule", "rut-record-close", "--json").lines
    assert one == [line for line in whole if line["rule"] == "rut-record-close"]
    assert {"fired", "resolved"} == {line["event"] for line in one}
    fired = [line for line in one if line["event"] == "fired"]
    assert all(set(line["values"]) == {"close(RUT)", "record(RUT)"} for line in fired)
    assert all(line["values"]["close(RUT)"] > line["values"]["record(RUT)"] for line in fired)


def test_replay_in_words_counts_its_events(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("replay", "--data", prices, "--rule", "rut-record-close")
    *events, count = ran.out.splitlines()
    assert count == f"{len(events)} events"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d (🟠|✓) .* \[rut-record-close\]", line) for line in events)
    assert terminal.runs("replay", "--from", "2090-01-01").out == "0 events, SIMULATED\n"


def test_replay_says_on_the_side_which_rules_bars_cannot_replay(terminal: Terminal, prices: Path) -> None:
    note = "not replayed, because only a live market has ticks: rut-record-intraday\n"
    assert terminal.runs("replay", "--data", prices, "--json").err == note
    assert terminal.runs("replay", "--data", prices, "--rule", "rut-record-close").err == ""
    ran = terminal.runs("replay", "--data", prices, "--rule", "rut-record-intraday")
    assert (ran.code, ran.out, ran.err) == (0, "0 events\n", note)


def test_replay_before_the_data_has_no_events(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("replay", "--data", prices, "--to", "0001-01-01", "--json")
    assert (ran.code, ran.out) == (0, "")


# explain


@pytest.mark.parametrize(
    "text", ["close(RUT)", "close(RUT) > record(RUT)", "2", "10%", "ALTS", "RISK_OFF", "2025-11-20"]
)
def test_explain_prints_every_key_in_order(terminal: Terminal, prices: Path, text: str) -> None:
    (found,) = terminal.runs("explain", text, "--data", prices, "--json").lines
    assert list(found) == [
        "expression", "words", "type", "clock", "instruments", "warmup", "lookback", "anchors", "value", "parts",
        "as_of",
    ]  # fmt: skip
    assert found["expression"] == text


def test_explain_shows_a_caret_under_the_fault(terminal: Terminal, prices: Path) -> None:
    fault = terminal.runs("explain", "close(RUTT) > 3", "--data", prices).fault
    line, caret, reason = fault.splitlines()
    assert line[caret.index("^") : caret.rindex("^") + 1] == "RUTT"
    assert reason.startswith("unknown instrument RUTT; did you mean RUT?")


def test_an_explained_value_of_a_simulated_market_says_so(terminal: Terminal) -> None:
    assert "SIMULATED" in terminal.runs("explain", "close(RUT)").out


# check


def test_check_counts_what_it_found(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.runs("check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "ok: 82 rules on 17 instruments",
        "alerts go to: the terminal (no Telegram token is set)",
        "bellwether run watches: exchange (coinbase, kraken, okx, bybit, kucoin, binance), yahoo",
        "it keeps its state in: bellwether.db",
        "other commands read: a SIMULATED market",
    ]
    file = tmp_path / "my.toml"
    file.write_text(SERVICE + MINE)
    for arguments in ((file,), ("--config", file)):
        ran = terminal.runs("check", *arguments)
        assert ran.code == 0
        assert ran.out.splitlines() == [
            "ok: 1 rule on 17 instruments",
            "alerts go to: Telegram (the token is set), for 2 allowed ids",
            "bellwether run watches: exchange (kraken), yahoo",
            "it keeps its state in: /var/lib/bellwether.db",
            "other commands read: the files in prices",
        ]


@pytest.mark.parametrize(
    ("allowed", "for_whom"), [("allow = [7]", "1 allowed id"), ("allow = [7]\neveryone = true", "anybody")]
)
def test_check_says_who_may_use_the_bot(terminal: Terminal, tmp_path: Path, allowed: str, for_whom: str) -> None:
    file = tmp_path / "my.toml"
    file.write_text(f'[telegram]\ntoken = "{TOKEN}"\n{allowed}\n')
    assert f"alerts go to: Telegram (the token is set), for {for_whom}\n" in terminal.runs("check", file).out


def test_check_names_a_server_and_shows_no_password(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[store]\nurl = "postgresql://me:SECRET@db.example.com/alerts"\n')
    ran = terminal.runs("check", file)
    assert "it keeps its state in: alerts on db.example.com\n" in ran.out
    assert "SECRET" not in ran.out + ran.err


def test_check_says_that_a_service_would_watch_a_simulated_market(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[run]\nsource = "simulated"\n')
    wanted = "bellwether run watches: a SIMULATED market at the pace of the clock\n"
    assert wanted in terminal.runs("check", file).out


def test_check_of_a_file_and_an_option_uses_the_file_it_was_given(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(MINE)
    assert terminal.runs("check", "--config", file).out.startswith("ok: 1 rule")


def test_check_warns_and_is_still_content(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text('[[rules]]\nid = "mine"\nwhen = "close(RUT) > 1"\n')
    ran = terminal.runs("check", file)
    assert ran.code == 0
    assert ran.out.splitlines()[0].startswith("warning: rule mine has no clear")


def test_a_configuration_with_three_mistakes_shows_all_three(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[market]\nseed = -1\nsed = 3\n" + MINE.replace("record", "recrd"))
    for command in (("check", file), ("regime", "--config", file), ("replay", "--config", file)):
        faults = terminal.runs(*command).fault.replace(str(file), "my.toml").splitlines()
        assert faults == [
            "my.toml line 2, market.seed: must be greater than or equal to 0, not -1",
            "my.toml line 3, market.sed: unknown key sed; did you mean seed?",
            "my.toml line 6, rules[0].when: unknown function recrd; did you mean record?",
            "  close(RUT) > recrd(RUT)",
            "               ^^^^^",
        ]


def test_the_configuration_may_be_named_in_the_environment(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = tmp_path / "my.toml", tmp_path / "other.toml"
    file.write_text(MINE)
    other.write_text(MINE + MINE.replace("mine", "yours"))
    monkeypatch.setenv("BELLWETHER_CONFIG", str(file))
    assert terminal.runs("check").out.startswith("ok: 1 rule")
    assert terminal.runs("check", "--config", other).out.startswith("ok: 2 rules")
    assert {line["rule"] for line in terminal.runs("replay", "--json").lines} == {"mine"}
    monkeypatch.setenv("BELLWETHER_CONFIG", str(tmp_path / "nope.toml"))
    assert "no such file" in terminal.runs("check").fault


def test_the_folder_of_prices_may_stand_in_the_configuration(
    terminal: Terminal, tmp_path: Path, prices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET__DATA", str(prices))
    assert "simulated" not in terminal.runs("regime", "--json").lines[0]
    assert terminal.runs("regime", "--seed", "3", "--json").lines[0]["simulated"] is True


# Simulated or real


def test_simulated_results_say_so_and_real_ones_do_not(terminal: Terminal, prices: Path) -> None:
    for command in (("corr", "RUT", "BTC"), ("regime",), ("explain", "RUT"), ("replay", "--rule", "rut-record-close")):
        made_up, real = terminal.runs(*command, "--json"), terminal.runs(*command, "--data", prices, "--json")
        assert {line["simulated"] for line in made_up.lines} == {True}
        assert made_up.err == "every price is simulated (seed 7); none was ever traded\n"
        assert not [line for line in real.lines if "simulated" in line]
        assert real.err == ""


def test_a_seed_is_one_market(terminal: Terminal) -> None:
    one, again, other = (terminal.runs("corr", "RUT", "SOL", "--seed", seed, "--json").lines for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_files_of_unknown_ids_are_noted_on_the_side_and_once(terminal: Terminal, prices: Path, tmp_path: Path) -> None:
    for file in prices.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "ZZZ_1d.csv").write_text("nonsense")
    ran = terminal.runs("regime", "--data", tmp_path, "--json")
    assert ran.code == 0
    assert ran.err == "not read, because no instrument has this id: ZZZ_1d.csv\n"


# demo and chat


def test_chat_answers_what_is_piped_into_it(terminal: Terminal, prices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/corr RUT BTC\n/regime\nquit\n/rules\n"))
    ran = terminal.runs("chat", "--data", prices, "--as-of", "2025-12-10")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("RUT and BTC, 60 returns\n")
    assert "\nRegime: " in ran.out
    assert ran.out.count("Close of Wed 2025-12-10") == 2
    assert "rut-record-close" not in ran.out


@pytest.mark.soak
@pytest.mark.parametrize(
    "rules",
    [
        "rules = []\n",
        '[[rules]]\nid = "btc"\nwhen = "close(BTC) > 1"\nclear = "close(BTC) < 1"\n',
    ],
)
def test_the_demo_runs_also_without_a_rule_on_the_exchanges_clock(
    terminal: Terminal, tmp_path: Path, rules: str
) -> None:
    """KeyError: 'XNYS'"""
    file = tmp_path / "my.toml"
    file.write_text(rules)
    ran = terminal.runs("demo", "--config", file)
    assert ran.code == 0
    assert "Where to go next" in ran.out


@pytest.mark.soak
def test_the_demo_runs_on_real_prices_too(terminal: Terminal, prices: Path) -> None:
    ran = terminal.runs("demo", "--data", prices)
    assert ran.code in (0, 1)
    assert ran.out.startswith("150 sessions of real prices from ")
    assert "SIMULATED" not in ran.out
    assert "Where to go next" in ran.out


def test_the_demo_of_less_than_that_is_as_long_as_there_is(terminal: Terminal, tmp_path: Path) -> None:
    """IndexError on prices that end in 1990."""
    rows = "\n".join(f"1990-0{month}-15T00:00:00Z,1,1,1,{month},1" for month in range(2, 5))
    (tmp_path / "RUT_1d.csv").write_text(f"timestamp,open,high,low,close,volume\n{rows}\n")
    ran = terminal.runs("demo", "--data", tmp_path)
    assert "real prices" in ran.out
