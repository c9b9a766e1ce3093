"""What is owed to chats and why, and what could not be delivered; the service may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bot.answers.outbox import Delivery
from bot.app import settings_of
from bot.cli._options import add_json, whole_number
from bot.cli._output import iso, print_json
from bot.clock import now
from bot.render.numbers import duration
from rules.model import Instant

_HEAD = ("id", "chat", "tries", "since", "next try", "expires", "why")

SHOWN = 50
"""Messages that are shown where nobody says how many."""


def configure(parser: argparse.ArgumentParser) -> None:
    """--config, --undelivered, --most, --json."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    text = "what ended without being sent, the newest first: no news any more, refused, its chat gone"
    parser.add_argument("--undelivered", action="store_true", help=text)
    most = f"how many messages to show ({SHOWN})"
    parser.add_argument("--most", type=whole_number(1, 1_000_000), default=SHOWN, metavar="N", help=most)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what there is, in the order it falls due."""
    url = settings_of(arguments.config).store.url.get_secret_value()
    count, found = asyncio.run(_found(url, arguments.most, undelivered=arguments.undelivered))
    if arguments.json:
        for each in found:
            print_json(_values(each), simulated=False)
        return 0
    at, what = now(), "undelivered" if arguments.undelivered else "owed"
    print(f"{count} {'message' if count == 1 else 'messages'} {what}")
    for line in _table(_HEAD, (_row(each, at) for each in found)):
        print(line)
    if count > len(found):
        print(f"and {count - len(found)} more: --most N")
    return 0


async def _found(url: str, most: int, *, undelivered: bool) -> tuple[int, list[Delivery]]:
    """How many there are, and the first of them. Raises StoreError where there is no database."""
    from bot.store import owed  # a database is nothing for `--help` to load
    from bot.store.database import look_into

    count, rows = (owed.count_undelivered, owed.undelivered) if undelivered else (owed.count_owed, owed.owed_deliveries)
    async with look_into(url) as database, database.read() as connection:
        return await count(connection), await rows(connection, most)


def _values(each: Delivery) -> dict[str, object]:
    instants = {"since": iso(each.since), "due": each.due and iso(each.due), "expires": iso(each.expires)}
    return {**asdict(each), **instants}


def _row(each: Delivery, at: Instant) -> list[str]:
    why = each.why if each.due is not None else f"{each.state}: {each.why}" if each.why else each.state
    return [
        str(each.id),
        f"{each.channel} {each.address}",
        str(each.attempts),
        f"{duration(max(0, at - each.since))} ago",
        "" if each.due is None else _in(each.due - at),
        "" if each.due is None else _in(each.expires - at),
        f"{why} (may be a repeat)" if each.repeat else why,
    ]


def _in(seconds: int) -> str:
    return f"in {duration(seconds)}" if seconds > 0 else "now"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """Lines with their columns beneath each other; none without rows."""
    table = [list(head), *map(list, rows)]
    if len(table) == 1:
        return []
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
