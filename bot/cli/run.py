"""Watch the markets and tell: in Telegram with a token, in this terminal without one.

Runs until it is told to stop (SIGTERM, SIGINT), or until its watchdogs give it up: then the exit code is 75. What it
knows and owes is in the database, so it may be killed at any instant.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

from tqdm import tqdm

from bot.allocator import keep_little
from bot.app import settings_of
from bot.cli._departure import Departure
from bot.live import Told, open_service
from bot.redaction import install
from bot.settings import Settings, warnings
from bot.watchdog.lag import GAVE_UP, Sentry


def configure(parser: argparse.ArgumentParser) -> None:
    """--config."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")


def run(arguments: argparse.Namespace) -> int:
    """Run the service until it is told to stop: 0; or until a watchdog gives it up: 75."""
    keep_little()
    settings = settings_of(arguments.config)
    with install(settings.secrets, sys.stderr):
        for warning in warnings(settings):
            logging.getLogger(__name__).warning("%s", warning)
        return asyncio.run(_until_the_end(settings, Departure()))


async def _until_the_end(settings: Settings, departure: Departure) -> int:
    """The exit code."""
    told = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(departure.on_signal(told.set))
        code = await _first_of(told, _serve(settings, stack))
        departure.begin(code)
    departure.only_threads_are_left(code)
    return code


async def _first_of(told: asyncio.Event, serve: Coroutine[None, None, int]) -> int:
    """0 when the process is told to end, also while it starts; else what `serve` returns."""
    serving, waiting = asyncio.create_task(serve, name="service"), asyncio.create_task(told.wait())
    try:
        await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            return await serving
        logging.getLogger("bot.run").info("stopping")
        return 0
    finally:
        for task in (serving, waiting):
            task.cancel()
        await asyncio.wait([serving, waiting])


async def _serve(settings: Settings, stack: AsyncExitStack) -> int:
    """Until a watchdog gives up; `stack` stops what is begun here."""
    log = logging.getLogger("bot.run")
    service = await open_service(settings, stack, _progress(settings, stack))
    sentry = Sentry(service.pulse, sys.stderr)
    stack.callback(sentry.stop)
    sentry.start()
    where = "Telegram" if settings.telegram.given else "this terminal, because there is no Telegram token"
    log.info("watching %d rules on %s; alerts go to %s", len(settings.compiled), settings.store.place, where)
    log.critical("%s; the process ends, start it anew", await service.gives_up())
    return GAVE_UP


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
