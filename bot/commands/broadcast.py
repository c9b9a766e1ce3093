"""/broadcast: the operator's words for every chat that is told of alerts."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button
from bot.answers.changes import Broadcast
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.people import broadcast as message
from bot.render.people import broadcast_preview, broadcast_sent
from bot.render.status import NOT_WATCHING

LONGEST = 900
"""Characters: a line has room for no more."""


@command(
    Group.ADMIN,
    "/broadcast TEXT",
    "tell every chat that gets alerts something",
    "/broadcast Back at 18:00",
    admins=True,
    wants=Wants.ROSTER,
)
def broadcast(desk: Desk, words: Sequence[str]) -> Reply:
    """Shown first; sent when that is confirmed."""
    sure = bool(words) and words[0] == "send"
    said = " ".join(words[1:] if sure else words)
    if not said:
        raise Refusal("it takes the words to be told")
    if len(said) > LONGEST:
        raise Refusal(f"it takes {LONGEST} characters at most, not {len(said)}")
    if desk.roster is None:
        return Reply(NOT_WATCHING)
    if sure:
        return Reply(broadcast_sent(desk.roster.chats), (Broadcast(message(said)),))
    send = Button(f"Send to {desk.roster.chats}", f"/broadcast send {said}")
    return Reply(broadcast_preview(said, desk.roster.chats), buttons=((send,),))
