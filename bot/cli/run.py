"""Watch the markets and tell: in Telegram with a token, in this terminal without one.

Runs until it is told to stop (SIGTERM, SIGINT); what it knows and owes is in the database, so it may be killed at any
instant.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tqdm import tqdm

from bot.allocator import keep_little
from bot.app import settings_of
from bot.live import Told, open_service
from bot.redaction import install
from bot.settings import Settings, warnings


def configure(parser: argparse.ArgumentParser) -> None:
    """--config."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")


def run(arguments: argparse.Namespace) -> int:
    """Run the service."""
    keep_little()
    settings = settings_of(arguments.config)
    token = settings.telegram.token.get_secret_value()
    with install([token] if token else [], sys.stderr):
        for warning in warnings(settings):
            logging.getLogger(__name__).warning("%s", warning)
        asyncio.run(_until_stopped(settings))
    return 0


async def _until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        await open_service(settings, stack, _progress(settings, stack))
        log = logging.getLogger("bot.run")
        where = "Telegram" if settings.telegram.given else "this terminal, because there is no Telegram token"
        log.info("watching %d rules on %s; alerts go to %s", len(settings.compiled), settings.store.file, where)
        await stop.wait()
        log.info("stopping")


def _progress(settings: Settings, stack: AsyncExitStack) -> Told:
    """A bar of how much history is there, where somebody looks on; a line an instrument elsewhere."""
    shares = dict.fromkeys(settings.instrument_map, 0.0)
    if not sys.stderr.isatty():
        return lambda name, share: _note(shares, name, share)
    bar = stack.enter_context(tqdm(total=100, desc="history", unit="%", leave=False, file=sys.stderr))

    def told(name: str, share: float) -> None:
        shares[name] = max(shares[name], share)
        bar.update(100 * sum(shares.values()) / len(shares) - bar.n)

    return told


def _note(shares: dict[str, float], name: str, share: float) -> None:
    if share >= 1.0 > shares[name]:
        done = sum(each >= 1.0 for each in shares.values()) + 1
        logging.getLogger("bot.history").info("%s: history is there (%d of %d)", name, done, len(shares))
    shares[name] = share
