"""Latest trades, held against the last close: a rule on ticks must not fire on a bad print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.progress import STALE
from bot.market.quality.closes import Closes, Jump, Ruler
from bot.market.quality.jumps import (
    agrees,
    are_opposite,
    is_apart,
    is_far,
    may_speak,
    outweighs,
    power_of_ten,
    speaks_for,
    stays,
    told,
    told_as_ratio,
)
from bot.market.quality.limits import PATIENCE
from bot.market.quality.witnesses import Held
from bot.market.sessions import Sessions
from rules.bars import Interval, Tick
from rules.model import ALWAYS, Instant, Instrument


@dataclass(frozen=True, slots=True)
class _Print:
    """A trade, and how it stands to the last close before it; None where nothing is known."""

    tick: Tick
    closes: Closes
    jump: Jump | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A trade that is held, and since when."""

    tick: Tick
    since: Instant


class TradeGate:
    """Remembers of each instrument a trade that it held, until one is believed. It is asked by polls and by chats."""

    def __init__(self, instruments: Mapping[str, Instrument], sessions: Sessions) -> None:
        self._instruments, self._sessions = instruments, sessions
        self._held: dict[str, _Waiting] = {}

    def judge(
        self,
        trades: Mapping[str, Tick],
        held: Held,
        beside: Mapping[str, Tick],
        opinions: Mapping[str, Tick] | None,
        now: Instant,
    ) -> tuple[dict[str, Tick], tuple[Finding, ...]]:
        """The trades that are believed, and what is wrong with the others. One far from the last close waits for the
        trade of another source, or a proxy's that moved alike; where none speaks against it, for one near it that is
        told PATIENCE seconds later or more.

        `beside` are trades that are only witnesses, `opinions` what other sources say of trades that a first call held;
        None: they are still to be asked.
        """
        prints = {name: self._print(tick, held) for name, tick in trades.items() if name in self._instruments}
        known = {name: self._print(tick, held) for name, tick in beside.items() if name in self._instruments} | prints
        heard, said = opinions is not None, opinions or {}
        found = {
            name: self._finding(print_, known, _beside(print_.tick, said.get(name)), now if heard else None)
            for name, print_ in sorted(prints.items())
        }
        doubted = {name: each for name, each in found.items() if each is not None}
        for name in prints if heard else ():
            if name in doubted and doubted[name].ruling is Ruling.HELD:
                self._hold(prints[name].tick, now)
            else:
                self._held.pop(name, None)
        return {name: tick for name, tick in trades.items() if name not in doubted}, tuple(doubted.values())

    def _print(self, tick: Tick, held: Held) -> _Print:
        instrument = self._instruments[tick.instrument]
        interval = Interval.HOUR if instrument.calendar == ALWAYS else Interval.DAY
        bars = held.get(tick.instrument, {}).get(interval)
        ruler = Ruler(instrument, interval, self._sessions)
        closes = Closes(ruler, np.empty(0, np.int64), np.empty(0))
        if bars is not None:
            closes = Closes.of(bars.take(bars.end < tick.at), ruler, tick.origin.book)
        jump = closes.jump(tick.at, tick.price) if 0 < tick.price < math.inf else None
        return _Print(tick, closes, jump)

    def _finding(
        self, mine: _Print, known: Mapping[str, _Print], opinion: Tick | None, heard: Instant | None
    ) -> Finding | None:
        """What is wrong with a trade. `heard` is when other sources had been asked; None if they are still to be."""
        tick, jump, limit = mine.tick, mine.jump, mine.closes.ruler.limit
        if not 0 < tick.price < math.inf:
            return _found(mine, Fault.NOT_A_PRICE, Ruling.REJECTED, f"the trade is at {tick.price:g}")
        if jump is None:
            return None
        if power := power_of_ten(jump, limit):
            return _found(mine, Fault.SCALE, Ruling.REJECTED, told_as_ratio(tick.price, jump.was, power))
        apart = self._is_apart(mine, jump, known)
        if not apart and not is_far(jump, limit):
            return None
        if opinion is not None and agrees(opinion.price, tick.price, jump):
            return None
        agreed = self._agreed(mine, jump, known)
        if agreed and not apart:
            return None
        against = opinion is not None or (apart and not agreed)
        if heard is not None and not against and self._again(tick, jump, heard):
            return None
        return _found(mine, Fault.OUTLIER, Ruling.HELD, told(tick.price, jump))

    def _proxies(self, mine: _Print, known: Mapping[str, _Print]) -> list[tuple[Instrument, Closes]]:
        """The instrument's proxies that have a trade of about the time of ours, each with its closes and, at that very
        time, that trade."""
        names = [name for name in self._instruments[mine.tick.instrument].proxies if name in known]
        others = [(self._instruments[name], known[name]) for name in names if _may_speak(mine, known[name])]
        return [(each, print_.closes.beside(mine.tick.at, print_.tick.price)) for each, print_ in others]

    def _agreed(self, mine: _Print, jump: Jump, known: Mapping[str, _Print]) -> bool:
        """Whether a proxy's trade of this poll moved alike."""
        own = mine.closes.beside(mine.tick.at, mine.tick.price)
        return any(speaks_for(jump, mine.tick.at, own, closes) for _, closes in self._proxies(mine, known))

    def _is_apart(self, mine: _Print, jump: Jump, known: Mapping[str, _Print]) -> bool:
        """Whether a twin's trade of this poll speaks against it. One that would not be believed itself is outweighed by
        another proxy's that moved as ours did."""
        at, kind = mine.tick.at, self._instruments[mine.tick.instrument].kind
        own, proxies = mine.closes.beside(at, mine.tick.price), self._proxies(mine, known)
        for each, twin in proxies:
            if are_opposite(kind, each.kind) or not is_apart(jump, at, own, twin):
                continue
            odd = (move := known[each.id].jump) is not None and is_far(move, twin.ruler.limit)
            if not odd or not any(outweighs(jump, at, own, twin, third) for _, third in proxies if third is not twin):
                return True
        return False

    def _again(self, tick: Tick, jump: Jump, now: Instant) -> bool:
        """Whether another trade is held for long enough, and was near this one."""
        known = self._held.get(tick.instrument)
        if known is None or known.tick.at == tick.at or now - known.since < PATIENCE:
            return False
        return stays(jump, known.tick.price, tick.price)

    def _hold(self, tick: Tick, now: Instant) -> None:
        """Remember a trade, unless one is remembered that another poll is still to confirm: a chat asks at any time."""
        known = self._held.get(tick.instrument)
        if known is None or now < known.since or (now - known.since >= PATIENCE and tick.at != known.tick.at):
            self._held[tick.instrument] = _Waiting(tick, now)


def _may_speak(mine: _Print, other: _Print) -> bool:
    """Whether a proxy's trade is of about the time of ours, and no nonsense itself."""
    if mine.jump is None or other.jump is None or abs(mine.tick.at - other.tick.at) > STALE:
        return False
    return may_speak(mine.jump, other.jump, other.closes.ruler.instrument.kind)


def _beside(tick: Tick, opinion: Tick | None) -> Tick | None:
    """What another source says of a trade; None where that is no price, or of another time."""
    if opinion is None or not 0 < opinion.price < math.inf or abs(opinion.at - tick.at) > STALE:
        return None
    return opinion


def _found(print_: _Print, fault: Fault, ruling: Ruling, detail: str) -> Finding:
    tick = print_.tick
    return Finding(tick.instrument, print_.closes.ruler.interval, tick.at, tick.origin.venue, fault, ruling, detail)
