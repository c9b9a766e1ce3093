"""Desks that tests ask at: a terminal behind which nothing runs, and a chat of a running service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.answers import POLLING, Chat, SourceStatus, Status
from bot.answers.people import Person, Roster, Standing
from bot.commands.registry import Desk, Reply, answer
from bot.console import TERMINAL
from bot.queries.view import View
from tests.bot.markets import NOW, Folder, hours, utc_days, weekdays

DAY = 86_400
PRIVATE = Chat("telegram", "71", "private", subscribed_since=None, user="71", admin=True)
ROSTER = Roster(frozenset({"5"}), frozenset({"71"}), known=(Person("9", "Eve", Standing.PENDING, NOW),), chats=2)
GROUP = Chat("telegram", "-1001234567890", "group", subscribed_since=None, user="71", admin=True)


def status(**changes: object) -> Status:
    """A service that is well, and has been for three days."""
    well = Status(
        started=NOW - 3 * DAY,
        now=NOW,
        sources=(SourceStatus("yahoo", NOW - 12, None, ""), SourceStatus("coinbase", NOW - 40, None, "")),
        waiting={},
        rules=29,
        rules_waiting=0,
        owed=0,
        oldest_owed=None,
        failed=0,
        chats=2,
        last_judged=NOW - 3_600,
        telegram=POLLING,
        database="bellwether.db",
        size=214_300_000,
    )
    return replace(well, **changes)  # type: ignore[arg-type]


def offline(view: View) -> Desk:
    """A terminal, as `bellwether chat` opens it."""
    return Desk(view, TERMINAL, None, NOW)


def live(view: View, chat: Chat = PRIVATE, **changes: object) -> Desk:
    """A chat of the running service; `changes` are what its status says otherwise."""
    return Desk(view, chat, status(**changes), NOW, roster=ROSTER)


def ask_offline(view: View, line: str) -> Reply:
    """What the terminal gets."""
    return answer(offline(view), line)


def two_indices_and_bitcoin(path: Path) -> Folder:
    """RUT and SPX since 2024, BTC with hours since 2025-06."""
    return (
        Folder(path)
        .holds("RUT_1d.csv", *weekdays("2024-01-01", "2025-12-31", 1))
        .holds("SPX_1d.csv", *weekdays("2024-01-01", "2025-12-31", 2))
        .holds("BTC_1d.csv", *utc_days("2024-06-01", "2025-12-31", 3))
        .holds("BTC_1h.csv", *hours("2025-06-01", "2025-12-31", 4))
    )
