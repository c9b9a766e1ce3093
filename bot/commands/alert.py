"""/alert: an alert of one's own: shown before it is saved, and changed by its number afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape

from bot.answers.buttons import Button, Keyboard, Place, in_rows
from bot.answers.changes import RemoveAlert, SaveAlert
from bot.answers.personal import PERSONAL, PersonalAlert, spoken_id
from bot.commands.reading import names_in, not_understood
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.personal.draft import Draft, NotUnderstood, draft_of
from bot.personal.forms import read
from bot.personal.levels import of_now
from bot.personal.mine import Mine, NoRoom
from bot.personal.presets import preset_keys
from bot.queries.asked import rule_asked
from bot.queries.footing import Footing
from bot.queries.preview import next_look, preview
from bot.render.personal import (
    editing_text,
    known_already,
    presets_text,
    preview_text,
    removed_text,
    saved_text,
)
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis

USAGE, EXAMPLE = "/alert [LINE]", "/alert BTC -5% 1d"
DAYS = 30
"""How long an alert is watched that is not for good, unless somebody writes otherwise."""

SHOWN = ("RUT record", "btc -5%", "sol < 120", "corr RUT SOL 60 > 0.6")
UNKEPT = "Nothing is kept here, because no service runs."


def _trades(words: Sequence[str]) -> tuple[str, ...]:
    return names_in(words) if words else ("BTC", "SOL", "RUT")


@command(
    Group.ALERTS,
    USAGE,
    "an alert of your own, shown before it is saved",
    EXAMPLE,
    _trades,
    changes=True,
    configures=True,
)
def alert(desk: Desk, words: Sequence[str]) -> Reply:
    """What a line would watch; without one what may be watched."""
    footing = Footing(desk.view, desk.trades, desk.now)
    mine = Mine(desk.kept, desk.view, footing.trades, desk.now)
    if not words:
        return _presets(desk, footing)
    if len(words) == 1 and words[0].startswith(PERSONAL):
        known = spoken_id(rule_asked(desk.view, desk.kept, words[0], Refusal).rule.id)
        raise Refusal(f"{known} is an alert that you have; /alerts {known} shows it")
    verb = words[0].lower()
    if verb in _DEEDS and [*words[1:]] in ([], ["all"]):
        raise Refusal(f"which one? write /alert {verb} and its number; /alerts lists yours")
    number = _number(words[1]) if len(words) > 1 else None
    try:
        if verb == "save" and len(words) > 1:
            rest = words[2:] if number is not None else words[1:]
            return _save(desk, mine, read(" ".join(rest), footing), number)
        if verb in _DEEDS and number is not None:
            return _DEEDS[verb](desk, mine, footing, number, words[2:])
        return _preview(desk, mine, read(" ".join(words), footing))
    except NotUnderstood as error:
        return not_understood(error, "/alert", USAGE, EXAMPLE)
    except NoRoom as error:
        return Reply(escape(str(error)))


def _presets(desk: Desk, footing: Footing) -> Reply:
    return Reply(presets_text(SHOWN, simulated=desk.view.simulated), buttons=in_rows(preset_keys(footing), 2))


def _preview(desk: Desk, mine: Mine, draft: Draft, number: int | None = None) -> Reply:
    """A draft before it is saved, or stands in place of the alert of a number."""
    same = mine.like(draft)
    if same is not None and number is None:
        return _known(mine, same)
    kept = draft.alert(number or desk.kept.alerts_made + 1, desk.now)
    _need_time(kept, desk)
    known = preview(desk.view, _compiled(kept, desk), mine.trades, desk.now)
    if desk.kept.subscribed_since is None:
        known = replace(known, like=None)
    return Reply(preview_text(kept, known, is_kept=desk.keeps_choices), buttons=_choices(draft, number, known.like))


def _choices(draft: Draft, number: int | None, like: str | None) -> Keyboard:
    """Save, and the draft otherwise: in place of this one."""
    live = draft.basis is Basis.TICK
    others = {
        "Always" if draft.once else "Once": replace(draft, once=not draft.once),
        "At the close" if live else "Live": replace(draft, basis=Basis.CLOSE if live else Basis.TICK),
        "For good" if draft.lasts else f"For {DAYS} days": replace(draft, lasts=None if draft.lasts else DAYS),
    }
    again, saves = ("", "") if number is None else (f"edit {number} ", f"#{number} ")
    save = "Save anyway" if like else "Save" if number is None else f"Save as #{number}"
    row = tuple(Button(label, f"/alert {again}{each.line}", Place.HERE) for label, each in others.items())
    past = Button("Backtest", f"/backtest {draft.line}")
    return ((Button(save, f"/alert save {saves}{draft.line}", Place.HERE), past), row)


def _save(desk: Desk, mine: Mine, draft: Draft, number: int | None) -> Reply:
    """Kept from now on. The same line twice, tapped or answered again after a kill, makes one alert."""
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    same = mine.like(draft)
    if same is not None:
        return _known(mine, same)
    if number is not None and not 1 <= number <= desk.kept.alerts_made:
        raise Refusal(f"there was never an alert #{number} here")
    kept, changes, left = mine.saved(draft, number)
    _need_time(kept, desk)
    looks_at = next_look(desk.view, _compiled(kept, desk), desk.now)
    before = mine.named(kept.number)
    undo = f"remove {kept.number}" if before is None else f"save #{kept.number} {draft_of(before).line}"
    keys = (Button("Undo", f"/alert {undo}", Place.HERE), Button("All alerts", "/alerts"))
    notice = f"#{kept.number} is watched"
    html = saved_text(kept, looks_at, left=left, simulated=desk.view.simulated)
    return Reply(html, changes, buttons=(keys,), notice=notice)


def _known(mine: Mine, same: PersonalAlert) -> Reply:
    standing = mine.standing(same)
    return Reply(known_already(same, standing.state), buttons=_keys_of(mine, same))


def _keys_of(mine: Mine, one: PersonalAlert) -> Keyboard:
    again = (Button("Watch it again", f"/alert again {one.number}", Place.HERE),) if mine.is_done(one) else ()
    return ((*again, Button(f"#{one.number}", f"/alerts {one.number}", Place.HERE)),)


# What is done to one by its number


def _edit(desk: Desk, mine: Mine, footing: Footing, number: int, rest: Sequence[str]) -> Reply:
    one = _mine(mine, number)
    if not rest:
        back = ((Button("Back", f"/alerts {number}", Place.HERE),),)
        return Reply(editing_text(one, draft_of(one).line), buttons=back)
    return _preview(desk, mine, read(" ".join(rest), footing), number)


def _pause(desk: Desk, mine: Mine, _footing: Footing, number: int, rest: Sequence[str]) -> Reply:
    one = _mine(mine, number)
    return _changed(desk, replace(one, paused=True), rest, f"#{number} is paused", ("Resume", "resume"))


def _resume(desk: Desk, mine: Mine, _footing: Footing, number: int, rest: Sequence[str]) -> Reply:
    one = _mine(mine, number)
    if one.is_watched and not mine.is_done(one):
        return _changed(desk, one, rest, f"#{number} is watched", ("Pause", "pause"))
    return _changed(desk, mine.again(one), rest, f"#{number} is watched from now on", ("Pause", "pause"))


def _anchor(desk: Desk, mine: Mine, footing: Footing, number: int, rest: Sequence[str]) -> Reply:
    """Its level anew, from the price now."""
    one = _mine(mine, number)
    if one.anchor is None:
        raise Refusal(f"#{number} is not measured from a price; /alert edit {number} changes it")
    name, share, _ = one.anchor
    known = footing.scope.instruments.get(name)
    if known is None:
        raise Refusal(f"{name} is not configured any more")
    made = of_now(known, share, footing)
    draft = read(f"{made.when} clear {made.clear} {_options(replace(draft_of(one), anchor=made.anchor))}", footing)
    new = mine.again(replace(one, when=draft.when, clear=draft.clear, title=draft.title, anchor=draft.anchor))
    return _changed(desk, new, rest, f"#{number}: {new.title}", ("Undo", f"save #{number} {draft_of(one).line}"))


def _remove(desk: Desk, mine: Mine, _footing: Footing, number: int, rest: Sequence[str]) -> Reply:
    if rest:
        raise Refusal("it takes a number, and nothing more")
    one = mine.named(number)
    if one is None and 1 <= number <= desk.kept.alerts_made:
        return Reply(f"<b>#{number}</b> is not there any more.", notice=f"#{number} is removed")
    one = _mine(mine, number)
    undo = Button("Undo", f"/alert save #{number} {draft_of(one).line}", Place.HERE)
    keys = ((undo, Button("All alerts", "/alerts", Place.HERE)),)
    return Reply(removed_text(one), (RemoveAlert(number),), buttons=keys, notice=f"#{number} is removed")


def _changed(desk: Desk, one: PersonalAlert, rest: Sequence[str], said: str, other: tuple[str, str]) -> Reply:
    """An alert is otherwise from now on, and how it is so no more."""
    if rest:
        raise Refusal("it takes a number, and nothing more")
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    label, line = other
    line = line if " " in line else f"{line} {one.number}"
    keys = (Button(label, f"/alert {line}", Place.HERE), Button(f"#{one.number}", f"/alerts {one.number}", Place.HERE))
    return Reply(f"{escape(said)}.", (SaveAlert(one),), buttons=(keys,), notice=said[:200])


Deed = Callable[[Desk, Mine, Footing, int, Sequence[str]], Reply]
_DEEDS: Mapping[str, Deed] = {
    "edit": _edit,
    "pause": _pause,
    "resume": _resume,
    "again": _resume,
    "anchor": _anchor,
    "remove": _remove,
}


def _options(draft: Draft) -> str:
    """What stands behind the conditions in the line of a draft."""
    return draft.line.removeprefix(f"{draft.when} clear {draft.clear} ")


def _mine(mine: Mine, number: int) -> PersonalAlert:
    found = mine.named(number)
    if found is None:
        has = ", ".join(f"#{each.number}" for each in mine.kept.alerts) or "none"
        raise Refusal(f"you have no alert #{number} (you have {has})")
    return found


def _number(word: str) -> int | None:
    return int(word.removeprefix("#")) if re.fullmatch("#?[0-9]{1,6}", word) else None


def _compiled(one: PersonalAlert, desk: Desk) -> CompiledRule:
    return compile_rule(one.rule(desk.kept.chat or 0), desk.view.scope)


def _need_time(one: PersonalAlert, desk: Desk) -> None:
    if one.expires_at is not None and one.expires_at <= desk.now:
        raise NotUnderstood("that day is over", "BTC -5% for 30d")
