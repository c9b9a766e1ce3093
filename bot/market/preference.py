"""Which sources an instrument has, in order of preference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.market.live import Preference
from bot.market.source import SourceId
from rules.model import Instrument

EXCHANGE = "exchange"
"""The feed that speaks to several venues, each of them a source of its own."""


def order_of(instruments: Mapping[str, Instrument], venues: Iterable[str]) -> dict[str, tuple[SourceId, ...]]:
    """The sources of each instrument, as configured; of an exchange's coins one for each of `venues`."""
    exchanges = [SourceId(EXCHANGE, venue) for venue in venues]
    return {
        name: tuple(
            each
            for source in instrument.sources
            for each in (exchanges if source.feed == EXCHANGE else [SourceId(source.feed, source.feed)])
        )
        for name, instrument in instruments.items()
    }


def ranks_of(order: Mapping[str, Sequence[SourceId]]) -> dict[str, Preference]:
    """Where each source stands among those of its instrument."""
    return {
        name: {(source.feed, source.venue): rank for rank, source in enumerate(of_one)}
        for name, of_one in order.items()
    }
