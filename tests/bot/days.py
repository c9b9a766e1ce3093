"""Stories of whole days, drawn: trades, closes, people and their alerts, and what becomes of who watches them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from bot.answers.changes import SaveAlert
from bot.chats import Where, carry_out
from bot.store import schema
from bot.store.chats import OWN, subscribe
from bot.store.errors import StoreError
from rules.bars import HOUR, Interval
from rules.functions.registry import Scope
from rules.model import ALWAYS, XNYS, Basis, Instant, Timing
from tests.bot.market.stations import CHANNEL, MINUTE, SCOPE, FakeFeed, Station, closes
from tests.bot.markets import BTC, RUT, SESSIONS, SPX, at
from tests.bot.personal.owners import has, makes, removes
from tests.bot.watched import HIGH, QUICK
from tests.rules.polled import what_counts

FIRST, LAST = "2025-11-17", "2025-12-31"
DAYS, MIDNIGHTS = closes(FIRST, LAST), closes(FIRST, LAST, ALWAYS)
ENDS = sorted({*DAYS, *MIDNIGHTS})
OPEN = at("2025-11-26T15:00Z")
"""A Wednesday: the next day is a holiday, and the session after it a half day."""

NAMES = ("RUT", "SPX", "BTC")
PRICES = [85.0, 91.0, 96.0, 99.0, 102.0, 106.0]
LINES = [
    ("price(RUT) < 90", "price(RUT) > 95"),
    ("price(RUT) >= 105", "price(RUT) < 98"),
    ("price(SPX) < 98", None),
    ("price(BTC) > 105", "price(BTC) < 100"),
    ("price(BTC) <= 90", None),
    ("RUT - SPX > 5", "RUT - SPX < 2"),
    ("sma(RUT, 2) > 101", "sma(RUT, 2) < 99"),
    ("ret(SPX, 1) < -4%", "ret(SPX, 1) > -1%"),
    ("RUT > 100 and SPX > 100", None),
    ("BTC > RUT", None),
]
PEOPLE = ("7", "8")


@dataclass(frozen=True)
class Makes:
    """Somebody makes an alert, or another one of a number of theirs."""

    who: str
    line: int
    basis: Basis
    timing: Timing
    once: bool
    held: bool
    hours: int | None
    number: int | None = None


@dataclass(frozen=True)
class Changes:
    """Somebody pauses one, lets it go on, or removes it; or has no rights any more, and then again."""

    who: str
    number: int
    how: str


@dataclass(frozen=True)
class Passes:
    """So many minutes, or as far as just after the next close, or a while into the next session; or a week of those."""

    until: int | str


@dataclass(frozen=True)
class Trades:
    """One of some instruments, so many minutes old; and a minute passes."""

    prices: tuple[float | None, ...]
    age: int


@dataclass(frozen=True)
class Restates:
    """A close so many sessions ago was another one."""

    name: str
    back: int
    price: float


@dataclass(frozen=True)
class Closes:
    """What the next sessions close at, and whether that comes late or not at all."""

    name: str
    price: float
    late: int | None = 0


@dataclass(frozen=True)
class Happens:
    """What becomes of the process, its store, its clock and its sources."""

    what: str


people, numbers, some_names = st.sampled_from(PEOPLE), st.integers(1, 4), st.sampled_from(NAMES)
prices, rarely = st.sampled_from(PRICES), st.sampled_from([False, False, False, True])
counts, timings = st.sampled_from([1, 1, 1, 2]), st.sampled_from([None, None, None, 3])
makings = st.builds(
    Makes, people, st.integers(0, len(LINES) - 1), st.sampled_from([Basis.TICK, Basis.TICK, Basis.CLOSE]),
    st.builds(Timing, counts, counts, st.sampled_from([0, 0, 0, 2]), timings), rarely, rarely,
    st.sampled_from([None, None, None, 1, 30]), st.one_of(st.none(), st.none(), numbers),
)  # fmt: skip
trades = st.builds(
    Trades, st.tuples(*[st.one_of(st.none(), prices, prices) for _ in NAMES]), st.sampled_from([0, 0, 0, 0, 2, 5, 30])
)
passing = st.builds(Passes, st.sampled_from([0, 1, 30, "close", "open", "open", "open", "week"]))
changes = st.builds(Changes, people, numbers, st.sampled_from(["pauses", "goes on", "removes", "leaves", "comes back"]))
what_happens = st.sampled_from(list(map(Happens, [
    "the process ends", "SPX is away", "the disk is full", "an answer is lost", "the clock is wrong",
    "a past is filled anew", "no bar of RUT comes for a while", "the source falls silent", "the source speaks",
])))  # fmt: skip
Step = Makes | Changes | Passes | Trades | Restates | Closes | Happens
story: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        makings, *[trades] * 8, changes, passing,
        st.builds(Restates, some_names, st.integers(0, 3), prices),
        st.builds(Closes, some_names, prices, st.sampled_from([0, 0, 60, 400, None])),
        what_happens,
    ),
    min_size=15, max_size=50,
)  # fmt: skip


class Town:
    """One watch, and the market and the people that it sees; `judges_all`: whether it leaves nothing out."""

    def __init__(self, path: Path, *, judges_all: bool) -> None:
        feed = FakeFeed()
        for name, ends in (("RUT", DAYS), ("SPX", DAYS), ("BTC", MIDNIGHTS)):
            feed.holds(name, Interval.DAY, dict.fromkeys(ends, 99.0))
        self.feed, self._judges_all, self.now = feed, judges_all, OPEN
        named = {"RUT": RUT, "SPX": SPX, "BTC": BTC}
        self.station = Station(path / "a.db", feed, rules=[HIGH, QUICK], instruments=named).starts(OPEN)
        self.events: list[Any] = []
        for line in range(4):
            self.does(Makes(PEOPLE[line % 2], line, Basis.TICK, Timing(), False, False, None))
        self.ticks()

    def does(self, step: Step) -> None:
        """One step of a story."""
        getattr(self, f"_{type(step).__name__.lower()}")(step)

    def ticks(self) -> None:
        """What has come in is judged."""
        if self._judges_all:
            self.station.watch._judgement.forget()
        self.events += self.station.tick(self.now).events

    def _makes(self, step: Makes) -> None:
        when, clear = LINES[step.line]
        ends = None if step.hours is None else self.now + step.hours * HOUR
        what: dict[str, Any] = {"when": when, "clear": clear, "basis": step.basis, "timing": step.timing}
        what |= {"once": step.once, "held": step.held, "expires_at": ends}
        if step.number is not None and any(each.number == step.number for each in has(self.station, step.who)):
            what["number"] = step.number
        makes(self.station, step.who, "rut < 90", self.now, **what)

    def _changes(self, step: Changes) -> None:
        alert = next((each for each in has(self.station, step.who) if each.number == step.number), None)
        if step.how == "leaves":
            mine = sa.select(schema.chats.c.id).where(schema.chats.c.address == step.who)
            gone = schema.subscriptions.delete().where(schema.subscriptions.c.chat.in_(mine))
            self._writes(lambda connection: connection.execute(gone))
        elif step.how == "comes back":
            self._writes(lambda connection: subscribe(connection, CHANNEL, step.who, "private", self.now, OWN))
        elif alert is not None and step.how == "removes":
            removes(self.station, step.who, step.number, self.now)
        elif alert is not None:
            goes_on = {"paused": False, "made_at": self.now, "fired_at": None}
            saved = replace(alert, **({"paused": True} if step.how == "pauses" else goes_on))
            where = Where(CHANNEL, step.who, "private")
            self._writes(lambda connection: carry_out(connection, [SaveAlert(saved)], where, self.now))

    def _passes(self, step: Passes) -> None:
        if step.until == "week":
            for _ in range(5):
                self._passes(Passes("open"))
        elif step.until == "close":
            self.now = next(end for end in ENDS if end > self.now) + 40 * MINUTE
        elif step.until == "open":
            self.now = (SESSIONS.next_open(XNYS, self.now) or self.now) + HOUR
        elif isinstance(step.until, int):
            self.now += step.until * MINUTE
        self.now = min(self.now, MIDNIGHTS[-3])
        self.ticks()

    def _trades(self, step: Trades) -> None:
        self.now += MINUTE
        for name, price in zip(NAMES, step.prices, strict=True):
            if price is not None:
                self.feed.trades(name, price, self.now - 5 - step.age * MINUTE)
        self.ticks()

    def _restates(self, step: Restates) -> None:
        past = [end for end in self._ends(step.name) if end < self.now]
        self.feed.restates(step.name, Interval.DAY, past[-1 - step.back], close=step.price)

    def _closes(self, step: Closes) -> None:
        end = next(end for end in self._ends(step.name) if end > self.now)
        self.feed.restates(step.name, Interval.DAY, end, close=step.price)
        if step.late is None:
            self.feed.never_has(step.name, end)
        elif step.late:
            self.feed.is_late(step.name, end, step.late * MINUTE)

    def _happens(self, step: Happens) -> None:
        disk, feed = self.station.database, self.feed
        match step.what:
            case "the process ends":
                self._restarts()
            case "SPX is away":
                self._restarts("RUT", "BTC")
            case "the disk is full":
                disk.is_full()
                with suppress(StoreError):
                    self.ticks()
                disk.has_room()
            case "an answer is lost":
                disk.loses_an_answer(StoreError("cut off"))
                with suppress(StoreError):
                    self.ticks()
                disk.cut = None
            case "the clock is wrong":
                self.now -= HOUR
                self.ticks()
                self.now += HOUR
            case "a past is filled anew":
                fills = self.station.intake._past.fills
                fills["SPX"] = fills.get("SPX", 0) + 1
            case "no bar of RUT comes for a while":
                for end in [end for end in DAYS if end > self.now][:7]:
                    feed.never_has("RUT", end)
            case "the source falls silent":
                feed.falls_silent()
            case "the source speaks":
                feed.comes_back()

    def _restarts(self, *names: str) -> None:
        """Another process, with a configuration of some instruments."""
        self.now += MINUTE
        self.station.restarts(self.now)
        self.station.watch._own._scope = Scope({name: SCOPE.instruments[name] for name in names or NAMES}, {})

    def _ends(self, name: str) -> list[Instant]:
        return MIDNIGHTS if name == "BTC" else DAYS

    def _writes(self, change: Callable[[Any], Any]) -> None:
        self.station.runs(self.station._write(change))

    # What anybody sees

    @property
    def owed(self) -> list[tuple[Any, ...]]:
        """Every delivery there ever was."""
        return [tuple(row) for row in self.station.rows(schema.deliveries)]

    @property
    def kept(self) -> object:
        """Everybody's alerts."""
        return [has(self.station, who) for who in PEOPLE]

    @property
    def stands(self) -> dict[str, object]:
        """Where each alert is."""
        watch = self.station.watch
        known = {name: record for name, record in watch.book.records.items() if name in watch._own.by_id}
        return {name: what_counts(watch._own.by_id[name], record) for name, record in known.items()}
