"""/start: what this is, alerts from now on, and a first one of one's own by a tap."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, in_rows
from bot.answers.changes import Subscribe
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.personal.presets import preset_keys
from bot.queries.footing import Footing
from bot.render.chats import UNKEPT, greeting, subscribed

MOST = 4
"""Alerts that are offered at first sight."""


@command(
    Group.CHAT,
    "/start",
    "what this bot does; alerts come from now on",
    "/start",
    lambda _words: ("BTC", "SOL", "RUT"),
    changes=True,
    configures=True,
)
def start(desk: Desk, words: Sequence[str]) -> Reply:
    """A greeting and a subscription. Where alerts come already it is written all the same: the chat is there.

    Who comes by a link such as t.me/bot?start=channel sends `/start channel`: that word changes nothing.
    """
    if len(words) > 1:
        raise Refusal("it takes nothing more")
    if not desk.keeps_chats:
        return Reply(greeting(UNKEPT, simulated=desk.view.simulated), buttons=_first_steps(desk))
    told = subscribed(desk.chat.subscribed_since)
    return Reply(greeting(told, simulated=desk.view.simulated), (Subscribe(),), buttons=_first_steps(desk))


def _first_steps(desk: Desk) -> Keyboard:
    """Alerts that nothing else tells yet, and where to look around."""
    watched = {rule.rule.when for rule in desk.view.rules} | {rule.when_text for rule in desk.view.rules}
    offered = preset_keys(Footing(desk.view, desk.trades, desk.now), watched)[:MOST]
    around = Button("The market", "/regime"), Button("What is watched", "/rules"), Button("Help", "/help")
    return (*in_rows(offered, 2), around)
