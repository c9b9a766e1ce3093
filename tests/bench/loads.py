"""What the running service loads: megabytes and milliseconds of each package, and what for. JSON of a fresh process.

`when` imports what the service does, stage by stage, and looks which packages have come. `cost` imports the packages
themselves, one after the other in that order, so what two of them share is counted with the first.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "lark": "lark",
    "pydantic": "pydantic_settings",
    "exchange_calendars": "exchange_calendars",
    "sqlalchemy": "sqlalchemy.ext.asyncio",
    "apscheduler": "apscheduler.schedulers.asyncio",
    "bot": "bot.cli.run",
    "telegram": "bot.telegram.application",
    "yfinance": "bot.feeds._yahoo_client",
    "ccxt": "ccxt.async_support.coinbase",
    "matplotlib": "bot.render.charts.style",
    "alembic": "bot.store.migrations.upgrade",
}
"""What is looked for, and what is imported of it. Through a module of ours where that is how it comes; `bot` stands for
all that is ours, `rules` included."""


def one_exchange() -> None:
    """ccxt as the service imports it."""
    importlib.import_module("bot.feeds._venues").exchange_class("coinbase")


STAGES: dict[str, str | Callable[[], None]] = {
    "always": "bot.cli.run",
    "with a token": "bot.telegram.application",
    "when Yahoo is first asked": "bot.feeds._yahoo_client",
    "when an exchange is first asked": one_exchange,
    "when a picture is first drawn": "bot.render.charts.style",
    "when the schema changes": "bot.store.migrations.upgrade",
}


def when() -> dict[str, str]:
    """The stage that each package comes with; those that never come are left out."""
    came: dict[str, str] = {}
    for stage, what in STAGES.items():
        _load(what)
        came |= {name: stage for name in PACKAGES if name in sys.modules and name not in came}
    return came


def cost() -> dict[str, tuple[float, float]]:
    """Megabytes and milliseconds of each package."""
    importlib.import_module("asyncio")
    costs = {"python, asyncio": (_megabytes(), 1e3 * time.process_time())}
    for name, module in PACKAGES.items():
        costs[name] = _cost_of(one_exchange if name == "ccxt" else module)
    return costs


def whole_ccxt() -> tuple[float, float]:
    """The same of ccxt with all its exchanges, beside everything that the service has by then."""
    for module in ("bot.telegram.application", "bot.feeds._yahoo_client"):
        _load(module)
    return _cost_of("ccxt.async_support")


def _cost_of(what: str | Callable[[], None]) -> tuple[float, float]:
    before, start = _megabytes(), time.perf_counter()
    _load(what)
    return _megabytes() - before, 1e3 * (time.perf_counter() - start)


def _load(what: str | Callable[[], None]) -> None:
    if callable(what):
        what()
    else:
        importlib.import_module(what)


def _megabytes() -> float:
    """Resident, after what can be thrown away was."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    print(json.dumps({"when": when, "cost": cost, "ccxt": whole_ccxt}[sys.argv[1]]()))
