"""/mute: a rule, a tag or everything is not told any more, for a while or until that is undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.buttons import Button, Keyboard, Place, in_rows
from bot.answers.changes import Prefer
from bot.answers.personal import spoken_id
from bot.answers.preferences import EVERYTHING, Mute
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.delivery.keys import keys_for
from bot.queries.muting import muted_by, what_is_meant, without
from bot.queries.times import seconds_of
from bot.render.quiet import SHOWN, UNKEPT, muted, mutes, unmuted

LIST, OFF = ("list",), "off"


@command(
    Group.QUIET,
    "/mute [RULE|#TAG|all] [30d], /mute off [RULE|#TAG|all]",
    "not to be told of a rule or a tag",
    "/mute vix-25 30d",
    changes=True,
    configures=True,
)
def mute(desk: Desk, words: Sequence[str]) -> Reply:
    """What is muted, or one thing more or less."""
    if not words or tuple(words) == LIST or tuple(words) == (OFF,):
        found = desk.kept.preferences.in_force(desk.now)
        return Reply(mutes(found, desk.kept.preferences.zone), buttons=_undo_each(found[:SHOWN]))
    if words[0].lower() == OFF:
        return _undone(desk, words[1:])
    what = what_is_meant(desk.view, desk.kept, words[0], Refusal)
    rest = words[2:] if [word.lower() for word in words[1:2]] == ["for"] else words[1:]
    seconds = seconds_of("".join(rest)) if rest else None
    if len(words) > 1 and (seconds is None or len(rest) > 2):
        raise Refusal("how long is a number of hours, days or weeks, up to a year")
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    new = Mute(what, None if seconds is None else desk.now + seconds, desk.now)
    chosen = muted_by(desk.kept.preferences, new, desk.now)
    text = muted(new, chosen.zone)
    return Reply(text, (Prefer(chosen),), buttons=((_undo(what),),), notice=text)


def _undone(desk: Desk, words: Sequence[str]) -> Reply:
    if len(words) != 1:
        raise Refusal("off takes one rule, one tag, or all")
    chosen = desk.kept.preferences
    known = {_word(each.what): each.what for each in chosen.mutes}
    what = known.get(words[0].lower()) or what_is_meant(desk.view, desk.kept, words[0], Refusal)
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    return Reply(
        unmuted(what), (Prefer(without(chosen, what, desk.now)),), buttons=_after(desk, what), notice=unmuted(what)
    )


def _after(desk: Desk, what: str) -> Keyboard:
    """What stands beneath an alert whose mute was undone."""
    is_rule = any(rule.rule.id == what for rule in desk.view.rules) or "." in what
    return keys_for(spoken_id(what), spoken_id(what)) if is_rule else ()


def _undo(what: str) -> Button:
    return Button("Undo", f"/mute off {_word(what)}", Place.KEYS)


def _undo_each(found: Sequence[Mute]) -> Keyboard:
    return in_rows(
        [replace(_undo(each.what), label=f"Undo {_word(each.what)}", place=Place.BELOW) for each in found], 2
    )


def _word(what: str) -> str:
    """As it is written in a line."""
    return "all" if what == EVERYTHING else spoken_id(what) if "." in what else what
