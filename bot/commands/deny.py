"""/deny: refuse somebody."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.changes import Decide
from bot.answers.people import Standing
from bot.commands.reading import person_named
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.people import decided
from bot.render.status import NOT_WATCHING


@command(
    Group.ADMIN,
    "/deny ID",
    "refuse somebody, or take back that they were let in",
    "/deny 123456789",
    admins=True,
    wants=Wants.ROSTER,
    changes=True,
)
def deny(desk: Desk, words: Sequence[str]) -> Reply:
    """Nothing of theirs is answered any more, and nothing is sent to them."""
    if len(words) != 1:
        raise Refusal("it takes one id; /users lists who was let in")
    if desk.roster is None:
        return Reply(NOT_WATCHING)
    user, name = person_named(desk.roster, words[0])
    if user in desk.roster.configured | desk.roster.admins:
        raise Refusal(f"{user} is let in by the configuration: take it out of telegram.allow, then /reload")
    said = decided(user, Standing.DENIED, name)
    return Reply(said, (Decide(user, Standing.DENIED),), notice=f"{user} is refused")
