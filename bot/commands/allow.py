"""/allow: let somebody in."""

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
    "/allow ID",
    "let somebody in: a person or a group by its id",
    "/allow 123456789",
    admins=True,
    wants=Wants.ROSTER,
    changes=True,
)
def allow(desk: Desk, words: Sequence[str]) -> Reply:
    """From now on they are answered and told; they hear of it."""
    if len(words) != 1:
        raise Refusal("it takes one id; /users lists who asks")
    if desk.roster is None:
        return Reply(NOT_WATCHING)
    user, name = person_named(desk.roster, words[0])
    said = decided(user, Standing.ALLOWED, name)
    return Reply(said, (Decide(user, Standing.ALLOWED),), notice=f"{user} is let in")
