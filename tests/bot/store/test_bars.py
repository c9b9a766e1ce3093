"""Bars come back to the last bit, with what they said before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.bars import BATCH, PRICES, Change, Progress, load_bars, progress_of, save_bars, save_progress
from bot.store.database import Database
from bot.store.schema import revisions
from rules.bars import HOUR, Bars, Interval, Origin
from tests.bot.store.stores import NOW, Place, rows, stored

COINBASE = Origin("exchange", "coinbase", "USD", "base")
KRAKEN = Origin("exchange", "kraken", "USD", "base")
MADE_UP = Origin("simulated", "simulated", "USD", "none", simulated=True)
NAN = float("nan")
NOTHING = np.zeros(0, dtype=np.int64)


def hours(*prices: float, origins: tuple[Origin, ...] = (COINBASE,), which: list[int] | None = None) -> Bars:
    """An hour for each price, of the first origin or of `which`; hours of several origins end together."""
    origin = np.array(which if which is not None else [0] * len(prices), dtype=np.int64)
    end = NOW + np.cumsum(np.diff(origin, prepend=0) <= 0).astype(np.int64) * HOUR
    price = np.array(prices, dtype=np.float64)
    volume = np.where(price > 1.0, price, NAN)
    return Bars(Interval.HOUR, end - HOUR, end, price, price, price, price, volume, end + 120, origin, origins)


def assert_same(found: Bars, expected: Bars) -> None:
    assert (found.interval, found.origins) == (expected.interval, expected.origins)
    for name in ("start", "end", "known_at", "origin", *PRICES):
        assert getattr(found, name).dtype == getattr(expected, name).dtype, name
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes(), name


async def save(database: Database, new: Bars, replaced: Bars | None = None, now: int = NOW, of: str = "SOL") -> None:
    async with database.write() as connection:
        await save_bars(connection, [Change(of, new, new.take(NOTHING) if replaced is None else replaced)], now)


async def load(database: Database, of: str = "SOL") -> Bars:
    async with database.read() as connection:
        return await load_bars(connection, of, Interval.HOUR)


def kept(path: Place, *tables: Bars) -> Bars:
    """What the store makes of tables that are saved one after the other."""

    async def story(database: Database) -> Bars:
        for table in tables:
            await save(database, table)
        return await load(database)

    return stored(path, story)


@pytest.mark.parametrize(
    "table",
    [
        hours(),
        hours(137.25),
        hours(0.1, NAN, 1 / 3, 5e-324, 1.7976931348623157e308, 100.0, 3.0),
        hours(1.5, 1.25, 1.75, 1.5, origins=(COINBASE, KRAKEN), which=[0, 1, 0, 1]),
        hours(1.5, 1.25, 1.75, origins=(KRAKEN, COINBASE, MADE_UP), which=[0, 1, 2]),
    ],
    ids=["none", "one", "all sorts", "two origins", "three at once"],
)
def test_bars_come_back_to_the_last_bit(place: Place, table: Bars) -> None:
    found = kept(place, table)
    assert_same(found, table if len(table) else hours(origins=()))


def test_any_price_comes_back_to_the_last_bit(new_place: Callable[[], Place]) -> None:
    price = st.one_of(st.just(NAN), st.floats(min_value=0, exclude_min=True))
    prices: Any = st.lists(price, max_size=50)

    @given(prices)
    def holds(some: list[float]) -> None:
        table = hours(*some)
        found = kept(new_place(), table)
        assert found.close.tobytes() == table.close.tobytes()

    holds()


def test_more_bars_than_a_batch(place: Place) -> None:
    table = hours(*(1.0 + number / 7 for number in range(2 * BATCH + 3)))
    assert_same(kept(place, table), table)


def test_an_origin_that_has_no_bar_of_an_instrument_is_none_of_its_origins(place: Place) -> None:
    async def story(database: Database) -> Bars:
        await save(database, hours(1.0, origins=(KRAKEN,)), of="ETH")
        await save(database, hours(2.0, origins=(COINBASE,)))
        return await load(database)

    assert_same(stored(place, story), hours(2.0))


def test_instruments_and_intervals_are_kept_apart(place: Place) -> None:
    async def story(database: Database) -> tuple[Bars, int]:
        await save(database, hours(1.0), of="SOL")
        await save(database, hours(2.0), of="ETH")
        async with database.read() as connection:
            return await load(database), len(await load_bars(connection, "SOL", Interval.DAY))

    found, days = stored(place, story)
    assert_same(found, hours(1.0))
    assert days == 0


def test_a_bar_written_again_is_one_bar(place: Place) -> None:
    assert_same(kept(place, hours(1.0, 2.0, 3.0), hours(1.0, 2.5)), hours(1.0, 2.5, 3.0))


def test_bars_of_an_earlier_stretch_may_come_later(place: Place) -> None:
    table = hours(1.0, 2.0, 3.0, 4.0)
    assert_same(kept(place, table.take(slice(2, 4)), table.take(slice(0, 2))), table)


def test_what_a_bar_said_before_is_kept_with_when_each_was_known(place: Place) -> None:
    async def story(database: Database) -> tuple[Bars, list[dict[str, object]]]:
        first, second = hours(1.0, NAN), hours(1.5)
        await save(database, first)
        await save(database, second, replaced=first.take(slice(0, 1)), now=NOW + 9_000)
        return await load(database), await rows(database, revisions)

    now, before = stored(place, story)
    assert_same(now, hours(1.5, NAN))
    assert [(each["close"], each["volume"], each["known_at"], each["replaced_at"]) for each in before] == [
        (1.0, None, NOW + HOUR + 120, NOW + 9_000)
    ]


def test_a_revision_of_a_revision_is_kept_too(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        for before, after in ((1.0, 2.0), (2.0, 3.0)):
            await save(database, hours(after), replaced=hours(before))
        return [each["close"] for each in await rows(database, revisions)]

    assert stored(place, story) == [1.0, 2.0]


def test_how_far_a_backfill_has_come_is_known_after_a_restart(place: Place) -> None:
    async def writes(database: Database) -> None:
        async with database.write() as connection:
            await save_progress(connection, "RUT", Interval.DAY, Progress(10, 20, complete=False))
            await save_progress(connection, "RUT", Interval.DAY, Progress(10, 30, complete=True))
            await save_progress(connection, "SOL", Interval.HOUR, Progress(5, 6, complete=False))

    async def reads(database: Database) -> object:
        async with database.read() as connection:
            return await progress_of(connection)

    stored(place, writes)
    assert stored(place, reads) == {
        ("RUT", Interval.DAY): Progress(10, 30, complete=True),
        ("SOL", Interval.HOUR): Progress(5, 6, complete=False),
    }


def test_bars_are_read_as_they_were_known_at_an_instant(place: Place) -> None:
    """A price that was restated twice, and one that came late."""
    first, second = hours(100.0, 101.0), hours(100.0, 101.0, 102.0)
    said = [replace(first, known_at=first.known_at * 0 + NOW)]
    for at, price in ((10, 90.0), (20, 95.0)):
        again = first.take(slice(1))
        changed: Any = {name: np.array([price]) for name in ("open", "high", "low", "close")}
        said.append(replace(again, known_at=again.known_at * 0 + NOW + at, **changed))
    late = replace(second.take(slice(2, None)), known_at=np.array([NOW + 15]))

    async def story(database: Database) -> list[list[float]]:
        await save(database, said[0], now=NOW)
        await save(database, said[1], said[0].take(slice(1)), NOW + 10)
        await save(database, late, now=NOW + 15)
        await save(database, said[2], said[1], NOW + 20)
        seen = []
        async with database.read() as connection:
            for at in (-1, 0, 9, 10, 15, 19, 20):
                known = await load_bars(connection, "SOL", Interval.HOUR, NOW + at)
                assert (known.start == known.end - HOUR).all()
                seen.append(known.close.tolist())
        return seen

    assert stored(place, story) == [
        [], [100.0, 101.0], [100.0, 101.0], [90.0, 101.0], [90.0, 101.0, 102.0], [90.0, 101.0, 102.0],
        [95.0, 101.0, 102.0],
    ]  # fmt: skip
