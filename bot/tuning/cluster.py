"""The same tasks on a Dask cluster, for those who outgrow one machine: an optional extra.

The market is the result of a task of its own, sent once: whoever computes fetches it from who holds it, and when all of
those are gone the scheduler has it made again. Results come in the order of the tasks, whoever computed them.
"""

from __future__ import annotations

import logging
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bot.queries.view import NoAnswer
from bot.tuning.market import Market
from bot.tuning.running import Progress, Runner, Task
from rules.language.errors import short

WAITING = 10
"""Seconds in which a scheduler must answer, and have a worker."""

PACKAGES = ("bellwether-bot", "numpy", "lark")
"""What must be the same on both sides for results to be the same."""


_ADDRESS = re.compile(r"(tcp|tls|ws|wss)://(\[[0-9a-fA-F:.]+\]|[\w.-]+):[0-9]{1,5}")


@contextmanager
def cluster(address: str, market: Market, waiting: float = WAITING) -> Iterator[Runner]:
    """The cluster of a scheduler, for a while. Raises NoAnswer where it cannot be used, or where it is lost."""
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
    except ModuleNotFoundError:
        raise NoAnswer("--scheduler needs an extra: pip install 'bellwether-bot[cluster]'") from None
    if not _ADDRESS.fullmatch(address):
        raise NoAnswer(f"--scheduler must be an address such as tcp://10.0.0.5:8786, not {short(address)}")
    for name in ("distributed", "distributed.client"):  # what matters of it is told in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=waiting, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoAnswer(f"no Dask scheduler answers at {address}: {_first_line(error)}") from None
    try:
        need_alike(address, _versions_there(client, address, waiting), versions())
        yield _Cluster(client, market)
    except KilledWorker:
        raise NoAnswer("one task has taken several workers with it: their memory may be too small") from None
    except (FutureCancelledError, OSError):  # a connection that closes is one
        raise NoAnswer(f"the Dask scheduler at {address} is gone; nothing was written") from None
    finally:
        client.close()  # type: ignore[no-untyped-call]


class _Cluster:
    def __init__(self, client: Any, market: Market) -> None:
        self.client = client
        self.market = client.submit(held, market, pure=False)

    def run(self, tasks: Sequence[Task], progress: Progress) -> list[Any]:
        """All at once; a task whose worker dies is done by another."""
        from distributed import as_completed

        progress.more(len(tasks))
        futures = [self.client.submit(task.run, task.spec, self.market, pure=False) for task in tasks]
        for _ in as_completed(futures, loop=self.client.loop):  # type: ignore[no-untyped-call]
            progress.done()
        found: list[Any] = self.client.gather(futures)
        return found


def held(market: Market) -> Market:
    """The task of holding the market."""
    return market


def versions() -> dict[str, str]:
    """What tasks are computed with, here."""
    return {"Python": ".".join(platform.python_version_tuple()[:2]), **{name: _version(name) for name in PACKAGES}}


def need_alike(address: str, there: Mapping[str, object], here: Mapping[str, str]) -> None:
    """Raises NoAnswer where a worker computes with something else. `there` are its versions, or why it has none."""
    for worker, found in there.items():
        if not isinstance(found, Mapping):
            raise NoAnswer(f"worker {worker} of {address} has no Bellwether that works: {_first_line(found)}")
        for name, mine in here.items():
            if found.get(name) != mine:
                told = f"worker {worker} of {address} has {name} {found.get(name)}, and here it is {mine}"
                raise NoAnswer(f"{told}; results would differ")


def _versions_there(client: Any, address: str, waiting: float) -> Mapping[str, object]:
    try:
        client.wait_for_workers(1, timeout=waiting)
    except TimeoutError:
        raise NoAnswer(f"the Dask scheduler at {address} has no workers") from None
    found: Mapping[str, object] = client.run(versions, on_error="return")
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def _first_line(what: object) -> str:
    return (str(what).splitlines() or [type(what).__name__])[0]
