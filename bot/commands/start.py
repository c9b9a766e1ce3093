"""/start: what this is, and alerts from now on."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.changes import Subscribe
from bot.commands.registry import Desk, Refusal, Reply, command
from bot.render.chats import UNKEPT, greeting, subscribed


@command("/start", "what this bot does; alerts come from now on", "/start", changes=True, configures=True)
def start(desk: Desk, words: Sequence[str]) -> Reply:
    """A greeting and a subscription. Where alerts come already it is written all the same: the chat is there."""
    if words:
        raise Refusal("it takes nothing more")
    if not desk.keeps_chats:
        return Reply(greeting(UNKEPT))
    since = desk.chat.subscribed_since
    already = since is not None
    return Reply(greeting(subscribed(since if since is not None else desk.now, already=already)), (Subscribe(),))
