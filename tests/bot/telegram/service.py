"""The Telegram half of the bot against a server on loopback, with short pauses, for one story."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bot.answers.buttons import Keyboard
from bot.delivery.channel import Answer
from bot.delivery.pacing import Pace, Pacer
from bot.store.errors import StoreError
from bot.telegram.access import Access
from bot.telegram.answering import Limits
from bot.telegram.application import TelegramService
from bot.telegram.channel import TelegramChannel
from bot.telegram.ear import Ear, Fittings, Patience
from bot.telegram.incoming import Departure, Incoming, Move
from bot.telegram.letterbox import Letterbox
from bot.telegram.menu import Menu
from bot.telegram.polling import Poller
from bot.telegram.wire import Waits, open_bot
from tests.servers.telegram import TOKEN, TelegramServer

QUICK = Patience(poll=1.0, first_pause=0.02, longest_pause=0.1)
IMPATIENT = Waits(connect=0.5, answer=0.3, longest=2.0)
SOON = Limits(retry=0.05, stop=2.0)
UNPACED = Pace(between=0.0, between_in_chat=0.0, in_group=1_000)
MENU = Menu({"corr": "how two instruments move together", "regime": "risk-on or risk-off"})

Find = Callable[[Incoming], Awaitable[Answer | str | None]]
"""What gives the answers of a story; most of them are only words."""

Story = Callable[[TelegramService], Awaitable[None]]


class Pile:
    """Lines that are kept for as long as a test wants; `breaks` lets it lose its place."""

    def __init__(self, *left: Incoming) -> None:
        self.kept: dict[int, Incoming] = {each.number: each for each in left}
        self.done: list[Incoming] = []
        self.moves: list[Move] = []
        self.left: list[Departure] = []
        self.keyboards: list[tuple[str, Keyboard]] = []
        self._faults: list[StoreError] = []

    def breaks(self, times: int = 1) -> None:
        """The next calls fail."""
        self._faults.extend([StoreError("bellwether.db cannot be used as a database: disk full")] * times)

    def _stumble(self) -> None:
        if self._faults:
            raise self._faults.pop()

    async def keep(
        self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
    ) -> Sequence[Incoming]:
        self._stumble()
        self.moves.extend(moves)
        self.left.extend(left)
        done = {each.number for each in self.done}
        self.kept |= {each.number: each for each in lines if each.number not in done}
        return [each for each in lines if each.number not in done]

    async def shown(self, address: str, keyboard: Keyboard) -> None:
        self._stumble()
        self.keyboards.append((address, keyboard))

    async def unanswered(self) -> Sequence[Incoming]:
        self._stumble()
        return [self.kept[number] for number in sorted(self.kept)]

    async def answered(self, line: Incoming) -> None:
        self._stumble()
        self.done.append(self.kept.pop(line.number))


async def echo(incoming: Incoming) -> str | None:
    """Answers with what was written."""
    return f"<b>you</b>: {incoming.text}"


def live(
    server: TelegramServer,
    story: Story,
    *,
    answer: Find = echo,
    letters: Letterbox | None = None,
    access: Access | None = None,
    token: str | None = None,
    menu: Menu = MENU,
    patience: Patience = QUICK,
    limits: Limits = SOON,
    pace: Pace = UNPACED,
    waits: Waits = IMPATIENT,
    always: Callable[[str], bool] = lambda _line: False,
    configures: Callable[[str], bool] = lambda _line: False,
    works: Callable[[], bool] = lambda: True,
    ear: Callable[[Fittings], Ear] = Poller,
    afterwards: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Start the service, let the story happen, stop it, and then whatever else has to end."""

    async def find(incoming: Incoming) -> Answer | None:
        found = await answer(incoming)
        return Answer(found) if isinstance(found, str) else found

    async def told() -> None:
        service = TelegramService(
            token or server.token,
            server.url,
            find,
            letters or Pile(),
            access=access or Access(everyone=True),
            menu=menu,
            configures=configures,
            pacer=Pacer(pace),
            patience=patience,
            limits=limits,
            waits=waits,
            always=always,
            works=works,
            ear=ear,
        )
        await service.start()
        try:
            async with asyncio.timeout(30):
                await story(service)
        finally:
            await service.stop()
            if afterwards is not None:
                await afterwards()

    asyncio.run(told())


@asynccontextmanager
async def open_channel(
    server: TelegramServer, *, token: str = TOKEN, waits: Waits = IMPATIENT, pace: Pace = UNPACED
) -> AsyncIterator[TelegramChannel]:
    """A channel to the server, closed afterwards."""
    bot, polling, sending = open_bot(token, server.url, waits)
    try:
        yield TelegramChannel(bot, Pacer(pace), waits)
    finally:
        await polling.shutdown()
        await sending.shutdown()


def png(width: int = 1_080, height: int = 600, *, padding: int = 0) -> bytes:
    """A black picture; `padding` makes its file larger by so many bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = zlib.compress(bytes(1 + (width + 7) // 8) * height)
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"paDd", bytes(padding)) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for something the other thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.005)


async def arrives(server: TelegramServer, text: str, *, after: int = 0) -> None:
    """A message with these words was accepted."""
    await asyncio.to_thread(server.waits_for, text, after=after)
