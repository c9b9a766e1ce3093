"""What a command wants stored: values, carried out by who keeps the store before the reply is given. The reply says
that it was done.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.people import Standing
from bot.answers.personal import PersonalAlert
from bot.answers.preferences import Preferences


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Alerts come to this chat from now on, in the topic it was asked for in."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """None come any more."""


@dataclass(frozen=True, slots=True)
class Forget:
    """Everything about this chat is deleted."""


@dataclass(frozen=True, slots=True)
class Prefer:
    """The chat wants to be told so from now on."""

    preferences: Preferences


@dataclass(frozen=True, slots=True)
class SaveAlert:
    """An alert of the chat is new, or stands in place of the one of its number."""

    alert: PersonalAlert


@dataclass(frozen=True, slots=True)
class RemoveAlert:
    """An alert of the chat is no more."""

    number: int


@dataclass(frozen=True, slots=True)
class AskToBeLetIn:
    """Whoever wrote wants to use the bot; administrators are told, once."""

    user: str
    name: str


@dataclass(frozen=True, slots=True)
class Decide:
    """An administrator lets somebody in, or does not; who it is about is told."""

    user: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Broadcast:
    """An administrator's words for every chat that is told of alerts."""

    html: str


Change = Subscribe | Unsubscribe | Forget | Prefer | SaveAlert | RemoveAlert | AskToBeLetIn | Decide | Broadcast
