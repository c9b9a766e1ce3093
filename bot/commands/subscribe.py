"""/subscribe: what is told loudly, silently, in the digest, or not at all, by severity and by tag."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.answers.buttons import Button, Keyboard, Place, in_rows
from bot.answers.changes import Prefer
from bot.answers.preferences import USUAL, Mode, Preferences
from bot.commands.reading import whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.tags import tags_of
from bot.render.quiet import UNKEPT, choices, chosen_of, limited
from rules.language.errors import listing, nearest
from rules.model import Severity

LIMIT, OFF, USUALLY = "limit", "off", "usual"
MOST_A_DAY = 1_000
BUTTON_TAGS = 14


@command(
    Group.QUIET,
    "/subscribe [SEVERITY|#TAG on|silent|digest|off], /subscribe limit N",
    "what is told loudly, silently, in the digest or not at all",
    "/subscribe notice digest",
    changes=True,
    configures=True,
)
def subscribe(desk: Desk, words: Sequence[str]) -> Reply:
    """The table, or the table with one line changed."""
    chosen = desk.kept.preferences
    if not words:
        return Reply(_table("", chosen, desk), buttons=_buttons(chosen, desk))
    if len(words) != 2:
        raise Refusal("it takes a severity or a #tag and one of on, silent, digest, off; or limit and a number")
    new, said, before = _changed(desk, chosen, words[0].lower(), words[1].lower())
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    undo = Button("Undo", f"/subscribe {before}", Place.HERE)
    return Reply(_table(said, new, desk), (Prefer(new),), buttons=(*_buttons(new, desk), (undo,)))


def _changed(desk: Desk, chosen: Preferences, what: str, how: str) -> tuple[Preferences, str, str]:
    """What holds from now on, in words, and the words that undo it."""
    if what == LIMIT:
        most = 0 if how == OFF else whole_number(how, "the limit", 1, MOST_A_DAY)
        before = "off" if chosen.alerts_a_day is None else str(chosen.alerts_a_day)
        new = replace(chosen, budget=most)
        return new, limited(new.alerts_a_day), f"{LIMIT} {before}"
    if what.startswith("#"):
        return _tag_changed(desk, chosen, what[1:], how)
    if what not in set(Severity):
        raise Refusal(
            f"{what[:32]} is no severity{nearest(what, Severity)} (there are {listing(Severity)}) and no #tag"
        )
    severity, mode = Severity(what), _mode(how)
    if severity is Severity.CRITICAL and mode not in (Mode.ON, Mode.SILENT):
        raise Refusal("what is critical is always told, on or silent; /mute silences one rule")
    kept = {each: known for each, known in chosen.severities.items() if each is not severity}
    new = replace(chosen, severities=kept if USUAL[severity] is mode else {**kept, severity: mode})
    return new, chosen_of(what, mode), f"{what} {chosen.mode_of(severity)}"


def _tag_changed(desk: Desk, chosen: Preferences, tag: str, how: str) -> tuple[Preferences, str, str]:
    known = tags_of(desk.view)
    if tag not in known and tag not in chosen.tags:
        raise Refusal(f"no rule has the tag #{tag[:32]}{nearest(tag, known)} (there are {listing(known)})")
    mode = None if how == USUALLY else _mode(how)
    kept = {each: mode for each, mode in chosen.tags.items() if each != tag}
    new = replace(chosen, tags=kept if mode is None else {**kept, tag: mode})
    return new, chosen_of(f"#{tag}", mode), f"#{tag} {chosen.tags.get(tag, USUALLY)}"


def _mode(word: str) -> Mode:
    if word not in set(Mode):
        raise Refusal(f"{word[:32]} is none of {listing(Mode)}{nearest(word, Mode)}")
    return Mode(word)


def _table(said: str, chosen: Preferences, desk: Desk) -> str:
    is_told = desk.kept.subscribed_since is not None or not desk.keeps_choices
    rest = [] if is_told else ["Everybody's alerts do not come here: /start"]
    return "\n".join([*([said] if said else []), choices(chosen), *rest])


def _buttons(chosen: Preferences, desk: Desk) -> Keyboard:
    """Each shows what is, and a tap takes the next."""
    return in_rows([*_severity_buttons(chosen), *_tag_buttons(chosen, desk)], 2)


def _severity_buttons(chosen: Preferences) -> Iterator[Button]:
    for severity in reversed(Severity):
        modes = (Mode.ON, Mode.SILENT) if severity is Severity.CRITICAL else tuple(Mode)
        mode = chosen.mode_of(severity)
        following = modes[(modes.index(mode) + 1) % len(modes)]
        yield Button(f"{severity}: {mode}", f"/subscribe {severity} {following}", Place.HERE)


def _tag_buttons(chosen: Preferences, desk: Desk) -> Iterator[Button]:
    turns = (USUALLY, *(Mode.SILENT, Mode.DIGEST, Mode.OFF))
    for tag in tags_of(desk.view)[:BUTTON_TAGS]:
        mode = chosen.tags.get(tag, USUALLY)
        following = turns[(turns.index(mode) + 1) % len(turns)] if mode in turns else USUALLY
        label = f"#{tag}" if mode == USUALLY else f"#{tag}: {mode}"
        yield Button(label, f"/subscribe #{tag} {following}", Place.HERE)
