"""/forget: delete all that is stored about a chat."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.changes import Forget
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.chats import NOTHING_STORED, asks_to_forget, forgotten


@command(
    Group.CHAT, "/forget [yes]", "delete all that is stored about this chat", "/forget", changes=True, configures=True
)
def forget(desk: Desk, words: Sequence[str]) -> Reply:
    """Asks first: what is deleted does not come back."""
    sure = [word.lower() for word in words] == ["yes"]
    if words and not sure:
        raise Refusal("it takes the word yes, or nothing")
    if not desk.keeps_chats:
        return Reply(NOTHING_STORED)
    return Reply(forgotten(), (Forget(),)) if sure else Reply(asks_to_forget())
