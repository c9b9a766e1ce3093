"""A local cluster of two worker processes: the same surface bit for bit, also when one of them is killed midway."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
from distributed import LocalCluster

from bot.queries.view import NoAnswer
from bot.tuning.cluster import cluster, need_alike, versions
from bot.tuning.grid import grid_of
from bot.tuning.market import Market
from bot.tuning.running import Runner, Silent
from bot.tuning.tune import tune
from rules.model import Rule
from tests.bot.tuning.tuned import market, request, tuned
from tests.rules.markets import SCOPE

RULE = Rule("rise", "ret(RUT, 5) >= 2%", "ret(RUT, 5) <= 0%")
GRID = ("enter=1%:3%:0.5%", "n=3:6:1", "confirm=1,2")


@pytest.fixture(scope="module")
def workers() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0") as running:
        yield running


class Killer(Silent):
    """Kills a worker after some tasks; what is told of progress is all it knows."""

    def __init__(self, workers: LocalCluster, after: int) -> None:
        self.workers, self.left = workers, after
        self.killed: list[int] = []

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            pid = next(iter(self.workers.workers.values())).pid
            os.kill(pid, signal.SIGKILL)
            self.killed.append(pid)


def test_the_surface_of_a_cluster_is_bit_for_bit_the_one_of_this_process(workers: LocalCluster) -> None:
    def there(market: Market) -> AbstractContextManager[Runner]:
        return cluster(workers.scheduler_address, market)

    here = tuned(market(300), *GRID, rule=RULE)
    assert here.tried == 40
    assert here.best is not None
    assert repr(tuned(market(300), *GRID, rule=RULE, opened=there)) == repr(here)

    killer = Killer(workers, after=3)
    asked = request(RULE)
    again = tune(asked, grid_of(asked.rule, GRID, SCOPE), market(300), SCOPE, there, killer)
    assert len(killer.killed) == 1
    assert repr(again) == repr(here)


def test_without_the_extra_it_is_told_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(NoAnswer, match=r"--scheduler needs an extra: pip install 'bellwether-bot\[cluster\]'"),
        _at("x"),
    ):
        pass


def test_a_scheduler_that_does_not_answer_is_told() -> None:
    with (
        pytest.raises(NoAnswer, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1: "),
        _at("tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.parametrize(
    "address", ["", "nowhere", "tcp://", "http://[", "tcp://127.0.0.1", "tcp://:8786", "tcp://a b:1", "tcp://[:1"]
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(NoAnswer, match="must be an address such as tcp://"), _at(address):
        pass


def test_a_scheduler_without_workers_is_told() -> None:
    with (
        LocalCluster(n_workers=0, protocol="tcp", dashboard_address="127.0.0.1:0") as empty,
        pytest.raises(NoAnswer, match="has no workers"),
        _at(empty.scheduler_address),
    ):
        pass


class Closer(Silent):
    """Ends a cluster once a task is done."""

    def __init__(self, running: LocalCluster) -> None:
        self.running = running

    def done(self) -> None:
        self.running.close()


def test_a_scheduler_that_goes_away_midway_is_told() -> None:
    asked = request(RULE)
    grid = grid_of(asked.rule, GRID, SCOPE)
    with (
        LocalCluster(n_workers=1, processes=False, protocol="tcp", dashboard_address="127.0.0.1:0") as running,
        pytest.raises(NoAnswer, match=rf"the Dask scheduler at {running.scheduler_address} is gone"),
    ):
        tune(asked, grid, market(300), SCOPE, partial(cluster, running.scheduler_address), Closer(running))


def test_a_worker_with_something_else_is_told() -> None:
    mine = versions()
    need_alike("tcp://a:1", {"w": mine}, mine)
    with pytest.raises(NoAnswer, match=rf"worker w of tcp://a:1 has numpy 0\.1, and here it is {mine['numpy']}"):
        need_alike("tcp://a:1", {"w": {**mine, "numpy": "0.1"}}, mine)
    with pytest.raises(NoAnswer, match="worker w of tcp://a:1 has no Bellwether that works: No module named 'bot'"):
        need_alike("tcp://a:1", {"w": ModuleNotFoundError("No module named 'bot'")}, mine)


def _at(address: str) -> AbstractContextManager[Runner]:
    from bot.tuning.market import market_of

    return cluster(address, market_of(market(30), SCOPE, [request().rule], "RUT", 5), waiting=0.2)
