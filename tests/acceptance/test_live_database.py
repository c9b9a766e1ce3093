"""The figures of real history once more, out of the live database: one truth, through every wire format."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App, Options, open_app
from bot.cli.main import run
from bot.market.sessions import Sessions
from bot.queries.correlation import correlation
from bot.queries.regime import regime, regime_changes
from bot.queries.view import View
from bot.room import live_sources, open_room
from bot.settings import load_settings
from bot.store.database import open_database
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.language.compile import compile_rule
from rules.model import XNYS, Edge, Rule, Timing
from tests.bot.markets import at
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import YahooServer

pytestmark = [pytest.mark.shared_data, pytest.mark.soak]

NOW = at("2026-01-01T12:00Z")


@pytest.fixture(scope="module")
def config(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration whose database was filled by yfinance and ccxt from servers that hold the real prices."""
    home = tmp_path_factory.mktemp("live")
    file = home / "bellwether.toml"
    file.write_text(
        f'[store]\nurl = "sqlite:///{home}/live.db"\n[run]\nhours_days = 5000\n[feeds]\nvenues = ["coinbase"]\n'
    )
    settings, sessions = load_settings(file), Sessions(NOW)
    symbols = {
        (source.feed, name): source.symbol
        for name, instrument in settings.instrument_map.items()
        for source in instrument.sources
    }
    days = {name: symbol for (feed, name), symbol in symbols.items() if feed == "yahoo" and "-" not in symbol}
    coins = [name for feed, name in symbols if feed == "exchange"]
    yahoo = YahooServer.from_folder(shared_data, days, sessions, lambda: float(NOW))
    coinbase = CoinbaseServer.from_folder(shared_data, coins, lambda: float(NOW))

    async def fill() -> None:
        order, build = live_sources(settings, sessions, NOW)
        room = open_room(settings, open_database(settings.store.url.get_secret_value()), order, build, "console", NOW)
        try:
            await room.database.migrate()
            await room.intake.backfill(NOW, lambda _name, _share: None)
            assert room.intake.waiting() == {}
        finally:
            await room.close()

    with yahoo, coinbase, redirect_yahoo(yahoo.url):
        redirect_ccxt("coinbase", coinbase.url)
        asyncio.run(fill())
    return file


@pytest.fixture(scope="module")
def stored(config: Path) -> App:
    return open_app(Options(config=config, store=True), at=NOW)


@pytest.fixture(scope="module")
def filed(shared_data: Path) -> App:
    return open_app(Options(data=shared_data), at=NOW)


def view_of(app: App, date: str) -> View:
    return app.view(dt.date.fromisoformat(date))


def printed(value: object) -> object:
    """An answer without the names of who printed the prices."""
    plain = dict(vars(value))
    return {name: each for name, each in plain.items() if name not in ("origins", "origin")}


@pytest.mark.parametrize(
    ("b", "window", "session"),
    [("SOL", 60, "2025-12-10"), ("ADA", 60, "2025-12-10"), ("SOL", 20, "2025-10-31"), ("BTC", 60, "2025-12-10")],
)
def test_a_correlation_out_of_the_live_database_is_that_of_the_files_to_the_last_bit(
    stored: App, filed: App, b: str, window: int, session: str
) -> None:
    ours, theirs = (correlation(view_of(app, session), "RUT", b, window) for app in (stored, filed))
    assert printed(ours) == printed(theirs)
    assert ours.origins == ("yahoo USD", "coinbase USD")


@pytest.mark.parametrize("session", ["2025-12-10", "2025-04-08", "2020-03-16"])
def test_a_regime_out_of_the_live_database_is_that_of_the_files_to_the_last_bit(
    stored: App, filed: App, session: str
) -> None:
    assert printed(regime(view_of(stored, session))) == printed(regime(view_of(filed, session)))


def test_every_event_of_36_years_out_of_the_live_database_is_that_of_the_files_field_by_field(
    stored: App, filed: App
) -> None:
    ours, theirs = ([replace(event, origins=()) for event in app.view().events()] for app in (stored, filed))
    assert len(ours) > 400
    assert ours == theirs
    records = [event for event in ours if (event.rule, event.edge) == ("rut-record-close", Edge.FIRED)]
    assert [str(event.session) for event in records[-3:]] == ["2025-09-18", "2025-10-14", "2025-12-04"]


@pytest.mark.parametrize(
    ("coin", "above", "spell"),
    [
        ("ETH", 0.5, ["2022-04-27", "2023-05-02", "2025-05-07", "2025-07-24", "2025-11-14"]),
        ("SOL", 0.6, ["2022-08-24", "2022-12-29"]),
    ],
)
def test_couplings_out_of_the_live_database_begin_and_end_on_the_published_sessions(
    stored: App, coin: str, above: float, spell: list[str]
) -> None:
    p = f"p_corr(RUT, {coin}, above={above})"
    rule = compile_rule(Rule("asked", f"{p} >= 50%", f"{p} <= 5%", timing=Timing(confirm=2)), stored.settings.scope)
    panel = stored.view().panel(XNYS)
    assert [str(event.session) for event in judge([rule], {XNYS: panel}, opened([rule]), NOW).events] == spell


def test_the_label_of_the_live_database_changed_nine_times_in_2025(stored: App) -> None:
    assert len([change for change in regime_changes(stored.view()) if change.session.year == 2025]) == 9


def test_the_command_line_reads_the_live_database(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["corr", "RUT", "SOL", "--as-of", "2025-12-10", "--store", "--config", str(config), "--json"]
    assert run(command) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["r"] == pytest.approx(0.500660, abs=5e-7)
    assert answer["alignment"] == "close"
