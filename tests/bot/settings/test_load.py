"""The configuration: the example is the default, a user's file lies over it."""

from __future__ import annotations

import datetime as dt
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.market.sessions import HISTORY_STARTS
from bot.settings import (
    ChannelSettings,
    DeliverySettings,
    EvidenceSettings,
    FeedsSettings,
    LogSettings,
    PicturesSettings,
    RetentionSettings,
    Role,
    RunSettings,
    Settings,
    StoreSettings,
    TelegramSettings,
    Venue,
    WatchdogSettings,
    WebSettings,
    load_settings,
    warnings,
)
from bot.settings.fields import EARLIEST
from bot.settings.files import FileSettings
from bot.settings.models import InstrumentSettings, MarketSettings, RuleSettings, built_in
from bot.store.database import open_database
from rules.bars import VolumeUnit
from rules.model import XNYS, Basis, Delivery, Kind, Severity, Timing
from tests.bot.markets import SESSIONS
from tests.bot.settings.loading import ONE_RULE, TOKEN, faults, load

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"


# The example is the default


def test_the_example_is_the_built_in_configuration() -> None:
    assert load_settings(EXAMPLE, SESSIONS.check) == load_settings(None, SESSIONS.check)


def test_an_empty_file_changes_nothing(config: Path) -> None:
    assert load(config, "# nothing\n") == load_settings()


OPTIONAL = {
    "instruments": {"currency"},
    "rules": {"confirm_clear", "expires", "delivery", "enabled"},
}
"""What the example need not show; every other field stands in it."""


@pytest.mark.parametrize(
    ("section", "model"),
    [
        ("market", MarketSettings),
        ("run", RunSettings),
        ("store", StoreSettings),
        ("telegram", TelegramSettings),
        ("feeds", FeedsSettings),
        ("delivery", DeliverySettings),
        ("watchdog", WatchdogSettings),
        ("web", WebSettings),
        ("log", LogSettings),
        ("retention", RetentionSettings),
        ("pictures", PicturesSettings),
        ("evidence", EvidenceSettings),
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


def test_a_file_laid_over_the_built_in_one_changes_it_for_nobody(config: Path) -> None:
    before = deepcopy(built_in())
    load(config, "[market]\nseed = 9\n[instruments.RUT]\nname = 'R'\n[baskets]\nCORE = ['BTC']\n" + ONE_RULE)
    assert built_in() == before


def test_every_rule_of_the_pack_says_when_it_clears() -> None:
    assert all(rule.clear for rule in load_settings().rules)
    assert warnings(load_settings()) == []


def test_the_pack_and_the_instruments_have_their_final_names() -> None:
    settings = load_settings()
    names = "RUT SPX VIX IWM SPY QQQ HYG TLT UUP GLD IBIT ETHA BTC ETH SOL ADA XRP"
    assert " ".join(settings.instruments) == names
    assert set(settings.baskets) == {"CORE", "ALTS", "RISK"}
    assert settings.instruments["RUT"].sources == {"yahoo": "^RUT"}
    kinds = ("coupled-50", "coupled", "coupled-70", "shift")
    coupled = {f"rut-{coin}-{kind}" for coin in ("sol", "ada", "btc", "eth", "xrp") for kind in kinds}
    regimes = {f"regime-{label}" for label in ("risk-on", "neutral", "risk-off")}
    records = {f"rut-record-{kind}" for kind in ("close", "fresh", "intraday")}
    indices = {f"{index}-{kind}-{by}" for index in ("rut", "spx") for kind in ("rally", "drawdown") for by in (10, 20)}
    levels = {"btc": (20, 30), "eth": (30, 50), "sol": (30, 50), "ada": (30, 50), "xrp": (30, 50)}
    coins = {f"{coin}-{kind}-{by}" for coin in levels for kind in ("rally", "drop") for by in levels[coin]}
    strength = {f"rut-{side}-{over}" for side in ("lags", "leads") for over in ("spx", "quarter")}
    volatility = {"vix-20", "vix-25", "vix-30", "vix-40", "vix-jump"}
    volatility |= {f"{name}-vol-break" for name in ("rut", "spx", "btc")}
    liquidity = {f"{coin}-volume-{by}m" for coin in ("sol", "ada", "xrp") for by in (10, 50)} | {"alts-thin"}
    shares = {"core-share-90", "alts-share-25", "alts-share-35", "core-share-40"}
    others = {"risk-correlation", "alts-lead-btc", "alts-lag-btc", "ibit-surge", "etha-surge"}
    ids = [rule.id for rule in settings.rules]
    assert len(ids) == len(set(ids)) == 82
    assert set(ids) == {
        *records, *indices, *coins, *strength, *coupled, *volatility, *liquidity, *shares, *others, *regimes
    }  # fmt: skip


def test_the_record_of_the_session_in_progress_comes_after_the_record_of_the_close() -> None:
    settings = load_settings()
    assert [rule.id for rule in settings.rules][:3] == ["rut-record-fresh", "rut-record-close", "rut-record-intraday"]
    assert [rule.rule.id for rule in settings.compiled if rule.rule.basis is Basis.TICK] == ["rut-record-intraday"]


def test_the_service_is_as_documented_unless_said() -> None:
    settings = load_settings()
    assert (settings.run.source, settings.run.poll_seconds, settings.run.hours_days) == ("live", 60, 730)
    assert settings.run.days_from == EARLIEST == HISTORY_STARTS
    assert [settings.run.settle_minutes.seconds(kind) for kind in Kind] == [30 * 60, 45 * 60, 30 * 60, 2 * 60]
    assert settings.store.file == Path("bellwether.db")
    assert settings.telegram.base_url == "https://api.telegram.org"
    assert (settings.telegram.given, settings.telegram.allow, settings.telegram.everyone) == (False, (), False)
    assert settings.feeds.venues == tuple(Venue)
    assert (settings.feeds.timeout_seconds, settings.delivery.expire_minutes) == (20, 1440)
    assert settings.telegram.admins == ()
    assert (settings.watchdog.ping_url.get_secret_value(), settings.watchdog.ping_seconds) == ("", 60)
    assert (settings.watchdog.free_mb, settings.delivery.fallback_minutes) == (200, 10)
    assert (settings.web.listen, settings.log.format, dict(settings.channels)) == ("127.0.0.1:8719", "text", {})
    assert (settings.telegram.commands_per_minute, settings.telegram.alerts_per_chat) == (20, 20)
    assert settings.telegram.webhook_url == ""


def test_of_a_price_file_nothing_need_be_said_and_everything_may(config: Path) -> None:
    text = '[files.SOL_1h]\nvolume_unit = "base"\nvenue = "binance spot"\nquote = "USDT"\n'
    text += 'venues = { 2023-01-01 = "binance perpetual" }\n[files.HYG_adj_1d]\n'
    files = load(config, text).files
    said = files["SOL_1h"]
    assert (said.volume_unit, said.venue, said.quote) == (VolumeUnit.BASE, "binance spot", "USDT")
    assert said.venues == {dt.date(2023, 1, 1): "binance perpetual"}
    assert files["HYG_adj_1d"] == FileSettings()
    assert load_settings().files == {}


def test_a_channel_is_a_url_and_tells_everything_unless_said(config: Path) -> None:
    channel = load(config, '[channels.desk]\nurl = "ntfy://desk"').channels["desk"]
    assert (channel.role, channel.least) == (Role.SUBSCRIBER, Severity.INFO)


def test_a_fallback_tells_what_is_critical_unless_said(config: Path) -> None:
    text = '[channels.pager]\nurl = "ntfy://desk"\nrole = "fallback"\n'
    assert load(config, text).channels["pager"].least is Severity.CRITICAL
    assert load(config, text + 'severity = "high"').channels["pager"].least is Severity.HIGH


def test_every_part_of_a_channel_that_may_be_a_key_is_a_secret() -> None:
    url = "mailtos://operator:p%40ss-word9@smtp.example.org:587/?to=desk@example.org&key=abcdefgh"
    secrets = ChannelSettings(url=SecretStr(url)).secrets
    assert {"operator", "p%40ss-word9", "p@ss-word9", "abcdefgh", url} == set(secrets)


def test_all_secrets_are_known_in_one_place(config: Path) -> None:
    text = f'[telegram]\ntoken = "{TOKEN}"\n[store]\nurl = "postgresql://u:password1@h/db"\n[channels.a]\nurl = "ntfy://topic-abc"\n'
    text += '[watchdog]\nping_url = "https://hc-ping.com/secret-path"\n'
    assert {TOKEN, "password1", "topic-abc", "secret-path"} <= set(load(config, text).secrets)


@pytest.mark.parametrize("listen", ["127.0.0.1:8719", "[::1]:0", "0.0.0.0:65535", "my-host.lan:80", ""])
def test_an_address_to_listen_on_has_a_port(config: Path, listen: str) -> None:
    assert load(config, f'[web]\nlisten = "{listen}"').web.listen == listen


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


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("sqlite:///a.db", "a.db"),
        ("sqlite:///b", "b"),
        ("sqlite:///data/my bot.db", "data/my bot.db"),
        ("sqlite:////var/lib/bellwether.db", "/var/lib/bellwether.db"),
        ("sqlite:///C:/bots/bellwether.db", "C:/bots/bellwether.db"),
    ],
)
def test_the_store_is_a_file(config: Path, line: str, file: str) -> None:
    store = load(config, f"[store]\nurl = '{line}'").store
    assert (store.file, store.place, store.secrets) == (Path(file), file, ())


@pytest.mark.parametrize(
    ("line", "place", "secrets"),
    [
        ("postgresql://me:long-secret@db.example.com/bellwether", "bellwether on db.example.com", ("long-secret",)),
        ("postgres://me:p%40ss%2Fword@10.0.0.7:5433/a", "a on 10.0.0.7", ("p@ss/word", "p%40ss%2Fword")),
        ("postgresql+psycopg://me@[::1]:5432/a?sslmode=require", "a on ::1", ()),
        ("postgresql://me@one:5432,two:5433/a?target_session_attrs=read-write", "a on one,two", ()),
        ("postgresql:///a?host=/run/postgresql&password=long-secret", "a on this machine", ("long-secret",)),
        ("postgresql://%2Frun%2Fpostgresql/a", "a on this machine", ()),
        ("postgresql:///a", "a on this machine", ()),
    ],
)
def test_the_store_is_a_database_of_a_server_whose_password_nobody_sees(
    config: Path, line: str, place: str, secrets: tuple[str, ...]
) -> None:
    store = load(config, f"[store]\nurl = '{line}'").store
    assert (store.file, store.place, store.secrets) == (None, place, secrets)
    assert line not in repr(store)
    assert open_database(line).name == place, "and the store says the same"


@pytest.mark.parametrize("day", ["2000-01-03", "'2000-01-03'"])
def test_history_begins_at_a_date_of_toml_or_at_its_text(config: Path, day: str) -> None:
    assert load(config, f"[run]\ndays_from = {day}").run.days_from == dt.date(2000, 1, 3)


def test_one_kind_settles_as_said_and_the_others_as_before(config: Path) -> None:
    settle = load(config, "[run.settle_minutes]\ncoin = 0\n").run.settle_minutes
    assert (settle.coin, settle.index, settle.volatility, settle.etf) == (0, 30, 45, 30)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8081", "https://bots.example/telegram"])
def test_a_bot_api_server_of_ones_own(config: Path, url: str) -> None:
    assert load(config, f"[telegram]\nbase_url = '{url}'").telegram.base_url == url


def test_a_token_may_stand_in_the_file(config: Path) -> None:
    telegram = load(config, f"[telegram]\ntoken = '{TOKEN}'\nallow = [7, -1001234567890]\n").telegram
    assert telegram.given
    assert telegram.token.get_secret_value() == TOKEN
    assert telegram.allow == (7, -1001234567890)


def test_administrators_are_named_by_their_ids(config: Path) -> None:
    assert load(config, "[telegram]\nadmins = [7, -1001234567890]\n").telegram.admins == (7, -1001234567890)


@pytest.mark.parametrize(
    "url", ["https://hc-ping.com/0c1f", "http://127.0.0.1:8000/a/?key=x&y=1", "https://up.example?id=3"]
)
def test_an_address_to_ping_may_hold_a_secret_and_is_not_printed(config: Path, url: str) -> None:
    settings = load(config, f"[watchdog]\nping_url = '{url}'\n")
    assert settings.watchdog.ping_url.get_secret_value() == url
    assert url not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("", ()),
        ("https://up.example/a", ("https://up.example/a",)),
        ("https://hc-ping.com/0c1f-5a2b", ("https://hc-ping.com/0c1f-5a2b", "0c1f-5a2b")),
        ("https://up.example?key=0c1f5a2b", ("https://up.example?key=0c1f5a2b", "key=0c1f5a2b")),
    ],
)
def test_what_stands_behind_the_host_is_as_secret_as_the_whole(
    config: Path, url: str, secrets: tuple[str, ...]
) -> None:
    """Libraries log the one without the other."""
    assert load(config, f"[watchdog]\nping_url = '{url}'\n").watchdog.secrets == secrets


# Warnings


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ("", True),
        ("allow = []", True),
        ("allow = [7]", False),
        ("everyone = true", False),
        ("admins = [7]", False),
    ],
)
def test_a_bot_that_nobody_may_use_is_warned_of(config: Path, more: str, warned: bool) -> None:
    found = warnings(load(config, f"[telegram]\ntoken = '{TOKEN}'\n{more}\n"))
    wanted = (
        "telegram has a token and allows nobody: write to the bot once it runs, it answers with your id; "
        "put that into telegram.allow"
    )
    assert (wanted in found) is warned


@pytest.mark.parametrize(
    ("telegram", "warned"),
    [
        (f"token = '{TOKEN}'\nallow = [7]", True),
        (f"token = '{TOKEN}'\neveryone = true", True),
        (f"token = '{TOKEN}'\nadmins = [7]", False),
        ("allow = [7]", False),
    ],
)
def test_a_bot_that_has_nobody_to_tell_of_its_troubles_is_warned_of(config: Path, telegram: str, warned: bool) -> None:
    wanted = (
        "telegram has a token and no admins: nobody is told when something has stopped, and nobody may /reload; "
        "put your id into telegram.admins"
    )
    assert warnings(load(config, f"[telegram]\n{telegram}\n")) == ([wanted] if warned else [])


@pytest.mark.parametrize(
    ("server", "warned"),
    [("http://bots.example.org", True), ("https://bots.example.org", False), ("http://127.0.0.1:8081", False)],
)
def test_a_server_that_the_token_travels_to_in_clear_is_warned_of(config: Path, server: str, warned: bool) -> None:
    found = warnings(load(config, f"[telegram]\ntoken = '{TOKEN}'\nadmins = [7]\nbase_url = '{server}'\n"))
    wanted = "telegram.base_url is http: the token can be read on its way to that server; use https"
    assert found == ([wanted] if warned else [])


@pytest.mark.parametrize(("confirm", "warned"), [(1, True), (2, False)])
def test_a_rule_that_one_bad_print_fires_is_warned_of(config: Path, confirm: int, warned: bool) -> None:
    text = f"{ONE_RULE}clear = 'drawdown(RUT) > 3%'\non = 'tick'\nconfirm = {confirm}\n"
    wanted = "rule mine is on ticks with confirm = 1: one bad print fires it; confirm 2 or more"
    assert warnings(load(config, text)) == ([wanted] if warned else [])


@pytest.mark.parametrize(("source", "warned"), [("live", True), ("simulated", False)])
def test_an_instrument_that_nobody_prices_is_warned_of(config: Path, source: str, warned: bool) -> None:
    text = f"[run]\nsource = '{source}'\n[instruments.DOGE]\nname = 'Dogecoin'\nkind = 'coin'\n"
    wanted = "instrument DOGE has no sources: bellwether run will never have a price of it"
    assert warnings(load(config, text)) == ([wanted] if warned else [])


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
