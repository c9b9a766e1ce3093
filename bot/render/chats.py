"""What a chat is told about itself: the greeting, its subscription, what is stored, its ids."""

from __future__ import annotations

from html import escape

from bot.answers import Chat
from bot.render.alerts import SIMULATED_LINE
from bot.render.numbers import instant
from rules.model import Instant

NO_ADVICE = "Not investment advice."
UNKEPT = "This terminal keeps no subscription: alerts come from <code>bellwether run</code>."
NOTHING_STORED = "Nothing is stored about this terminal."
STORED = (
    "its id and kind; when it first wrote and last asked for alerts; since when they come, and in which topic; "
    "how it wants to be told; its own alerts; buttons it was shown; alerts it was sent or is owed; "
    "and a line it wrote, until that is answered"
)
"""What the tables of the store hold of a chat."""


def greeting(subscription: str, *, simulated: bool) -> str:
    """What the bot does; `subscription` says whether alerts come, buttons what to watch beside."""
    return "\n".join(
        [
            "<b>Bellwether</b> tells when the market's regime shifts: records, couplings, volatility, "
            "risk-on and risk-off.",
            *([SIMULATED_LINE] if simulated else []),
            subscription,
            "Tap a first alert of your own.",
            "/help lists the commands.",
            "/forget says what is stored here.",
            NO_ADVICE,
        ]
    )


def subscribed(since: Instant | None) -> str:
    """That alerts come from now on, or have come `since` then."""
    which = "from now on" if since is None else f"since {instant(since)}"
    return f"Alerts come here {which}; /stop ends that."


def unsubscribed(*, before: bool) -> str:
    """That none come any more; `before` is whether any came."""
    first = "No more alerts come here." if before else "No alerts come here."
    return f"{first} Commands are still answered; /start brings alerts back."


def asks_to_forget() -> str:
    """What would be deleted, and how to say yes."""
    return f"This deletes what is stored about this chat: {STORED}. No more alerts would come.\n/forget yes does it."


def forgotten() -> str:
    """That it was done."""
    return "All that was stored about this chat is deleted, and no more alerts come. /start begins anew."


def ids(chat: Chat) -> str:
    """The numbers an operator puts into telegram.allow."""
    lines = [f"Chat: <code>{escape(chat.address)}</code> ({escape(chat.kind)})"]
    if chat.user and chat.user != chat.address:
        lines.append(f"You: <code>{escape(chat.user)}</code>")
    return "\n".join(lines)
