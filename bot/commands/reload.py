"""/reload: read the configuration anew, and take it whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.reload import reload_answer
from bot.render.status import NOT_WATCHING


@command(
    Group.ADMIN,
    "/reload",
    "read the configuration anew, whole or not at all",
    "/reload",
    admins=True,
    wants=Wants.READING,
)
def reload(desk: Desk, words: Sequence[str]) -> Reply:
    """What was read lies on the desk; what is taken is taken after this answer."""
    if words:
        raise Refusal("it takes nothing more")
    if desk.reading is None:
        return Reply(NOT_WATCHING)
    return Reply(reload_answer(desk.reading), adopts=desk.reading if desk.reading.taken else None)
