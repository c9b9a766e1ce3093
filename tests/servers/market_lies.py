"""What befalls the rows and the latest trade of a market server's answers: what data vendors have been seen to do.

Each makes a `Lie` of tests/servers/liars. `since` and `until` bound when the rows end that are lied about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from aiohttp import web

from rules.bars import DAY
from rules.model import Instant
from tests.servers.liars import Give, Lie, Market, Row, RowsLie, Trade, TradeLie


def rows(change: RowsLie) -> Lie:
    """The honest answer with other rows."""

    async def lie(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        return market.retold(request, await give(), change)

    return lie


def each(change: Callable[[Row], Row], since: Instant = 0, until: Instant = 2**40) -> Lie:
    """Every row that ends after `since`, and not after `until`, changed."""
    return rows(lambda told, now: [change(row) if since < row.end <= until else row for row in told])


def newest(change: Callable[[Row], Row]) -> Lie:
    """The newest row that has completed, changed; it is another one as time passes."""

    def changed(told: list[Row], now: Instant) -> list[Row]:
        last = max((row.end for row in told if row.end <= now), default=None)
        return [change(row) if row.end == last else row for row in told]

    return rows(changed)


def none_after(since: Instant) -> Lie:
    """As if time had stopped: nothing that ends after `since`."""
    return rows(lambda told, now: [row for row in told if row.end <= since])


def no_newest() -> Lie:
    """The newest row that should be there is not there yet, and neither is the one in progress."""

    def without(told: list[Row], now: Instant) -> list[Row]:
        complete = [row for row in told if row.end <= now]
        return complete[:-1]

    return rows(without)


def repeats_after(since: Instant) -> Lie:
    """The last row of before `since` again and again, under new stamps."""

    def again(told: list[Row], now: Instant) -> list[Row]:
        last = next((row for row in reversed(told) if row.end <= since), None)
        return [row if last is None or row.end <= since else replace(row, values=last.values) for row in told]

    return rows(again)


def repeats_the_row_before(since: Instant) -> Lie:
    """Each row after `since` says what the one before it says in truth."""

    def again(told: list[Row], now: Instant) -> list[Row]:
        before = [None, *told[:-1]]
        pairs = zip(told, before, strict=True)
        return [replace(row, values=old.values) if old and row.end > since else row for row, old in pairs]

    return rows(again)


def twice(first: Callable[[Row], Row], second: Callable[[Row], Row]) -> Lie:
    """The newest complete row comes twice: as `first` makes it, then as `second` does."""

    def doubled(told: list[Row], now: Instant) -> list[Row]:
        last = max((row.end for row in told if row.end <= now), default=None)
        return [each for row in told for each in ((first(row), second(row)) if row.end == last else (row,))]

    return rows(doubled)


def extra(rows_of: Callable[[Row], Iterable[Row]]) -> Lie:
    """Further rows behind the newest one that has completed."""

    def more(told: list[Row], now: Instant) -> list[Row]:
        complete = [row for row in told if row.end <= now]
        return told + [new for last in complete[-1:] for new in rows_of(last)]

    return rows(more)


def backwards() -> Lie:
    """The order of rows turned round."""
    return rows(lambda told, now: told[::-1])


def shuffled() -> Lie:
    """Every second row behind all the others."""
    return rows(lambda told, now: told[::2] + told[1::2])


def shifted(seconds: int) -> Lie:
    """Every stamp off by so much."""
    return rows(lambda told, now: [replace(row, stamp=row.stamp + seconds, end=row.end + seconds) for row in told])


def in_milliseconds() -> Lie:
    """Stamps in another unit."""
    return rows(lambda told, now: [replace(row, stamp=row.stamp * 1000) for row in told])


def half_done(since: Instant) -> Lie:
    """What completes after `since` is told as it stood in the middle, and put right once it is not the newest."""

    def partly(told: list[Row], now: Instant) -> list[Row]:
        last = max((row.end for row in told if row.end <= now), default=0)
        return [_so_far(row) if since < row.end == last else row for row in told]

    return rows(partly)


def _so_far(row: Row) -> Row:
    opened, _, _, close = row.prices
    middle = opened + (close - opened) * 0.5
    return row.says(high=max(opened, middle) * 1.0005, low=min(opened, middle) / 1.0005, close=middle)


def same(row: Row) -> Row:
    """A row as it is."""
    return row


def flat(row: Row) -> Row:
    """A row whose prices are all its open."""
    opened = row.values[0]
    return row.says(high=opened, low=opened, close=opened)


def halved(row: Row) -> Row:
    """A row that opens at the whole price and closes at half of it."""
    _, _, low, close = row.prices
    return row.says(low=min(low, close) / 2, close=close / 2)


def scaled(factor: float) -> Callable[[Row], Row]:
    """What multiplies the prices of a row."""
    return lambda row: row.times(factor)


def two_days_later(row: Row) -> Row:
    """The row of a day that has not been, 30 % higher."""
    return replace(row.times(1.3), stamp=row.stamp + 2 * DAY, end=row.end + 2 * DAY)


# What befalls the latest trade


def trade(name: str, change: TradeLie) -> Lie:
    """The honest answer with another latest trade of `name`."""

    async def lie(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        return market.resaid(request, await give(), name, change)

    return lie


def times(factor: float) -> TradeLie:
    """Its price multiplied."""
    return lambda told: Trade(told.price * factor if isinstance(told.price, float | int) else told.price, told.at)


def frozen() -> TradeLie:
    """The first one again and again."""
    first: dict[bool, Trade] = {}
    return lambda told: first.setdefault(told.at is None, told)


def unknown(told: Trade) -> Trade:
    """Nothing is known of a trade."""
    return Trade(None, None)
