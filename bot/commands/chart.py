"""/chart: an instrument with its records and alerts, a rule with what decides it, or how two move together."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place
from bot.commands.reading import instrument_called, pair, whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.asked import own_rules, rule_asked
from bot.queries.condition import condition_picture
from bot.queries.correlation import correlation, pair_picture
from bot.queries.price import SESSIONS, price_picture
from bot.queries.quote import quote
from bot.render.correlations import correlation_answer
from bot.render.keys import ALL, refresh, windows
from bot.render.pictures import condition_caption, price_caption
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW
from rules.language.compile import CompiledRule

SHORTEST, LONGEST = 5, 20_000
"""Sessions of a picture."""

WINDOWS = (60, SESSIONS, 1_000, ALL)
PAIR_WINDOW, PAIR_WINDOWS = 60, (20, 60, 250)
"""Returns of a correlation."""


@command(Group.MARKET, "/chart X [Y] [N]", "a picture of prices or of a rule", "/chart RUT 250")
def chart(desk: Desk, words: Sequence[str]) -> Reply:
    """The last N sessions of an instrument, a rule's id or #n of one's own; of a pair, r of N returns."""
    if not 1 <= len(words) <= 3:
        raise Refusal("it takes an instrument, a rule or a pair and, if you like, a number of sessions")
    known, first = desk.view.scope.instruments, instrument_called(desk.view, words[0])
    if len(words) > 1 and first is not None and not _is_length(words[1]):
        return _of_pair(desk, words)
    if len(words) > 2:
        raise Refusal("it takes an instrument or a rule and, if you like, a number of sessions")
    length = _length(words[1]) if len(words) > 1 else SESSIONS
    if first is not None:
        return _of_price(desk, first.id, length)
    return _of_rule(desk, rule_asked(desk.view, desk.kept, words[0], Refusal, beside=known), length)


def _of_price(desk: Desk, name: str, length: int | str) -> Reply:
    view = desk.view
    picture = price_picture(view, name, _sessions(length), own_rules(view, desk.kept))
    known, one = view.scope.instruments[name], quote(view, name)
    text = price_caption(picture, one, view.next_open(known.calendar, one.at))
    line = f"/chart {name}"
    return Reply(text, picture=picture, buttons=_keys(line, length, Button("Price", f"/price {name}")))


def _of_rule(desk: Desk, rule: CompiledRule, length: int | str) -> Reply:
    picture = condition_picture(desk.view, rule, _sessions(length))
    name = picture.rule
    further = (Button("Why", f"/why {name}"), Button("Rule", f"/rule {name}"))
    return Reply(condition_caption(picture, rule), picture=picture, buttons=_keys(f"/chart {name}", length, *further))


def _of_pair(desk: Desk, words: Sequence[str]) -> Reply:
    view = desk.view
    a, b = pair(view, words[0], words[1])
    window = PAIR_WINDOW
    if len(words) > 2:
        window = whole_number(words[2], "N", SHORTEST_PAIR_WINDOW, LONGEST_WINDOW)
    answer = correlation(view, a.id, b.id, window)
    line = f"/chart {a.id} {b.id}"
    buttons = (windows(line, PAIR_WINDOWS, window), (refresh(f"{line} {window}"),))
    text = correlation_answer(answer, view.next_open(answer.clock, answer.at))
    return Reply(text, picture=pair_picture(view, answer), buttons=buttons)


def _is_length(word: str) -> bool:
    return word.lower() == ALL or word.lstrip("+-")[:1].isdigit()


def _length(word: str) -> int | str:
    return ALL if word.lower() == ALL else whole_number(word, f"N must be {ALL}, or else it", SHORTEST, LONGEST)


def _sessions(length: int | str) -> int | None:
    return length if isinstance(length, int) else None


def _keys(line: str, length: int | str, *further: Button) -> Keyboard:
    return windows(line, WINDOWS, length), (Button("Refresh", f"{line} {length}", Place.HERE), *further)
