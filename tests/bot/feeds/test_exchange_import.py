"""What the exchange feed costs a process: which modules, how much memory, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.feeds._venues import VENUES
from tests.bot.feeds.exchanges import TEN_TO_NINE, evening

ROOT = Path(__file__).resolve().parents[3]


def run(program: str) -> subprocess.CompletedProcess[str]:
    """A Python program from the project's root, told of everything it leaves behind."""
    command = [sys.executable, "-X", "dev", "-W", "error::ResourceWarning", "-c", program]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)


def test_the_feed_is_imported_without_ccxt() -> None:
    done = run("import sys, bot.feeds.exchange; print('ccxt' in sys.modules, 'aiohttp' in sys.modules)")
    assert (done.stdout, done.stderr) == ("False False\n", "")


LEAN = """
import sys, psutil
from bot.feeds._venues import exchange_class
before = psutil.Process().memory_info().rss
if {whole}:
    import ccxt.async_support
kind = exchange_class({venue!r})
kind({{}})
grown = (psutil.Process().memory_info().rss - before) / 1e6
venues = [name for name in sys.modules if name.startswith("ccxt.async_support.") and ".base" not in name]
print(f"{{grown:.0f}} MB", len(venues), kind.__module__)
assert kind.__mro__[1].__module__ == "ccxt.async_support.base.exchange"
if {whole}:
    assert kind is getattr(ccxt.async_support, {venue!r})
"""


@pytest.mark.parametrize("venue", VENUES)
def test_only_the_venue_that_is_asked_is_imported(venue: str) -> None:
    done = run(LEAN.format(venue=venue, whole=False))
    print(f"{venue}: {done.stdout}")
    assert done.stderr == ""
    assert done.stdout.split(" MB ")[1] == f"1 ccxt.async_support.{venue}\n"
    assert int(done.stdout.split()[0]) < 60


def test_after_all_of_ccxt_was_imported_it_is_the_same_class() -> None:
    done = run(LEAN.format(venue="coinbase", whole=True))
    print(f"all of ccxt: {done.stdout}")
    assert done.stderr == ""
    assert int(done.stdout.split()[2]) > 100
    assert done.stdout.endswith("ccxt.async_support.coinbase\n")


ALL_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from bot.feeds._venues import VENUES, exchange_class

sys.setswitchinterval(1e-5)
together = Barrier(len(VENUES))

def load(venue):
    together.wait()
    return exchange_class(venue).__name__

with ThreadPoolExecutor(len(VENUES)) as threads:
    print(*threads.map(load, VENUES))
venues = [name for name in sys.modules if name.startswith("ccxt.async_support.") and ".base" not in name]
print(*sorted(name.rpartition(".")[2] for name in venues))
"""


def test_exchanges_that_are_loaded_at_once_do_not_load_all_of_ccxt_nor_wait_for_each_other() -> None:
    """`doctor` asks them all in threads: one went by the bare packages while another entered them, and of two that
    imported everything each waited for what the other had begun. Two of five doctors ended with a traceback.
    """
    done = run(ALL_AT_ONCE)
    assert (done.stdout, done.stderr) == (f"{' '.join(VENUES)}\n{' '.join(sorted(VENUES))}\n", "")


NEWER = {
    "__init__.py": "from ccxt.base.exchange import Exchange; Needed = object",
    "base/errors.py": "__all__ = []",
    "base/exchange.py": "class Exchange: pass",
    "async_support/__init__.py": "from ccxt.async_support.coinbase import coinbase",
    "async_support/coinbase.py": "from ccxt import Needed\nclass coinbase(Needed): pass",
}


def test_a_later_ccxt_that_needs_more_of_its_packages_is_imported_whole(tmp_path: Path) -> None:
    for name, text in NEWER.items():
        (tmp_path / "ccxt" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ccxt" / name).write_text(text)
    venues = "from bot.feeds._venues import exchange_class"
    done = run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {venues}; print(exchange_class('coinbase'))")
    assert (done.stdout, done.stderr) == ("<class 'ccxt.async_support.coinbase.coinbase'>\n", "")


LIFE = """
import asyncio
from bot.feeds.contract import FeedError, Request, Setup, build_feed
from rules.bars import Interval
from rules.model import ALWAYS, Instrument, Kind, Source
from tests.bot.markets import SESSIONS
from tests.servers.redirect_ccxt import redirect_ccxt

async def life():
    coin = Instrument("BTC", "Bitcoin", Kind.COIN, ALWAYS, sources=(Source("exchange", "BTC/USD"),))
    feed = build_feed("exchange", Setup(SESSIONS, {now}, venue="coinbase", timeout=1.0))
    for _ in range(4):
        try:
            print(len(await feed.bars(Request(coin, Interval.HOUR, {now} - 86_400, {now}))))
        except FeedError as told:
            print(told)
    await feed.close()
    await feed.close()

redirect_ccxt("coinbase", {url!r})
asyncio.run(life())
"""


def test_a_life_in_another_process_leaves_nothing_behind_and_says_nothing() -> None:
    with evening() as server:
        server.hangs(seconds=60)
        server.fails_with(503)
        done = run(LIFE.format(url=server.url, now=TEN_TO_NINE))
    assert done.stderr == ""
    told = ["coinbase did not answer within 1 s", "coinbase answered with status 503", "24", "24"]
    assert done.stdout.splitlines() == told
