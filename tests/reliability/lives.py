"""A drama in many lives: each begins with what the last one left, and most of them while people write and Telegram is
in a bad mood; in the end nothing may be missing.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.reliability.people import People, makes_trouble
from tests.reliability.phases import PHASES, Life, Phase, anytime, committing, idle, moving
from tests.reliability.town import Town
from tests.reliability.verdict import Case, complaints

FEW, MANY = 1, 7
"""Messages owed to a chat, on the average: with fewer there is a new day, with more the next one has to wait."""

AFTER_MIDNIGHT = (-5, -4, -3, 20, 40)
"""When a new day's first life may begin, in seconds after its beginning, or before it."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many kills; how many people are told all the time, and how many come and go."""

    kills: int = 60
    faithful: int = 48
    fickle: int = 6

    @property
    def faithful_chats(self) -> Sequence[int]:
        """People, and a group for each life that is killed while a chat moves."""
        groups = -(-self.kills // len(PHASES)) + 1
        return [*range(1, self.faithful + 1), *(-number for number in range(1, groups + 1))]

    @property
    def fickle_chats(self) -> Sequence[int]:
        """Those who come and go."""
        return range(901, 901 + self.fickle)


@dataclass(frozen=True, slots=True)
class Kill:
    """A life's end: in which phase, what it was in the middle of, and how many deliveries were claimed."""

    phase: Phase
    note: str
    in_flight: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A drama that was played, and what is wrong."""

    title: str
    seconds: float
    kills: Sequence[Kill]
    case: Case
    complaints: Sequence[str]

    @property
    def lost(self) -> int:
        """Deliveries that never arrived."""
        return sum(each.startswith("lost") for each in self.complaints)


@dataclass
class Drama:
    """Plays a story of `size` in a town."""

    town: Town
    size: Size
    seed: int
    kills: list[Kill] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = Random(self.seed)
        self._people = People(self.town, self.size.fickle_chats)

    def plays(self, title: str, began: float) -> Outcome:
        """From the first /start to the verdict."""
        town, size = self.town, self.size
        town.settles(size.faithful_chats, size.fickle_chats)
        for phase in self._phases():
            self._lives(phase)
        self._ends_well()
        case = town.case([kill.in_flight for kill in self.kills])
        return Outcome(title, time.monotonic() - began, self.kills, case, [*self.faults, *complaints(case)])

    def _phases(self) -> list[Phase]:
        """Each about as often; those with nothing to do come first, before there is."""
        quiet, loud = [idle] * (self.size.kills // len(PHASES)), [phase for phase in PHASES if phase is not idle]
        times, more = divmod(self.size.kills - len(quiet), len(loud))
        rest = [*(loud * times), *self._chance.sample(loud, more)]
        self._chance.shuffle(rest)
        return quiet + rest

    def _lives(self, phase: Phase) -> None:
        """One life and its end; before it, it may become another day."""
        town, chance = self.town, self._chance
        owed = town.ledger.owed() / len(town.faithful)
        if phase is not idle and (owed < FEW or (phase in (committing, moving) and owed < MANY)):
            town.leaps(chance.choice(AFTER_MIDNIGHT))
        before = town.ledger.events()
        town.telegram.recovers()
        makes_trouble(town.telegram, chance)
        life = Life(town, self._people, chance, town.starts(), len(town.telegram.journal.entries), before)
        with self._people.talking(chance):
            note = phase(life)
        self._bury(life, phase, note)

    def _bury(self, life: Life, phase: Phase, note: str | None) -> None:
        """Kill what is still alive, and write down how it ended."""
        life.kill()
        code, said = life.service.process.wait(10), life.service.output
        if code != -signal.SIGKILL:
            self.faults.append(f"a life ended by itself with {code}: {said[-500:]}")
        if "Traceback" in said:
            self.faults.append(f"a traceback: {said[said.index('Traceback') :][:2_000]}")
        claimed = self.town.ledger.claimed(life.service.process.pid)
        self.kills.append(Kill(anytime if note is None else phase, note or "", claimed))

    def _ends_well(self) -> None:
        """A last life, undisturbed, until nothing is owed to anybody."""
        town = self.town
        town.telegram.recovers()
        service = town.starts()
        if not town.rests(service):
            self.faults.append(f"what is owed does not go out: {service.output[-500:]}")
        if service.process.poll() is None and (code := service.stop()) != 0:
            self.faults.append(f"the last life ended with {code}: {service.output[-500:]}")
