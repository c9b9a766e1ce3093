"""/timezone: by which clock quiet hours and briefs are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.buttons import Button, Place
from bot.answers.changes import Prefer
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.view import NoAnswer
from bot.queries.zones import zone_named
from bot.render.quiet import UNKEPT, zone_answer

MOST_WORDS = 4
OFFERED = ("America/New_York", "Europe/London", "Europe/Berlin", "Asia/Singapore")


@command(
    Group.QUIET, "/timezone [CITY]", "by which clock quiet hours and briefs are meant", "/timezone Europe/Berlin",
    changes=True, configures=True,
)  # fmt: skip
def timezone(desk: Desk, words: Sequence[str]) -> Reply:
    """The zone as it is, or as it is from now on."""
    chosen = desk.kept.preferences
    if not words:
        buttons = tuple(Button(name.rpartition("/")[2].replace("_", " "), _line(name), Place.HERE) for name in OFFERED)
        return Reply(zone_answer(chosen, desk.now), buttons=(buttons[:2], buttons[2:]))
    if len(words) > MOST_WORDS:
        raise Refusal("it takes one city")
    try:
        zone = zone_named(" ".join(words), desk.now)
    except NoAnswer as none:
        raise Refusal(str(none)) from None
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    new = replace(chosen, zone=zone)
    undo = Button("Undo", _line(chosen.zone), Place.HERE)
    return Reply(zone_answer(new, desk.now), (Prefer(new),), buttons=((undo,),))


def _line(zone: str) -> str:
    return f"/timezone {zone}"
