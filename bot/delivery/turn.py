"""A turn at the pace of a channel, waited for within a bound. That there is none, and why, is told as an outcome."""

from __future__ import annotations

import asyncio
import math

from bot.delivery.channel import Outcome, Rank, Resting, RetryLater
from bot.delivery.pacing import OnHold, Pacer, ToRest

PATIENCE, LINE = 2.0, 60.0
"""Seconds that what is owed waits for a chat that has to rest, and in the line: if it is longer, others go first and it
comes again. A reply waits as long as it takes.
"""

NOT_OURS = "it is not sure that this process works"


async def turn(pacer: Pacer, address: str, rank: Rank, *, group: bool = False) -> Outcome | None:
    """Wait for a turn; why there is none, or None when it has come."""
    reply = rank is Rank.REPLY
    try:
        async with asyncio.timeout(None if reply else LINE):
            await pacer.turn(address, group=group, rank=rank, patience=math.inf if reply else PATIENCE)
    except OnHold as hold:
        return RetryLater(str(hold), hold.seconds)
    except ToRest as rest:
        return Resting(rest.seconds)
    except TimeoutError:
        return Resting(0.0)
    return None
