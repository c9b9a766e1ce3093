"""Answers with a picture: from the update in Telegram until Telegram has the picture, and what the loop feels of it.

The service's reception and its Telegram half in a process of their own, on a simulated market, against a server on
loopback in this one; each question comes from another chat, so that no pace but the bot's own is in it. Run as a
module it is that process: it writes, for every line it reads, by how many seconds its loop was late since the last.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bot.commands.registry import Desk, Group, Reply, command
from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.parts import Parts, Question
from bot.queries.correlation import correlation
from bot.reception import Reception
from bot.render.correlations import correlation_answer
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from bot.telegram.letterbox import StoredLetters
from tests.bench.tables import Block, Row, rows, timed
from tests.bot.rooms import in_a_room
from tests.servers.telegram import TelegramServer
from tests.servers.telegram_posted import Posted

ROOT = Path(__file__).resolve().parents[2]
PICTURE, WORDS = "/corr RUT SOL", "/words RUT SOL"
QUESTIONS = 60
CROWD, ROUNDS = 8, 8
PULSE = 0.01
"""Seconds that the loop sleeps, again and again, to see when it wakes."""


@dataclass(frozen=True)
class Spread:
    """Seconds: half of them and nineteen of twenty are below, the most."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Spread:
        """Of at least one figure."""
        half, nearly_all = np.quantile(seconds, (0.5, 0.95))
        return cls(float(half), float(nearly_all), max(seconds))


@dataclass(frozen=True)
class Shown:
    """Seconds until answers were there: the first picture of a process, pictures and words one by one, words amid a
    crowd that wants pictures; and by how much the loop was late in the last three, and in the first."""

    first: float
    picture: Spread
    words: Spread
    amid: Spread
    first_lag: Spread
    picture_lag: Spread
    words_lag: Spread
    amid_lag: Spread


def picture_tables() -> list[Block]:
    """Beside the text of an answer alone, and what others feel of it."""
    return [rows("answers with a picture", picture_rows(picture_figures()))]


def picture_rows(shown: Shown) -> list[Row]:
    """What was seen, as rows."""
    picture, words, amid = shown.picture, shown.words, shown.amid
    lag, first, idle = shown.picture_lag, shown.first_lag, shown.words_lag
    what = f"`{PICTURE}` with its picture"
    return [
        timed(f"{what}, p50", picture.p50, None, "its text alone, p50", words.p50, f"{what}, p50"),
        timed(f"{what}, p95", picture.p95, 1.0, "its text alone, p95", words.p95, f"{what}, p95"),
        timed("the first picture of a process", shown.first, None, "later ones, p50", picture.p50),
        timed("a text while a crowd waits for pictures, p50", amid.p50, None, "without the crowd, p50", words.p50),
        timed("the same, p95", amid.p95, 1.0, "without the crowd, p95", words.p95),
        timed("how late the loop is while pictures are drawn, p95", lag.p95, 0.05, "while texts are, p95", idle.p95),
        timed("the same, at most", lag.most, None, "while texts are, at most", idle.most),
        timed("while the first one is, at most", first.most, None, "while texts are, at most", idle.most),
    ]


def picture_figures() -> Shown:
    """Ask, and look."""
    chats = itertools.count(2_000)
    with TelegramServer() as telegram, _service(telegram.url) as service:
        _asked(telegram, next(chats), WORDS)  # the market's columns are computed with the first answer
        service.lags()
        first, first_lag = _asked(telegram, next(chats), PICTURE), service.lags()
        words, words_lag = [_asked(telegram, next(chats), WORDS) for _ in range(QUESTIONS)], service.lags()
        pictures, picture_lag = [_asked(telegram, next(chats), PICTURE) for _ in range(QUESTIONS)], service.lags()
        amid, amid_lag = [each for _ in range(ROUNDS) for each in _crowd(telegram, chats)], service.lags()
    spreads = map(Spread.of, (pictures, words, amid, first_lag, picture_lag, words_lag, amid_lag))
    return Shown(first, *spreads)


def _asked(telegram: TelegramServer, chat: int, line: str) -> float:
    """Seconds until Telegram has the answer to a line."""
    start = time.monotonic()
    telegram.hears(line, chat=chat, user=chat)
    return _answer_to(telegram, chat, line).at - start


def _answer_to(telegram: TelegramServer, chat: int, line: str) -> Posted:
    return telegram.waits_for(lambda posted: posted.chat_id == chat and bool(posted.photo) == (line == PICTURE), 60)


def _crowd(telegram: TelegramServer, chats: Iterator[int]) -> list[float]:
    """Several ask for pictures at once; then as many for words, one after the other. Seconds of those."""
    pictures = [next(chats) for _ in range(CROWD)]
    for chat in pictures:
        telegram.hears(PICTURE, chat=chat, user=chat)
    words = [_asked(telegram, next(chats), WORDS) for _ in range(CROWD)]
    for chat in pictures:
        _answer_to(telegram, chat, PICTURE)
    return words


@dataclass(frozen=True)
class _Service:
    process: subprocess.Popen[str]

    def lags(self) -> list[float]:
        """By how many seconds its loop was late, each time it looked since the last call."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(file=self.process.stdin, flush=True)
        lags: list[float] = json.loads(self.process.stdout.readline())
        return lags


@contextmanager
def _service(url: str) -> Iterator[_Service]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.pictures", url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with process:
        yield _Service(process)


# The process


def words(desk: Desk, given: Sequence[str]) -> Reply:
    """The yardstick."""
    found = correlation(desk.view, given[0], given[1], 60)
    return Reply(correlation_answer(found, desk.view.next_open(found.clock, found.at)))


async def _serve(url: str, reception: Reception, parts: Parts) -> None:
    """Answer, until there is nothing more to read."""

    async def answer(incoming: Incoming) -> Answer:
        return await reception.answer(Question("telegram", incoming.address, incoming.kind, "", incoming.text))

    letters, everybody = StoredLetters(parts.database, parts.now), Access(everyone=True)
    service = TelegramService(TelegramServer().token, url, answer, letters, access=everybody, pacer=Pacer())
    lags: list[float] = []
    pulse = asyncio.create_task(_pulse(lags))
    await service.start()
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(lags), flush=True)
        lags.clear()
    pulse.cancel()
    await service.stop()


async def _pulse(lags: list[float]) -> None:
    while True:
        start = time.perf_counter()
        await asyncio.sleep(PULSE)
        lags.append(time.perf_counter() - start - PULSE)


def main() -> None:
    """Be the service of the Telegram server whose address is given, with one command more than it has."""
    command(Group.MARKET, "/words A B", "what /corr says, without its picture", "/words RUT SOL")(words)

    async def use(reception: Reception, parts: Parts) -> None:
        await _serve(sys.argv[1], reception, parts)

    with TemporaryDirectory(prefix="bellwether-bench-") as home:
        in_a_room(Path(home), use)


if __name__ == "__main__":
    main()
