"""A market that walks by itself, and sources that tell of it: truly, or with the faults that their verbs name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bot.answers.quality import Finding
from bot.market.live import LiveHistory
from bot.market.quality import Gate, Judged, Offer
from bot.market.quality.stretch import joined
from rules.bars import HOUR, Bars, Interval, Origin
from rules.model import ALWAYS, Instant, Instrument, Kind
from tests.bot.market.stations import SETTLE, closes
from tests.bot.markets import SESSIONS

DAY, HOURS = Interval.DAY, Interval.HOUR
YAHOO, KRAKEN, COINBASE = Origin("yahoo", "yahoo"), Origin("exchange", "kraken"), Origin("exchange", "coinbase")

INSTRUMENTS = {
    each.id: each
    for each in (
        Instrument("RUT", "Russell 2000", Kind.INDEX, proxies=("IWM", "SPX")),
        Instrument("IWM", "Russell 2000 fund", Kind.ETF, proxies=("RUT",)),
        Instrument("SPX", "S&P 500", Kind.INDEX, proxies=()),
        Instrument("VIX", "Volatility", Kind.VOLATILITY, proxies=("SPX",)),
        Instrument("HYG", "High yield fund", Kind.ETF),
        Instrument("BTC", "Bitcoin", Kind.COIN, ALWAYS, proxies=("ETH",)),
        Instrument("ETH", "Ether", Kind.COIN, ALWAYS, proxies=("BTC",)),
        Instrument("SOL", "Solana", Kind.COIN, ALWAYS),
    )
}
LEVELS = {"RUT": 2500.0, "IWM": 250.0, "SPX": 6800.0, "VIX": 17.0, "HYG": 80.0, "BTC": 90_000.0, "ETH": 3_000.0}
ENDS = closes("2025-01-02", "2025-12-12")
"""The sessions of these tests; the last three have not come yet when a desk opens."""

STEPS = {Kind.INDEX: 0.009, Kind.ETF: 0.009, Kind.VOLATILITY: 0.05, Kind.COIN: 0.006}


def walk(name: str, ends: Sequence[Instant], interval: Interval, origin: Origin, seed: int = 1) -> Bars:
    """Bars of a random walk: steps of a usual size, none remarkable."""
    rng = np.random.default_rng([seed, *name.encode()])
    steps = np.clip(rng.standard_normal(len(ends)), -3, 3) * STEPS[INSTRUMENTS[name].kind]
    close = LEVELS.get(name, 150.0) * np.exp(np.cumsum(steps))
    opened = np.append(close[0], close[:-1]) * np.exp(rng.normal(0, 1e-3, len(ends)))
    high, low = np.maximum(opened, close) * 1.002, np.minimum(opened, close) / 1.002
    end = np.array(ends, dtype=np.int64)
    volume, zeros = rng.uniform(1e6, 2e6, len(ends)), np.zeros(len(ends), dtype=np.int64)
    return Bars(interval, end - interval.seconds, end, opened, high, low, close, volume, end, zeros, (origin,))


def hours_until(end: Instant, count: int) -> list[Instant]:
    """The ends of the last hours until `end`."""
    return [end - HOUR * back for back in reversed(range(count))]


class Desk:
    """A gate, a history and a world. `now` is an hour after the close of the session that is to be judged."""

    def __init__(self, *names: str, seed: int = 1) -> None:
        self.gate = Gate(INSTRUMENTS, SESSIONS, SETTLE)
        self.history = LiveHistory(INSTRUMENTS, SESSIONS, {})
        self.world: dict[tuple[str, Interval, Origin], Bars] = {}
        self.today = len(ENDS) - 3
        self.now = ENDS[self.today] + HOUR
        for name in names:
            coin = INSTRUMENTS[name].calendar == ALWAYS
            ends = hours_until(ENDS[self.today] + 2 * HOUR, 400) if coin else ENDS
            self.knows(name, walk(name, ends, HOURS if coin else DAY, KRAKEN if coin else YAHOO, seed))

    def knows(self, name: str, bars: Bars) -> None:
        """The world has these bars; what ended before the session that is to be judged is held."""
        self.world[name, bars.interval, bars.origins[0]] = bars
        self.history.load(name, bars.take(bars.end < ENDS[self.today]))

    # What sources say

    def truth(self, name: str, origin: Origin | None = None, back: int = 5) -> Bars:
        """What is true by now of an instrument: the bar of today and some before it."""
        bars = next(each for key, each in self.world.items() if key[0] == name and origin in (None, key[2]))
        return bars.upto(self.now - SETTLE[INSTRUMENTS[name].kind]).take(slice(-back - 1, None))

    def lies(self, name: str, at: tuple[int, Bars] | None = None, /, **numbers: float) -> Bars:
        """The truth but for some numbers of its last row, or of a row of others; `close=0.9` is times what it is."""
        row, bars = at or (-1, self.truth(name))
        columns: dict[str, Any] = {}
        for column, factor in numbers.items():
            columns[column] = getattr(bars, column).copy()
            columns[column][row] *= factor
        return replace(bars, **columns)

    def shocks(self, name: str, factor: float) -> None:
        """From today on the world is on another level."""
        for key, bars in list(self.world.items()):
            if key[0] == name:
                new = bars.end >= ENDS[self.today]
                columns: dict[str, Any] = {
                    column: np.where(new, getattr(bars, column) * factor, getattr(bars, column))
                    for column in ("open", "high", "low", "close")
                }
                self.world[key] = replace(bars, **columns)

    def offer(self, name: str, bars: Bars) -> Offer:
        """What the gate is given of an answer."""
        source = str(bars.origins[0].venue)
        return Offer(INSTRUMENTS[name], source, bars, self.history.compare(name, bars, self.now))

    # Polls

    def poll(self, *opinions: tuple[str, Bars], **answers: Bars) -> Judged:
        """Answers are judged together; what is believed is held from then on."""
        offers = [self.offer(name, bars) for name, bars in answers.items()]
        views = [self.offer(name, bars) for name, bars in opinions]
        judged = self.gate.judge(offers, self.history.held, self.now, views)
        for name, arrival in judged.arrivals:
            self.history.take(name, arrival)
        return judged

    def waits(self, seconds: int = 60) -> None:
        """Time goes by."""
        self.now += seconds

    def next_session(self) -> None:
        """An hour after the next close."""
        self.today += 1
        self.now = ENDS[self.today] + HOUR

    def believes(self, name: str, end: Instant | None = None, origin: Origin | None = None) -> float:
        """The close that is held; NaN where there is none."""
        end = ENDS[self.today] if end is None else end
        for bars in self.history.held.get(name, {}).values():
            for row in np.flatnonzero(bars.end == end).tolist():
                if origin in (None, bars.origins[bars.origin[row]]):
                    return float(bars.close[row])
        return float("nan")


def twins() -> Desk:
    """RUT, and a fund that goes with it but for a tenth of a usual move."""
    desk = Desk("RUT")
    index = desk.world["RUT", desk.truth("RUT").interval, YAHOO]
    noise = np.exp(np.random.default_rng(5).normal(0, 0.0005, len(index)))
    prices = {name: getattr(index, name) * noise / 10 for name in ("open", "high", "low", "close")}
    desk.knows("IWM", replace(index, **prices))
    return desk


def told(found: Judged | Sequence[Finding]) -> list[str]:
    """`["RUT off by a power of ten: rejected"]`."""
    findings = found.findings if isinstance(found, Judged) else found
    return [f"{each.instrument} {each.fault}: {each.ruling}" for each in findings]


def together(*parts: Bars) -> Bars:
    """Bars of one origin as one."""
    return joined(parts)
