"""Of each rule of the pack a market whose last row fires it, and the nearest that must not.

Made by hand where a rule is about prices or volumes; drawn with a known correlation, or a known volatility, where it
asks a filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.model import ALWAYS, XNYS
from rules.panel import Panel
from tests.acceptance.pack.written import NOTHING, path, written
from tests.rules.legs import fat_tailed, moved, priced

COINS = ("BTC", "ETH", "SOL", "ADA", "XRP")
ALTS = ("SOL", "ADA", "XRP")
RISK = ("RUT", "SPX", "QQQ", *("BTC", "ETH"), *ALTS)


@dataclass(frozen=True)
class Case:
    """`fires` has one firing, on its last row; none of `misses` has any."""

    fires: Panel
    misses: Sequence[Panel]


def case(fires: Panel, *misses: Panel) -> Case:
    return Case(fires, misses)


# Prices


def closes(name: str, fires: str, *misses: str) -> Case:
    """Of the closes of one index."""
    return case(*(written({name: text}) for text in (fires, *misses)))


def days(name: str, fires: str, *misses: str) -> Case:
    """Of the UTC days of one coin."""
    return case(*(written({name: text}, ALWAYS) for text in (fires, *misses)))


RECORDS = {
    "rut-record-close": closes("RUT", "100 99 100.01", "100 99 100"),
    "rut-record-fresh": closes(
        "RUT",
        "50>100*260 94.9 100.1",
        "50>100*260 95.1 100.1",  # a pullback of 4.9 %
        "50>100*260 94.9 100",  # no record
        "50>100*260 99*58 100.1",  # 59 closes later
    ),
    "rut-record-intraday": closes("RUT", "100 101 102 103", "100 101 102 100.5 103 104"),  # two polls in a row
}

TURNS = {
    **{
        f"{name.lower()}-rally-{pct}": closes(name, f"100 50 {50 + pct / 2 + 0.01}", f"100 50 {50 + pct / 2 - 0.01}")
        for name in ("RUT", "SPX")
        for pct in (10, 20)
    },
    **{
        f"{name.lower()}-drawdown-{pct}": closes(name, f"100 {99.99 - pct}", f"100 {100.01 - pct}")
        for name in ("RUT", "SPX")
        for pct in (10, 20)
    },
    **{
        f"{coin.lower()}-rally-{pct}": days(coin, f"100 40 {40 + 0.4 * pct + 0.01}", f"100 40 {40 + 0.4 * pct - 0.01}")
        for coin in COINS
        for pct in ((20, 30) if coin == "BTC" else (30, 50))
    },
    **{
        f"{coin.lower()}-drop-{pct}": days(coin, f"40 100 {99.99 - pct}", f"40 100 {100.01 - pct}")
        for coin in COINS
        for pct in ((20, 30) if coin == "BTC" else (30, 50))
    },
}


def against(rut: str, spx: str) -> Panel:
    return written({"RUT": rut, "SPX": spx})


STILL = "100*263"
AHEAD, NOT_AHEAD = "100/101*200 101>108.4*62 110", "100/101*200 101>108.4*62 109.9"
"""Over 63 rows 1.507 and 1.495 standard deviations ahead of what stands still."""


def rotated(altcoins: str, bitcoin: str) -> Panel:
    """All altcoins alike, and Bitcoin."""
    return written({**dict.fromkeys(ALTS, altcoins), "BTC": bitcoin}, ALWAYS)


SMALL_CAPS = {
    "rut-lags-spx": case(
        against("100*21 94.9", "100*22"),
        against("100*21 95.1", "100*22"),
        against("100*21 80", "100*21 88.9"),  # nine points behind, while the S&P 500 is 11.1 % down itself
    ),
    "rut-leads-spx": case(
        against("100*21 105.1", "100*22"), against("100*21 104.9", "100*22"), against("100*21 100", "100*21 95.1")
    ),
    "rut-leads-quarter": case(against(AHEAD, STILL), against(NOT_AHEAD, STILL)),
    "rut-lags-quarter": case(against(STILL, AHEAD), against(STILL, NOT_AHEAD)),
}


def stirred(name: str, wide: str) -> Panel:
    """A price that stands still, and goes as far as `wide` from it on the last of 300 rows."""
    return written({name: "100*300"}, ALWAYS if name in COINS else XNYS, wide={name: f"0.01*299 {wide}"})


VOLATILITY = {
    **{f"vix-{rung}": closes("VIX", f"15 {rung}", f"15 {rung - 0.01}") for rung in (20, 25, 30, 40)},
    "vix-jump": closes("VIX", "16/16.5*60 18.7", "16/16.5*60 18.6"),  # 4.01 and 3.94 usual moves
    **{
        f"{name.lower()}-vol-break": case(stirred(name, "0.036"), stirred(name, "0.035"))  # .61 and .59
        for name in ("RUT", "SPX", "BTC")
    },
}

ROTATION = {
    "alts-lead-btc": case(rotated(AHEAD, STILL), rotated(NOT_AHEAD, STILL)),
    "alts-lag-btc": case(rotated(STILL, AHEAD), rotated(STILL, NOT_AHEAD)),
}


# Volumes


def still(traded: Mapping[str, str], calendar: str = ALWAYS, venues: Mapping[str, str] = NOTHING) -> Panel:
    """Prices that stand still, and what is traded of each, in millions a row."""
    closes = {name: f"100*{len(path(text))}" for name, text in traded.items()}
    return written(closes, calendar, traded=traded, venues=venues)


def thinner(coin: str, boundary: int) -> Case:
    """A median of 30 days that falls below 70 % of a tier's boundary, from above it, and one that does not."""
    low, high = (round(0.7 * boundary + by, 1) for by in (-0.1, 0.1))
    return case(still({coin: f"{boundary + 2}*30 {low}*16"}), still({coin: f"{boundary + 2}*30 {high}*16"}))


def thin(**last: str) -> Panel:
    """Altcoins of which ever more was traded, and the three last days of each."""
    traded = {coin: f"100>200*127 {days}" for coin, days in last.items()}
    return written(dict.fromkeys(last, "100/101*130"), ALWAYS, traded=traded)


def shared(bitcoin: str, altcoin: str, venues: Mapping[str, str] = NOTHING) -> Panel:
    """85 of 100 million in Bitcoin and Ether for 30 days, then as much as is said in Bitcoin, and in each altcoin: of
    most of 30 days so after 16."""
    each = dict.fromkeys(ALTS, f"5*30 {altcoin}*18")
    return still({"BTC": f"60*30 {bitcoin}*18", "ETH": "25*48", **each}, venues=venues)


LIQUIDITY = {
    **{f"{coin.lower()}-volume-{boundary}m": thinner(coin, boundary) for coin in ALTS for boundary in (50, 10)},
    "alts-thin": case(
        thin(SOL="5*3", ADA="5*3", XRP="12*3"),  # ranks of .91 on average, then of 1 twice
        thin(SOL="5*3", ADA="5*3", XRP="15*3"),  # of .87, then of 1 twice: two closes in a row
        thin(SOL="5*3", ADA="5*3", XRP="200*3"),  # two of three
    ),
    "core-share-90": case(shared("111", "5"), shared("109", "5")),
    "alts-share-25": case(shared("60", "9.5"), shared("60", "9.4")),
    "alts-share-35": case(shared("60", "15.3"), shared("60", "15.2"), shared("60", "15.3", venues={"SOL": "ANOTHER"})),
    "core-share-40": case(shared("60", "42.6"), shared("60", "42.4")),
    **{
        f"{etf.lower()}-surge": case(still({etf: "10*59 30"}, XNYS), still({etf: "10*59 29.9"}, XNYS))
        for etf in ("IBIT", "ETHA")
    },
}


# Filters


def linked(coin: str, *stretches: tuple[int, float]) -> Panel:
    """The Russell 2000 and a coin over stretches of rows with a correlation; the others are related to neither."""
    rng = np.random.default_rng(1)
    rho = np.concatenate([np.full(rows, each) for rows, each in stretches])
    rut, own = fat_tailed(rho, len(rho), rng)
    rest = dict(zip(("SPX", "BTC"), 0.01 * rng.standard_normal((2, len(rho))), strict=True))
    return moved(**{**rest, "RUT": 0.01 * rut, coin: 0.04 * own})


COUPLINGS = {
    **{
        f"rut-{coin.lower()}-coupled{rung}": case(
            linked(coin, (150, 0.0), (100, 0.95))[:165], linked(coin, (400, level - 0.1))
        )
        for coin in COINS
        for rung, level in (("-50", 0.5), ("", 0.6), ("-70", 0.7))
    },
    **{
        f"rut-{coin.lower()}-shift": case(
            linked(coin, (300, 0.1), (60, 0.9))[:317], linked(coin, (300, 0.1), (100, 0.4))
        )
        for coin in COINS
    },
}


def in_step(*correlations: Floats) -> Panel:
    """The basket RISK, each pair of which has the same correlation, row by row."""
    rng, rho = np.random.default_rng(1), np.concatenate(correlations)
    common = rng.standard_normal(len(rho))
    own = {name: rng.standard_normal(len(rho)) for name in RISK}
    return moved(**{name: 0.01 * (np.sqrt(rho) * common + np.sqrt(1 - rho) * each) for name, each in own.items()})


LOOSENING = np.linspace(0.7, 0.2, 200)
TOGETHER = {
    "risk-correlation": case(
        in_step(LOOSENING, np.full(60, 0.9))[:217],
        in_step(LOOSENING, np.full(60, 0.4)),  # a rank of .70 at most
    )
}


@dataclass(frozen=True)
class Mood:
    """Standard deviations a day of the S&P 500 and of Bitcoin, and where the VIX is."""

    spx: float
    btc: float
    vix: float


USUAL, CALM, WILD = Mood(0.0095, 0.035, 18), Mood(0.004, 0.02, 12), Mood(0.025, 0.06, 38)
UNEASY, EASY, LESS_CALM = Mood(0.012, 0.04, 22), Mood(0.0075, 0.03, 15.5), Mood(0.0055, 0.025, 13.5)


def moods(*stretches: tuple[int, Mood]) -> Panel:
    """A market that is of a mood for so many rows, and then of another."""
    rng = np.random.default_rng(1)
    drawn = [
        [rng.standard_normal(rows) * each for each in (mood.spx, mood.btc)]
        + [np.log(mood.vix) + rng.normal(0, 0.03, rows)]
        for rows, mood in stretches
    ]
    spx, btc, vix = (np.concatenate(each) for each in zip(*drawn, strict=True))
    return priced(SPX=3_000 * np.exp(np.cumsum(spx)), BTC=9_000 * np.exp(np.cumsum(btc)), VIX=np.exp(vix))


REGIME = {
    "regime-risk-off": case(moods((300, USUAL), (40, WILD))[:303], moods((300, USUAL), (60, UNEASY))),
    "regime-risk-on": case(moods((300, USUAL), (60, CALM))[:307], moods((300, USUAL), (60, EASY))),
    "regime-neutral": case(
        moods((200, USUAL), (100, CALM), (60, USUAL))[:308], moods((200, USUAL), (100, CALM), (60, LESS_CALM))
    ),
}

PACK: Mapping[str, Case] = {
    **RECORDS, **TURNS, **SMALL_CAPS, **VOLATILITY, **ROTATION, **LIQUIDITY, **COUPLINGS, **TOGETHER, **REGIME
}  # fmt: skip
