"""Lines in a database come back as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.store.database import Database
from bot.telegram.incoming import Incoming
from bot.telegram.letterbox import StoredLetters
from tests.bot.store.stores import NOW, stored

PRIVATE = Incoming("1001", "private", 1001, "/start", number=880_001)
TOPIC = Incoming("-4242", "group", 12, "/corr “RUT” 🟠", 9, 880_002)


def test_another_process_finds_what_was_kept_and_not_answered(tmp_path: Path) -> None:
    async def first(database: Database) -> Sequence[Incoming]:
        letters = StoredLetters(database, lambda: NOW)
        assert await letters.keep([PRIVATE, TOPIC]) == [PRIVATE, TOPIC]
        await letters.answered(PRIVATE)
        return await letters.keep([PRIVATE, TOPIC])

    assert stored(tmp_path, first) == [TOPIC]

    async def second(database: Database) -> Sequence[Incoming]:
        return await StoredLetters(database, lambda: NOW).unanswered()

    assert stored(tmp_path, second) == [TOPIC]
