"""/digest: how the market stands, at times of the day or now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.buttons import Button, Place
from bot.answers.changes import Prefer
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.delivery.briefs import KEYS
from bot.delivery.hours import next_digest
from bot.queries.asked import own_rules
from bot.queries.brief import brief, with_own
from bot.queries.times import minute_of
from bot.render.brief import digest as digest_text
from bot.render.quiet import UNKEPT, clock, digests
from rules.bars import DAY

OFF, NOW = "off", "now"
MOST = 4
"""Briefs a day."""


@command(
    Group.QUIET,
    "/digest [08:00 17:00|off|now]",
    "a brief of the market at times of the day, or now",
    "/digest 08:00 17:00",
    changes=True,
    configures=True,
)
def digest(desk: Desk, words: Sequence[str]) -> Reply:
    """When there is one, when there is one from now on, or the brief itself."""
    chosen = desk.kept.preferences
    asked = [word.lower() for word in words]
    if asked == [NOW]:
        return _at_once(desk)
    if not asked:
        offered = ("08:00", "08:00 17:00", OFF)
        buttons = (*(Button(each.capitalize(), f"/digest {each}", Place.HERE) for each in offered), _NOW)
        return Reply(digests(chosen, next_digest(desk.now, chosen)), buttons=(buttons[:2], buttons[2:]))
    times = () if asked == [OFF] else _times(asked)
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    new = replace(chosen, digests=times, digests_since=desk.now if times else 0)
    before = " ".join(map(clock, chosen.digests)) or OFF
    undo = Button("Undo", f"/digest {before}", Place.HERE)
    return Reply(digests(new, next_digest(desk.now, new)), (Prefer(new),), buttons=((undo, _NOW),))


_NOW = Button("Now", f"/digest {NOW}")


def _times(words: Sequence[str]) -> tuple[int, ...]:
    found = [minute_of(word) for word in words]
    if len(found) > MOST or any(each is None for each in found):
        raise Refusal(f"it takes up to {MOST} times of day such as 08:00, or off, or now")
    return tuple(sorted({each for each in found if each is not None}))


def _at_once(desk: Desk) -> Reply:
    """The market, and what fired in the last day; what is kept for the next digest stays there."""
    own = [rule for rule, _ in own_rules(desk.view, desk.kept)]
    found = with_own(brief(desk.view, desk.now), desk.view, own)
    text = digest_text(found, (), desk.now - DAY, desk.kept.preferences.zone, desk.now)
    return Reply(text, picture=found.picture, buttons=KEYS)
