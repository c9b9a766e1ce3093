"""What happens in a chat as whoever looks on sees it: messages as they stand, buttons, words that are flashed."""

from __future__ import annotations

from dataclasses import dataclass

Keys = tuple[tuple[tuple[str, str], ...], ...]
"""Rows of buttons: the label of each, and what Telegram hands back when it is tapped."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was accepted. `text` is as sent, `plain` as a reader sees it, `at` is monotonic; with a `photo`
    they are its caption. `size` is that of the photo, in pixels.
    """

    chat_id: int
    text: str
    plain: str
    parse_mode: str | None
    message_id: int
    disable_notification: bool
    thread: int | None
    at: float
    photo: bytes | None = None
    size: tuple[int, int] | None = None
    buttons: Keys = ()
    replies_to: int | None = None

    @property
    def labels(self) -> list[list[str]]:
        """What is read on the buttons, row by row."""
        return [[label for label, _ in row] for row in self.buttons]


@dataclass(frozen=True, slots=True)
class Edited:
    """A message that reads otherwise from now on."""

    posted: Posted

    @property
    def chat_id(self) -> int:
        """Where it stands."""
        return self.posted.chat_id


@dataclass(frozen=True, slots=True)
class Wrote:
    """Somebody wrote something."""

    chat_id: int
    user: int
    text: str
    kind: str
    thread: int | None


@dataclass(frozen=True, slots=True)
class Tapped:
    """Somebody tapped a button; without a `label` something that was never on one."""

    chat_id: int
    user: int
    query: str
    label: str


@dataclass(frozen=True, slots=True)
class Flashed:
    """Whoever tapped was answered; an `alert` stays until it is read. Without words the button is only busy no more."""

    chat_id: int
    query: str
    text: str
    alert: bool


Happening = Posted | Edited | Wrote | Tapped | Flashed
