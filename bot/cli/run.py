"""Watch the markets and tell: in Telegram with a token, in this terminal without one.

Runs until it is told to stop (SIGTERM, SIGINT), or until its watchdogs give it up: then the exit code is 75. SIGHUP has
it read its configuration anew. What it knows and owes is in the database, so it may be killed at any instant.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from bot.allocator import keep_little
from bot.app import settings_of
from bot.cli._departure import Departure
from bot.cli._running import Process
from bot.logs import install
from bot.redaction import Redaction
from bot.reload import Reloads
from bot.settings import LogFormat


def configure(parser: argparse.ArgumentParser) -> None:
    """--config."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")


def run(arguments: argparse.Namespace) -> int:
    """Run the service until it is told to stop: 0; or until a watchdog gives it up: 75."""
    keep_little()
    read = partial(settings_of, arguments.config)
    settings = read()
    redaction = Redaction(settings.secrets)
    with install(redaction, sys.stderr, as_objects=settings.log.format is LogFormat.JSON):
        return asyncio.run(_until_the_end(Process(Reloads(settings, read), redaction), Departure()))


async def _until_the_end(process: Process, departure: Departure) -> int:
    """The exit code."""
    told = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(departure.on_signal(told.set))
        code = await _first_of(told, process.serve(stack))
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
