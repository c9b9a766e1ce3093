"""Memory that was freed goes back to the system, where the C library is one that keeps it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import psutil
from bot.allocator import give_back, keep_little

def resident():
    return psutil.Process().memory_info().rss / 1e6

keep_little()
blocks = [bytearray(100_000) for _ in range(1_000)]
anchor = bytearray(100_000)
full = resident()
del blocks
give_back()
print(full - resident())
"""


def test_what_is_freed_below_something_that_is_kept_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert float(ran.stdout) > 80
