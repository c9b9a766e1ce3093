"""A broadcast under load, with the parts that `run` is made of: an outbox in a file, the worker, the channel and its
pacer, python-telegram-bot, and the front that polls and answers. Telegram and the users are another process.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

import psutil

from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.delivery.worker import Worker
from bot.store.chats import subscribe, subscribers
from bot.store.database import Database
from bot.store.messages import Message, owe
from bot.store.owed import debt
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from bot.telegram.letterbox import StoredLetters
from bot.telegram.menu import Menu
from rules.model import Delivery, Instant
from tests.reliability.load_telegram import Crowd, Entry, Journal, far_telegram

CHANNEL = "telegram"
FIRST_USER, FIRST_GROUP = 10_000, -20_000
TO_EACH_BUSY = 24
"""Alerts to a busy group: more than it may be sent in a minute."""

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Load:
    """So many `deliveries` to so many `chats`, of which `groups` are groups and `busy` of these get more than others;
    and so many `commands` meanwhile. The run ends when as many as `most` of the deliveries are sent; None: all.

    The process is warm once `warm` alerts are sent: what it holds from then on must not grow.
    """

    deliveries: int = 5_000
    chats: int = 2_000
    groups: int = 200
    busy: int = 3
    to_each_busy: int = TO_EACH_BUSY
    commands: int = 400
    most: int | None = None
    warm: int = 600

    @property
    def goal(self) -> int:
        """How many alerts are sent before the run ends."""
        return self.deliveries if self.most is None else self.most

    @property
    def addresses(self) -> list[int]:
        """The chats: groups, the busy ones first, then people."""
        groups = [FIRST_GROUP - index for index in range(self.groups)]
        return groups + [FIRST_USER + index for index in range(self.chats - self.groups)]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. Times in seconds, memory in bytes.

    `silence` is the longest time in which nothing was accepted. `delays` are from a command's writing to the acceptance
    of its answer, `passed` how many alerts were accepted between the two. `warm` is the process's memory once it was
    warm, `end` and `peak` what it came to.
    """

    load: Load
    sent: int
    lost: int
    twice: int
    overtaken: int
    refusals: Sequence[str]
    rate: float
    span: float
    silence: float
    unanswered: int
    delays: Sequence[float]
    passed: Sequence[int]
    warm: int
    end: int
    peak: int

    def delay(self, percent: int) -> float:
        """A percentile of the commands' delays."""
        return quantiles(self.delays, n=100, method="inclusive")[percent - 1]

    @property
    def growth(self) -> float:
        """Memory at its highest against when it was warm, in megabytes."""
        return (self.peak - self.warm) / MEGABYTE


def play(folder: Path, load: Load) -> Figures:
    """Run it on a new database in `folder`, to its end."""
    commands = random.Random(2).sample(range(load.goal), load.commands)
    with far_telegram(Crowd(load.addresses, commands)) as telegram:
        memory, left = asyncio.run(_broadcast(folder / "load.db", telegram.url, load))
        return _figures(load, telegram.ends(), memory, left)


# The bot's side


def _now() -> Instant:
    return int(time.time())


async def _broadcast(path: Path, url: str, load: Load) -> tuple[list[int], int]:
    """Owe everything, start, and look on until the goal is reached. Returns what memory it took, and what is owed."""
    database = Database(path)
    service = front(database, url)
    worker = Worker(database, service.channel, "load", _now)
    try:
        await database.migrate()
        await _owes(database, load)
        await service.start()
        working = asyncio.create_task(worker.run())
        memory = await _looks_on(database, load)
        await worker.stop()
        await working
        return memory, await _owed(database)
    finally:
        await service.stop()
        await database.close()


def front(database: Database, url: str) -> TelegramService:
    """The bot in Telegram at the pace of `run`; an answer looks into the database first."""

    async def answer(incoming: Incoming) -> Answer:
        async with database.read() as connection:
            known = await debt(connection, CHANNEL, _now())
        return Answer(f"{incoming.text}: {known.owed} messages are owed")

    return TelegramService(
        "7654321:AAHsecretOfTheTestBot_0123456789abc",
        url,
        answer,
        StoredLetters(database, _now),
        access=Access(everyone=True),
        menu=Menu({"question": "what a user asks"}),
        pacer=Pacer(),
    )


async def _owes(database: Database, load: Load) -> None:
    now = _now()
    async with database.write() as connection:
        for address in load.addresses:
            await subscribe(connection, CHANNEL, str(address), "group" if address < 0 else "private", now)
        to = await subscribers(connection, CHANNEL)
        owed = 0
        for message in _messages([each.chat for each in to], load, now):
            owed += await owe(connection, [message], to, now)
    assert owed == load.deliveries, f"{owed} deliveries"


def _messages(chats: Sequence[int], load: Load, now: Instant) -> Iterable[Message]:
    """First those to busy groups, then one after the other to everybody, as long as that lasts."""
    busy, number, left = frozenset(chats[: load.busy]), 0, load.deliveries
    while left:
        quota = busy if number < load.to_each_busy and busy else frozenset(chats[:left])
        yield Message(
            f"load/{number}", now, f"<b>alert {number:06d}</b>", Delivery.AT_LEAST_ONCE, False,
            now + 86_400, now + 86_400, only=quota,
        )  # fmt: skip
        number, left = number + 1, left - len(quota)


async def _looks_on(database: Database, load: Load) -> list[int]:
    """The memory of this process each second from when it is warm."""
    memory: list[int] = []
    process = psutil.Process()
    while (sent := load.deliveries - await _owed(database)) < load.goal:
        if sent >= load.warm:
            memory.append(process.memory_info().rss)
        await asyncio.sleep(1.0)
    return memory


async def _owed(database: Database) -> int:
    async with database.read() as connection:
        return (await debt(connection, CHANNEL, _now())).owed


# What it came to


def _figures(load: Load, journal: Journal, memory: Sequence[int], left: int) -> Figures:
    entries = journal.entries
    alerts = [entry for entry in entries if entry.words.startswith("alert")]
    messages = [entry for entry in entries if not entry.asked]
    times = Counter((entry.chat, entry.words) for entry in alerts)
    middle = messages[len(messages) // 10 : -(len(messages) // 10)]
    answers = _answers(entries)
    return Figures(
        load,
        sent=len(alerts),
        lost=load.deliveries - len(times) - left,
        twice=len(alerts) - len(times),
        overtaken=_overtaken(alerts),
        refusals=journal.refusals,
        rate=(len(middle) - 1) / (middle[-1].at - middle[0].at),
        span=messages[-1].at - messages[0].at,
        silence=max(after.at - before.at for before, after in pairwise(messages)),
        unanswered=sum(entry.asked for entry in entries) - len(answers),
        delays=[delay for delay, _ in answers],
        passed=[passed for _, passed in answers],
        warm=memory[0] if memory else 0,
        end=memory[-1] if memory else 0,
        peak=max(memory, default=0),
    )


def _answers(entries: Sequence[Entry]) -> list[tuple[float, int]]:
    """Of each command that was answered: after how long, and after how many alerts."""
    asked: dict[str, tuple[float, int]] = {}
    alerts, found = 0, []
    for entry in entries:
        if entry.asked:
            asked[entry.words] = entry.at, alerts
        elif entry.words.startswith("alert"):
            alerts += 1
        else:
            at, before = asked.pop(entry.words.partition(":")[0])
            found.append((entry.at - at, alerts - before))
    return found


def _overtaken(alerts: Iterable[Entry]) -> int:
    """How many alerts came to a chat after a later one."""
    by_chat: dict[int, list[str]] = defaultdict(list)
    for entry in alerts:
        by_chat[entry.chat].append(entry.words)
    return sum(after < before for words in by_chat.values() for before, after in pairwise(words))
