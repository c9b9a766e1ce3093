"""/stop: no more alerts."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.changes import Unsubscribe
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.chats import UNKEPT, unsubscribed


@command(Group.CHAT, "/stop", "no more alerts; commands are still answered", "/stop", changes=True, configures=True)
def stop(desk: Desk, words: Sequence[str]) -> Reply:
    """The subscription ends, and how it comes back."""
    if words:
        raise Refusal("it takes nothing more")
    if not desk.keeps_chats:
        return Reply(UNKEPT)
    if desk.chat.subscribed_since is None:
        return Reply(unsubscribed(before=False))
    return Reply(unsubscribed(before=True), (Unsubscribe(),))
