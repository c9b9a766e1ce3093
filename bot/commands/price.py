"""/price: last closes."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import Quote
from bot.answers.buttons import Button
from bot.commands.reading import instrument
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.quote import quote
from bot.queries.view import NoAnswer, View
from bot.render.answers import quote_answer, quotes_answer
from bot.render.keys import refresh


@command(Group.MARKET, "/price [X]", "the last close of an instrument, or of all", "/price RUT")
def price(desk: Desk, words: Sequence[str]) -> Reply:
    """Close, change, record and distance to it."""
    view = desk.view
    if len(words) > 1:
        raise Refusal("it takes one instrument, or none for all")
    if not words:
        found = [each for each in (_quote(view, name) for name in view.history.bars) if each is not None]
        if not found:
            raise NoAnswer("there are no prices here")
        return Reply(quotes_answer(found), buttons=((refresh("/price"),),))
    asked = instrument(view, words[0])
    one = quote(view, asked.id)
    further = (Button("Chart", f"/chart {asked.id}"), Button("Correlations", f"/corr {asked.id}"))
    text = quote_answer(one, asked, view.next_open(asked.calendar, one.at))
    return Reply(text, buttons=((refresh(f"/price {asked.id}"), *further),))


def _quote(view: View, name: str) -> Quote | None:
    try:
        return quote(view, name)
    except NoAnswer:
        return None
