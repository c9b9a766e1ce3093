"""/ask: somebody who is not let in asks to be."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.changes import AskToBeLetIn
from bot.answers.people import MOST_PENDING, Standing
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.people import (
    ASKED,
    ASKED_BEFORE,
    LET_IN_ALREADY,
    NOBODY_TO_ASK,
    REFUSED_BEFORE,
    TOO_MANY_ASK,
)


@command(Group.CHAT, "/ask", "ask the operator to let you in", "/ask", wants=Wants.ROSTER, strangers=True)
def ask(desk: Desk, words: Sequence[str]) -> Reply:
    """Administrators are told, with a button for each decision; who asks is stored by id and name until then."""
    if words:
        raise Refusal("it takes nothing more")
    roster, user = desk.roster, desk.chat.user
    if not desk.chat.stranger:
        return Reply(LET_IN_ALREADY)
    if roster is None or not roster.admins or not user:
        return Reply(NOBODY_TO_ASK)
    known = next((each for each in roster.known if each.user == user), None)
    if known is not None:
        return Reply(REFUSED_BEFORE if known.standing is Standing.DENIED else ASKED_BEFORE)
    if sum(each.standing is Standing.PENDING for each in roster.known) >= MOST_PENDING:
        return Reply(TOO_MANY_ASK)
    return Reply(ASKED, (AskToBeLetIn(user, desk.chat.name),))
