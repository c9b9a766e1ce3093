"""/price: last closes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import Quote
from bot.commands.registry import Desk, Refusal, Reply, command, instrument
from bot.queries.quote import quote
from bot.queries.view import NoAnswer, View
from bot.render.answers import quote_answer, quotes_answer


@command("/price [X]", "the last close of an instrument, or of all", "/price RUT")
def price(desk: Desk, words: Sequence[str]) -> Reply:
    """Close, change, record and distance to it."""
    view = desk.view
    if len(words) > 1:
        raise Refusal("it takes one instrument, or none for all")
    if not words:
        found = [each for each in (_quote(view, name) for name in view.history.bars) if each is not None]
        if not found:
            raise NoAnswer("there are no prices here")
        return Reply(quotes_answer(found))
    asked = instrument(view, words[0])
    one = quote(view, asked.id)
    return Reply(quote_answer(one, asked, view.next_open(asked.calendar, one.at)))


def _quote(view: View, name: str) -> Quote | None:
    try:
        return quote(view, name)
    except NoAnswer:
        return None
