"""The parts of a condition in words: each with its value, what it is compared with, and how far it is from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bot.answers.why import Number, Part
from bot.render.lines import PHONE, packed
from bot.render.numbers import by_unit, nearly, price, truth
from rules.functions.registry import Unit
from rules.model import Verdict

_MARKS = {Verdict.TRUE: "✓", Verdict.FALSE: "✗", Verdict.UNKNOWN: "?"}


def told_parts(parts: Sequence[Part]) -> Iterator[str]:
    """Two lines a part: the value, and what it is held against with the distance; in one where that fits."""
    loose = sum(part.either for part in parts)
    for index, part in enumerate(parts):
        if part.either and not any(each.either for each in parts[:index]):
            yield "One of these is enough:" if loose == len(parts) == 2 else "Not all of these are needed:"
        yield from _part(part)


def _part(part: Part) -> Iterator[str]:
    sign = _MARKS[part.verdict]
    if part.verdict is Verdict.UNKNOWN:
        yield f"{sign} {escape(part.words)}: <b>unknown</b>"
        yield from [f"   {escape(part.reason)}"] if part.reason else []
    elif not part.relation:
        yield f"{sign} {escape(part.words)}: <b>{truth(part.value)}</b>"
    else:
        yield f"{sign} {escape(part.words)}: <b>{escape(_value(part))}</b>"
        yield from (f"   {escape(line)}" for line in _against(part))
    yield from (f"   {escape(line)}" for line in packed(_gone_by(part.numbers), PHONE - 3))


def _value(part: Part) -> str:
    """With the digits that tell it from its level."""
    told = by_unit(part.value, part.unit)
    return nearly(part.value, part.unit) if told == by_unit(part.level, part.unit) else told


def _against(part: Part) -> list[str]:
    """What it is held against, and how far it is from there."""
    level = by_unit(part.level, part.unit)
    held = f"{part.relation} {f'{part.level_words} ' * bool(part.level_words)}{level}"
    apart = f"{_distance(part)} {'to spare' if part.verdict is Verdict.TRUE else 'short'}"
    line = f"{held}, {apart}"
    return [line] if len(line) + 3 <= PHONE else [held, apart]


def _distance(part: Part) -> str:
    """In points of a share, else in the unit of the value; of a price as a share of its level too."""
    apart = part.distance or 0.0
    if part.unit in (Unit.PERCENT, Unit.PROBABILITY):
        return f"{_two_digits(apart * 100)} points"
    if part.unit == Unit.CORRELATION:
        return _two_digits(apart)
    if part.unit == Unit.PRICE and part.level:
        return f"{_as_near(apart, part.level)} ({_two_digits(apart / abs(part.level) * 100)}%)"
    return by_unit(apart, part.unit).lstrip("+")


def _two_digits(value: float) -> str:
    """0.051, 4.4, 68: no power of ten, and no digits that nobody needs."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _as_near(apart: float, level: float) -> str:
    """A distance with the decimals of a price of that size, as far as they show it."""
    told = f"{apart:,.2f}"
    return told if abs(level) >= 10 and float(told.replace(",", "")) > 0 else price(apart)


def _gone_by(numbers: Sequence[Number]) -> list[str]:
    """What a yes-or-no goes by: numbers, and of remarks those that hold."""
    told = [each for each in numbers if each.unit != Unit.TRUTH or each.value == 1.0]
    return [
        each.words if each.unit == Unit.TRUTH else f"{each.words}: {by_unit(each.value, each.unit)}" for each in told
    ]
