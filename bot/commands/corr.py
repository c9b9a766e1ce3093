"""/corr: how two instruments move together, one with all others, or all of a basket."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from bot.answers import Correlation, CorrelationList, CorrelationMatrix, Picture
from bot.answers.buttons import Button, Keyboard
from bot.commands.reading import instrument, pair, whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.correlation import correlation, pair_picture
from bot.queries.correlations import against_all, matrix
from bot.queries.view import View
from bot.render.correlations import correlation_answer, list_answer, matrix_answer
from bot.render.keys import refresh, windows
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW

DEFAULT_WINDOW = 60
WINDOWS = (20, 60, 250)
NEIGHBOURS = 3
"""Buttons of further pairs: more do not fit a line of a phone."""

BASKET = "RISK"
"""What is shown when nothing is asked for."""

_BETWEEN = re.compile(r"[/,;]|\b(?:and|versus|vs\.?|with)(?=\s)", re.IGNORECASE)
"""What may stand between two instruments."""

Found = Correlation | CorrelationList | CorrelationMatrix


@command(
    Group.MARKET, "/corr [A [B]] [N]", "how two instruments move together; one with all; a basket", "/corr RUT SOL 60"
)
def corr(desk: Desk, words: Sequence[str]) -> Reply:
    """A pair with its uncertainty, one instrument against all, or the matrix of a basket; over N returns."""
    answer = asked(desk.view, words)
    return Reply(text_of(desk.view, answer), picture=picture_of(desk.view, answer), buttons=keys_of(desk.view, answer))


def asked(view: View, words: Sequence[str], usual: int = DEFAULT_WINDOW) -> Found:
    """The answer about a pair, about one or the members of a basket, or about the default basket. Raises Refusal.

    `usual` is the window where the words have none.
    """
    names, window = _split(_BETWEEN.sub(" ", " ".join(words)).split(), view.scope.instruments, usual)
    baskets = view.scope.baskets
    if len(names) > 2:
        raise Refusal("it takes two instruments at most and, if you like, a number of returns")
    if len(names) == 2:
        a, b = pair(view, *names)
        return correlation(view, a.id, b.id, window)
    if names and names[0].upper() not in baskets:
        return against_all(view, instrument(view, names[0]).id, window)
    basket = names[0].upper() if names else BASKET if BASKET in baskets else next(iter(baskets), "")
    if not basket:
        raise Refusal("no basket is configured here; name two instruments")
    return matrix(view, basket, window)


def text_of(view: View, answer: Found) -> str:
    """The answer as a message."""
    next_open = view.next_open(answer.clock, answer.at)
    if isinstance(answer, Correlation):
        return correlation_answer(answer, next_open)
    return list_answer(answer, next_open) if isinstance(answer, CorrelationList) else matrix_answer(answer, next_open)


def picture_of(view: View, answer: Found) -> Picture | None:
    """What is drawn beside it; None where there is nothing to draw."""
    return pair_picture(view, answer) if isinstance(answer, Correlation) else answer


def keys_of(view: View, answer: Found) -> Keyboard:
    """Other windows and the same once more, in its place; below it further pairs of the same instruments."""
    if isinstance(answer, Correlation):
        line, further = f"/corr {answer.a} {answer.b}", _others(view, answer)
    elif isinstance(answer, CorrelationList):
        pairs = [(answer.a, each.b) for each in answer.lines[:NEIGHBOURS]]
        line, further = f"/corr {answer.a}", [Button(f"{a} {b}", f"/corr {a} {b} {answer.window}") for a, b in pairs]
    else:
        line = f"/corr {answer.basket}"
        further = [Button(name, f"/corr {name} {answer.window}") for name in answer.instruments[:NEIGHBOURS]]
    again = (*windows(line, WINDOWS, answer.window), refresh(f"{line} {answer.window}"))
    return (again, tuple(further)) if further else (again,)


def _others(view: View, answer: Correlation) -> list[Button]:
    """The first with the neighbours of the second in a basket, and with all."""
    baskets = [names for names in view.scope.baskets.values() if answer.b in names]
    names = [name for name in min(baskets, key=len, default=()) if name not in (answer.a, answer.b)]
    found = [Button(f"{answer.a} {name}", f"/corr {answer.a} {name} {answer.window}") for name in names]
    return [*found[: NEIGHBOURS - 1], Button(f"{answer.a} and all", f"/corr {answer.a} {answer.window}")]


def _split(words: Sequence[str], instruments: Container[str], usual: int) -> tuple[Sequence[str], int]:
    """The names and the window: the word after two names, or a last one that begins like a number."""
    counted = len(words) > 2 or (words and words[-1].lstrip("+-")[:1].isdigit())
    if not counted or words[-1].upper() in instruments:
        return words, usual
    return words[:-1], whole_number(words[-1], "N", SHORTEST_PAIR_WINDOW, LONGEST_WINDOW)
