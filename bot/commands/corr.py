"""/corr: how two instruments move together."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Refusal, Reply, command, pair, whole_number
from bot.queries.correlation import correlation
from bot.render.answers import correlation_answer
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW

DEFAULT_WINDOW = 60


@command("/corr A B [N]", "how two instruments move together over N returns", "/corr RUT SOL 60")
def corr(desk: Desk, words: Sequence[str]) -> Reply:
    """Pearson with its interval, the filter's probabilities, percentile, partials, beta."""
    if not 2 <= len(words) <= 3:
        raise Refusal("it takes two instruments and, if you like, a number of returns")
    a, b = pair(desk.view, words[0], words[1])
    window = whole_number(words[2], "N", SHORTEST_PAIR_WINDOW, LONGEST_WINDOW) if len(words) == 3 else DEFAULT_WINDOW
    found = correlation(desk.view, a.id, b.id, window)
    return Reply(correlation_answer(found, desk.view.next_open(found.clock, found.at)))
