"""The figures of real history once more, out of the live database: one truth, through every wire format."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.cli.main import run
from bot.live import live_sources, open_room
from bot.market.sessions import Sessions
from bot.settings import load_settings
from bot.store.database import Database
from tests.bot.markets import at
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import YahooServer

pytestmark = pytest.mark.shared_data

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
        room = open_room(settings, Database(settings.store.file), order, build, "console", NOW)
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


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert run([*arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "question",
    [
        ("corr", "RUT", "SOL", "--window", "60", "--as-of", "2025-12-10"),
        ("corr", "RUT", "ADA", "--window", "60", "--as-of", "2025-12-10"),
        ("corr", "RUT", "SOL", "--window", "20", "--as-of", "2025-10-31"),
        ("corr", "RUT", "BTC", "--window", "60", "--as-of", "2025-12-10"),
        ("regime", "--as-of", "2025-12-10"),
        ("regime", "--as-of", "2025-04-08"),
        ("regime", "--history"),
        ("explain", "p_corr(RUT, ETH, above=0.5)", "--as-of", "2025-07-24"),
        ("replay", "--from", "1990-01-02", "--to", "2025-12-31"),
    ],
    ids=" ".join,
)
def test_the_live_database_answers_as_the_files_do_to_the_last_bit(
    config: Path, shared_data: Path, capsys: pytest.CaptureFixture[str], question: tuple[str, ...]
) -> None:
    from_files = printed(capsys, *question, "--data", str(shared_data))
    from_store = printed(capsys, *question, "--store", "--config", str(config))
    assert from_files
    assert from_store == from_files


def test_the_published_figures_come_out_of_the_live_database(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ("--store", "--config", str(config))
    [sol] = printed(capsys, "corr", "RUT", "SOL", "--window", "60", "--as-of", "2025-12-10", *store)
    assert sol["r"] == pytest.approx(0.500660, abs=5e-7)
    assert sol["alignment"] == "close"
    fired = printed(
        capsys, "replay", "--rule", "rut-record-close", "--from", "2025-09-01", "--to", "2025-12-31", *store
    )
    assert [each["session"] for each in fired if each["event"] == "fired"] == ["2025-09-18", "2025-10-14", "2025-12-04"]
