"""/status and /health count what further channels are owed, and name them; their URLs are not known here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.commands.registry import TERMINAL
from bot.parts import Parts
from bot.reception import Reception
from bot.store.further import Roll, enrol, enrolled
from bot.store.messages import owe
from rules.model import Severity
from tests.bot.markets import NOW
from tests.bot.rooms import in_a_room
from tests.bot.store.stores import message
from tests.bot.test_reception import ASKED, told

ROLL = Roll({"mail": Severity.INFO}, {"pager": Severity.CRITICAL})


def test_they_are_named_and_what_they_are_owed_counts(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        assert "also told" not in await told(reception, "/status")
        async with parts.database.write() as connection:
            await enrol(connection, ROLL, 0)
            await owe(connection, [message(1)], await enrolled(connection, ROLL.subscribers), NOW)
        status = await told(reception, "/status")
        assert "Messages: 1 owed" in status
        assert "Chats: 0; also told: mail, pager" in status
        operator = replace(ASKED, kind=TERMINAL, text="/health")
        assert "Owed: 1, the oldest for" in (await reception.answer(operator)).html

    in_a_room(tmp_path, use)
