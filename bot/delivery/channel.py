"""What a channel promises, and how a sending may end. Outcomes are data: the worker settles each by its type.

A channel translates its own errors to these; nothing of Telegram or of a terminal is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

from bot.answers.buttons import NO_BUTTONS, Keyboard


class Rank(IntEnum):
    """What goes first where many messages wait for one channel."""

    REPLY = 0
    ALERT = 1
    DIGEST = 2
    """What is no news: it can wait until everything else has gone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody reads who asked: Telegram HTML that is complete by itself, and a PNG to see beside it, or none.

    `notice` is flashed over the chat where a button was tapped, without markup; empty: nothing is. `afterwards` is what
    happens when it has gone, and is never asked for again.
    """

    html: str
    picture: bytes | None = field(default=None, repr=False)
    afterwards: Callable[[], None] | None = field(default=None, repr=False)
    buttons: Keyboard = NO_BUTTONS
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around the words of a message: `buttons` beneath them, a `picture` (PNG) beside them, the topic of the
    chat (`thread`) that they go to, the message that they answer (`replies_to`, its id in the channel; empty: none).

    A channel without such things leaves them out: the words are complete.
    """

    buttons: Keyboard = NO_BUTTONS
    picture: bytes | None = field(default=None, repr=False)
    thread: int | None = None
    replies_to: str = ""


BARE = Frame()
"""Words alone."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel accepted the message; `message` is its id there, empty where there is none."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Surely not delivered. `seconds` is what the channel asked for; None leaves the delay to the worker."""

    reason: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Resting:
    """Not tried: the chat has had as much as it bears, for so many `seconds` more."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Delivered or not: the answer was lost on the way."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChatGone:
    """Nothing can be sent to this chat any more: blocked, deleted, kicked."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChatMoved:
    """The chat lives at another address now; nothing was delivered."""

    address: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The channel cannot read the message's markup; the same words as plain text may pass."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The channel refuses this message for good."""

    reason: str


@dataclass(frozen=True, slots=True)
class TokenRejected:
    """The channel does not know us: every message would fail. Nothing is lost, nothing goes out."""

    reason: str


Outcome = Sent | RetryLater | Resting | Ambiguous | ChatGone | ChatMoved | NotUnderstood | Rejected | TokenRejected


class Channel(Protocol):
    """A way to a reader. Never raises for what a network or a reader does."""

    @property
    def name(self) -> str:
        """How chats of this channel are stored: telegram, console."""
        ...

    def turn_away(self) -> None:
        """Tell everything that waits for its turn, and is no reply, that it gets none: whoever sends it ends."""
        ...

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        """Send one message to a chat. `plain` sends the words without markup; `silent` without a sound."""
        ...
