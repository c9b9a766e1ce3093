"""The environment lies over the file and the built-in configuration; what means nothing there is told by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.settings import load_settings
from tests.bot.markets import SESSIONS
from tests.bot.settings.loading import TOKEN, environment_faults, faults, load


def test_the_environment_is_over_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET__SEED", "12")
    settings = load(config, '[market]\nseed = 11\ndata = "prices"\n')
    assert (settings.market.seed, settings.market.data) == (12, "prices")


def test_a_token_is_secret_wherever_it_may_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_TELEGRAM__TOKEN", TOKEN)
    settings = load_settings()
    assert settings.telegram.token.get_secret_value() == TOKEN
    printed = [repr(settings), str(settings), repr(settings.telegram), str(settings.telegram), f"{settings.telegram}"]
    printed += [settings.model_dump_json(), repr(settings.model_dump()), str(settings.telegram.token)]
    assert not [text for text in printed if "SECRET" in text]


@pytest.mark.parametrize(
    "text",
    ['telegram = "123:SECRET"', 'token = "123:SECRET"', '[telegram]\ntokn = "123:SECRET"', "[telegram]\ntoken = 123",
     '[telegram]\ntoken = ["123:SECRET"]', '[telegram.token]\nvalue = "123:SECRET"',
     '[[telegram]]\ntoken = "123:SECRET"', '[telegram]\ntoken = "123:SECRET"', '[telegram]\nbase_url = "123:SECRET"',
     '[telegram]\nallow = "123:SECRET"', '[telegram]\nallow = ["123:SECRET"]', '[telegram]\neveryone = "123:SECRET"',
     '[store]\nurl = "mysql://me:SECRET@host/db"', '[store]\nurl = ["SECRET"]'],
)  # fmt: skip
def test_no_fault_shows_a_secret_that_stands_in_the_wrong_place(config: Path, text: str) -> None:
    assert not [fault for fault in faults(config, text) if "SECRET" in fault]


@pytest.mark.parametrize(
    "variable",
    [
        "BELLWETHER_TELEGRAM",
        "BELLWETHER_TOKEN",
        "BELLWETHER_TELEGRAM__TOKN",
        "BELLWETHER_TELEGRAM__TOKEN",
        "BELLWETHER_TELEGRAM__ALLOW",
        "BELLWETHER_STORE__URL",
    ],
)
def test_no_fault_shows_a_token_of_a_mistyped_variable(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "123:SECRET")
    assert not [fault for fault in environment_faults() if "SECRET" in fault]


def test_lists_and_tables_are_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_RULES", json.dumps([{"id": "mine", "when": "close(RUT) > 1"}]))
    monkeypatch.setenv("BELLWETHER_MARKET", json.dumps({"seed": 13}))
    settings = load_settings()
    assert [rule.id for rule in settings.rules] == ["mine"]
    assert settings.market.seed == 13
    assert settings.market.grace_minutes == load_settings(None, SESSIONS.check).market.grace_minutes


@pytest.mark.parametrize(
    ("variable", "value", "where"),
    [
        ("BELLWETHER_BASKETS__ALTS", '["SOL"]', ("baskets", "ALTS")),
        ("BELLWETHER_INSTRUMENTS__RUT__NAME", "Small caps", ("instruments", "RUT", "name")),
        ("BELLWETHER_FILES__SOL_1H__VENUE", "binance spot", ("files", "SOL_1h", "venue")),
        ("BELLWETHER_FILES__HYG_ADJ_1D__QUOTE", "EUR", ("files", "HYG_adj_1d", "quote")),
    ],
)
def test_the_environment_reaches_into_tables_whose_keys_are_ids(
    variable: str, value: str, where: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """config.example.toml says that every value can come from the environment; ids there were read in lower case."""
    monkeypatch.setenv(variable, value)
    found: Any = load_settings(None, SESSIONS.check).model_dump(mode="json")
    for step in where:
        found = found[step]
    assert found in (value, json.loads(value) if value.startswith("[") else None)


ENVIRONMENT_FAULTS = {
    "BELLWETHER_JUNK": ("1", "BELLWETHER_JUNK (environment): unknown section junk"),
    "BELLWETHER_MARKT__SEED": (
        "1",
        "BELLWETHER_MARKT__SEED (environment): unknown section markt; did you mean market?",
    ),
    "BELLWETHER_MARKET__SED": ("1", "BELLWETHER_MARKET__SED (environment): unknown key sed; did you mean seed?"),
    "BELLWETHER_MARKET__SEED": ("abc", "BELLWETHER_MARKET__SEED (environment): must be a whole number, not 'abc'"),
    "bellwether_market__seed": (
        "-1",
        "bellwether_market__seed (environment): must be greater than or equal to 0, not '-1'",
    ),
    "BELLWETHER_": (
        "1",
        "BELLWETHER_ (environment): names no section; known here: market, files, run, store, telegram, feeds, "
        "delivery, channels, watchdog, web, log, retention, pictures, evidence, baskets, instruments, rules",
    ),
    "BELLWETHER_MARKET__SEED__X": (
        "1",
        "BELLWETHER_MARKET__SEED__X (environment): market.seed is one value; give it in BELLWETHER_MARKET__SEED",
    ),
    "BELLWETHER_RULES__0__ID": (
        "mine",
        "BELLWETHER_RULES__0__ID (environment): rules is a list; give it whole, as JSON, in BELLWETHER_RULES",
    ),
    "BELLWETHER_BASKETS__ALTS": (
        "SOL",
        'BELLWETHER_BASKETS__ALTS (environment): must be a list as JSON, such as ["SOL", "ADA"]',
    ),
    "BELLWETHER_MARKET": (
        '{"seed": -1}',
        "BELLWETHER_MARKET (environment), market.seed: must be greater than or equal to 0, not -1",
    ),
    "BELLWETHER_TELEGRAM": (
        "123:SECRET",
        'BELLWETHER_TELEGRAM (environment): must be a table as JSON, such as {"allow": [123456789]}',
    ),
    "BELLWETHER_INSTRUMENTS__DOGE__KIND": (
        "coin",
        "BELLWETHER_INSTRUMENTS__DOGE__KIND (environment), instruments.DOGE.name: name is missing",
    ),
    "bellwether_config": ("x", "bellwether_config (environment): is written in capitals: BELLWETHER_CONFIG"),
    "BELLWETHER_MARKET__SE\nD": (
        "1",
        "'BELLWETHER_MARKET__SE\\nD' (environment): unknown key 'se\\nd'; did you mean seed?",
    ),
}


@pytest.mark.parametrize(("variable", "value", "fault"), [(k, *v) for k, v in ENVIRONMENT_FAULTS.items()])
def test_a_variable_that_means_nothing_is_told_by_its_name(
    variable: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert environment_faults() == [fault]


TABLES = [("BELLWETHER_MARKET", "table"), ("BELLWETHER_RUN", "table"), ("BELLWETHER_RUN__SETTLE_MINUTES", "table"),
          ("BELLWETHER_STORE", "table"), ("BELLWETHER_TELEGRAM", "table"), ("BELLWETHER_TELEGRAM__ALLOW", "list"),
          ("BELLWETHER_FEEDS", "table"), ("BELLWETHER_FEEDS__VENUES", "list"), ("BELLWETHER_DELIVERY", "table"),
          ("BELLWETHER_BASKETS", "table"),
          ("BELLWETHER_INSTRUMENTS", "table"), ("BELLWETHER_INSTRUMENTS__RUT", "table"), ("BELLWETHER_RULES", "list"),
          ("BELLWETHER_INSTRUMENTS__RUT__SOURCES", "table"), ("BELLWETHER_BASKETS__ALTS", "list")]  # fmt: skip


@pytest.mark.parametrize("value", ["junk", "", "3", "null", "[" * 100_000, "9" * 5_000])
@pytest.mark.parametrize(("variable", "form"), TABLES)
def test_what_is_no_json_is_told_by_its_name_with_json_that_is_right(
    variable: str, form: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    (fault,) = environment_faults()
    right = fault.removeprefix(f"{variable} (environment): must be a {form} as JSON, such as ")
    assert right != fault
    monkeypatch.setenv(variable, right)
    load_settings(None, SESSIONS.check)


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("BELLWETHER_RUN__SOURCE", "simulated", "simulated"),
        ("BELLWETHER_RUN__DAYS_FROM", "2000-01-03", "2000-01-03"),
        ("BELLWETHER_RUN__SETTLE_MINUTES__COIN", "5", 5),
        ("BELLWETHER_TELEGRAM__ALLOW", "[7, -1001234567890]", [7, -1001234567890]),
        ("BELLWETHER_TELEGRAM__EVERYONE", "true", True),
        ("BELLWETHER_FEEDS__VENUES", '["kraken"]', ["kraken"]),
        ("BELLWETHER_DELIVERY__EXPIRE_MINUTES", "60", 60),
    ],
)
def test_the_service_can_be_set_by_variables(
    variable: str, value: str, found: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    told: Any = load_settings(None, SESSIONS.check).model_dump(mode="json")
    for step in variable.lower().split("_", 1)[1].split("__"):
        told = told[step]
    assert told == found


def test_the_store_can_be_set_by_a_variable_and_is_as_secret_as_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_STORE__URL", "postgresql://me:SECRET-word@host/db")
    settings = load_settings()
    assert (settings.store.place, settings.store.secrets) == ("db on host", ("SECRET-word",))
    assert "SECRET" not in repr(settings) + settings.model_dump_json() + repr(settings.model_dump())


def test_a_value_set_twice_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names are matched without case; which of the two was meant nobody can know."""
    monkeypatch.setenv("BELLWETHER_MARKET__SEED", "1")
    monkeypatch.setenv("bellwether_market__seed", "2")
    (fault,) = environment_faults()
    wanted = "bellwether_market__seed (environment): sets the same as BELLWETHER_MARKET__SEED; keep one of them"
    assert fault == wanted


def test_a_single_value_is_over_the_table_it_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET__SEED", "1")
    monkeypatch.setenv("BELLWETHER_MARKET", '{"seed": 2, "grace_minutes": 3}')
    market = load_settings().market
    assert (market.seed, market.grace_minutes) == (1, 3)


def test_an_instrument_of_the_environment_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_INSTRUMENTS__DOGE", '{"name": "Dogecoin", "kind": "coin", "calendar": "24/7"}')
    monkeypatch.setenv("bellwether_instruments__doge__sources__yahoo", "DOGE-USD")
    monkeypatch.setenv("BELLWETHER_BASKETS__MINE", '["DOGE"]')
    settings = load_settings(None, SESSIONS.check)
    assert settings.instruments["DOGE"].sources == {"yahoo": "DOGE-USD"}
    assert settings.baskets["MINE"] == ("DOGE",)


def test_faults_of_the_file_come_first_and_name_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_MARKET", '{"data": 3}')
    monkeypatch.setenv("BELLWETHER_JUNK", "1")
    assert faults(config, "[market]\nsed = 1\nseed = -1\n") == [
        "my.toml line 2, market.sed: unknown key sed; did you mean seed?",
        "my.toml line 3, market.seed: must be greater than or equal to 0, not -1",
        "BELLWETHER_JUNK (environment): unknown section junk",
        "BELLWETHER_MARKET (environment), market.data: must be text in quotes, not 3",
    ]
