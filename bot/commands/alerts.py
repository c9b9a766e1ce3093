"""/alerts: the alerts of one's own, nearest to firing first, and one of them in full."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place
from bot.answers.personal import PersonalAlert
from bot.commands.reading import whole_number
from bot.commands.registry import EVERY, Desk, Group, Refusal, Reply, command
from bot.personal.mine import Mine
from bot.queries.footing import Footing
from bot.render.personal import A_PAGE, NO_ALERTS, detail_text, list_text, page_buttons


@command(
    Group.ALERTS,
    "/alerts [NUMBER]",
    "your own alerts, nearest to firing first",
    "/alerts",
    lambda _words: (EVERY,),
    configures=True,
)
def alerts(desk: Desk, words: Sequence[str]) -> Reply:
    """A page of them, or one with what can be done to it."""
    mine = Mine(desk.kept, desk.view, Footing(desk.view, desk.trades, desk.now).trades, desk.now)
    if not words:
        return _page(mine, 1)
    if len(words) == 2 and words[0].lower() == "page":
        return _page(mine, whole_number(words[1], "the page", 1, 999))
    if len(words) != 1 or not re.fullmatch("#?[0-9]{1,6}", words[0]):
        raise Refusal("it takes the number of an alert, or nothing for all")
    number = int(words[0].removeprefix("#"))
    found = mine.named(number)
    if found is None:
        raise Refusal(f"you have no alert #{number}; /alerts lists those you have")
    standing = mine.standing(found)
    return Reply(
        detail_text(found, standing.state, standing.near, simulated=desk.view.simulated), buttons=_deeds(mine, found)
    )


def _page(mine: Mine, page: int) -> Reply:
    """Five of them; a page that is not there any more is the last one."""
    found = mine.nearest()
    if not found:
        return Reply(NO_ALERTS, buttons=((Button("Make one", "/alert", Place.HERE),),))
    first = min((page - 1) * A_PAGE, (len(found) - 1) // A_PAGE * A_PAGE)
    shown = found[first : first + A_PAGE]
    rows = [(each.alert, each.state, each.near) for each in shown]
    html = list_text(rows, first, len(found), simulated=mine.view.simulated)
    return Reply(html, buttons=page_buttons([each.alert.number for each in shown], first, len(found)))


def _deeds(mine: Mine, one: PersonalAlert) -> Keyboard:
    """What can be done to it, shown in its place."""
    rests = mine.is_done(one) or not one.is_watched
    what = [("Watch it again", "again") if rests else ("Pause", "pause"), ("Edit", "edit"), ("Remove", "remove")]
    what += [("From the price now", "anchor")] if one.anchor is not None else []
    deeds = tuple(Button(label, f"/alert {verb} {one.number}", Place.HERE) for label, verb in what)
    return (deeds[:3], (*deeds[3:], Button("All alerts", "/alerts", Place.HERE)))
