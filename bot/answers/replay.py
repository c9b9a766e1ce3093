"""What a replay found: the events of a period, and how each rule did in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.answers.stats import Stat
from rules.model import AlertEvent


@dataclass(frozen=True)
class Replay:
    """The sessions `first` to `last`, None where there are none; their events, oldest first; the rules in their order.

    Rules are looked at only where that was asked for.
    """

    first: dt.date | None
    last: dt.date | None
    events: tuple[AlertEvent, ...]
    rules: tuple[Stat, ...]
    simulated: bool
