"""/id: the chat's number and the user's."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.chats import ids


@command(Group.CHAT, "/id", "the id of this chat and yours", "/id")
def id_(desk: Desk, words: Sequence[str]) -> Reply:
    """What an operator needs to let somebody in."""
    if words:
        raise Refusal("it takes nothing more")
    return Reply(ids(desk.chat))
