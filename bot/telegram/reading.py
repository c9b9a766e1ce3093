"""A batch of updates, read: each by itself, so that one that cannot be read costs nobody else theirs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from telegram import Update

from bot.telegram.incoming import Departure, Incoming, Move, read_departure, read_incoming, read_move

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Read:
    """What some updates held: lines to answer, groups that have moved, chats where the bot is no more."""

    lines: list[Incoming] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    left: list[Departure] = field(default_factory=list)


def read(updates: Iterable[Update], our_name: str) -> Read:
    """Sort what came in, in its order. Whatever else there is in an update is not for us."""
    found = Read()
    for update in updates:
        try:
            if (line := read_incoming(update, our_name)) is not None:
                found.lines.append(line)
            elif (move := read_move(update)) is not None:
                found.moves.append(move)
            elif (departure := read_departure(update)) is not None:
                found.left.append(departure)
        except Exception:  # the next update is another person's
            _log.exception("update %d could not be read", update.update_id)
    return found
