"""`python -m tests.reliability outage`: hours without Telegram, and what becomes of the alerts that fall into them."""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.reliability.outage_world import LATE, Outage

EVERY, LAST, END = 5, 80, 130
"""Minutes: between two alerts, until the last one, and until nothing is on its way any more."""

FOR_EVER = float("inf")
REPEAT, LATE_MARK, SUMMARY = "May be a repeat", "Late: this is ", "While I was away"


@dataclass(frozen=True, slots=True)
class Story:
    """What `strikes` at the minute `since`, and `clears` at `until`; alerts come before, meanwhile and after."""

    since: int
    until: int
    strikes: Callable[[Outage], None]
    clears: Callable[[Outage], None]

    def plays(self, outage: Outage) -> None:
        """Minute by minute."""
        for minute in range(END):
            if minute == self.since:
                self.strikes(outage)
            if minute == self.until:
                self.clears(outage)
            if minute % EVERY == 0 and minute <= LAST:
                outage.happens()
            outage.passes()


def _recovers(outage: Outage) -> None:
    outage.server.recovers()


def _fails(status: int, outage: Outage) -> None:
    outage.server.fails_with(status, times=FOR_EVER)


def _floods(times: int, outage: Outage) -> None:
    outage.server.fails_with(429, retry_after=600, times=times)


def _nothing(outage: Outage) -> None:
    """It is the bot that must wait."""


STORIES: Mapping[str, Story] = {
    "port closed for an hour": Story(7, 67, lambda it: it.server.goes_down(), lambda it: it.server.comes_back()),
    "500 for an hour": Story(7, 67, partial(_fails, 500), _recovers),
    "answers lost for 20 minutes": Story(7, 27, lambda it: it.server.loses_answers(times=FOR_EVER), _recovers),
    "429 to a chat, retry after 600 s": Story(10, 10, partial(_floods, 1), _nothing),
    "429 to two chats, retry after 600 s": Story(10, 10, partial(_floods, 2), _nothing),
    "token rejected for 20 minutes": Story(7, 27, partial(_fails, 401), _recovers),
}


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the alerts of a story, chat by chat.

    `on_time` and `late` were told as news, each once; what `expired` is listed in a `summary`. `repeats` say so. The
    rest is what must not be: neither told nor listed nor owed, out of order, late or repeated without a word.
    """

    owed: int
    on_time: int
    late: int
    summary: int
    repeats: int
    lost: int
    disordered: int
    unmarked: int

    @property
    def is_good(self) -> bool:
        """Whether everything came, in order, and what was late or told again said so."""
        told = self.on_time + self.late + self.summary
        return told == self.owed and not (self.lost or self.disordered or self.unmarked)


def account(outage: Outage) -> Account:
    """Count, from what Telegram accepted and from how the deliveries stand."""
    firsts: set[tuple[int, str]] = set()
    count: Counter[str] = Counter()
    for posted in outage.sent:
        if SUMMARY in posted.plain:
            count["summary"] += sum(words in posted.plain for words in outage.happened)
            continue
        [words] = [words for words in outage.happened if words in posted.plain]
        again = (posted.chat_id, words) in firsts
        firsts.add((posted.chat_id, words))
        late = LATE_MARK in posted.plain
        count["unmarked"] += again and REPEAT not in posted.plain
        count["unmarked"] += late is not outage.was_late(posted, words)
        count["repeats" if again else "late" if late else "on_time"] += 1
    disordered = sum(_disorder(outage.read_by(chat)) for chat in outage.addresses)
    known = {field.name: count[field.name] for field in fields(Account)}
    owed = len(outage.addresses) * len(outage.happened)
    return Account(**{**known, "owed": owed, "lost": len(outage.missing()), "disordered": disordered})


def _disorder(told: Sequence[str]) -> int:
    """How many were told for the first time after a later one."""
    firsts = [*dict.fromkeys(told)]
    return sum(after < before for before, after in pairwise(firsts))


def main(arguments: Sequence[str]) -> int:
    """Play every story, print what came of it, and say by the exit code whether that is as it must be."""
    argparse.ArgumentParser(prog="python -m tests.reliability outage", description=__doc__).parse_args(arguments)
    logging.disable(logging.CRITICAL)
    names = [field.name for field in fields(Account)]
    print(f"Alerts are news for 30 minutes and late after {LATE // 60}; each is owed to three chats.\n")
    print(f"| {' | '.join(['outage', *names])} | |")
    print(f"|{'---|' * (len(names) + 2)}")
    good = True
    for name, story in STORIES.items():
        with tempfile.TemporaryDirectory() as folder, Outage(Path(folder)) as outage:
            story.plays(outage)
            found = account(outage)
        good = good and found.is_good
        numbers = [str(getattr(found, each)) for each in names]
        print(f"| {' | '.join([name, *numbers])} | {'ok' if found.is_good else 'FAILS'} |", flush=True)
    return 0 if good else 1
