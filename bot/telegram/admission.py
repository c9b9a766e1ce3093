"""Which lines are taken: of people who were let in, not too many at once, and not too many in a minute.

Whoever is turned away is told why, now and then: a courtesy, which comes after everything else that is sent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from bot.telegram.access import Access, Sparingly
from bot.telegram.allowance import Allowance, writer
from bot.telegram.answering import Answering
from bot.telegram.incoming import Incoming

TOO_MANY = "That is much at once: some of these lines are left unanswered."


def _too_often(lines: int, wait: float) -> str:
    """What somebody reads who asks more than `lines` in a minute, and has to `wait` so many seconds."""
    return f"{lines} lines a minute; go on in {max(1, math.ceil(wait))} s."


class Admission:
    """Decides line by line. `always` says which are taken however many there are: a `/stop` is never too much.

    `tell` says something to where a line came from, nothing for a tap that is turned away once more; `courtesy` is for
    how many seconds it is not said again.
    """

    def __init__(
        self,
        access: Access,
        allowance: Allowance,
        answering: Answering,
        always: Callable[[str], bool],
        tell: Callable[[Incoming, str], None],
        courtesy: float,
    ) -> None:
        self._access, self._allowance, self._answering = access, allowance, answering
        self._always, self._tell = always, tell
        self._courtesy = Sparingly(courtesy)

    def welcome(self, lines: Sequence[Incoming], now: float) -> list[Incoming]:
        """Those that are taken. `now` is monotonic."""
        room = {line.address: self._answering.room(line.address) for line in lines}
        welcome: list[Incoming] = []
        for line in lines:
            if not self._access.admits(line):
                self._say(f"stranger {writer(line)}", line, self._access.to_stranger(line), now)
            elif self._answering.knows(line) or self._always(line.text):
                welcome.append(line)
            elif not room[line.address]:
                self._say(f"at once {line.address}", line, TOO_MANY, now)
            elif (wait := self._allowance.wait(writer(line), line.number, now)) is not None:
                self._say(f"in a minute {writer(line)}", line, _too_often(self._allowance.lines, wait), now)
            else:
                room[line.address] -= 1
                welcome.append(line)
        return welcome

    def _say(self, what: str, line: Incoming, html: str, now: float) -> None:
        if self._courtesy.may(what, now):
            self._tell(line, html)
        elif line.tap is not None:  # its button seems to be busy until something is said, be it nothing
            self._tell(line, "")
