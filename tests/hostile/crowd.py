"""Chats of every kind that write hostile lines and tap whatever they are shown, against the real commands and a real
database. What they choose is kept, so that a line meets what the ones before it have left.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from bot.answers import Chat
from bot.answers.buttons import Keyboard
from bot.chats import Where, carry_out, kept_of
from bot.commands.registry import Desk, Reply, answer
from bot.console import TERMINAL
from bot.people import Door, roster
from bot.queries.view import View
from bot.store.database import Database
from tests.bot.commands.desks import status
from tests.bot.markets import NOW, simulated
from tests.bot.render.html import TelegramReader
from tests.hostile.lines import hostile_lines

DOOR = Door("telegram", frozenset({"71", "-1001234567890"}), frozenset({"70"}))
CHATS = (
    TERMINAL,
    Chat("telegram", "70", "private", None, "70", admin=True, name="Root <b>"),
    Chat("telegram", "71", "private", None, "71"),
    Chat("telegram", "-1001234567890", "group", None, "71", configures=False),
    Chat("telegram", "-1001234567890", "group", None, "72"),
    Chat("telegram", "-1009876543210", "channel", None, ""),
    Chat("telegram", "73", "private", None, "73", configures=True, name="\u202eeve", stranger=True),
)
TAPS = 0.3
"""The share of lines that are taps, where there is something to tap."""


@dataclass
class Verdict:
    """What came of it: how many lines and taps, what was stored, and every fault with the line that led to it."""

    lines: int = 0
    taps: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def faults_of(reply: Reply) -> list[str]:
    """What Telegram would refuse of a reply."""
    found = TelegramReader(reply.html).faults
    keys = [button for row in reply.buttons for button in row]
    found += [
        f"a label of {len(each.label)}: {each.label!r}" for each in keys if not 1 <= len(each.label.strip()) <= 64
    ]
    if len(keys) > 100:
        found.append(f"{len(keys)} buttons")
    if len(reply.notice) > 200:
        found.append(f"a notice of {len(reply.notice)}")
    return found


async def play(folder: Path, view: View, seed: int, count: int) -> Verdict:
    """So many lines and taps, one after the other."""
    chance, verdict = random.Random(seed), Verdict()
    database = Database(folder / "hostile.db", durable=False)
    await database.migrate()
    shown: dict[int, Keyboard] = {}
    try:
        for line in islice(hostile_lines(chance), count):
            index = chance.randrange(len(CHATS))
            keys = list(chain.from_iterable(shown.get(index, ())))
            if tapped := bool(keys) and chance.random() < TAPS:
                line = chance.choice(keys).line
            verdict.lines += 1
            verdict.taps += tapped
            try:
                reply = await _answered(database, view, CHATS[index], line, verdict)
            except Exception as error:  # what a hostile line must never lead to, whatever it is
                verdict.faults.append(f"{CHATS[index].kind} {line!r}: {type(error).__name__}: {error}")
                continue
            shown[index] = reply.buttons or shown.get(index, ())
            verdict.faults += [f"{CHATS[index].kind} {line!r}: {fault}" for fault in faults_of(reply)]
    finally:
        await database.close()
    return verdict


async def _answered(database: Database, view: View, chat: Chat, line: str, verdict: Verdict) -> Reply:
    where = Where(chat.channel, chat.address, chat.kind, None, chat.user, DOOR)
    async with database.read() as connection:
        kept = await kept_of(connection, chat.channel, chat.address)
        known = await roster(connection, DOOR)
    reply = answer(Desk(view, chat, status(), NOW, kept=kept, roster=known), line)
    if reply.changes:
        verdict.changed.update(type(each).__name__ for each in reply.changes)
        async with database.write() as connection:
            await carry_out(connection, reply.changes, where, NOW)
    return reply


def main_of(folder: Path, seed: int, count: int) -> Verdict:
    """The same, for who is no coroutine."""
    return asyncio.run(play(folder, simulated().view(), seed, count))
