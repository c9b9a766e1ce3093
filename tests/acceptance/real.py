"""The real prices, as of the end of 2025: read once and judged once for all who only look at them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pandas as pd

from bot.app import App, Options, open_app
from bot.queries.view import View
from tests.conftest import SHARED_DATA

END = int(pd.Timestamp("2026-01-02", tz="UTC").timestamp())
VOLUMES = Path(__file__).with_name("volumes.toml")
"""Says what the volumes in the files count, and who printed them."""


@cache
def real_app(config: Path | None = None) -> App:
    """The built-in rules over the files; with `VOLUMES`, over volumes that are known as well."""
    return open_app(Options(data=SHARED_DATA, config=config), at=END)


@cache
def real_view(config: Path | None = None) -> View:
    """All of it. What was once computed for one of them is there for the next."""
    return real_app(config).view()
