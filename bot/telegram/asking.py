"""What is looked into before a line is answered: whether a tapped button is known, and whether who tapped or wrote may
say how the chat is told.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.delivery.channel import Answer
from bot.telegram.administrators import Administrators, NotKnown
from bot.telegram.incoming import Incoming

TOO_OLD = "That button is too old; send the command again."
NOT_IN_A_CHANNEL = "In a channel the buttons are for its administrators."
NOT_CHECKED = "It could not be checked whether you are an administrator here, so nothing was done. Please try again."

_log = logging.getLogger(__name__)

Find = Callable[[Incoming], Awaitable[Answer | None]]


def asking(find: Find, administrators: Administrators) -> Find:
    """As `find`, for lines of which that is known; the others are refused. A tap is refused by a flash alone."""

    async def ask(line: Incoming) -> Answer | None:
        if line.tap is not None and line.tap.place is None:
            return Answer("", notice=TOO_OLD)
        try:
            may = await administrators.may(line)
        except NotKnown as error:
            _log.warning("who administers %s is not known: %s", line.address, error)
            return Answer(NOT_CHECKED if line.tap is None else "", notice=NOT_CHECKED)
        if line.kind == "channel" and not may:
            return Answer("", notice=NOT_IN_A_CHANNEL)
        return await find(replace(line, configures=may))

    return ask
