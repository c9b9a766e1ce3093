"""/snooze: a rule is not told for a while."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place
from bot.answers.changes import Prefer
from bot.answers.personal import spoken_id
from bot.answers.preferences import EVERYTHING, Mute
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.delivery.hours import following
from bot.queries.muting import muted_by, what_is_meant
from bot.queries.times import seconds_of
from bot.render.quiet import UNKEPT, how_long, muted
from rules.model import XNYS, Instant

CLOSE, TODAY = "close", "today"
OFFERED = {"1 h": "1h", "Until the close": CLOSE, "Today": TODAY, "3 days": "3d"}


@command(
    Group.QUIET,
    "/snooze RULE [1h|close|today|3d]",
    "a rule is not told for a while",
    "/snooze vix-25 1h",
    changes=True,
    configures=True,
)
def snooze(desk: Desk, words: Sequence[str]) -> Reply:
    """For how long, or until when it is."""
    if not words:
        raise Refusal("it takes a rule and how long: 1h, close, today or 3d")
    what = what_is_meant(desk.view, desk.kept, words[0], Refusal)
    if len(words) == 1:
        return Reply(how_long(what), buttons=_offered(what), notice=how_long(what))
    rest = words[2:] if words[1].lower() == "for" else words[1:]
    until = _until(desk, "".join(rest).lower()) if len(rest) <= 2 else None
    if until is None:
        raise Refusal("how long is 1h, close, today or 3d")
    if not desk.keeps_choices:
        return Reply(UNKEPT)
    new = Mute(what, until, desk.now)
    chosen = muted_by(desk.kept.preferences, new, desk.now)
    undo = Button("Undo", f"/mute off {_word(what)}", Place.KEYS)
    text = muted(new, chosen.zone)
    return Reply(text, (Prefer(chosen),), buttons=((undo,),), notice=text)


def _until(desk: Desk, word: str) -> Instant | None:
    """When it ends; the close is New York's next one."""
    if word == TODAY:
        return following(desk.now, 0, desk.kept.preferences.zone)
    if word == CLOSE:
        sessions = desk.view.history.sessions
        closes = sessions.closes_between(XNYS, desk.now + 1, desk.now + 14 * 86_400)
        return int(closes[0]) if len(closes) else None
    seconds = seconds_of(word)
    return None if seconds is None else desk.now + seconds


def _offered(what: str) -> Keyboard:
    buttons = [Button(label, f"/snooze {_word(what)} {word}", Place.KEYS) for label, word in OFFERED.items()]
    return (tuple(buttons[:2]), tuple(buttons[2:]))


def _word(what: str) -> str:
    """As it is written in a line."""
    return "all" if what == EVERYTHING else spoken_id(what) if "." in what else what
