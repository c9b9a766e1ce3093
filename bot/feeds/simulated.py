"""A market that never was: seeded, with known truth, ending with the last session that has closed. Made for the demo.

What lives here: the story of `_scenario` put on a calendar and drawn as bars. Every bar's origin says `simulated`. The
same seed and `until` give the same bits; another `until` plays the same story on other dates. US instruments have daily
bars, labelled by the session date and ending with its close; coins have hours without a gap, and the UTC days made of
them. The hours between two closing instants are a bridge to the session's return: weekends belong to the next close.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bot.feeds._scenario import COINS, FUNDS, INDICES, SCENARIO, Phase, Story, generator
from bot.feeds.contract import FeedError, NoSuchBars, Request, Setup, TradeRemark, TradingHours, untold
from rules.bars import DAY, HOUR, Bars, Floats, Interval, Ints, Origin, Tick
from rules.model import XNYS, Instant, Instrument
from rules.panel import Dates

NAME = "simulated"


def build(setup: Setup) -> SimulatedFeed:
    """A market of `setup.seed` that has just closed its last session at `setup.now`."""
    return SimulatedFeed(setup.hours, setup.now, setup.seed)


@dataclass(frozen=True)
class Truth:
    """What an engine should find, one element a session, oldest first.

    `phase` and `regime` are names; `rho` is the correlation of RUT with every coin in the return that ends at this
    close; `volatility` is the annual one that SPX's return was drawn with, a share.
    """

    sessions: Dates
    closes: Ints
    phase: NDArray[np.str_]
    regime: NDArray[np.str_]
    rho: Floats
    volatility: Floats


class SimulatedFeed:
    """A `Feed` whose market ends with the last session closed by `until`; coins trade on to the last whole hour.

    Generated at the first question and answered from memory. Volume is shares of funds, whole coins, NaN of indices.
    """

    def __init__(
        self, hours: TradingHours, until: Instant, seed: int = 7, scenario: tuple[Phase, ...] = SCENARIO
    ) -> None:
        self._calendar, self._until, self._seed, self._scenario = hours, until, seed, scenario

    told_at = None

    @property
    def name(self) -> str:
        """How the source is called in messages."""
        return NAME

    @property
    def truth(self) -> Truth:
        """What was true in each session. Raises FeedError when the calendar holds too few of them."""
        return self._market[0]

    def notes(self, known: Iterable[str]) -> list[str]:  # noqa: ARG002 - the same for every configuration
        """That nothing here was ever traded."""
        return [f"every price is simulated (seed {self._seed}); none was ever traded"]

    async def bars(self, request: Request) -> Bars:
        """The asked bars, sorted by end; raises NoSuchBars for what this market does not hold."""
        name, interval, held = request.instrument.id, request.interval, self._market[1]
        if (name, interval) not in held:
            known = ", ".join(each for each, length in held if length is interval) or "no instrument"
            raise NoSuchBars(f"the simulated market has no {interval} bars of {name}; it has them of {known}")
        found = held[name, interval]
        first, last = np.searchsorted(found.end, [request.after, request.until], side="right")
        return found.take(np.arange(first, last))

    async def ticks(
        self,
        instruments: Sequence[Instrument],  # noqa: ARG002 - drawn bar by bar
        remark: TradeRemark = untold,  # noqa: ARG002 - as above
    ) -> dict[str, Tick]:
        """None: this market is drawn bar by bar."""
        return {}

    async def close(self) -> None:
        """Nothing is held open."""

    @cached_property
    def _market(self) -> tuple[Truth, Mapping[tuple[str, Interval], Bars]]:
        story = Story(self._scenario, self._seed)
        sessions, closes = _last_sessions(self._calendar, self._until, len(story.phase))
        phases = np.array([phase.name for phase in self._scenario])[story.phase]
        regimes = np.array([str(phase.regime) for phase in self._scenario])[story.phase]
        truth = Truth(sessions, closes, phases, regimes, story.rho, story.volatility)
        chance = {name: generator(self._seed, f"{name} bars") for name in (*INDICES, "VIX", *FUNDS, *COINS)}
        held = {}
        for name in (*INDICES, "VIX", *FUNDS):
            held[name, Interval.DAY] = _session_bars(story, name, truth, chance[name])
        edges = np.concatenate([[closes[0] // DAY * DAY], closes, [self._until // HOUR * HOUR]])
        for name in COINS:
            hours = _hours(story, name, edges, chance[name])
            held |= {(name, Interval.DAY): _utc_days(hours), (name, Interval.HOUR): hours}
        return truth, held


def _last_sessions(hours: TradingHours, until: Instant, count: int) -> tuple[Dates, Ints]:
    """Dates and closing instants of the last `count` sessions that have closed by `until`."""
    today = until // DAY
    dates = np.arange(today - 2 * count, today + 1).astype("datetime64[D]")
    instants = hours.closes_of(XNYS, dates)
    closed = np.flatnonzero((instants >= 0) & (instants <= until))[-count:]
    if len(closed) < count:
        raise FeedError(f"the simulated market needs {count} closed sessions of {XNYS}, the calendar has {len(closed)}")
    return dates[closed], instants[closed]


def _session_bars(story: Story, name: str, truth: Truth, rng: np.random.Generator) -> Bars:
    """Daily bars of an index or a fund. About a third of a session's return happens before it opens."""
    returns, fund = story.returns[name], FUNDS.get(name)
    level = fund.level if fund else INDICES.get(name, story.vix[-1])
    path = np.cumsum(returns)
    close = level * np.exp(path - path[-1])
    width = returns.std() * story.turbulence / story.turbulence.mean()
    opened = close * np.exp(-0.65 * returns + 0.15 * width * rng.standard_normal(len(close)))
    volume = _volume(rng, fund.volume, returns) if fund else np.full(len(close), np.nan)
    start = truth.sessions.astype(np.int64) * DAY
    return _drawn(rng, Interval.DAY, (start, truth.closes), (opened, close), 0.4 * width, volume)


def _hours(story: Story, name: str, edges: Ints, rng: np.random.Generator) -> Bars:
    """Hours of a coin from the midnight before the first close; those of a session sum to its return.

    `edges`: that midnight, the closing instants, and the end, all on the hour.
    """
    coin = COINS[name]
    lengths = np.diff(edges) // HOUR
    spells, session = np.maximum(lengths, 1), np.repeat(np.arange(len(lengths)), lengths)
    scale = coin.volatility / np.sqrt(252.0) * np.append(story.turbulence, story.turbulence[-1])
    totals = np.append(story.returns[name], rng.normal() * scale[-1] * np.sqrt(lengths[-1] / 24.0))
    width = (scale / np.sqrt(spells))[session]
    noise = width * rng.standard_normal(len(session))
    returns = noise + ((totals - np.bincount(session, noise, len(lengths))) / spells)[session]
    path = np.cumsum(returns)
    path += np.log(coin.level) - path[len(path) - 1 - lengths[-1]]
    close, end = np.exp(path), edges[0] + HOUR * np.arange(1, len(path) + 1)
    opened = np.append(np.exp(path[0] - returns[0]), close[:-1])
    volume = _volume(rng, coin.volume / 24.0, returns)
    return _drawn(rng, Interval.HOUR, (end - HOUR, end), (opened, close), 0.5 * width, volume)


def _utc_days(hours: Bars) -> Bars:
    """The whole UTC days of hours that start at a midnight."""
    whole = hours.take(slice(len(hours) // 24 * 24))
    opened, high, low, close, volume = (
        column.reshape(-1, 24) for column in (whole.open, whole.high, whole.low, whole.close, whole.volume)
    )
    end = whole.end[23::24].copy()
    return Bars(
        interval=Interval.DAY,
        start=end - DAY,
        end=end,
        open=opened[:, 0].copy(),
        high=high.max(axis=1),
        low=low.min(axis=1),
        close=close[:, -1].copy(),
        volume=volume.sum(axis=1),
        known_at=end,
        origin=np.zeros(len(end), dtype=np.int64),
        origins=hours.origins,
    )


def _volume(rng: np.random.Generator, typical: float, returns: Floats) -> Floats:
    """Whole units, so that sums are exact; more where prices move more."""
    move = np.minimum(np.abs(returns) / returns.std(), 4.0)
    return np.asarray(np.round(typical * np.exp(0.3 * (rng.standard_normal(len(returns)) + move) - 0.25)))


def _drawn(
    rng: np.random.Generator,
    interval: Interval,
    when: tuple[Ints, Ints],
    prices: tuple[Floats, Floats],
    width: Floats,
    volume: Floats,
) -> Bars:
    """Bars from starts and ends, opens and closes; wicks reach a half-normal of `width` (log price) beyond these."""
    (start, end), (opened, close) = when, prices
    up, down = np.exp(width * np.abs(rng.standard_normal((2, len(close)))))
    unit = "none" if np.isnan(volume).all() else "base"
    return Bars(
        interval=interval,
        start=start,
        end=end,
        open=opened,
        high=np.maximum(opened, close) * up,
        low=np.minimum(opened, close) / down,
        close=close,
        volume=volume,
        known_at=end,
        origin=np.zeros(len(end), dtype=np.int64),
        origins=(Origin(NAME, NAME, "USD", unit, simulated=True),),
    )
