"""Briefs are drawn up once for all chats that are due one, and a market that cannot be looked at stops nothing."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.answers import Picture
from bot.answers.personal import PersonalAlert
from bot.briefing import Briefing
from bot.delivery.briefs import Drawn
from bot.queries.view import View
from bot.store.database import Database
from bot.store.personal import save_alert
from rules.model import Basis
from tests.bot.markets import NOW, simulated
from tests.bot.store.stores import stored, subscribes

NEAR = PersonalAlert(1, "close(RUT) > 0 and close(RUT) < 0.5", None, Basis.CLOSE, "asked", "Mine", NOW)
UNKNOWN = PersonalAlert(2, "close(NOWHERE) > 1", None, Basis.CLOSE, "asked", "Gone", NOW)


def drawn(path: Path, *, fails: bool = False) -> tuple[dict[int, Drawn], int]:
    """What two chats are given, of which the first has alerts of its own; and how often it was drawn."""
    pictures: list[Picture] = []
    view = simulated().view()

    async def look() -> View:
        if fails:
            raise RuntimeError("no prices")
        return view

    async def draw(picture: Picture) -> bytes | None:
        pictures.append(picture)
        return b"png"

    async def story(database: Database) -> dict[int, Drawn]:
        await subscribes(database, "7", "8")
        async with database.write() as connection:
            await save_alert(connection, 1, NEAR)
            await save_alert(connection, 1, UNKNOWN)
        with ThreadPoolExecutor(1) as executor:
            briefing = Briefing(database, look, draw, executor)
            return dict(await asyncio.wait_for(briefing.drawn({1, 2}, NOW), 60))

    return stored(path, story), len(pictures)


def test_every_chat_is_given_the_market_and_one_picture_is_drawn(tmp_path: Path) -> None:
    found, pictures = drawn(tmp_path)
    assert (sorted(found), pictures) == ([1, 2], 1)
    assert {each.picture for each in found.values()} == {b"png"}
    assert found[1].brief.regime == found[2].brief.regime
    assert not any(each.rule.startswith("#") for each in found[2].brief.near)


def test_where_the_market_cannot_be_looked_at_there_are_no_briefs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert drawn(tmp_path, fails=True) == ({}, 0)
    assert "the brief could not be made" in caplog.text
