"""Something that is killed at its n-th step: `python -m tests.bot.store.killed "restore('a', 'b')"` reads which step,
one a line, does it in a process of its own each time, and says with what code that ended.

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


def again_and_again(words: str) -> None:
    """A child for each step that is wished for: what they need is loaded once."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            main(words, int(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    again_and_again(sys.argv[1])
