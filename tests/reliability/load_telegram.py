"""The other side of the load: Telegram and its users in a process of their own, so that what they cost does not count.

It is stricter than the real one: no burst is let through. Everything is noted in the order in which it was seen, in one
journal, by one clock: what a user wrote, what was accepted and for whom.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.servers.telegram import TelegramServer
from tests.servers.telegram_faults import Refused

A_SECOND, IN_CHAT, IN_GROUP = 30, 1, 20
"""What is accepted in any second over all and in a chat, and in any minute in a group."""

ANSWERED_WITHIN = 30.0
"""Seconds after the last message that outstanding answers are waited for."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is there, and what they do: the chats that the bot may write to, and after how many alerts a command comes.

    Chats with a negative number are groups.
    """

    chats: Sequence[int]
    commands: Sequence[int]
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal. `at` is in seconds; the `asked` one is answered by the entry that holds the same words."""

    asked: bool
    chat: int
    words: str
    at: float


@dataclass(frozen=True, slots=True)
class Journal:
    """All that Telegram saw; and of what there was too much, each time that it said so."""

    entries: Sequence[Entry]
    refusals: Sequence[str]


class Window:
    """At most `most` in any `seconds`."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._recent: deque[float] = deque()

    def is_full(self, now: float) -> bool:
        """Whether one more is too much."""
        while self._recent and self._recent[0] <= now - self._seconds:
            self._recent.popleft()
        return len(self._recent) >= self._most

    def counts(self, now: float) -> None:
        """One more."""
        self._recent.append(now)


class StrictTelegram(TelegramServer):
    """Telegram at its word."""

    def __init__(self) -> None:
        super().__init__(enforces_limits=True)
        self.refusals: list[str] = []
        self._over_all = Window(A_SECOND, 1.0)
        self._in_chat: dict[int, Window] = defaultdict(lambda: Window(IN_CHAT, 1.0))
        self._in_group: dict[int, Window] = defaultdict(lambda: Window(IN_GROUP, 60.0))

    def _refuse_flood(self, chat: int, now: float) -> None:
        windows = {"over all": self._over_all, "in a chat": self._in_chat[chat]}
        if chat < 0:
            windows["in a group"] = self._in_group[chat]
        if full := [name for name, window in windows.items() if window.is_full(now)]:
            self.refusals.append(full[0])
            raise Refused(429, retry_after=1)
        for window in windows.values():
            window.counts(now)


def _asks(server: StrictTelegram, crowd: Crowd, asked: list[Entry], end: threading.Event) -> None:
    """Each command at a random moment of the gap between two alerts, from a random chat."""
    chance = random.Random(crowd.seed)
    for number, after in enumerate(sorted(crowd.commands)):
        while len(server.sent) - number < after:  # the answers are among what was sent
            if end.wait(0.005):
                return
        time.sleep(chance.random() / A_SECOND)
        chat, words = chance.choice(crowd.chats), f"/question {number:06d}"
        asked.append(Entry(True, chat, words, time.monotonic()))
        server.hears(words, chat=chat, kind="group" if chat < 0 else "private")


def _serves(line: Connection, crowd: Crowd) -> None:
    """The process: says where it is, and at the end what it saw."""
    asked: list[Entry] = []
    end = threading.Event()
    with StrictTelegram() as server:
        for chat in crowd.chats:
            server.knows(chat, "group" if chat < 0 else "private")
        users = threading.Thread(target=_asks, args=(server, crowd, asked, end))
        users.start()
        line.send(server.url)
        line.recv()
        end.set()
        users.join()
        until = time.monotonic() + ANSWERED_WITHIN
        while time.monotonic() < until and not _all_answered(server, asked):
            time.sleep(0.02)
        accepted = [Entry(False, each.chat_id, each.plain, each.at) for each in server.sent]
    line.send(Journal(sorted([*asked, *accepted], key=lambda entry: entry.at), server.refusals))


def _all_answered(server: StrictTelegram, asked: Sequence[Entry]) -> bool:
    words = [each.plain for each in server.sent]
    return all(any(entry.words in each for each in words) for entry in asked)


class FarTelegram:
    """The other process, as seen from here."""

    def __init__(self, url: str, line: Connection) -> None:
        self.url = url
        self._line = line

    def ends(self) -> Journal:
        """No more commands; once all are answered, what was seen."""
        self._line.send("end")
        journal = self._line.recv()
        assert isinstance(journal, Journal)
        return journal


@contextmanager
def far_telegram(crowd: Crowd) -> Iterator[FarTelegram]:
    """Telegram in another process, killed afterwards."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serves, args=(there, crowd), daemon=True)
    process.start()
    try:
        yield FarTelegram(here.recv(), here)
    finally:
        process.kill()
        process.join()
        here.close()
        there.close()
