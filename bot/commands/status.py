"""/status: whether all is well."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.status import NOT_WATCHING, status_answer


@command(Group.CHAT, "/status", "whether all is well: prices, rules, messages", "/status")
def status(desk: Desk, words: Sequence[str]) -> Reply:
    """What is not well first, then the facts."""
    if words:
        raise Refusal("it takes nothing more")
    if desk.status is None:
        return Reply(NOT_WATCHING)
    return Reply(status_answer(desk.status, simulated=desk.view.simulated))
