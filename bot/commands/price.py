"""/price: last closes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Refusal, Reply, command, instrument
from bot.queries.quote import quote
from bot.queries.view import View
from bot.render.answers import quote_answer, quotes_answer


@command("/price [X]", "the last close of an instrument, or of all", "/price RUT")
def price(view: View, words: Sequence[str]) -> Reply:
    """Close, change, record and distance to it."""
    if len(words) > 1:
        raise Refusal("it takes one instrument, or none for all")
    if not words:
        return Reply(quotes_answer([quote(view, name) for name in view.history.bars]))
    asked = instrument(view, words[0])
    found = quote(view, asked.id)
    return Reply(quote_answer(found, asked, view.next_open(asked.calendar, found.at)))
