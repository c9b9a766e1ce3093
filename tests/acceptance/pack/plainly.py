"""The price and volume rules of the pack a second time: pandas on the files, without a line of the engine.

`BY_RULE` has of each the conditions that fire and clear it, one value a session: 1, 0, or NaN where it is unknown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from typing import TypeAlias

import numpy as np
import pandas as pd
from exchange_calendars import get_calendar

from tests.acceptance.pack.real import daily
from tests.conftest import SHARED_DATA

Column: TypeAlias = "pd.Series[float]"
"""A number a session."""

ALTS = ("SOL", "ADA", "XRP")
CORE = ("BTC", "ETH")
FIRST = "1990-01-02"


@dataclass(frozen=True)
class Plain:
    """What fires a rule, and what clears it; closes in a row it takes, and sessions it rests after a firing."""

    when: Column
    clear: Column
    confirm: int = 1
    cooldown: int = 0


def sessions(rule: Plain) -> list[dt.date]:
    """When it fired."""
    fired, firing, seen, rest = [], False, 0, 0
    known = pd.concat([rule.when, rule.clear], axis=1).dropna()
    for day, when, clear in known.itertuples():
        rest = max(0, rest - 1)
        if firing:
            firing = not clear
            continue
        seen = seen + 1 if when and not clear and not rest else 0
        if seen == rule.confirm:
            fired.append(day.date())
            firing, seen, rest = True, 0, rule.cooldown + 1
    return fired


@cache
def file(name: str) -> pd.DataFrame:
    """A file of days: sessions of New York, which are those of the S&P 500, or UTC days."""
    table = pd.read_csv(SHARED_DATA / f"{name}_1d.csv.gz", index_col="timestamp", parse_dates=True).loc[FIRST:]
    table.index = pd.DatetimeIndex(table.index).tz_localize(None)
    return table if name in (*CORE, *ALTS, "SPX") else table.reindex(file("SPX").index)


def close(name: str) -> Column:
    return file(name)["close"]


def log(x: Column) -> Column:
    return pd.Series(np.log(x), index=x.index)


def holds(condition: pd.Series[bool], of: Column) -> Column:
    """A condition as a column, unknown where what it is of is."""
    return condition.astype(float).where(of.notna())


def between(x: Column, enter: float, leave: float, **timing: int) -> Plain:
    """Fires at `enter` and beyond, clears at `leave`: above it if that is the lower of the two, else below."""
    if leave < enter:
        return Plain(holds(x >= enter, x), holds(x <= leave, x), **timing)
    return Plain(holds(x <= enter, x), holds(x >= leave, x), **timing)


# Prices


def record() -> Plain:
    rut = close("RUT")
    before = rut.cummax().shift()
    return Plain(holds(rut > before, before), holds(1 - rut / rut.cummax() > 0.03, rut))


def fresh() -> Plain:
    rut, top, row_of_top, low, found = close("RUT"), -np.inf, -1, np.inf, []
    for row, price in enumerate(rut):
        is_record = price > top
        apart = low <= 0.95 * top or row - row_of_top >= 60
        found.append(float(is_record and apart) if row >= 252 else np.nan)
        top, row_of_top, low = (price, row, price) if is_record else (top, row_of_top, min(low, price))
    when = pd.Series(found, index=rut.index)
    return Plain(when, 1 - when)


def drawdown(name: str, enter: float, leave: float) -> Plain:
    fall = 1 - close(name) / close(name).cummax()
    return Plain(holds(fall >= enter, fall), holds(fall < leave, fall))


@cache
def turns(name: str, share: float) -> Column:
    """1 where a rise from the low since the last fall is complete, -1 mirrored, else 0."""
    side, low, high, found = 0, np.inf, -np.inf, []
    for price in close(name):
        low, high = min(low, price), max(high, price)
        up, down = side <= 0 and price >= low * (1 + share), side >= 0 and price <= high * (1 - share)
        if up or down:
            side, low, high = 1 if up else -1, price, price
        found.append(float(side) if up or down else 0.0)
    return pd.Series(found, index=close(name).index)


def turn(name: str, share: float, side: int) -> Plain:
    found = turns(name, share)
    return Plain((found == side).astype(float), (found == -side).astype(float))


def month(sign: int, enter: float, leave: float) -> Plain:
    ahead = sign * (close("RUT").pct_change(21) - close("SPX").pct_change(21))
    calm = True if sign > 0 else 1 - close("SPX") / close("SPX").cummax() <= 0.10
    return Plain(holds((ahead > enter) & calm, ahead), holds(ahead < leave, ahead))


def strength(of: Column) -> Column:
    """The change of a log ratio over 63 rows, in its standard deviations."""
    daily_change = of.diff()
    variance = (daily_change**2).ewm(halflife=60, adjust=False, ignore_na=True).mean()
    return of.diff(63) / (63 * variance) ** 0.5


def quarter(sign: int) -> Plain:
    return between(sign * strength(log(close("RUT") / close("SPX"))), 1.5, 0.5)


def rotation(sign: int) -> Plain:
    coins = pd.DataFrame({name: log(close(name)) for name in (*ALTS, "BTC")})
    return between(sign * strength(coins[list(ALTS)].mean(axis=1, skipna=False) - coins["BTC"]), 1.5, 0.5)


def rung(enter: float, leave: float) -> Plain:
    return between(close("VIX"), enter, leave)


def jump() -> Plain:
    change = log(close("VIX")).diff()
    usual = (change**2).ewm(halflife=40, adjust=False, ignore_na=True).mean().shift() ** 0.5
    z = (change / usual).where(change.notna().cumsum() > 40)
    return Plain(holds(z >= 4, z), holds(z < 4, z), cooldown=5)


def stirred(name: str) -> Plain:
    o, h, low, c = (log(file(name)[each]) for each in ("open", "high", "low", "close"))
    variance = (o - c.shift()) ** 2 + (h - low) ** 2 / 2 - (2 * np.log(2) - 1) * (c - o) ** 2
    anew = file(name)[["open", "high", "low"]].diff().eq(0).sum(axis=1) < 2  # else yesterday's: docs/data-quality.md
    volatility = variance[anew].dropna().rolling(5).mean() ** 0.5
    return between(log(volatility / volatility.rolling(250).median()).reindex(c.index), 0.6, 0.3)


@cache
def at_closes(name: str) -> Column:
    """Prices when New York closes: of a coin the hour that ends then."""
    if name not in (*CORE, *ALTS):
        return close(name)
    hours = pd.read_csv(SHARED_DATA / f"{name}_1h.csv.gz", index_col="timestamp", parse_dates=True)["close"]
    closes = get_calendar("XNYS", start=FIRST).closes.loc[: close("SPX").index[-1]]
    return pd.Series(hours.reindex(closes - pd.Timedelta(hours=1)).to_numpy(), index=closes.index)


def rank(x: Column) -> Column:
    """The share of the last 504 known that are not above the last of them, of 60 at least."""
    return x.dropna().rolling(504, min_periods=60).rank(method="max", pct=True).reindex(x.index)


def in_step() -> Plain:
    returns = {name: log(at_closes(name)).diff() for name in ("RUT", "SPX", "QQQ", *CORE, *ALTS)}
    pairs = [pd.concat(pair, axis=1).dropna() for pair in combinations(returns.values(), 2)]
    every = [pair.iloc[:, 0].rolling(60).corr(pair.iloc[:, 1]).reindex(close("SPX").index) for pair in pairs]
    return between(rank(pd.concat(every, axis=1).mean(axis=1, skipna=False)), 0.9, 0.75, confirm=3)


# Volumes


def money(name: str) -> Column:
    """What the days of a file traded: the volume of those of BTC and ETH is money, of the others coins."""
    return file(name)["volume"] if name in CORE else file(name)["volume"] * close(name)


def tier(coin: str, least: int) -> Plain:
    """Whether it is of a lesser tier than `least`: 1 from a million on, 2 from ten and 3 from fifty, left at 70 %."""
    ordinary, now, found = money(coin).rolling(30).median().dropna(), 0, []
    for median in ordinary:
        reached, kept = (sum(median >= share * each for each in (1e6, 10e6, 50e6)) for share in (1.0, 0.7))
        now = max(reached, min(now, kept))
        found.append(float(now < least))
    when = pd.Series(found, index=ordinary.index)
    return Plain(when, 1 - when)


def thin() -> Plain:
    impact = {coin: (close(coin).pct_change().abs() / money(coin)).rolling(30).mean() for coin in ALTS}
    return between(
        pd.DataFrame({coin: rank(each) for coin, each in impact.items()}).mean(axis=1, skipna=False),
        0.9,
        0.7,
        confirm=3,
    )


@cache
def share_of_core() -> Column:
    """Of what is traded in all five coins, by the medians of 30 days of one exchange alone: spot, then a perpetual."""
    traded = pd.DataFrame({coin: daily(coin)["volume"] * daily(coin)["close"] for coin in (*CORE, *ALTS)})
    days = traded.tz_localize(None).asfreq("D")
    medians = pd.DataFrame(
        {
            coin: pd.concat([some.dropna().rolling(30).median() for some in (each.loc[:"2022"], each.loc["2023":])])
            for coin, each in days.items()
        },
        index=days.index,
    )
    return medians[list(CORE)].sum(axis=1, skipna=False) / medians.sum(axis=1, skipna=False)


def share(enter: float, leave: float) -> Plain:
    return between(share_of_core(), enter, leave, confirm=3)


LEVELS = {coin: (20, 30) if coin == "BTC" else (30, 50) for coin in (*CORE, *ALTS)}
BY_RULE: Mapping[str, Callable[[], Plain]] = {
    "rut-record-close": record,
    "rut-record-fresh": fresh,
    **{
        f"{x.lower()}-rally-{pct}": partial(turn, x, pct / 100, 1)
        for x, levels in {"RUT": (10, 20), "SPX": (10, 20), **LEVELS}.items()
        for pct in levels
    },
    **{f"{x.lower()}-drop-{pct}": partial(turn, x, pct / 100, -1) for x, levels in LEVELS.items() for pct in levels},
    **{
        f"{x.lower()}-drawdown-{pct}": partial(drawdown, x, pct / 100, pct / 200)
        for x in ("RUT", "SPX")
        for pct in (10, 20)
    },
    "rut-lags-spx": partial(month, -1, 0.05, 0.02),
    "rut-leads-spx": partial(month, 1, 0.05, 0.02),
    "rut-lags-quarter": partial(quarter, -1),
    "rut-leads-quarter": partial(quarter, 1),
    "risk-correlation": in_step,
    **{f"vix-{levels[0]}": partial(rung, *levels) for levels in ((20, 17), (25, 20), (30, 24), (40, 30))},
    "vix-jump": jump,
    **{f"{x.lower()}-vol-break": partial(stirred, x) for x in ("RUT", "SPX", "BTC")},
    **{
        f"{coin.lower()}-volume-{boundary}m": partial(tier, coin, least)
        for coin in ALTS
        for boundary, least in ((50, 3), (10, 2))
    },
    "alts-thin": thin,
    "core-share-90": partial(share, 0.9, 0.85),
    "alts-share-25": partial(share, 0.75, 0.8),
    "alts-share-35": partial(share, 0.65, 0.7),
    "core-share-40": partial(share, 0.4, 0.45),
    "alts-lead-btc": partial(rotation, 1),
    "alts-lag-btc": partial(rotation, -1),
}
