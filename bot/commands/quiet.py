"""/quiet: hours in which alerts wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.buttons import Button, Place
from bot.answers.changes import Prefer
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.times import hours_of
from bot.render.quiet import UNKEPT, clock, quiet_hours

OFF = "off"


@command(
    Group.QUIET,
    "/quiet [FROM-TO|off]",
    "hours in which alerts wait, but for critical ones",
    "/quiet 22:00-07:00",
    changes=True,
    configures=True,
)
def quiet(desk: Desk, words: Sequence[str]) -> Reply:
    """The hours as they are, or as they are from now on."""
    chosen = desk.kept.preferences
    if not words:
        return Reply(quiet_hours(chosen), buttons=_offered())
    hours = None if words[0].lower() == OFF and len(words) == 1 else hours_of(" ".join(words))
    if hours is None and words[0].lower() != OFF:
        raise Refusal("it takes two different times of day, or off")
    if hours is None and len(words) > 1:
        raise Refusal("after off it takes nothing more")
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    new = replace(chosen, quiet=hours)
    undo = Button("Undo", f"/quiet {_written(chosen.quiet)}", Place.HERE)
    return Reply(quiet_hours(new), (Prefer(new),), buttons=((undo,),))


def _written(hours: tuple[int, int] | None) -> str:
    return OFF if hours is None else "-".join(map(clock, hours))


def _offered() -> tuple[tuple[Button, ...], ...]:
    hours = ("22:00-07:00", "23:00-08:00", OFF)
    return (tuple(Button(each.capitalize(), f"/quiet {each}", Place.HERE) for each in hours),)
