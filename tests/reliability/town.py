"""A town of chats round one bot: the real process on a simulated market, Telegram on loopback, a store, and a clock.

The market is made inside the process, so that a life of it starts within a second or two, and it has rules enough for
each midnight to owe every chat a few messages. The clock leaps between two lives, never in one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from rules.bars import DAY
from rules.model import Instant
from tests.e2e.world import Clock, Service, environment_at, launch
from tests.reliability.ledger import Ledger
from tests.reliability.lines import START, lines
from tests.reliability.places import Place
from tests.reliability.verdict import Case, read_books, replayed
from tests.servers.telegram import TelegramServer
from tests.servers.telegram_journal import read_journal

T = TypeVar("T")

COINS = ("BTC", "SOL", "XRP")

RULES = "".join(
    f'[[rules]]\nid = "{coin.lower()}-{way}"\nwhen = "ret({coin}) {sign} 0"\nclear = "ret({coin}) {other} 0"\n'
    f'title = "{coin} goes {way}"\nnotify_resolved = true\n'
    for coin in COINS
    for way, sign, other in (("up", ">", "<="), ("down", "<", ">="))
)
"""Two rules a coin: one of the two fires, and the other ends, whenever a day goes the other way than the last."""

SUPER = 1_000_000
"""By how much the address of a supergroup is lower than that of the group that it was."""

COUNT = 2 * len(COINS)

CONFIGURATION = """
[run]
source = "simulated"
poll_seconds = 5
hours_days = 30
days_from = "2025-10-01"
settle_minutes = {{ coin = 0 }}
[delivery]
expire_minutes = 10080
[store]
url = "{store}"
[telegram]
base_url = "{telegram}"
everyone = true
"""


@dataclass
class Town:
    """The servers and what is started among them. Everything ends with the `with` block."""

    home: Path
    place: Place
    clock: Clock = field(default_factory=lambda: Clock("2025-11-04T12:00:00Z"))
    telegram: TelegramServer = field(init=False)
    services: list[Service] = field(default_factory=list)
    faithful: list[int] = field(default_factory=list)
    moved: dict[int, int] = field(default_factory=dict)
    adopted_at: Instant = 0

    def __post_init__(self) -> None:
        self.telegram = TelegramServer(journal=self.home / "telegram.jsonl")
        self.ledger = Ledger(self.place)

    def __enter__(self) -> Self:
        self.telegram.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for service in self.services:
            if service.process.poll() is None:
                service.kill()
        self.telegram.stop()

    def starts(self, program: Sequence[str] = ("-m", "bot.cli.main", "run")) -> Service:
        """A new life: `bellwether run`, at the clock's time."""
        log = self.home / f"life-{len(self.services)}.log"
        arguments = [*program, "--config", str(self.configured())]
        service = launch(arguments, log, environment_at(self.clock))
        self.services.append(service)
        return service

    def configured(self) -> Path:
        """The file that every life is configured by."""
        file = self.home / "bellwether.toml"
        if not file.exists():
            file.write_text(CONFIGURATION.format(store=self.place.url, telegram=self.telegram.url) + RULES)
        return file

    def next_midnight(self) -> Instant:
        """When the next bars close."""
        return (int(self.clock()) // DAY + 1) * DAY

    # What happens in it

    def settles(self, faithful: Sequence[int], others: Sequence[int] = ()) -> None:
        """A first life: every chat asks to be told, every rule is adopted, and it is stopped. The `faithful` stay."""
        self.faithful, self.adopted_at = list(faithful), int(self.clock())
        service = self.starts()
        for chat in (*faithful, *others):
            writes(self.telegram, chat)
        assert until(lambda: not self.waits_for_an_answer(), 60), service.output[-2000:]
        service.says(f"{COUNT} of {COUNT} rules adopted")
        assert service.stop() == 0, service.output[-2000:]

    def leaps(self, seconds: int) -> None:
        """So long after the next midnight, or before it."""
        self.clock.set(float(self.next_midnight() + seconds))

    def moves(self, old: int, new: int) -> None:
        """A group becomes a supergroup."""
        self.telegram.migrates(old, new)
        self.moved[old] = new
        self.faithful[self.faithful.index(old)] = new

    def rests(self, service: Service, seconds: float = 600) -> bool:
        """Whether, within a time, everything that has happened was told, and every line answered."""
        expected = len(self.expected())
        service.says("history is complete", seconds)  # before its first tick it knows of nothing to do

        def nothing_is_left() -> bool:
            ledger = self.ledger
            left = ledger.events() < expected or ledger.owed() or ledger.unanswered() or self.waits_for_an_answer()
            return not left or service.process.poll() is not None

        return until(nothing_is_left, seconds) and service.process.poll() is None

    def expected(self) -> list[str]:
        """What has happened so far since the rules were adopted, as a replay has it."""
        return replayed(self.configured(), self.adopted_at, int(self.clock()))

    def case(self, in_flight: Sequence[int]) -> Case:
        """What is to be judged in the end; `in_flight` is what was claimed at each kill."""
        journal = read_journal(self.home / "telegram.jsonl")
        return Case(read_books(self.place), journal, self.expected(), self.faithful, self.moved, in_flight)

    def waits_for_an_answer(self) -> bool:
        """Whether anybody does."""
        return not all(line.answers for line in lines(self.telegram.journal.entries))


def writes(telegram: TelegramServer, chat: int, text: str = START) -> int:
    """Who may say how a chat is told writes there, of whatever kind it is. Returns the number of the update."""
    telegram.promotes(abs(chat), chat=chat)
    return telegram.hears(text, chat=chat, user=abs(chat), kind="private" if chat > 0 else "group")


def until(holds: Callable[[], T], seconds: float) -> T:
    """Ask until the answer is true, or it takes too long. Returns the last answer."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.05)
    return found
