"""The simulated market stands in for itself."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bot.feeds.contract import Feed, Setup, build_feed
from tests.bot.feeds.holding import StandIn
from tests.bot.markets import NOW, SESSIONS


def opened(_: Path, __: ExitStack) -> Feed:
    return build_feed("simulated", Setup(SESSIONS, NOW))


STAND_IN = StandIn(opened)
