"""Memory that was freed goes back to the system, where the C library is one that keeps it; the rest is left alone."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import psutil
from bot.allocator import keep_little, settle

def resident():
    return psutil.Process().memory_info().rss / 1e6

keep_little()
blocks = [bytearray(100_000) for _ in range(1_000)]
anchor = bytearray(100_000)
full = resident()
del blocks
settle()
print(full - resident())
"""


def test_what_lives_after_the_start_is_looked_through_no_more() -> None:
    program = "import gc; from bot.allocator import settle; settle(); print(gc.get_freeze_count() > 1_000)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout == "True\n"


def test_what_is_freed_below_something_that_is_kept_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert float(ran.stdout) > 80
