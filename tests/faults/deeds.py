"""What can go wrong in a scenario, as things with a beginning and an end."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.stage import Deed, Stage
from tests.servers.liars import Lie, LyingCoinbase, LyingYahoo

YAHOO, EXCHANGE = "yahoo", "exchange"


def server_of(stage: Stage, feed: str) -> LyingYahoo | LyingCoinbase:
    """The server that a feed asks."""
    return stage.yahoo if feed == YAHOO else stage.coinbase


@dataclass(frozen=True)
class Lies:
    """The server of a feed lies."""

    feed: str
    lie: Lie

    def begins(self, stage: Stage) -> None:
        """From now on."""
        server_of(stage, self.feed).lie = self.lie

    def ends(self, stage: Stage) -> None:
        """It is honest again."""
        server_of(stage, self.feed).lie = None


@dataclass(frozen=True)
class Both:
    """Two things go wrong at once."""

    one: Deed
    other: Deed

    def begins(self, stage: Stage) -> None:
        """From now on."""
        self.one.begins(stage)
        self.other.begins(stage)

    def ends(self, stage: Stage) -> None:
        """Both are over."""
        self.one.ends(stage)
        self.other.ends(stage)


@dataclass(frozen=True)
class Stops:
    """The server of a feed is not there: connections are refused."""

    feed: str

    def begins(self, stage: Stage) -> None:
        """It closes its port."""
        server_of(stage, self.feed).stop()
        server_of(stage, self.feed).is_noticed()

    def ends(self, stage: Stage) -> None:
        """It opens the same port."""
        server_of(stage, self.feed).start()


@dataclass(frozen=True)
class Misdates:
    """The server's clock, as its answers tell it, is off by `seconds`."""

    feed: str
    seconds: int

    def begins(self, stage: Stage) -> None:
        """From now on."""
        server_of(stage, self.feed).date_is_off = self.seconds
        server_of(stage, self.feed).is_noticed()

    def ends(self, stage: Stage) -> None:
        """It is set right."""
        server_of(stage, self.feed).date_is_off = 0


@dataclass(frozen=True)
class Steps:
    """The clock of the machine that the bot runs on steps by `seconds`, and back."""

    feed: str
    seconds: int

    def begins(self, stage: Stage) -> None:
        """It steps."""
        stage.bot_is_ahead = self.seconds
        server_of(stage, self.feed).is_noticed()

    def ends(self, stage: Stage) -> None:
        """It is set right."""
        stage.bot_is_ahead = 0
