"""What a process may be in the middle of when it is killed: each phase waits for its instant in a life and kills it.

All chance comes from one seed, but threads and disks have their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tests.e2e.world import Service
from tests.reliability.people import People
from tests.reliability.town import Town, until
from tests.servers.telegram_journal import HANDED, REFUSED

LONGEST = 15.0
"""Seconds that a phase waits for its instant; then it was any other one."""


@dataclass
class Life:
    """One process, from its start to the kill. `began`: where the journal stood; `events`: how many were recorded."""

    town: Town
    people: People
    chance: Random
    service: Service
    began: int
    events: int

    def kill(self) -> None:
        """At once; it may be killed twice."""
        self.service.process.kill()

    def works(self) -> None:
        """Wait until it has begun; on a server it waits first until the lease of the last one is over."""
        self.service.says("watching ", LONGEST)

    def lasts(self, least: float, most: float) -> None:
        """Wait for as long as chance has it."""
        time.sleep(self.chance.uniform(least, most))

    def sends(self, count: int) -> bool:
        """Wait until so many messages were accepted in this life."""
        posted = self.town.telegram.sent
        wanted, end = len(posted) + count, time.monotonic() + LONGEST
        while len(posted) < wanted and time.monotonic() < end:
            time.sleep(0.005)
        return len(posted) >= wanted


Phase = Callable[[Life], str | None]
"""Returns what the table says beside the kill; None when its instant never came."""


def starting(life: Life) -> str | None:
    """Python and the database; or the history, and the first words with Telegram."""
    if life.chance.random() < 0.5:
        life.works()
        life.lasts(0.0, 0.6)
        return "at work"
    life.lasts(0.0, 1.6)
    return "before that"


def committing(life: Life) -> str | None:
    """At the first tick of a life that begins after midnight, or at the poll of one that lives through it."""
    life.works()
    midnight = life.town.next_midnight()
    if midnight - life.town.clock() < LONGEST:
        time.sleep(midnight + 1 - life.town.clock())
        life.lasts(0.0, 0.8)
    else:
        life.service.says("history is complete", LONGEST)
        life.lasts(0.0, 0.9)
    life.kill()
    return "after" if life.town.ledger.events() > life.events else "before"


def sending(life: Life) -> str | None:
    """In the middle of a broadcast."""
    life.works()
    if not life.sends(life.chance.randint(1, 40)):
        return None
    life.lasts(0.0, 0.04)
    return ""


def accepted(life: Life) -> str | None:
    """A message is in Telegram's journal, and the process does not know it."""
    life.works()
    telegram = life.town.telegram
    telegram.recovers()
    telegram.lets_pass(life.chance.randint(0, 30))
    telegram.loses_answers(then=life.kill)
    return "" if until(lambda: life.service.process.poll() is not None, LONGEST) else None


def received(life: Life) -> str | None:
    """A line was handed out; whether it is kept by then is a matter of milliseconds."""
    life.works()
    life.lasts(0.2, 1.5)
    number = life.people.writes(life.chance)
    if number is None:
        return None
    journal = life.town.telegram.journal
    handed = journal.waits_for(HANDED, LONGEST, after=life.began, fits=lambda entry: number in entry.what["updates"])
    if handed is None:
        return None
    life.lasts(0.0, 0.06)
    life.kill()
    return "kept" if life.town.ledger.has_kept(number) else "not kept"


def moving(life: Life) -> str | None:
    """A group becomes a supergroup while something is owed to it."""
    life.works()
    moved = life.people.moves_one()
    if moved is None:
        return None
    journal = life.town.telegram.journal
    to_there = journal.waits_for(
        REFUSED, LONGEST, after=life.began, fits=lambda entry: entry.what.get("migrate_to_chat_id") == moved
    )
    if to_there is None:
        return None
    life.lasts(0.0, 0.02)
    life.kill()
    return "after" if life.town.ledger.knows(moved) else "before"


def idle(life: Life) -> str | None:
    """Polling, and waiting for the next bar."""
    life.works()
    life.lasts(1.0, 3.0)
    return "" if life.town.ledger.owed() == 0 else None


def anytime(life: Life) -> str | None:
    """From the first instruction on; while it stands by, too."""
    life.lasts(0.0, 10.0)
    return ""


PHASES: Mapping[Phase, str] = {
    starting: "while it starts",
    committing: "about the commit of a tick",
    sending: "while it sends",
    accepted: "after a message was accepted, before it hears so",
    received: "after it was given a line",
    moving: "while a chat moves",
    idle: "with nothing to do",
    anytime: "at any instant",
}
"""What the table says of each."""
