"""Made markets: panels drawn from a seed, panels and clocks written as text, and the scope the tests speak in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from rules.bars import DAY, HOUR, Bars, Floats, Interval, Origin, VolumeUnit
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS, Instant, Instrument, Kind, Rule, Timing
from rules.panel import Clock, Columns, Panel

NEW_YORK = ZoneInfo("America/New_York")

INDICES = ("RUT", "SPX", "VIX")
COINS = ("BTC", "ETH", "SOL")
IDS = (*INDICES, *COINS)
"""The instruments of a drawn market."""

_VOLATILITY = {"RUT": 0.22, "SPX": 0.16, "VIX": 1.1, "BTC": 0.6, "ETH": 0.8, "SOL": 1.0}
_FIRST = {"RUT": 1_500.0, "SPX": 3_000.0, "VIX": 17.0, "BTC": 9_000.0, "ETH": 250.0, "SOL": 20.0}


def tape(venue: str) -> Origin:
    """Who prints bars, and counts volume in what is traded."""
    return Origin("test", venue, "USD", VolumeUnit.BASE)


TAPE = tape("TEST")


def instrument(name: str, calendar: str = XNYS) -> Instrument:
    """An instrument of which only the id and the calendar matter."""
    return Instrument(name, name, Kind.COIN if calendar == ALWAYS else Kind.INDEX, calendar)


INSTRUMENTS = {
    **{name: instrument(name) for name in (*INDICES, "IWM")},
    **{name: instrument(name, ALWAYS) for name in (*COINS, "ADA", "XRP")},
    "FTSE": instrument("FTSE", "XLON"),
}
BASKETS = {"ALTS": ("ETH", "SOL"), "CORE": ("RUT", "SPX"), "RISK": ("RUT", "SPX", "BTC", "ETH"), "LONE": ("SOL",)}
SCOPE = Scope(INSTRUMENTS, BASKETS)


def weekdays(rows: int, calendar: str = XNYS) -> Clock:
    """Sessions from 2019-01-02: weekdays that close at 21:00Z, or on the calendar that never stops every day."""
    first = np.datetime64("2019-01-02")
    if calendar == ALWAYS:
        days = first + np.arange(rows)
        return Clock(calendar, days, days.astype(np.int64) * DAY + DAY, np.zeros(rows, dtype=bool))
    days = np.busday_offset(first, np.arange(rows))
    return Clock(calendar, days, days.astype(np.int64) * DAY + 21 * HOUR, np.zeros(rows, dtype=bool))


def columns_of(close: Floats, link: Floats | None = None, noise: Floats | None = None) -> Columns:
    """Columns round a path of closes; a gap in it is a gap in all of them."""
    rows = len(close)
    wide = np.full(rows, 0.01) if noise is None else noise
    volume = 1e6 * (1 + 50 * wide) + 0.0 * close
    with np.errstate(over="ignore"):
        turnover = volume * close
    return Columns(
        open=close * (1 + wide / 3),
        high=close * (1 + wide),
        low=close * (1 - wide),
        close=close,
        volume=volume,
        turnover=turnover,
        link=np.ones(rows) if link is None else link,
        approximate=np.zeros(rows, dtype=bool),
        origin=np.zeros(rows, dtype=np.int64),
    )


def market(seed: int, rows: int = 360, *, scars: bool = True, calendar: str = XNYS) -> Panel:
    """A market of IDS. With `scars`: gaps, constant stretches, spikes and switches of venue."""
    rng = np.random.default_rng(seed)
    common, crypto = rng.standard_t(5, rows), rng.standard_t(5, rows)
    columns = {}
    for name in IDS:
        own = rng.standard_t(5, rows)
        shock = 0.6 * common + 0.8 * own if name not in COINS else 0.3 * common + 0.7 * crypto + 0.65 * own
        step = (-1 if name == "VIX" else 1) * shock * _VOLATILITY[name] / np.sqrt(252) * np.sqrt(3 / 5)
        level = np.log(_FIRST[name]) + np.cumsum(step)
        if name == "VIX":
            level = np.log(_FIRST[name]) + _reverting(step)
        close, link = np.exp(level), np.ones(rows)
        if scars:
            close, link = _scarred(rng, close)
        columns[name] = columns_of(close, link, np.abs(rng.normal(0, 0.01, rows)))
    if scars and rng.random() < 0.5:
        _close_everywhere(columns, rng.integers(0, rows, 3))
    clock = weekdays(rows, calendar)
    hours = {name: _with_holes(np.random.default_rng([seed, k]), clock, scars) for k, name in enumerate(IDS)}
    return Panel(clock, columns, dict.fromkeys(IDS, (TAPE,)), hours=hours)


def _with_holes(rng: np.random.Generator, clock: Clock, scars: bool) -> Bars:
    """The hours of any market; with `scars` some of them without a few, or without a stretch of days."""
    hours = bouncing_hours(-(-(len(clock) * 7 // 5 + 60) // 200) * 200)
    if not scars or rng.random() < 0.5:
        return hours
    start = int(rng.integers(0, len(hours)))
    there = np.ones(len(hours), dtype=bool)
    there[start : start + int(rng.integers(1, 400))] = False
    there[rng.integers(0, len(hours), 50)] = False
    return hours.take(there)


@cache
def bouncing_hours(days: int, spread: float = 0.02, seed: int = 1) -> Bars:
    """Hourly bars from 40 days before the first session on, of a price that never stops: 20 trades an hour, half of
    them at the ask and half at the bid, which are `spread` of the price apart."""
    rng, trades = np.random.default_rng(seed), (24 * days, 20)
    middle = np.cumsum(rng.normal(0, 0.001, trades)).reshape(trades)
    price = 100 * np.exp(middle) * (1 + spread / 2 * rng.choice([-1.0, 1.0], trades))
    end = (np.datetime64("2019-01-02") - 40).astype(np.int64) * DAY + HOUR * np.arange(1, len(price) + 1)
    return Bars(
        Interval.HOUR, start=end - HOUR, end=end, open=price[:, 0].copy(), high=price.max(axis=1),
        low=price.min(axis=1), close=price[:, -1].copy(), volume=np.ones(len(end)), known_at=end + 60,
        origin=np.zeros(len(end), dtype=np.int64), origins=(TAPE,),
    )  # fmt: skip


def _reverting(steps: Floats) -> Floats:
    out, level = np.empty(len(steps)), 0.0
    for row, step in enumerate(steps):
        level = 0.95 * level + step
        out[row] = level
    return out


def _scarred(rng: np.random.Generator, close: Floats) -> tuple[Floats, Floats]:
    rows = len(close)
    close, link = close.copy(), np.ones(rows)
    if rng.random() < 0.5:
        start = 0 if rng.random() < 0.3 else int(rng.integers(0, rows))
        close[start : start + int(rng.integers(3, 60))] = close[start]
    if rng.random() < 0.4:
        close[rng.integers(0, rows, 3)] *= rng.choice([0.5, 0.8, 1.3, 3.0], 3)
    if rng.random() < 0.5:
        switch, factor = int(rng.integers(1, rows)), 1 + rng.normal(0, 0.01)
        close[switch:] *= factor
        link[switch] = factor if rng.random() < 0.7 else np.nan
    if rng.random() < 0.7:
        close[rng.random(rows) < rng.choice([0.01, 0.05])] = np.nan
    if rng.random() < 0.3:
        start = int(rng.integers(0, rows))
        close[start : start + int(rng.integers(5, 40))] = np.nan
    return close, link


def _close_everywhere(columns: dict[str, Columns], rows: np.ndarray) -> None:
    for each in columns.values():
        for name in ("open", "high", "low", "close", "volume", "turnover"):
            getattr(each, name)[rows] = np.nan


def prices(text: str) -> Floats:
    """`prices("100 101 . 99")`: a dot is a gap."""
    return np.array([np.nan if word == "." else float(word) for word in text.split()])


def written(calendar: str = XNYS, **texts: str) -> Panel:
    """A panel written down: `written(RUT="100 101 . 99")`. All texts have the same number of words."""
    columns = {name: columns_of(prices(text)) for name, text in texts.items()}
    rows = len(next(iter(columns.values())).close)
    return Panel(weekdays(rows, calendar), columns, {name: (tape(f"{name}-VENUE"),) for name in texts})


def relinked(panel: Panel, name: str, row: int, link: float) -> Panel:
    """The panel with a switch of venue of `name` on `row`."""
    links = panel.columns[name].link.copy()
    links[row] = link
    return replace(panel, columns={**panel.columns, name: replace(panel.columns[name], link=links)})


def column(text: str, panel: Panel) -> Floats:
    """The column of an expression on a panel."""
    node = read(text, SCOPE, panel.clock.calendar).column
    return evaluate([node], panel).columns[node]


def together(texts: Iterable[str], panel: Panel) -> dict[str, Floats]:
    """The columns of many; what they share is computed once, and has the same bits (functions/test_laws.py)."""
    nodes = {text: read(text, SCOPE, panel.clock.calendar).column for text in texts}
    found = evaluate(nodes.values(), panel).columns
    return {text: found[node] for text, node in nodes.items()}


def rule(name: str, when: str, clear: str | None = None, **timing: int) -> CompiledRule:
    """A compiled rule in SCOPE."""
    return compile_rule(Rule(name, when, clear, timing=Timing(**timing)), SCOPE)


def same_bits(a: Floats, b: Floats) -> bool:
    """Equal to the last bit: shape, where NaN stands, and every number with its sign."""
    if a.shape != b.shape or not np.array_equal(a, b, equal_nan=True):
        return False
    known = ~np.isnan(a)
    return np.array_equal(a[known].view(np.int64), b[known].view(np.int64))


def instant(text: str, zone: ZoneInfo | dt.timezone = NEW_YORK) -> Instant:
    """`instant("2024-03-08 16:00")` in New York; with a final Z in UTC."""
    at = dt.datetime.fromisoformat(text.removesuffix("Z"))
    return int(at.replace(tzinfo=dt.UTC if text.endswith("Z") else zone).timestamp())


def clock_of(*closes: str, half_days: tuple[str, ...] = ()) -> Clock:
    """Sessions of New York by their closing instants: `clock_of("2024-07-03 13:00", half_days=("2024-07-03",))`."""
    dates = np.array([np.datetime64(close[:10]) for close in closes], dtype="datetime64[D]")
    instants = np.array([instant(close) for close in closes], dtype=np.int64)
    return Clock(XNYS, dates, instants, np.isin(dates, np.array(half_days, dtype="datetime64[D]")))


def bars_of(interval: Interval, *lines: str, origins: tuple[Origin, ...] = (tape("A"),)) -> Bars:
    """Bars as lines `end | open high low close volume [origin]`, the end in New York or, with a Z, in UTC."""
    read_lines = []
    for line in lines:
        at, _, numbers = line.partition("|")
        o, h, low, c, v, *origin = (np.nan if word == "." else float(word) for word in numbers.split())
        read_lines.append((instant(at.strip()), int(origin[0]) if origin else 0, o, h, low, c, v))
    read_lines.sort(key=lambda each: each[:2])
    end = np.array([each[0] for each in read_lines], dtype=np.int64)
    values = np.array([each[2:] for each in read_lines], dtype=np.float64).reshape(len(read_lines), 5)
    return Bars(
        interval=interval,
        start=end - interval.seconds,
        end=end,
        open=values[:, 0],
        high=values[:, 1],
        low=values[:, 2],
        close=values[:, 3],
        volume=values[:, 4],
        known_at=end + 60,
        origin=np.array([each[1] for each in read_lines], dtype=np.int64),
        origins=origins,
    )


def hours_of(first_end: str, last_end: str, *, without: tuple[str, ...] = (), origin: int = 0) -> tuple[str, ...]:
    """Lines of hourly bars; the k-th has open k, high k + .7, low k - .7, close k + .5, volume 1."""
    ends = range(instant(first_end), instant(last_end) + 1, HOUR)
    left_out = {instant(text) for text in without}
    return tuple(
        f"{dt.datetime.fromtimestamp(end, dt.UTC):%Y-%m-%d %H:%M}Z | {k} {k + 0.7} {k - 0.7} {k + 0.5} 1 {origin}"
        for k, end in enumerate(ends, start=1)
        if end not in left_out
    )
