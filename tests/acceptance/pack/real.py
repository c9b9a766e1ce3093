"""What the pack says of the real prices, session by session: `GOLDEN=write` writes it down anew.

The files do not say what their volumes count. What asks for volumes is judged with a configuration that says so; and
since the days of coins come from two sources that do not count alike, what compares coins with each other is judged on
days that are made of their hours, which one exchange printed.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bot.app import Options, open_app
from bot.queries.view import View
from rules.bars import DAY
from rules.model import Edge, Rule
from tests.acceptance.real import END, VOLUMES, real_view
from tests.conftest import SHARED_DATA

SESSIONS = Path(__file__).with_name("sessions.txt")

COINS = ("BTC", "ETH", "SOL", "ADA", "XRP")
SWITCH = pd.Timestamp("2023-01-01", tz="UTC")
"""From then on the hours are a perpetual's."""

WIDE = 116

Sessions = Mapping[str, list[dt.date]]
"""By rule the sessions on which it fired."""


@dataclass(frozen=True)
class Views:
    """The real prices as they are; where it is said what their volumes count; and with days that are made of hours."""

    plain: View
    counted: View
    of_hours: View

    def of(self, rule: Rule) -> View:
        """The one that a rule is judged on."""
        if compares_coins(rule):
            return self.of_hours
        return self.counted if asks_for_volumes(rule) else self.plain


def compares_coins(rule: Rule) -> bool:
    """Whether it asks who has which share of what coins are traded for."""
    return "-share-" in rule.id


def asks_for_volumes(rule: Rule) -> bool:
    return "liquidity" in rule.tags


def views(scratch: Path) -> Views:
    """As of the end of 2025, each with the rules that are judged on it; `scratch` is an empty folder."""
    plain, counted = real_view(), real_view(VOLUMES)
    of_hours = open_app(Options(config=VOLUMES, data=days_of_hours(scratch)), at=END).view()
    return Views(
        plain,
        counted.of([each for each in counted.rules if asks_for_volumes(each.rule)]),
        of_hours.of([each for each in of_hours.rules if compares_coins(each.rule)]),
    )


def days_of_hours(folder: Path) -> Path:
    """The folder with the days of coins made of their hours; a day without one of them is left out."""
    for coin in COINS:
        days = daily(coin)
        venue = np.where(days.index < SWITCH, "binance spot", "binance perpetual")
        told = days.assign(venue=venue, quote="USDT", volume_unit="base")
        told.index = pd.DatetimeIndex(days.index).strftime("%Y-%m-%dT%H:%M:%SZ")
        told.to_csv(folder / f"{coin}_1d.csv", index_label="timestamp")
    return folder


def daily(coin: str) -> pd.DataFrame:
    """The days of a coin with all their hours, of those hours."""
    hours = pd.read_csv(SHARED_DATA / f"{coin}_1h.csv.gz", index_col="timestamp", parse_dates=True)
    by_day = hours.resample("1D")
    days = by_day.agg({"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"})
    return days[by_day["close"].count() == DAY // 3_600]


def fired(view: View, rule: str) -> list[dt.date]:
    """The sessions on which a rule fired in all of history."""
    return [each.session for each in view.events(rule) if each.edge is Edge.FIRED]


def written_down(sessions: Sessions) -> str:
    """A paragraph a rule: how often it fired, and when."""
    return "\n\n".join(
        "\n".join([f"{name}: {len(when) or 'never'}", *textwrap.wrap(" ".join(map(str, when)), WIDE)])
        for name, when in sessions.items()
    )


def read_back(text: str) -> Sessions:
    """The sessions of a text of `written_down`."""
    found: dict[str, list[dt.date]] = {}
    for paragraph in text.strip().split("\n\n"):
        head, *lines = paragraph.split("\n")
        found[head.partition(":")[0]] = [dt.date.fromisoformat(each) for line in lines for each in line.split()]
    return found
