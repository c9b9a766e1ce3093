"""Buttons that were shown: what each stands for, in which chat. Telegram is given a token, and hands it back.

The token is that of the chat and the line, so that a button shown again is the same row, and means nothing elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from bot.answers.buttons import Button, Place
from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import taps
from rules.model import Instant


def token_of(channel: str, address: str, button: Button) -> str:
    """What Telegram is given for a button of a chat: 32 characters of its 64 bytes."""
    said = "\0".join((channel, address, button.place.value, button.line))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


async def show(connection: Connection, channel: str, address: str, buttons: Iterable[Button], now: Instant) -> None:
    """Buttons are about to be shown in a chat."""
    rows = [
        {
            "token": token_of(channel, address, each),
            "channel": channel,
            "address": address,
            "line": each.line,
            "place": each.place.value,
            "shown_at": now,
        }
        for each in dict.fromkeys(buttons)
    ]
    if rows:
        await connection.execute(insert_or_update(taps, ["token"], ["shown_at"]), rows)


async def tapped(connection: Connection, channel: str, address: str, token: str) -> Button | None:
    """What a token stands for in a chat; None for one that was never shown there, or too long ago."""
    query = sa.select(taps).where(taps.c.token == token, taps.c.channel == channel, taps.c.address == address)
    row = (await connection.execute(query)).first()
    return None if row is None else Button("", row.line, Place(row.place))


async def move_taps(connection: Connection, channel: str, old: str, new: str) -> None:
    """A chat lives at another address: tokens of the old one are looked up there."""
    theirs = sa.update(taps).where(taps.c.channel == channel, taps.c.address == old)
    await connection.execute(theirs.values(address=new))


async def forget_taps(connection: Connection, channel: str, address: str) -> None:
    """Buttons of a chat mean nothing any more."""
    await connection.execute(sa.delete(taps).where(taps.c.channel == channel, taps.c.address == address))
