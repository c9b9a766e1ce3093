"""The configuration: the example is the default, a user's file lies over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.settings import Settings, load_settings, warnings
from bot.settings.models import InstrumentSettings, MarketSettings, RuleSettings, TelegramSettings, built_in
from rules.model import XNYS, Basis, Delivery, Severity, Timing
from tests.bot.markets import SESSIONS
from tests.bot.settings.loading import ONE_RULE, faults, load

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


# The example is the default


def test_the_example_is_the_built_in_configuration() -> None:
    assert load_settings(EXAMPLE, SESSIONS.check) == load_settings(None, SESSIONS.check)


def test_an_empty_file_changes_nothing(config: Path) -> None:
    assert load(config, "# nothing\n") == load_settings()


OPTIONAL = {
    "instruments": {"currency"},
    "rules": {"on", "confirm_clear", "cooldown", "expires", "notify_resolved", "delivery", "enabled"},
}
"""What the example need not show; every other field stands in it."""


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("market", MarketSettings),
        ("telegram", TelegramSettings),
        ("instruments", InstrumentSettings),
        ("rules", RuleSettings),
    ],
)
def test_the_example_shows_every_field(section: str, model: type[BaseModel]) -> None:
    tables: Any = built_in()[section]
    if section == "instruments":
        tables = tables.values()
    elif section != "rules":
        tables = [tables]
    shown = {key for table in tables for key in table}
    assert shown | OPTIONAL.get(section, set()) == set(model.model_fields)
    assert not shown & OPTIONAL.get(section, set()), "shown after all: no longer to be listed as optional"


def test_the_example_shows_every_section() -> None:
    assert set(built_in()) == set(Settings.model_fields)


def test_every_rule_of_the_pack_says_when_it_clears() -> None:
    assert all(rule.clear for rule in load_settings().rules)
    assert warnings(load_settings()) == []


def test_the_pack_and_the_instruments_have_their_final_names() -> None:
    settings = load_settings()
    names = "RUT SPX VIX IWM SPY QQQ HYG TLT UUP GLD IBIT ETHA BTC ETH SOL ADA XRP"
    assert " ".join(settings.instruments) == names
    assert set(settings.baskets) == {"CORE", "ALTS", "RISK"}
    assert settings.instruments["RUT"].sources == {"yahoo": "^RUT"}
    coupled = {f"rut-{coin}-coupled" for coin in ("sol", "ada", "btc", "eth", "xrp")}
    regimes = {f"regime-{label}" for label in ("risk-on", "neutral", "risk-off")}
    others = {"rut-record-close", "rut-rally-10", "rut-drawdown-10", "rut-lags-spx", "vix-25"}
    assert {rule.id for rule in settings.rules} == coupled | regimes | others


# A file lies over it


def test_a_table_replaces_only_the_keys_it_holds(config: Path) -> None:
    settings = load(config, '[market]\nseed = 11\n[instruments.RUT]\nname = "Small caps"\n')
    default = load_settings()
    assert settings.market.seed == 11
    assert settings.market.grace_minutes == default.market.grace_minutes
    assert settings.instruments["RUT"].name == "Small caps"
    assert settings.instruments["RUT"].sources == default.instruments["RUT"].sources
    assert settings.rules == default.rules


def test_rules_replace_the_pack(config: Path) -> None:
    settings = load(config, ONE_RULE)
    assert [rule.id for rule in settings.rules] == ["mine"]
    assert [rule.rule.id for rule in settings.compiled] == ["mine"]
    assert settings.instruments == load_settings().instruments


def test_no_rules_are_allowed(config: Path) -> None:
    assert load(config, "rules = []\n").compiled == ()


def test_an_instrument_is_added_and_the_others_stay(config: Path) -> None:
    text = '[instruments.DOGE]\nname = "Dogecoin"\nkind = "coin"\ncalendar = "24/7"\n'
    settings = load(config, text + '[[rules]]\nid = "much"\nwhen = "close(DOGE) > 1"\n')
    assert list(settings.instruments) == [*load_settings().instruments, "DOGE"]
    assert settings.instrument_map["DOGE"].currency == "USD"
    assert settings.compiled[0].calendar == "24/7"


def test_a_basket_is_replaced_and_the_others_stay(config: Path) -> None:
    settings = load(config, '[baskets]\nALTS = ["SOL"]\nMINE = ["RUT", "SPX"]\n')
    assert settings.baskets["ALTS"] == ("SOL",)
    assert settings.baskets["MINE"] == ("RUT", "SPX")
    assert settings.baskets["CORE"] == load_settings().baskets["CORE"]


def test_a_rule_is_what_was_written(config: Path) -> None:
    text = """[[rules]]
id = "r-1"
when = "close(RUT) > 1"
clear = "close(RUT) < 1"
on = "tick"
confirm = 2
confirm_clear = 3
cooldown = 4
expires = 5
severity = "critical"
tags = ["a", "b"]
title = "T"
notify_resolved = true
delivery = "at_most_once"
"""
    rule = load(config, text).compiled[0].rule
    assert rule.timing == Timing(2, 3, 4, 5)
    assert (rule.basis, rule.severity, rule.delivery) == (Basis.TICK, Severity.CRITICAL, Delivery.AT_MOST_ONCE)
    assert (rule.id, rule.tags, rule.title, rule.notify_resolved) == ("r-1", ("a", "b"), "T", True)


def test_what_a_rule_leaves_out_has_the_documented_value(config: Path) -> None:
    rule = load(config, ONE_RULE).compiled[0].rule
    assert rule.timing == Timing(1, 1, 0, None)
    assert (rule.basis, rule.severity, rule.delivery) == (Basis.CLOSE, Severity.NOTICE, Delivery.AT_LEAST_ONCE)
    assert (rule.clear, rule.tags, rule.title, rule.notify_resolved) == (None, (), "", False)


def test_a_rule_that_is_not_enabled_is_checked_and_not_judged(config: Path) -> None:
    assert load(config, ONE_RULE + "enabled = false\n").compiled == ()
    assert faults(config, ONE_RULE.replace("record", "recrd") + "enabled = false\n")


def test_a_file_written_by_a_windows_editor_is_read(config: Path) -> None:
    """Notepad writes a byte order mark and both line ends; tomllib calls the mark an invalid statement."""
    config.write_bytes(b"\xef\xbb\xbf[market]\r\nseed = 11\r\n")
    assert load_settings(config).market.seed == 11


# Warnings


@pytest.mark.parametrize(
    ("when", "clear", "warned"),
    [
        ("close(RUT) > 2500", None, True),
        ("p_corr(RUT, SOL) >= 50% and not (drawdown(RUT) > 3%)", None, True),
        ("close(RUT) > 2500", "close(RUT) < 2400", False),
        ("up_turn(RUT, 10%)", None, False),
        ("regime_is(RISK_OFF)", None, False),
    ],
)
def test_a_level_without_an_end_is_warned_of(config: Path, when: str, clear: str | None, warned: bool) -> None:
    line = f'clear = "{clear}"\n' if clear else ""
    found = warnings(load(config, f'[[rules]]\nid = "mine"\nwhen = "{when}"\n{line}'))
    wanted = "rule mine has no clear: at its level it may fire again and again; say when it ends"
    assert found == ([wanted] if warned else [])


def test_instruments_trade_on_the_exchange_unless_said() -> None:
    settings = load_settings()
    on_exchange = [name for name, each in settings.instruments.items() if each.calendar == XNYS]
    assert on_exchange == ["RUT", "SPX", "VIX", "IWM", "SPY", "QQQ", "HYG", "TLT", "UUP", "GLD", "IBIT", "ETHA"]
