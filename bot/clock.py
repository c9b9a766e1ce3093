"""The only reader of the wall clock. Everything else is handed `now`."""

from __future__ import annotations

import time


def now() -> int:
    """The current instant in whole UTC seconds."""
    return int(time.time())
