"""/health: what runs, and what is owed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.health import Storage
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.health import health_answer
from bot.render.status import NOT_WATCHING


@command(
    Group.ADMIN, "/health", "what runs, and which messages are owed and why", "/health", wants=Wants.OUTBOX, admins=True
)
def health(desk: Desk, words: Sequence[str]) -> Reply:
    """What must go on, then the outbox."""
    if words:
        raise Refusal("it takes nothing more")
    if desk.status is None or desk.outbox is None:
        return Reply(NOT_WATCHING)
    storage = Storage(desk.status.size, desk.status.free, desk.status.rows)
    return Reply(health_answer(desk.status.vitals, desk.outbox, desk.now, storage))
