"""What somebody means to mute, and a chat's mutes with one more or less."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.answers.kept import Kept
from bot.answers.preferences import EVERYTHING, Mute, Preferences
from bot.queries.asked import rule_asked
from bot.queries.tags import tags_of
from bot.queries.view import View
from rules.language.errors import listing, nearest
from rules.model import Instant

ALL = ("all", "everything", EVERYTHING)
_OWN = re.compile(r"#[0-9]{1,9}")


def what_is_meant(view: View, kept: Kept, word: str, refused: Callable[[str], Exception]) -> str:
    """A rule's id, `#tag` or EVERYTHING. Raises `refused` with the nearest of a word that is none."""
    if word.lower() in ALL:
        return EVERYTHING
    if word.startswith("#") and not _OWN.fullmatch(word):
        tag, known = word[1:].lower(), tags_of(view)
        if tag not in known:
            raise refused(f"no rule has the tag #{tag[:32]}{nearest(tag, known)} (there are {listing(known)})")
        return f"#{tag}"
    return rule_asked(view, kept, word, refused).rule.id


def muted_by(chosen: Preferences, new: Mute, now: Instant) -> Preferences:
    """With one mute more; it takes the place of an earlier one of the same, and what is over is forgotten."""
    return replace(chosen, mutes=(*without(chosen, new.what, now).mutes, new))


def without(chosen: Preferences, what: str, now: Instant) -> Preferences:
    """With no mute of one thing."""
    return replace(chosen, mutes=tuple(each for each in chosen.in_force(now) if each.what != what))
