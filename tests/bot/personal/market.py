"""A market that is as a test says: prices, and how much is usual."""

from __future__ import annotations

import datetime as dt

from bot.settings import load_settings
from rules.functions.registry import Scope

PRICES = {"BTC": 84_000.12, "ETH": 2_900.0, "SOL": 131.234, "XRP": 2.2, "RUT": 2_431.2, "SPX": 6_800.0, "VIX": 17.2}
USUAL = {"BTC": 0.025, "ETH": 0.035, "SOL": 0.045, "VIX": 0.07}
BEGINS = {"BTC": dt.date(2017, 8, 17), "SOL": dt.date(2020, 8, 11)}


class FakeMarket:
    """The instruments that come with the program, at PRICES; of others no price is known."""

    def __init__(self) -> None:
        self.scope: Scope = load_settings().scope
        self._prices = dict(PRICES)
        self._change: float | None = 0.03

    def is_at(self, instrument: str, price: float) -> FakeMarket:
        """Its price from now on."""
        self._prices[instrument] = price
        return self

    def has_no_price_of(self, instrument: str) -> FakeMarket:
        """Nobody knows it."""
        del self._prices[instrument]
        return self

    def has_no_past(self) -> FakeMarket:
        """Nobody knows what is usual."""
        self._change = None
        return self

    def price(self, instrument: str) -> float | None:
        return self._prices.get(instrument)

    def begins(self, instrument: str) -> dt.date | None:
        return BEGINS.get(instrument, dt.date(1990, 1, 2))

    def usual_move(self, instrument: str) -> float:
        return USUAL.get(instrument, 0.013)

    def usual_change(self, expression: str) -> float | None:
        return self._change
