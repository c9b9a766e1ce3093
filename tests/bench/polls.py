"""Requests per poll: 20 instruments and 500 rules on a real room, against Yahoo and Coinbase on loopback.

`python -m tests.bench.polls` plays the polls of a simulated day and prints what each cost each source. A poll asks
nothing that is not owed; the bars of one instrument are one request, because Yahoo's charts and Coinbase's candles
speak of one; the latest trades of all are one. However many rules there are, and however many people ask. Yahoo being
down, a question is several requests: yfinance tries again with another cookie.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, NamedTuple, Self

from bot.feeds.contract import Feed, Setup, build_feed
from bot.feeds.simulated import SimulatedFeed
from bot.market.preference import order_of
from bot.market.source import SourceId
from bot.parts import Parts, Question
from bot.reception import Reception
from bot.room import open_room
from bot.settings import Settings, load_settings
from bot.store.database import Database
from rules.model import ALWAYS, Instant
from tests.bench.tables import Block, Table, Words
from tests.bot.markets import SESSIONS, at
from tests.e2e.world import write_folder
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import YahooServer

MINUTE = 60
MANY, FEW = 500, 20
SESSION, NEXT = "2025-12-04", "2025-12-05"
LIKE = {"DOGE": "ADA", "LTC": "ETH", "LINK": "SOL"}
"""Coins that the simulated market has not, and whose prices they are given."""

DEPTH = """
[run]
hours_days = 30
days_from = "2025-06-02"

[feeds]
venues = ["coinbase"]
timeout_seconds = 20
"""
COIN = """
[instruments.{0}]
name = "{0}"
kind = "coin"
calendar = "24/7"
sources = {{ exchange = "{0}/USD" }}
"""
RULE = """
[[rules]]
id = "rule-{0}"
when = "{1}"
clear = "{2}"
on = "{3}"
"""


class Cost(NamedTuple):
    """Requests to each source."""

    yahoo: int
    coinbase: int


@dataclass(frozen=True)
class Row:
    """What was played, what each time cost, and what is enough of each source."""

    what: str
    costs: Sequence[Cost]
    enough: Cost

    @property
    def most(self) -> Cost:
        """The most that one time cost, of each source by itself."""
        return Cost(*(max(counts) for counts in zip(*self.costs, strict=True)))

    @property
    def is_enough(self) -> bool:
        """Whether none cost more."""
        return all(count <= enough for count, enough in zip(self.most, self.enough, strict=True))


def table(many: Sequence[Row], few: Sequence[Row]) -> Table:
    """What the same polls cost with many rules and with few."""
    heads = ("requests of a poll, 20 instruments", "times", f"Yahoo, {MANY} rules", "Coinbase", f"with {FEW} rules")
    return Table((*heads, "enough"), [_line(row, other) for row, other in zip(many, few, strict=True)])


def _line(row: Row, other: Row) -> Words:
    counts = str(len(row.costs)), str(row.most.yahoo), str(row.most.coinbase), _pair(other.most)
    return Words(row.what, (*counts, f"{_pair(row.enough)}{'' if row.is_enough else ' **missed**'}"))


def _pair(cost: Cost) -> str:
    return f"{cost.yahoo} and {cost.coinbase}"


def configured(home: Path, rules: int) -> Settings:
    """Twelve symbols of Yahoo's, eight coins, and so many rules; the first of each instrument is on ticks."""
    instruments = load_settings().instruments
    coins = [*(name for name, each in instruments.items() if each.calendar == ALWAYS), *LIKE]
    names = [*instruments, *LIKE]
    text = DEPTH + "".join(COIN.format(name) for name in LIKE)
    for number in range(rules):
        name, days = names[number % len(names)], 1 + number // len(names)
        if number >= len(names):
            text += RULE.format(number, f"ret({name}, {days}) > 90%", f"ret({name}, {days}) < 50%", "close")
        else:  # a coin beside an index, so that it is only asked for while the exchange is open
            price = f"close({name}) / close(RUT)" if name in coins else f"close({name})"
            text += RULE.format(number, f"{price} > 1e9", f"{price} < 1e8", "tick")
    file = home / "polls.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file)


class Day:
    """The servers, a clock that is a number, and a room whose past is filled. One in a process: the libraries are
    redirected for all."""

    def __init__(self, home: Path, rules: int) -> None:
        self.settings, self.now = configured(home, rules), at(f"{SESSION}T11:30Z")
        folder = write_folder(home / "prices", SimulatedFeed(SESSIONS, at("2026-01-01T00:00Z")))
        for name, other in LIKE.items():
            shutil.copy(folder / f"{other}_1h.csv.gz", folder / f"{name}_1h.csv.gz")
        symbols, coins = self._symbols("yahoo"), self._symbols("exchange")
        indices = {name: symbol for name, symbol in symbols.items() if name not in coins}
        self.yahoo = YahooServer.from_folder(folder, indices, SESSIONS, lambda: self.now)
        self.coinbase = CoinbaseServer.from_folder(folder, coins, lambda: self.now)
        self._file, self._stack, self._loop = home / "bellwether.db", ExitStack(), asyncio.Runner()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._loop)
        self._stack.enter_context(self.yahoo)
        self._stack.enter_context(self.coinbase)
        self._stack.enter_context(redirect_yahoo(self.yahoo.url))
        redirect_ccxt("coinbase", self.coinbase.url)
        self._loop.run(self._starts())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._loop.run(self._stops())
        self._stack.close()

    def polls(self, first: str, last: str | None = None) -> list[Cost]:
        """Poll at every minute from one instant to another, and what each cost."""
        start, end = at(first), at(last or first)
        return [self._cost_of(self._polls(now)) for now in range(start, end + 1, MINUTE)]

    def asks(self, line: str, times: int) -> Cost:
        """As many people write the same at once."""
        return self._cost_of(self._asks([line] * times))

    def _cost_of(self, work: Coroutine[Any, Any, None]) -> Cost:
        before = Cost(len(self.yahoo.asked), len(self.coinbase.asked))
        self._loop.run(work)
        return Cost(len(self.yahoo.asked) - before.yahoo, len(self.coinbase.asked) - before.coinbase)

    async def _polls(self, now: Instant) -> None:
        self.now = now
        await self._room.watch.tick(now)

    async def _asks(self, lines: Sequence[str]) -> None:
        questions = (Question("console", "reader", "terminal", "", line) for line in lines)
        answers = await asyncio.gather(*(self._reception.answer(each) for each in questions))
        if not all(answer.html for answer in answers):
            raise RuntimeError("nothing was answered")

    async def _starts(self) -> None:
        settings = self.settings
        order = order_of(settings.instrument_map, settings.feeds.venues)
        database = Database(self._file, durable=False)
        self._room = room = open_room(settings, database, order, self._build, "console", self.now)
        parts = Parts(
            room.database, room.intake, room.watch, settings.compiled, settings.scope, lambda: self.now,
            settings.run.poll_seconds, settings.market.grace_minutes * 60, lambda name, share: None,
        )  # fmt: skip
        self._reception = Reception(parts, draw=lambda picture: b"")
        await room.database.migrate()
        await room.intake.restore()
        await room.watch.restore()
        await room.intake.backfill(self.now, lambda name, share: None)
        await room.watch.tick(self.now)
        if waiting := room.intake.waiting():
            raise RuntimeError(f"the past could not be filled: {waiting}")

    async def _stops(self) -> None:
        self._reception.close()
        await self._room.close()

    def _build(self, source: SourceId) -> Feed:
        timeout = float(self.settings.feeds.timeout_seconds)
        return build_feed(source.feed, Setup(SESSIONS, self.now, venue=source.venue, timeout=timeout))

    def _symbols(self, feed: str) -> dict[str, str]:
        return {
            name: source.symbol
            for name, instrument in self.settings.instrument_map.items()
            for source in instrument.sources
            if source.feed == feed
        }


def played(day: Day) -> list[Row]:
    """The polls of a session, and of the next one's close, at which Yahoo is down for a while."""
    noon, session, close = f"{SESSION}T12", f"{SESSION}T14", f"{SESSION}T21"
    day.polls(f"{SESSION}T11:45Z")
    rows = [
        Row("noon, a second look at the coins' days", day.polls(f"{noon}:00Z"), Cost(0, 8)),
        Row("a coin's new hour", day.polls(f"{noon}:01Z", f"{noon}:05Z"), Cost(0, 8)),
        Row("two hours before the open, a second look", day.polls(f"{noon}:29Z", f"{noon}:31Z"), Cost(12, 0)),
        Row("quiet minutes", day.polls(f"{noon}:35Z", f"{noon}:49Z"), Cost(0, 0)),
    ]
    day.polls(f"{session}:29Z")
    rows += [
        Row("the first poll for trades of all", day.polls(f"{session}:31Z"), Cost(1, 1 + 8)),
        Row("the next ones", day.polls(f"{session}:32Z", f"{session}:45Z"), Cost(1, 1)),
        Row("100 x /corr", [day.asks("/corr", 100)], Cost(0, 0)),
        Row("100 x /regime, which shows trades", [day.asks("/regime", 100)], Cost(1, 1)),
        Row("the same in the same minute", [day.asks("/regime", 100)], Cost(0, 0)),
    ]
    day.polls(f"{close}:10Z")
    rows.append(Row("the close of twelve", day.polls(f"{close}:28Z", f"{close}:47Z"), Cost(12, 0)))
    day.polls(f"{NEXT}T21:10Z")
    day.yahoo.fails_with(503)
    rows.append(Row("the next one, Yahoo being down", day.polls(f"{NEXT}T21:28Z", f"{NEXT}T21:40Z"), Cost(8, 0)))
    day.yahoo.recovers()
    rows.append(Row("after its recovery", day.polls(f"{NEXT}T21:41Z", f"{NEXT}T21:50Z"), Cost(12, 0)))
    return rows


def poll_rows(rules: int) -> list[Row]:
    """What polls cost with so many rules."""
    with TemporaryDirectory(prefix="bellwether-polls-") as home, Day(Path(home), rules) as day:
        return played(day)


def poll_tables() -> list[Block]:
    """With many rules and with few."""
    return [table(poll_rows(MANY), poll_rows(FEW))]


if __name__ == "__main__":
    print(*poll_tables())
