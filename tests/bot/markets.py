"""Markets the shell's tests share: an instant they all happen at, and folders of price files written as text."""

from __future__ import annotations

import datetime as dt
import gzip
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from bot.app import App, Options, open_app
from bot.market.sessions import Sessions
from bot.queries.view import View
from rules.model import ALWAYS, Instant, Instrument, Kind

HEADER = "timestamp,open,high,low,close,volume"


def at(text: str) -> Instant:
    """2025-11-28T18:00Z as an instant."""
    return int(dt.datetime.fromisoformat(text).timestamp())


NOW = at("2026-01-01T12:00Z")
"""When the tests happen: a holiday, so the last session is Wednesday 2025-12-31."""

SESSIONS = Sessions(NOW)

RUT = Instrument("RUT", "Russell 2000", Kind.INDEX)
SPX = Instrument("SPX", "S&P 500", Kind.INDEX)
BTC = Instrument("BTC", "Bitcoin", Kind.COIN, ALWAYS)
ETH = Instrument("ETH", "Ether", Kind.COIN, ALWAYS)


@cache
def simulated(seed: int = 7) -> App:
    """The built-in rules on a simulated market that has just closed its last session."""
    return open_app(Options(seed=seed), at=NOW)


@cache
def seen() -> View:
    """The simulated market as questions see it. What was once computed for one of them is there for the next."""
    return simulated().view()


class Folder:
    """A folder of price files, written as text."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    def holds(self, name: str, *rows: str, header: str = HEADER) -> Folder:
        """A file of rows, packed as its name says."""
        text = "\n".join((header, *rows)) + "\n"
        if name.endswith(".parquet"):
            table = pd.DataFrame([row.split(",") for row in rows], columns=header.split(","))
            numbers = [each for each in HEADER.split(",")[1:] if each in table]
            table[numbers] = table[numbers].replace("", None).astype(float)
            table.to_parquet(self.path / name)
            return self
        content = text.encode()
        return self.holds_bytes(name, gzip.compress(content) if name.endswith(".gz") else content)

    def holds_bytes(self, name: str, content: bytes) -> Folder:
        """A file of anything."""
        (self.path / name).write_bytes(content)
        return self


def day(date: str, close: float | str, volume: str = "") -> str:
    """The row of a day: everything at its close."""
    return f"{date}T00:00:00Z,{close},{close},{close},{close},{volume}"


def weekdays(first: str, last: str, seed: int = 1) -> list[str]:
    """Rows of every weekday, holidays too: a source that writes labels without a calendar."""
    dates = pd.date_range(first, last, freq="B")
    return _walk([f"{date:%Y-%m-%d}T00:00:00Z" for date in dates], seed)


def utc_days(first: str, last: str, seed: int = 2) -> list[str]:
    """Rows of every UTC day."""
    return _walk([f"{date:%Y-%m-%d}T00:00:00Z" for date in pd.date_range(first, last, freq="D")], seed)


def hours(first: str, last: str, seed: int = 3) -> list[str]:
    """Rows of every hour from the first day's first to the last day's last."""
    stamps = pd.date_range(f"{first}T00:00", f"{last}T23:00", freq="h")
    return _walk([f"{stamp:%Y-%m-%dT%H:%M:%SZ}" for stamp in stamps], seed)


def _walk(stamps: list[str], seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, len(stamps))))
    opened = np.append(100.0, close[:-1])
    high, low = np.maximum(opened, close) * 1.001, np.minimum(opened, close) / 1.001
    rows = zip(stamps, opened.tolist(), high.tolist(), low.tolist(), close.tolist(), strict=True)
    return [f"{stamp},{o!r},{h!r},{lo!r},{c!r},1000" for stamp, o, h, lo, c in rows]
