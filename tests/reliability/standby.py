"""`python -m tests.reliability standby`: two processes on one PostgreSQL, and what ends or hangs in a broadcast.

The one that works is stopped by SIGSTOP and goes on later, or is killed; both are; the server is restarted under them.
Whatever happens, nothing is lost, repeats are bounded and say so, and who was replaced writes and sends nothing more.
"""

from __future__ import annotations

import argparse
import re
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bot.store.postgres import CannotRun
from tests.e2e.world import Service
from tests.reliability.places import PostgresDatabase, place
from tests.reliability.town import Town
from tests.reliability.verdict import Case, complaints, told
from tests.servers.telegram_journal import ACCEPTED

WORKS, WAITS = "watching ", "takes over when that one ends"
"""What a process says when it has begun to work, and while another one works."""

PROMISED = 15.0
"""Seconds from the end or the hanging of the one to the work of the other."""

PATIENCE = 60.0
"""Seconds that are waited for it at most."""

ON_THE_WIRE = 1
"""Messages that may go out after the one that was stopped goes on: it may be stopped between its last look at the
lease and the first byte of a request.
"""

READERS = 60
AMID = 25
"""How many people are told, and after how many messages it happens."""


@dataclass
class Pair:
    """Two processes in a town: `holder` works, `heir` stands by. `taken_over` in seconds; `claimed` at each end."""

    town: Town
    holder: Service
    heir: Service
    claimed: list[int] = field(default_factory=list)
    taken_over: float | None = None
    told: str = ""
    wrong: list[str] = field(default_factory=list)

    def counts(self) -> None:
        """Write down what the one that works has in hand."""
        self.claimed.append(self.town.ledger.claimed(self.holder.process.pid))

    def waits_for_the_heir(self, since: float) -> None:
        """Until it works."""
        self.heir.says(WORKS, PATIENCE)
        self.taken_over = time.monotonic() - since


@dataclass(frozen=True, slots=True)
class Result:
    """How a scene ended."""

    title: str
    pair: Pair
    case: Case
    complaints: Sequence[str]


def hangs(pair: Pair) -> None:
    """The one that works is stopped, is replaced, and goes on"""
    since = time.monotonic()
    pair.holder.process.send_signal(signal.SIGSTOP)
    pair.counts()
    pair.waits_for_the_heir(since)
    pair.town.telegram.journal.waits_for(ACCEPTED, PATIENCE, after=len(pair.town.telegram.journal.entries))
    back = time.monotonic()
    pair.holder.process.send_signal(signal.SIGCONT)
    pair.told = _fate(pair.holder)
    late = [entry for entry in _sent_by(pair, pair.holder) if entry > back]
    if len(late) > ON_THE_WIRE:
        pair.wrong.append(f"who was replaced has sent {len(late)} messages since")


def is_killed(pair: Pair) -> None:
    """The one that works is killed"""
    since = time.monotonic()
    pair.holder.kill()
    pair.counts()
    pair.waits_for_the_heir(since)


def both_are_killed(pair: Pair) -> None:
    """Both are killed, and a third one comes"""
    since = time.monotonic()
    pair.heir.kill()
    pair.holder.kill()
    pair.counts()
    pair.heir = pair.town.starts()
    pair.waits_for_the_heir(since)


def server_restarts(pair: Pair) -> None:
    """PostgreSQL is restarted under both"""
    assert isinstance(pair.town.place, PostgresDatabase)
    pair.counts()
    pair.town.place.server.stop()
    time.sleep(1.0)  # long enough for both to notice
    pair.town.place.server.start()
    pair.told = "both go on" if pair.holder.process.poll() is None else f"ended with {pair.holder.process.poll()}"
    if pair.holder.process.poll() is None:
        pair.heir, pair.holder = pair.holder, pair.heir


SCENES: dict[str, Callable[[Pair], None]] = {
    each.__name__: each for each in (hangs, is_killed, both_are_killed, server_restarts)
}


def main(arguments: Sequence[str]) -> int:
    """Play, print a table, and say by the exit code whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability standby", description=__doc__)
    parser.add_argument("--scene", choices=SCENES, action="append", help="all of them, unless said")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder for journals and logs")
    asked = parser.parse_args(arguments)
    results = []
    try:
        for scene in asked.scene or SCENES:
            with tempfile.TemporaryDirectory() as folder:
                home = (asked.keep or Path(folder)) / scene
                home.mkdir()
                results.append(play(scene, home))
    except CannotRun as reason:
        print(f"no PostgreSQL can be had here: {reason}")
        return 2
    print("\n".join(table(results)))
    wrong = [each for result in results for each in result.complaints]
    if wrong:
        print(f"\nNOT as it must be:\n{told(wrong)}")
    return int(bool(wrong))


def play(scene: str, home: Path) -> Result:
    """A broadcast by two processes, what happens in it, and the verdict."""
    act = SCENES[scene]
    with place("postgres", home) as where, Town(home, where) as town:
        town.settles(range(1, READERS + 1))
        town.leaps(-10)
        holder = town.starts()
        holder.says(WORKS)
        heir = town.starts()
        heir.says(WAITS)
        pair = Pair(town, holder, heir)
        before = len(town.telegram.sent)
        town.telegram.waits_for(lambda posted: len(town.telegram.sent) >= before + AMID, 60, after=before)
        act(pair)
        if not town.rests(pair.heir, 300):
            pair.wrong.append(f"what is owed does not go out:\n{pair.heir.output[-1_000:]}")
        case = town.case(pair.claimed)
        traces = [f"a traceback:\n{each.output[-2_000:]}" for each in town.services if "Traceback" in each.output]
        return Result(str(act.__doc__), pair, case, [*pair.wrong, *traces, *complaints(case)])


def table(results: Sequence[Result]) -> Iterator[str]:
    """In Markdown."""
    yield "| two processes on PostgreSQL | taken over after | lost | repeats, each marked | and then |"
    yield "|---|---|---|---|---|"
    for result in results:
        taken = result.pair.taken_over
        seconds = "" if taken is None else f"{taken:.1f} s"
        lost = sum(each.startswith("lost") for each in result.complaints)
        bound = sum(result.case.in_flight) + result.case.unanswered
        yield f"| {result.title} | {seconds} | {lost} | {result.case.repeats} of at most {bound} | {result.pair.told} |"
    yield f"\nPromised: taken over within {PROMISED:g} s."


def _fate(service: Service) -> str:
    """What becomes of a process that was replaced: it ends, or it stands by."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if service.process.poll() is not None:
            return f"it ends with {service.process.returncode}: {_sentence(service)}"
        if WAITS in service.output:
            return "it stands by"
        time.sleep(0.1)
    return "it goes on as if nothing had happened"


def _sentence(service: Service) -> str:
    """The gravest of what it said."""
    lines = service.output.splitlines()
    grave = [line for line in lines if " CRITICAL " in line or line.startswith("bellwether")]
    return re.sub(r"^\S+ \S+ [A-Z]+ [\w.]+: ", "", (grave or lines)[-1])


def _sent_by(pair: Pair, service: Service) -> list[float]:
    """When the messages were accepted that a process heard were."""
    numbers = {int(number) for number in re.findall(r"Sent\(message='(\d+)'\)", service.output)}
    journal = pair.town.telegram.journal.entries
    return [entry.at for entry in journal if entry.kind == ACCEPTED and entry.what["message_id"] in numbers]
