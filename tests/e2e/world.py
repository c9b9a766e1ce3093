"""A world for the real service: markets and Telegram on loopback, one clock for all of them, and processes to kill.

The service's wall clock is set by libfaketime, its monotonic clock left alone: it believes that it is another day, and
that a minute passes in a second where the test says so. The servers show their histories up to the same clock.
"""

from __future__ import annotations

import datetime as dt
import gzip
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.settings import Settings
from rules.bars import Bars, Interval
from rules.model import Instant
from tests.bot.markets import at
from tests.servers.coinbase import CoinbaseServer
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.yahoo import YahooServer

ROOT = Path(__file__).resolve().parents[2]
CHAT = 1001


def faketime_library() -> str | None:
    """libfaketime for threads; None where it is not installed (Debian: apt-get install faketime)."""
    places = [*Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), Path("/usr/lib/faketime/libfaketimeMT.so.1")]
    return next((str(each) for each in places if each.exists()), None)


needs_faketime = pytest.mark.skipif(
    faketime_library() is None, reason="libfaketime is not installed (Debian: apt-get install faketime)"
)


class Clock:
    """UTC seconds that run `speed` times as fast as real ones, from where it was set."""

    def __init__(self, start: str) -> None:
        self._told: Path | None = None
        self.set(start)

    def set(self, start: str | float, speed: float = 1.0) -> None:
        """Now it is `start`."""
        self._start = float(at(start)) if isinstance(start, str) else start
        self._real, self.speed = time.monotonic(), speed
        if self._told is not None:
            self.tells(self._told)

    def tells(self, file: Path) -> None:
        """Write in `file`, now and whenever it is set, how far it is from the real clock, in seconds."""
        self._told = file
        new = file.with_suffix(".new")
        new.write_text(f"{self() - time.time():+.3f}\n")
        new.replace(file)  # at once: nobody reads half of it

    def __call__(self) -> float:
        return self._start + (time.monotonic() - self._real) * self.speed

    def waits_until(self, instant: str) -> None:
        """Until it is `instant`."""
        while (left := at(instant) - self()) > 0:
            time.sleep(min(0.2, left / self.speed))


@dataclass
class Service:
    """One process of `bellwether run`."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """SIGKILL: nothing of it gets to say good-bye."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def says(self, text: str, seconds: float = 30) -> None:
        """Wait for a line of its log."""
        end = time.monotonic() + seconds
        while text not in self.output:
            assert self.process.poll() is None, f"the service ended:\n{self.output[-3000:]}"
            assert time.monotonic() < end, f"nothing said {text!r}:\n{self.output[-3000:]}"
            time.sleep(0.05)

    @property
    def output(self) -> str:
        """Everything it has printed and logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def memory(self) -> float:
        """Resident megabytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def launch(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Service:
    """Start a Python program of this checkout that is to be watched, and perhaps killed."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd=ROOT, env=environment
        )
    return Service(process, log)


def environment_at(clock: Clock, token: bool = True) -> dict[str, str]:
    """What a process is started with that is to believe in `clock`, at the speed it has now."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BELLWETHER_")}
    now = dt.datetime.fromtimestamp(clock(), dt.UTC)
    return {
        **kept,
        **({"BELLWETHER_TELEGRAM__TOKEN": TOKEN} if token else {}),
        "BELLWETHER_WEB__LISTEN": "127.0.0.1:0",  # several run at a time
        "LD_PRELOAD": faketime_library() or "",
        "FAKETIME": f"@{now:%Y-%m-%d %H:%M:%S}" + (f" x{clock.speed:g}" if clock.speed != 1 else ""),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Without this libfaketime holds up timed waits on the monotonic clock, and with them Python's own lock:
        # threads that compute side by side hand it over ten times slower.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
    }


@dataclass
class World:
    """Servers that hold `folder`, and what is started among them. Everything ends with the `with` block."""

    folder: Path
    home: Path
    settings: Settings
    clock: Clock
    yahoo: YahooServer = field(init=False)
    coinbase: CoinbaseServer = field(init=False)
    telegram: TelegramServer = field(init=False)
    services: list[Service] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        symbols = self._symbols("yahoo")
        hours = Sessions(int(self.clock()))
        sessions_only = {name: symbol for name, symbol in symbols.items() if "-" not in symbol}
        self.yahoo = YahooServer.from_folder(self.folder, sessions_only, hours, self.clock)
        self.coinbase = CoinbaseServer.from_folder(self.folder, self._symbols("exchange"), self.clock)
        self.telegram = TelegramServer(journal=self.home / "telegram.jsonl")

    def _symbols(self, feed: str) -> dict[str, str]:
        return {
            name: source.symbol
            for name, instrument in self.settings.instrument_map.items()
            for source in instrument.sources
            if source.feed == feed
        }

    def __enter__(self) -> Self:
        for server in (self.yahoo, self.coinbase, self.telegram):
            server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for service in self.services:
            if service.process.poll() is None:
                service.kill()
        for server in (self.yahoo, self.coinbase, self.telegram):
            server.stop()

    def starts(self, *, config: str = "", token: bool = True) -> Service:
        """A new process of the service, at the clock's time and speed."""
        file = self.home / "bellwether.toml"
        file.write_text(
            f'[store]\nurl = "sqlite:///{self.home}/bellwether.db"\n'
            f'[telegram]\nbase_url = "{self.telegram.url}"\nallow = [{CHAT}]\nadmins = {self.admins}\n'
            f'[feeds]\nvenues = ["coinbase"]\n{config}'
        )
        command = ["-m", "tests.e2e.redirected", self.yahoo.url, self.coinbase.url, "run", "--config", str(file)]
        service = launch(command, self.home / f"service-{len(self.services)}.log", self._environment(token))
        self.services.append(service)
        return service

    def _environment(self, token: bool) -> dict[str, str]:
        return environment_at(self.clock, token)

    def texts(self, wanted: str) -> list[str]:
        """The messages that hold `wanted`."""
        return [posted.plain for posted in self.telegram.sent if wanted in posted.plain]

    def everything_printed(self) -> Iterable[str]:
        """The output of every process so far."""
        return [service.output for service in self.services]


class JumpingWorld(World):
    """A world whose clock may be set while a service runs: libfaketime reads it from a file, again and again."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.clock.tells(self._offset)

    @property
    def _offset(self) -> Path:
        return self.home / "offset"

    def _environment(self, token: bool) -> dict[str, str]:
        started_with = super()._environment(token)
        del started_with["FAKETIME"]
        return {**started_with, "FAKETIME_TIMESTAMP_FILE": str(self._offset), "FAKETIME_NO_CACHE": "1"}


def write_folder(folder: Path, feed: SimulatedFeed) -> Path:
    """A simulated market as a folder of price files, in the conventions of docs/data-files.md."""
    folder.mkdir(parents=True, exist_ok=True)
    _, held = feed._market
    for (name, interval), bars in held.items():
        stamps = bars.end - interval.seconds if interval is Interval.HOUR or _is_utc(bars) else bars.start
        with gzip.open(folder / f"{name}_{interval}.csv.gz", "wt") as file:
            file.write("timestamp,open,high,low,close,volume\n")
            file.writelines(_rows(stamps.tolist(), bars))
    return folder


def _is_utc(bars: Bars) -> bool:
    return bool((bars.end % 86_400 == 0).all())


def _rows(stamps: Iterable[Instant], bars: Bars) -> Iterable[str]:
    columns: Mapping[str, list[float]] = {
        name: getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")
    }
    for row, stamp in enumerate(stamps):
        numbers = ",".join("" if v[row] != v[row] else repr(v[row]) for v in columns.values())
        yield f"{dt.datetime.fromtimestamp(stamp, dt.UTC):%Y-%m-%dT%H:%M:%SZ},{numbers}\n"


def copy_database(source: Path, target: Path) -> None:
    """The database of a stopped service, log included."""
    for file in source.glob("bellwether.db*"):
        if not file.name.endswith(".lock"):
            shutil.copy(file, target / file.name)
