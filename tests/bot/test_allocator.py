"""Memory that was freed goes back to the system, where the C library is one that keeps it; the rest is left alone."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from bot.allocator import Rest

PROGRAM = """
import psutil
from bot.allocator import give_back, keep_little, settle

def resident():
    return psutil.Process().memory_info().rss / 1e6

keep_little()
blocks = [bytearray(100_000) for _ in range(1_000)]
anchor = bytearray(100_000)
full = resident()
del blocks
{what}()
print(full - resident())
"""


def test_what_lives_after_the_start_is_looked_through_no_more() -> None:
    program = "import gc; from bot.allocator import settle; settle(); print(gc.get_freeze_count() > 1_000)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "True\n"


@pytest.mark.parametrize("what", ["settle", "give_back"])
def test_what_is_freed_below_something_that_is_kept_is_given_back(what: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("{what}", what)], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(ran.stdout) > 80


class Pool(ThreadPoolExecutor):
    """A thread that counts what it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.given: list[Future[Any]] = []

    def submit(self, *what: Any, **named: Any) -> Future[Any]:
        """Take it and do it."""
        self.given.append(super().submit(*what, **named))
        return self.given[-1]


def test_what_many_answers_in_a_row_took_is_given_back_once() -> None:
    async def answers(pool: Pool) -> None:
        rest = Rest(pool, seconds=0.0)
        for _ in range(5):
            rest.begins()
        while not pool.given:
            await asyncio.sleep(0)
        await asyncio.wrap_future(pool.given[0])

    with Pool() as pool:
        asyncio.run(answers(pool))
        assert len(pool.given) == 1


def test_nothing_is_given_back_once_it_has_ended_nor_by_a_pool_that_is_closed() -> None:
    async def answers(pool: Pool) -> None:
        rest = Rest(pool, seconds=0.0)
        rest.begins()
        rest.ends()
        await asyncio.sleep(0)
        pool.shutdown()
        rest.begins()
        await asyncio.sleep(0)

    with Pool() as pool:
        asyncio.run(answers(pool))
        assert pool.given == []
