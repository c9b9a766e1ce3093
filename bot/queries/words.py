"""A word of the rule language for /help: what its documentation says, and what its example is now."""

from __future__ import annotations

from bot.answers.words import Word
from bot.queries.explain import explain
from bot.queries.view import View
from rules.functions.registry import Function
from rules.language.errors import LanguageError


def word(view: View, function: Function) -> Word:
    """The documentation of a function taken apart; what stands behind `Example:` is an expression."""
    prose, _, example = function.doc.rpartition("Example:")
    paragraphs = (" ".join(each.split()) for each in prose.split("\n\n"))
    text = " ".join(example.split())
    try:
        now = explain(view, text)
    except LanguageError:
        now = None
    return Word(function, tuple(each for each in paragraphs if each), text, now)
