"""All faults of a configuration at once, each in one sentence: what, where, and what would be right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.settings import (
    ChannelSettings,
    ConfigurationError,
    DeliverySettings,
    EvidenceSettings,
    FeedsSettings,
    LogSettings,
    PicturesSettings,
    RetentionSettings,
    RunSettings,
    SettleSettings,
    StoreSettings,
    TelegramSettings,
    WatchdogSettings,
    WebSettings,
    load_settings,
)
from bot.settings.files import FileSettings
from bot.settings.live_feeds import live_feeds
from bot.settings.models import InstrumentSettings, MarketSettings, RuleSettings
from tests.bot.golden import assert_golden
from tests.bot.markets import SESSIONS
from tests.bot.settings.loading import ONE_RULE, TOKEN, faults

HERE = Path(__file__).parent
*_OTHERS, _LAST = map(repr, live_feeds())
LIVE = f"{', '.join(_OTHERS)} or {_LAST}"


def test_everything_that_is_wrong_is_told_at_once_with_its_line(config: Path) -> None:
    told = faults(config, (HERE / "mistakes.toml").read_text(encoding="utf-8"))
    assert_golden(HERE / "mistakes.txt", "\n".join(told))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"[market\n", "my.toml: not valid TOML: expected ']' at the end of a table declaration (at line 1, column 8)"),
        (b"seed = \n", "my.toml: not valid TOML: invalid value (at line 1, column 8)"),
        (b"[market]\nseed = 1 # \xff\n", "my.toml: not UTF-8 text; a configuration looks like config.example.toml"),
        ("colour = 1",
         "my.toml line 1, colour: unknown key colour; known here: market, files, run, store, telegram, feeds, "
         "delivery, channels, watchdog, web, log, retention, pictures, evidence, baskets, instruments, rules"),
        ("[market]\nsed = 1", "my.toml line 2, market.sed: unknown key sed; did you mean seed?"),
        ("[market]\nseed = 1.5", "my.toml line 2, market.seed: must be a whole number, not 1.5"),
        ("[market]\nseed = -1", "my.toml line 2, market.seed: must be greater than or equal to 0, not -1"),
        ("[instruments.DOGE]\nkind = 'coin'", "my.toml line 1, instruments.DOGE.name: name is missing"),
        ("[[rules]]\nwhen = 'close(RUT) > 1'", "my.toml line 1, rules[0].id: id is missing"),
        ("[[rules]]\nid = 'a'", "my.toml line 1, rules[0].when: when is missing"),
        ("[[rules]]\nid = 0x" + "f" * 5_000 + "\nwhen = 'close(RUT) > 1'",
         "my.toml line 2, rules[0].id: must be text in quotes"),
        ("[baskets]\nX = ['NOPE', 'RUT']\n[instruments]", "my.toml line 2, baskets.X: unknown instrument NOPE (known: "
         "RUT, SPX, VIX, IWM, SPY, QQQ, HYG, TLT, UUP, GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP)"),
        ("[instruments.RUT]\nproxies = ['IWN']",
         "my.toml line 2, instruments.RUT.proxies: unknown instrument IWN; did you mean IWM? (known: "
         "RUT, SPX, VIX, IWM, SPY, QQQ, HYG, TLT, UUP, GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP)"),
        ("[instruments.RUT]\nproxies = ['RUT']",
         "my.toml line 2, instruments.RUT.proxies: RUT cannot speak for itself; name what moves with it"),
        ("[instruments.IBIT]\ncalendar = 'MARS'",
         "my.toml line 2, instruments.IBIT.calendar: unknown calendar MARS; use XNYS, 24/7 or another exchange's code"),
        (ONE_RULE + ONE_RULE, "my.toml line 5, rules[1].id: rule id mine is already used by rules[0]; ids are unique"),
        (ONE_RULE + "confirm = 0",
         "my.toml line 4, rules[0].confirm: must be greater than or equal to 1, not 0"),
        (ONE_RULE + "confirm = 251", "my.toml line 4, rules[0].confirm: must be less than or equal to 250, not 251"),
        (ONE_RULE + "confirm = true", "my.toml line 4, rules[0].confirm: must be a whole number, not true"),
        (ONE_RULE + "enabled = 'maybe'", "my.toml line 4, rules[0].enabled: must be true or false, not 'maybe'"),
        (ONE_RULE + "on = 'open'", "my.toml line 4, rules[0].on: must be 'close' or 'tick', not 'open'"),
        (ONE_RULE + f"title = '{'x' * 121}'", "my.toml line 4, rules[0].title: must be at most 120 characters long"),
        (ONE_RULE + "clear = 3", "my.toml line 4, rules[0].clear: must be text in quotes, not 3"),
        (ONE_RULE + "tags = ['A b']",
         "my.toml line 4, rules[0].tags[0]: must be up to 32 lower-case letters, digits and "
         "dashes, such as russell, not 'A b'"),
        (ONE_RULE + "tags = 'a'",
         'my.toml line 4, rules[0].tags: must be a list of words, such as ["russell", "turn"], not \'a\''),
        ("[instruments.RUT]\nname = ''", "my.toml line 2, instruments.RUT.name: must not be empty"),
        ("[instruments.RUT]\ncurrency = 'dollar'",
         "my.toml line 2, instruments.RUT.currency: must be 3 to 5 capital letters, such as USD, not 'dollar'"),
        ("[instruments.RUT]\nsources = 'x'",
         "my.toml line 2, instruments.RUT.sources: must be a table, such as { yahoo = \"^RUT\" }, not 'x'"),
        ("[baskets]\nalts = ['SOL']",
         "my.toml line 2, baskets.alts: the name of a basket must be up to 12 capital letters "
         "and digits, a letter first, such as ALTS, not 'alts'"),
        ("[baskets]\nX = ['SOL', 'ADA', 'SOL']",
         "my.toml line 2, baskets.X: SOL is named more than once; name each member once"),
        ("[baskets]\nX = 'RUT'",
         'my.toml line 2, baskets.X: must be a list of instruments, such as ["SOL", "ADA"], not \'RUT\''),
        ("[[market]]\nseed = 1", "my.toml line 1, market: must be a table, such as [market]"),
        ("rules = 3", "my.toml line 1, rules: must be a list of tables, each under its own [[rules]], not 3"),
        ("instruments.DOGE.name = 'x'", "my.toml line 1, instruments.DOGE.kind: kind is missing"),
        ("[market]\nseed = 0x" + "f" * 5_000, "my.toml line 2, market.seed: must be less than or equal to 4294967296"),
        ("[market]\n'a b\\n' = 1", "my.toml line 2, market.'a b\\\\n': unknown key 'a b\\\\n'; known here: data, seed, "
         "grace_minutes"),
        ("a = " + "9" * 5_000,
         "my.toml: a number or a list in it is beyond all bounds; a configuration looks like config.example.toml"),
        ("a = " + "[" * 5_000,
         "my.toml: a number or a list in it is beyond all bounds; a configuration looks like config.example.toml"),
    ],
)  # fmt: skip
def test_a_fault_is_one_sentence_with_its_line(config: Path, text: str | bytes, fault: str) -> None:
    assert faults(config, text) == [fault]


VENUES = "'coinbase', 'kraken', 'okx', 'bybit', 'kucoin' or 'binance'"
STORE = (
    "must be sqlite:/// and a file, such as sqlite:///bellwether.db, or postgresql://user:password@host/database, with "
    "%23 for a # in the password, and so on"
)
TOKEN_FORM = "must be a token as @BotFather gives it: digits, a colon, about 35 letters and digits"
SERVER = "must be a server's URL without a slash at its end, such as https://api.telegram.org"
CHAT = "must be the id of a person or a chat, as the bot's /id tells it, negative for a group; and none that many share"
PING = "must be an http or https URL, such as https://hc-ping.com/your-check; empty for none"
WEBHOOK = "must be an https URL, such as https://bot.example.org/telegram; empty to poll"
LISTEN = "must be an address and a port, such as 127.0.0.1:8719 or [::1]:8719; empty for none"
CHANNEL = "must be an Apprise URL, such as ntfys://ntfy.sh/your-topic"
FILE = "must be called like the file without its ending, such as SOL_1h or HYG_adj_1d"
FILE_VENUE = "must be up to 40 letters, digits, spaces, dots and dashes, such as binance spot"
DAY_OF_CHANGE = "must stand under a date from 1990-01-02 on, such as 2023-01-01"
DAYS_FROM = "must be a date from 1990-01-02 on, such as 2000-01-03"


@pytest.mark.parametrize(
    ("section", "line", "fault"),
    [
        ("files", "SOL = {}", f"SOL: {FILE}, not 'SOL'"),
        ("files", "sol_1h = {}", f"sol_1h: {FILE}, not 'sol_1h'"),
        ("files", "SOL_1w = {}", f"SOL_1w: {FILE}, not 'SOL_1w'"),
        ("files", "'SOL_1h.csv' = {}", f"SOL_1h.csv: {FILE}, not 'SOL_1h.csv'"),
        ("files", "SOL_1h = 3", "SOL_1h: must be a table, such as [files.SOL_1h], not 3"),
        ("files.SOL_1h", "volume_unit = 'coins'", "volume_unit: must be 'base', 'quote' or 'none', not 'coins'"),
        ("files.SOL_1h", "unit = 'base'", "unit: unknown key unit; known here: volume_unit, venue, venues, quote"),
        ("files.SOL_1h", "quote = 'tether'", "quote: must be 3 to 5 capital letters, such as USDT, not 'tether'"),
        ("files.SOL_1h", "venue = ''", f"venue: {FILE_VENUE}"),
        ("files.SOL_1h", "venue = 'a, b'", f"venue: {FILE_VENUE}, not 'a, b'"),
        ("files.SOL_1h", "venues = 'binance'",
         "venues: must be a table, such as { 2023-01-01 = \"binance perpetual\" }, not 'binance'"),
        ("files.SOL_1h", "venues.2023-01-01 = 3", "venues.2023-01-01: must be text in quotes, not 3"),
        ("files.SOL_1h", "venues.2023-01-01 = '?'", f"venues.2023-01-01: {FILE_VENUE}, not '?'"),
        ("files.SOL_1h", "venues.2023-02-30 = 'b'", f"venues.2023-02-30: {DAY_OF_CHANGE}, not '2023-02-30'"),
        ("files.SOL_1h", "venues.1989-12-31 = 'b'", f"venues.1989-12-31: {DAY_OF_CHANGE}, not '1989-12-31'"),
        ("files.SOL_1h", "venues.new-year = 'b'", f"venues.new-year: {DAY_OF_CHANGE}, not 'new-year'"),
        ("run", "source = 'files'", "source: must be 'live' or 'simulated', not 'files'"),
        ("run", "poll_seconds = 4", "poll_seconds: must be greater than or equal to 5, not 4"),
        ("run", "poll_seconds = 3601", "poll_seconds: must be less than or equal to 3600, not 3601"),
        ("run", "hours_days = 29", "hours_days: must be greater than or equal to 30, not 29"),
        ("run", "hours_days = 5001", "hours_days: must be less than or equal to 5000, not 5001"),
        ("run", "days_from = 1990-01-01", f"days_from: {DAYS_FROM}, not 1990-01-01"),
        ("run", "days_from = '2025-02-30'", f"days_from: {DAYS_FROM}, not '2025-02-30'"),
        ("run", "days_from = 'yesterday'", f"days_from: {DAYS_FROM}, not 'yesterday'"),
        ("run", "days_from = '20250102'", f"days_from: {DAYS_FROM}, not '20250102'"),
        ("run", "days_from = 2000-01-03T10:00:00Z", f"days_from: {DAYS_FROM}, not 2000-01-03 10:00:00+00:00"),
        ("run", "days_from = 0", f"days_from: {DAYS_FROM}, not 0"),
        ("run", "settle_minutes = 3", "settle_minutes: must be a table, such as { coin = 2 }, not 3"),
        ("run", "settle_minutes.coin = 241", "settle_minutes.coin: must be less than or equal to 240, not 241"),
        ("run", "settle_minutes.etf = -1", "settle_minutes.etf: must be greater than or equal to 0, not -1"),
        ("run", "settle_minutes.coins = 1", "settle_minutes.coins: unknown key coins; did you mean coin?"),
        ("store", "url = 'mysql://me:secret@host/db'", f"url: {STORE}"),
        ("store", "url = 'postgresql+asyncpg://me:secret@host/db'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:secret@host'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:secret@host/'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:secret@host:port/db'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:sec ret@host/db'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:sec#ret@host/db'", f"url: {STORE}"),
        ("store", "url = 'postgresql://me:secret@[::1/db'", f"url: {STORE}"),
        ("store", "url = 'bellwether.db'", f"url: {STORE}"),
        ("store", "url = 'sqlite://'", f"url: {STORE}"),
        ("store", "url = 'sqlite:///'", f"url: {STORE}"),
        ("store", "url = 'sqlite:////'", f"url: {STORE}"),
        ("store", "url = 'sqlite:///:memory:'", f"url: {STORE}"),
        ("store", "url = 'sqlite:///a.db?mode=ro'", f"url: {STORE}"),
        ("telegram", "token = '123:SECRET'", f"token: {TOKEN_FORM}"),
        ("telegram", f"token = ' {TOKEN}'", f"token: {TOKEN_FORM}"),
        ("telegram", f"token = '{TOKEN}/'", f"token: {TOKEN_FORM}"),
        ("telegram", "base_url = 'api.telegram.org'", f"base_url: {SERVER}"),
        ("telegram", "base_url = 'https://api.telegram.org/'", f"base_url: {SERVER}"),
        ("telegram", "base_url = 'https://me:pw@host'", f"base_url: {SERVER}"),
        ("telegram", "base_url = ''", f"base_url: {SERVER}"),
        ("telegram", "allow = 7", "allow: must be a list of ids, such as [123456789]"),
        ("telegram", "allow = ['@somebody']", f"allow[0]: {CHAT}"),
        ("telegram", "allow = [7, 0]", f"allow[1]: {CHAT}"),
        ("telegram", "allow = [4503599627370497]", f"allow[0]: {CHAT}"),
        ("telegram", "allow = [true]", f"allow[0]: {CHAT}"),
        ("telegram", "everyone = 'maybe'", "everyone: must be true or false"),
        ("telegram", "admins = 7", "admins: must be a list of ids, such as [123456789]"),
        ("telegram", "admins = [0]", f"admins[0]: {CHAT}"),
        ("telegram", "admins = [1087968824]", f"admins[0]: {CHAT}"),
        ("telegram", "allow = [777000]", f"allow[0]: {CHAT}"),
        ("watchdog", "ping_url = 'hc-ping.com/key'", f"ping_url: {PING}"),
        ("watchdog", "ping_url = 'ftp://hc-ping.com/key'", f"ping_url: {PING}"),
        ("watchdog", "ping_url = 'https://me:key@hc-ping.com'", f"ping_url: {PING}"),
        ("watchdog", "ping_url = 'https://hc-ping.com/a key'", f"ping_url: {PING}"),
        ("watchdog", "ping_seconds = 9", "ping_seconds: must be greater than or equal to 10"),
        ("watchdog", "ping_seconds = 3601", "ping_seconds: must be less than or equal to 3600"),
        ("telegram", "webhook_url = 'http://bot.example.org/x'", f"webhook_url: {WEBHOOK}"),
        ("telegram", "webhook_url = 'https://me:key@bot.example.org/x'", f"webhook_url: {WEBHOOK}"),
        ("telegram", "webhook_url = 'https://bot.example.org/x?key=1'", f"webhook_url: {WEBHOOK}"),
        ("telegram", "webhook_listen = '8720'", f"webhook_listen: {LISTEN}"),
        ("telegram", "commands_per_minute = 0", "commands_per_minute: must be greater than or equal to 1"),
        ("telegram", "alerts_per_chat = 101", "alerts_per_chat: must be less than or equal to 100"),
        ("watchdog", "free_mb = -1", "free_mb: must be greater than or equal to 0"),
        ("web", "listen = '127.0.0.1'", f"listen: {LISTEN}, not '127.0.0.1'"),
        ("web", "listen = '127.0.0.1:65536'", f"listen: {LISTEN}, not '127.0.0.1:65536'"),
        ("web", "listen = '::1:80'", f"listen: {LISTEN}, not '::1:80'"),
        ("web", "listen = 'http://127.0.0.1:80'", f"listen: {LISTEN}, not 'http://127.0.0.1:80'"),
        ("log", "format = 'xml'", "format: must be 'text' or 'json', not 'xml'"),
        ("retention", "deliveries_days = 59", "deliveries_days: must be greater than or equal to 60, not 59"),
        ("retention", "events_days = 36501", "events_days: must be less than or equal to 36500, not 36501"),
        ("delivery", "fallback_minutes = 0", "fallback_minutes: must be greater than or equal to 1, not 0"),
        ("channels", "pager = 'ntfy://x'", "pager: must be a table, such as [channels.pager]"),
        ("channels", "pager.url = 'ntfy'", f"pager.url: {CHANNEL}"),
        ("channels", "pager.url = 'ntfy://a topic'", f"pager.url: {CHANNEL}"),
        ("channels", "pager.role = 'fallback'", "pager.url: url is missing"),
        ("channels", "a = { url = 'ntfy://x', role = 'boss' }", "a.role: must be 'subscriber' or 'fallback'"),
        ("channels", "Pager.url = 'ntfy://x'", "Pager: the name of a channel must be up to 32 lower-case letters, "
         "digits and dashes, such as pager"),
        ("feeds", "venues = []", "venues: must not be empty"),
        ("feeds", "venues = 'kraken'",
         "venues: must be a list of exchanges, such as [\"coinbase\", \"kraken\"], not 'kraken'"),
        ("feeds", "venues = ['krakn']", f"venues[0]: must be {VENUES}, not 'krakn'"),
        ("feeds", "venues = ['okx', 'kraken', 'okx']", "venues: must name okx only once"),
        ("feeds", "timeout_seconds = 0", "timeout_seconds: must be greater than or equal to 1, not 0"),
        ("feeds", "timeout_seconds = 121", "timeout_seconds: must be less than or equal to 120, not 121"),
        ("delivery", "expire_minutes = 0", "expire_minutes: must be greater than or equal to 1, not 0"),
        ("delivery", "expire_minutes = 10081", "expire_minutes: must be less than or equal to 10080, not 10081"),
        ("evidence", "follow = ['RUTT']",
         "follow: unknown instrument RUTT; did you mean RUT? (known: RUT, SPX, VIX, IWM, "
         "SPY, QQQ, HYG, TLT, UUP, GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP)"),
        ("evidence", "follow = 'RUT'", "follow: must be a list of instruments, such as [\"RUT\", \"BTC\"], not 'RUT'"),
        ("pictures", "theme = 'grey'", "theme: must be 'light' or 'dark', not 'grey'"),
        ("delivery", "expires = 3", "expires: unknown key expires; did you mean expire_minutes?"),
        ("instruments.RUT", "sources.yaho = '^RUT'", f"sources.yaho: must be {LIVE}, not 'yaho'"),
        ("instruments.RUT", "sources.yahoo = ''", "sources.yahoo: must not be empty"),
    ],
)  # fmt: skip
def test_a_fault_of_the_service_is_one_sentence_too(config: Path, section: str, line: str, fault: str) -> None:
    assert faults(config, f"[{section}]\n{line}") == [f"my.toml line 2, {section}.{fault}"]


@pytest.mark.parametrize(
    "text",
    ["_env_file = '.env'", "_secrets_dir = '/run'", "_cli_parse_args = true", "_env_prefix = 'X_'",
     "_case_sensitive = true", "_build_sources = 3"],
)  # fmt: skip
def test_an_unknown_key_is_refused_even_if_pydantic_settings_knows_it(config: Path, text: str) -> None:
    """They were handed to BaseSettings as its own arguments: silently taken, or argparse printed a usage and exited."""
    (fault,) = faults(config, text)
    assert "unknown key" in fault


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("market = 3", "my.toml line 1, market: "),
        ("instruments = 3", "my.toml line 1, instruments: "),
        ("baskets = 3", "my.toml line 1, baskets: "),
        ("rules = 3", "my.toml line 1, rules: "),
        ("rules = ['x']", "my.toml line 1, rules[0]: "),
        ("[instruments]\nGLD = 3", "my.toml line 2, instruments.GLD: "),
        ("[baskets]\nX = 'RUT'", "my.toml line 2, baskets.X: "),
        ("[[rules]]\nid = 'a'\nwhen = 5", "my.toml line 3, rules[0].when: "),
        ("[[rules]]\nid = 'a'\nwhen = 'close(RUT) > 1'\ntags = 'x'", "my.toml line 4, rules[0].tags: "),
    ],
)
def test_a_value_of_the_wrong_type_is_one_fault_in_a_users_words(config: Path, text: str, where: str) -> None:
    """Not the dozens that follow from it, and not in the words of Python."""
    (fault,) = faults(config, text)
    assert fault.startswith(where)
    assert not [word for word in ("dictionary", "tuple", "instance", "Settings") if word in fault]


def test_an_instrument_with_a_fault_of_its_own_is_still_known_elsewhere(config: Path) -> None:
    """Every rule that named it was reported too: thirteen faults for one."""
    assert len(faults(config, '[instruments.RUT]\nkind = "smallcap"\n')) == 1


@pytest.mark.parametrize(
    "text", ["[instruments.RUT]\ncalendar = 'MARS'", "[instruments.SOL]\ncalendar = 3", "[instruments]\nSOL = 3"]
)
def test_a_calendar_with_a_fault_conflicts_with_no_other(config: Path, text: str) -> None:
    assert len(faults(config, text)) == 1


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[baskets]\nRUT = ['SPX']",
         "my.toml line 2, baskets.RUT: RUT is already an instrument; give the basket another name"),
        ("[instruments.ALTS]\nname = 'x'\nkind = 'coin'",
         "my.toml line 1, instruments.ALTS: ALTS is already a basket; give the instrument another name"),
        ("[instruments.NEUTRAL]\nname = 'x'\nkind = 'coin'",
         "my.toml line 1, instruments.NEUTRAL: NEUTRAL is a regime label; give the instrument another name"),
        ("[baskets]\nRISK_ON = ['SPX']",
         "my.toml line 2, baskets.RISK_ON: RISK_ON is a regime label; give the basket another name"),
        ("[baskets]\ncorr = ['SPX']",
         "my.toml line 2, baskets.corr: corr is a function of the rules; give the basket another name"),
    ],
)  # fmt: skip
def test_a_name_that_already_means_something_is_one_fault_where_it_stands(config: Path, text: str, fault: str) -> None:
    """Not the faults of every rule that then read it as something else."""
    assert faults(config, text) == [fault]


def test_two_rules_without_an_id_do_not_share_one(config: Path) -> None:
    told = faults(config, "[[rules]]\nwhen = 'close(RUT) > 1'\n" * 2)
    assert told == ["my.toml line 1, rules[0].id: id is missing", "my.toml line 3, rules[1].id: id is missing"]


def test_a_built_in_rule_that_no_longer_fits_is_told_as_such(config: Path) -> None:
    told = faults(config, "[instruments.SPX]\ncalendar = 'XLON'\n")
    assert all(each.startswith("config.example.toml (built in) line ") for each in told)


SERVICE: dict[str, type[BaseModel]] = {
    "run": RunSettings, "store": StoreSettings, "telegram": TelegramSettings, "feeds": FeedsSettings,
    "delivery": DeliverySettings, "watchdog": WatchdogSettings, "pictures": PicturesSettings,
    "evidence": EvidenceSettings,
    "web": WebSettings, "log": LogSettings, "retention": RetentionSettings,
}  # fmt: skip
PLACES = [
    "{}", "market = {}", *(f"{section} = {{}}" for section in SERVICE), "baskets = {}",
    "instruments = {}", "rules = {}", "files = {}", "[files]\nSOL_1h = {}",
    *(f"[files.SOL_1h]\n{key} = {{}}" for key in FileSettings.model_fields), "[files.SOL_1h]\nvenues.2023-01-01 = {}",
    *(f"[market]\n{key} = {{}}" for key in MarketSettings.model_fields),
    *(f"[{section}]\n{key} = {{}}" for section, model in SERVICE.items() for key in model.model_fields),
    *(f"[run]\nsettle_minutes.{kind} = {{}}" for kind in SettleSettings.model_fields),
    "[telegram]\nallow = [{}]", "[feeds]\nvenues = [{}]", "[baskets]\nX = {}", "[baskets]\nX = [{}]",
    "[instruments]\nX = {}", "channels = {}", "[channels]\nx = {}",
    *(f"[channels.x]\n{key} = {{}}" for key in ChannelSettings.model_fields),
    *(f"[instruments.RUT]\n{key} = {{}}" for key in InstrumentSettings.model_fields),
    "[instruments.RUT]\nsources.yahoo = {}", "rules = [{}]",
    *(f"[[rules]]\n{key} = {{}}" for key in RuleSettings.model_fields), "[[rules]]\ntags = [{}]",
]  # fmt: skip
VALUES = [
    "a = 1", "''", "'x'", "'X'", f"'{'x' * 200}'", "3", "-1", "2.0", "2.5", "inf", "nan", "1e300", "true", "2024-01-01",
    "10:00:00", "[]", "['x']", "[3]", "[[]]", "{}", "{ x = 1 }", "{ x = {} }", "[{}]", "0x" + "f" * 5_000, "'\u2028'",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_whatever_stands_anywhere_is_told_in_plain_words(config: Path, place: str) -> None:
    python = re.compile(r"None|True|False|dict|tuple|Input|instance|Settings|pydantic|cannot be used|\[key\]|datetime")
    for value in VALUES:
        text = place.replace("{}", value, 1)
        if "rules" not in place:
            text = f"rules = []\n{text}"
        config.write_text(text, encoding="utf-8")
        try:
            load_settings(config, SESSIONS.check)
        except ConfigurationError as error:
            for each in error.problems:
                assert not python.search(f"{each.where}: {each.reason}".replace(str(config), "")), (text, str(each))
                assert "\n" not in each.where + each.reason, text


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        load_settings(tmp_path / "nope.toml")
    assert str(told.value) == f"{tmp_path / 'nope.toml'}: no such file; a configuration looks like config.example.toml"


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as told:
        load_settings(tmp_path)
    assert str(told.value) == f"{tmp_path}: is a directory; a configuration looks like config.example.toml"


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long"):
        load_settings(tmp_path / ("x" * 300))


def test_a_caret_stands_under_what_is_wrong_in_a_rule(config: Path) -> None:
    (fault,) = faults(config, ONE_RULE.replace("record", "recrd"))
    first, line, caret = fault.split("\n")
    assert first.startswith("my.toml line 3, rules[0].when: unknown function recrd; did you mean record")
    assert line[caret.index("^") : caret.rindex("^") + 1] == "recrd"
