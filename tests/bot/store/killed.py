"""Something that is killed at its n-th step: `python -m tests.bot.store.killed "restore('a', 'b')" 3`.

A step is whatever changes a name on the disk, or goes to it for good: there SIGKILL comes just before.
"""

from __future__ import annotations

import os
import signal
import sys
from itertools import count
from pathlib import Path

from bot.store import backup
from bot.store.copies import untold
from tests.bot.store.stores import NOW

_STEPS = {"open", "os.rename", "os.link", "os.remove", "os.chown", "tempfile.mkstemp", "sqlite3.connect"}


def main(words: str, last: int) -> None:
    """Do it, up to a step."""
    numbers = count(1)

    def hook(event: str, _arguments: tuple[object, ...]) -> None:
        if event in _STEPS and next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def back_up(source: str, target: str) -> None:
        backup.back_up(Path(source), Path(target), force=True, told=untold)

    def restore(source: str, target: str) -> None:
        backup.restore(Path(source), Path(target), NOW)

    sys.addaudithook(hook)
    deeds = {"back_up": back_up, "restore": restore}
    name, _, rest = words.partition("(")
    deeds[name](*(each.strip(" '") for each in rest.rstrip(")").split(",")))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
