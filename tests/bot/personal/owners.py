"""People of a station who make alerts, as a command of theirs would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.answers.changes import RemoveAlert, SaveAlert
from bot.answers.personal import PersonalAlert
from bot.chats import Where, carry_out, kept_of
from bot.personal.forms import read
from rules.model import Instant
from tests.bot.market.stations import CHANNEL, SCOPE, Station
from tests.bot.personal.market import FakeMarket


class StationMarket(FakeMarket):
    """Both indices at 99, as the tests of the watch have them."""

    def __init__(self) -> None:
        super().__init__()
        self.scope = SCOPE
        self._prices = {"RUT": 99.0, "SPX": 99.0}


def makes(station: Station, address: str, line: str, now: Instant, **changes: Any) -> PersonalAlert:
    """Somebody's alert of a line is saved; `changes` are what is otherwise than the line says."""

    async def save() -> PersonalAlert:
        async with station.database.write() as connection:
            kept = await kept_of(connection, CHANNEL, address)
            made = replace(read(line, StationMarket()).alert(kept.alerts_made + 1, now), **changes)
            await carry_out(connection, [SaveAlert(made)], Where(CHANNEL, address, "private"), now)
            return made

    return station.runs(save())  # type: ignore[no-any-return]


def removes(station: Station, address: str, number: int, now: Instant) -> None:
    """Somebody removes one."""

    async def remove() -> None:
        async with station.database.write() as connection:
            await carry_out(connection, [RemoveAlert(number)], Where(CHANNEL, address, "private"), now)

    station.runs(remove())


def has(station: Station, address: str) -> tuple[PersonalAlert, ...]:
    """Somebody's alerts, as they are stored."""

    async def look() -> tuple[PersonalAlert, ...]:
        async with station.database.read() as connection:
            return (await kept_of(connection, CHANNEL, address)).alerts

    return station.runs(look())  # type: ignore[no-any-return]
