"""/users: who may use the bot, and who asks to."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard
from bot.answers.people import Roster, Standing
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.render.people import roster_answer
from bot.render.status import NOT_WATCHING

AT_ONCE = 5
"""Of how many who ask the answer has buttons."""


@command(Group.ADMIN, "/users", "who may use this bot, and who asks to", "/users", admins=True, wants=Wants.ROSTER)
def users(desk: Desk, words: Sequence[str]) -> Reply:
    """Everybody by their ids; who waits for a decision with the buttons for it."""
    if words:
        raise Refusal("it takes nothing more")
    if desk.roster is None:
        return Reply(NOT_WATCHING)
    return Reply(roster_answer(desk.roster), buttons=_decisions(desk.roster))


def _decisions(roster: Roster) -> Keyboard:
    waiting = [each for each in roster.known if each.standing is Standing.PENDING][:AT_ONCE]
    return tuple(
        (
            Button(f"Let in {each.name or each.user}"[:40], f"/allow {each.user}"),
            Button("Refuse", f"/deny {each.user}"),
        )
        for each in waiting
    )
