"""Alerts of one's own, all the way of a line: stored before it is said, said once, and watched from then on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from bot.chats import MOST_IN_ALL
from bot.market.intake import Intake
from bot.parts import Parts, Question
from bot.reception import Reception
from bot.store import schema
from bot.store.chats import own_readers, subscribers
from bot.store.personal import all_alerts
from rules.bars import Tick
from rules.model import Instant
from tests.bot.markets import NOW
from tests.bot.rooms import in_a_room

ASKED = Question("telegram", "71", "private", "71", "/alerts")


async def told(reception: Reception, line: str, asked: Question = ASKED) -> str:
    return (await reception.answer(replace(asked, text=line))).html


def test_an_alert_that_was_acknowledged_is_stored_and_watched_and_the_same_line_again_makes_no_other(
    tmp_path: Path,
) -> None:
    """A process that is killed before its answer has gone answers the line again when it is back. A group, because no
    private chat is let in here.
    """
    group = replace(ASKED, address="-100", kind="group")

    async def use(reception: Reception, parts: Parts) -> None:
        await told(reception, "/alert save sol < 90 close", group)
        answer = await told(reception, "/alert save sol < 90 close", group)
        assert answer.startswith("You have this already: <b>#1</b>")
        async with parts.database.read() as connection:
            [(chat, alert)] = await all_alerts(connection)
            assert [each.chat for each in await own_readers(connection, "telegram")] == [chat]
            assert await subscribers(connection, "telegram") == []
        assert (alert.number, alert.made_at, alert.held) == (1, NOW, False)
        await parts.watch.tick(NOW + 60)
        assert f"#{chat}.1" in parts.watch.book.records
        assert "Solana below 90" in await told(reception, "/alerts", group)

    in_a_room(tmp_path, use)


def test_nobody_sees_or_changes_the_alerts_of_another(tmp_path: Path) -> None:
    other = Question("telegram", "72", "private", "72", "/alerts")

    async def use(reception: Reception, parts: Parts) -> None:
        await told(reception, "/alert save sol < 90")
        await told(reception, "/alert remove 1", other)
        await told(reception, "/alert pause 1", other)
        for line in ("/alerts", "/alerts 1", "/history", "/rules", "/status"):
            assert "Solana below 90" not in await told(reception, line, other)
        assert "Solana below 90" in await told(reception, "/alerts")
        assert "watched" in await told(reception, "/alerts 1")

    in_a_room(tmp_path, use)


def test_in_a_group_only_its_administrators_make_alerts(tmp_path: Path) -> None:
    group = Question("telegram", "-100", "group", "71", "/alerts", configures=False)

    async def use(reception: Reception, parts: Parts) -> None:
        assert "In a group only its administrators may" in await told(reception, "/alert save sol < 90", group)
        assert "is watched" in await told(reception, "/alert save sol < 90", replace(group, configures=True))

    in_a_room(tmp_path, use)


def test_when_a_chat_is_forgotten_so_are_its_alerts(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        await told(reception, "/alert save sol < 90")
        await told(reception, "/forget yes")
        async with parts.database.read() as connection:
            assert await all_alerts(connection) == []
        await parts.watch.tick(NOW + 60)
        assert not any(name.startswith("#") for name in parts.watch.book.records)

    in_a_room(tmp_path, use)


def test_where_all_chats_together_have_as_many_as_there_may_be_no_other_is_made(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        await told(reception, "/alert save sol < 90")
        async with parts.database.write() as connection:
            [row] = (await connection.execute(schema.alerts.select())).all()
            rows = [{**row._mapping, "number": number} for number in range(2, MOST_IN_ALL + 1)]
            await connection.execute(schema.alerts.insert(), rows)
        other = replace(ASKED, address="72", user="72")
        assert "as many alerts as it can" in await told(reception, "/alert save sol < 80", other)

    in_a_room(tmp_path, use)


class Overheard:
    """An intake that notes whose trades it was asked for."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._intake, name)

    async def ticks(self, names: Collection[str], now: Instant) -> dict[str, Tick]:
        self.asked.update(names)
        return {}


@pytest.mark.parametrize(
    ("line", "coins"),
    [
        ("/alert sol < 90", {"SOL"}),
        ("/alert russell -5%", {"BTC", "ETH", "SOL", "ADA", "XRP"}),
        ("/alert anchor 1", {"BTC", "ETH", "SOL", "ADA", "XRP"}),
        ("/alerts", {"BTC", "ETH", "SOL", "ADA", "XRP"}),
        ("/corr RUT SOL", set()),
    ],
)
def test_a_line_is_told_the_trades_of_what_it_is_about(tmp_path: Path, line: str, coins: set[str]) -> None:
    """Of one that names nothing that is known by its id it may be any. It is a holiday: only coins are traded."""

    async def use(_reception: Reception, parts: Parts) -> None:
        overheard = Overheard(parts.intake)
        reception = Reception(replace(parts, intake=cast(Intake, overheard)))
        try:
            await told(reception, line)
        finally:
            reception.close()
        assert overheard.asked == coins

    in_a_room(tmp_path, use)
