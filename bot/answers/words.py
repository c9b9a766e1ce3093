"""A word of the rule language, as /help shows it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.market import Explained
from rules.functions.registry import Function


@dataclass(frozen=True)
class Word:
    """A function, its documentation in paragraphs, its example, and what that is now: None where an instrument of it
    is not configured."""

    function: Function
    paragraphs: tuple[str, ...]
    example: str
    now: Explained | None
