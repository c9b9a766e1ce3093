"""One forgiving line -> Draft. A short form is tried first, then the rule language itself.

Every draft says all of itself: its own line is read as the same draft whatever the market does meanwhile. A level that
was met counts again when the price has gone about one usual daily move back: one that swings about it is told of once.
"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.personal import expressions
from bot.personal.draft import LONGEST_LINE, Draft, NotUnderstood
from bot.personal.levels import lacks_number, near_record, nearby, of_level, of_move, of_now, other_side
from bot.personal.made import Made, percent
from bot.personal.market import Market
from bot.personal.measures import MEASURES
from bot.personal.names import instrument_at
from bot.personal.options import Options, split
from bot.personal.pairs import correlation, coupling, regime
from bot.personal.said import (
    ABOVE,
    BELOW,
    CLOSES,
    FALLS,
    FILLERS,
    MEETS,
    MOST_DOWN,
    MOST_UP,
    RECORDS,
    RISES,
    SPANNING,
    Said,
    one_percentage,
)
from bot.personal.words import Amount, NotANumber, plain, tokens
from bot.render.titles import title_of
from rules.language.meaning import read_condition
from rules.model import Basis

_SINCE = re.compile(r"\bsince\s+\S+$", re.IGNORECASE)
_ALL_TIME = ("all", "time", "all-time")

LONGEST_ASKED = 400
"""Characters of a line that somebody types."""

REST = {Basis.CLOSE: 5, Basis.TICK: 1_440}
"""Rows, or polls, that an alert rests after it fired where nothing else keeps it from firing again at once."""


def read(line: str, market: Market) -> Draft:
    """What a line asks for. Raises NotUnderstood, and nothing else."""
    text = plain(line).rstrip(" !?;,.")
    if not text:
        raise NotUnderstood("it needs something to watch", "BTC -5% 1d")
    if len(text) > LONGEST_LINE:
        raise NotUnderstood(f"a line has at most {LONGEST_LINE} characters, this one {len(text)}", "SOL < 120")
    head, options = split(text)
    draft = _completed(_short(head, market) or _expression(head, market), options, market)
    if len(draft.line) > LONGEST_LINE:
        raise NotUnderstood(f"in full it has more than {LONGEST_LINE} characters", "SOL < 120")
    return replace(draft, asked=line.strip()[:LONGEST_ASKED])


def _short(head: str, market: Market) -> Made | None:
    """A short form; None where it is none, and may be an expression."""
    try:
        said = tokens(head)
    except NotANumber as error:
        raise NotUnderstood(str(error), "SOL < 120") from None
    if said is None and _SINCE.search(head):
        raise NotUnderstood("since which day? dates look like 2025-11-20", "RUT +5% since 2025-11-20")
    words = tuple(each for each in said or () if each not in FILLERS)
    if not words:
        return None
    for form in (correlation, coupling, regime):
        if (made := form(words, market)) is not None:
            return made
    first = 1 if words[0] in ("drawdown", "rally", "within") else 0
    found = instrument_at(words, first, market.scope.instruments)
    if found is None:
        return None
    instrument, after = found
    rest = words[after:] if not first else (*words[after:], words[0])
    return _of_one(Said(instrument, rest, market))


def _expression(head: str, market: Market) -> Made:
    """A condition; one that is a short form after all, with signs about it that change nothing, is that."""
    made = expressions.made(head, market)
    return _short(made.when, market) or made


def _of_one(said: Said) -> Made | None:
    """Of one instrument: the first form that its words fit."""
    for form in (*MEASURES, _record, _near_record, _drawdown, _rally, _move, _level):
        if (made := form(said)) is not None:
            return made
    return lacks_number(said.instrument, said.market) if not said.words else None


def _record(said: Said) -> Made | None:
    name, known = said.instrument.id, (*ABOVE, *MEETS, *CLOSES, "new", *_ALL_TIME)
    if not said.says(*RECORDS) or said.amounts or not said.only(RECORDS, known):
        return None
    return Made(f"close({name}) > record({name})", f"drawdown({name}) > {near_record(said.instrument)}", Basis.CLOSE)


def _near_record(said: Said) -> Made | None:
    near = ("from", "within", "near", "of")
    if not said.says(*RECORDS) or not said.says(*near) or not said.only(RECORDS, near, _ALL_TIME):
        return None
    if said.amounts and said.amounts[0].signed:
        return None
    share = one_percentage(said, "1% from record")
    usual = said.market.usual_move(said.instrument.id)
    return other_side(f"drawdown({said.instrument.id})", "<=", share, share + 2 * usual)


def _drawdown(said: Said) -> Made | None:
    """`RUT drawdown 10%`, `RUT -10% from its record`, `RUT 10% off its high`; below 10 % would be another thing."""
    lower = said.says("below", "off", *FALLS) or any(each.signed and each.value < 0 for each in said.amounts)
    if not (lower and said.says(*RECORDS)) and (not said.says("drawdown") or said.says("below")):
        return None
    if not said.only(RECORDS, ABOVE, FALLS, ("drawdown", "below", "off", "from"), _ALL_TIME):
        return None
    share = one_percentage(said, "drawdown 10%")
    of = f"drawdown({said.instrument.id})"
    return replace(other_side(of, ">=", share, share / 2), basis=Basis.CLOSE, once=False)


def _rally(said: Said) -> Made | None:
    if not said.says("rally", "rallies") or not said.only(("rally", "rallies", "from", "low", "up")):
        return None
    share, name = one_percentage(said, "rally 10%"), said.instrument.id
    turn = f"({name}, {percent(share)})"
    return Made(f"up_turn{turn}", f"down_turn{turn}", Basis.CLOSE)


def _move(said: Said) -> Made | None:
    """A percentage: from the price now, or over so many days."""
    if not said.amounts or not said.amounts[0].percent or said.says(*RECORDS):
        return None
    amount = said.amounts[0]
    down, up = said.says(*FALLS) or amount.value < 0, said.says(*RISES) or (amount.signed and amount.value > 0)
    if down is up:
        size = abs(amount.value) if 0.001 <= abs(amount.value) <= MOST_UP else 0.05
        example = f"{said.instrument.id} {'-' if size <= MOST_DOWN else '+'}{percent(size)}"
        raise NotUnderstood("up or down? write + or - before the percentage", example)
    share = -abs(amount.value) if down else abs(amount.value)
    rest = [each for each in said.words if each is not amount and each not in (*FALLS, *RISES, *SPANNING)]
    if not rest:
        return of_now(said.instrument, share, said.market)
    if rest[0] == "from" and rest[1:] != ["now"] and len(rest) == 2 and isinstance(rest[1], Amount):
        return of_now(said.instrument, share, said.market, base=rest[1].value)
    if rest in (["from", "now"], ["from", "here"], ["now"]):
        return of_now(said.instrument, share, said.market)
    return of_move(said.instrument, share, rest, said.market)


def _level(said: Said) -> Made | None:
    """A price: from which side it is met is said, or follows from where it is now."""
    below, above = said.says(*BELOW, *FALLS), said.says(*ABOVE, *RISES)
    if len(said.amounts) != 1 or not said.only(BELOW, ABOVE, FALLS, RISES, MEETS, CLOSES):
        return None
    level = said.amounts[0]
    if level.percent or level.signed or (below and above) or level.value <= 0:
        raise NotUnderstood("a level is one price, from one side", nearby(said.instrument, said.market))
    symbol = next((each for each in said.words if each in ("<", "<=", ">", ">=")), None)
    side = symbol or ("<" if below else ">" if above else None)
    made = of_level(said.instrument, str(side) if side else None, level.value, said.market)
    return replace(made, basis=Basis.CLOSE) if said.says(*CLOSES) else made


def _completed(made: Made, options: Options, market: Market) -> Draft:
    """With its options, in the rule language's own words, and with something that keeps it from flapping."""
    anchor = options.anchor or made.anchor
    clear = expressions.cleaned(options.clear, market.scope) if options.clear is not None else made.clear
    timing = made.timing
    if options.clear is not None:
        timing = replace(timing, cooldown=0)
    given = {name: getattr(options, name) for name in ("confirm", "confirm_clear", "cooldown")}
    timing = replace(timing, **{name: count for name, count in given.items() if count is not None})
    basis = options.basis or made.basis
    if clear is None and not timing.cooldown:
        clear = expressions.band(made.when, market)
        timing = timing if clear is not None else replace(timing, cooldown=REST[basis])
    once = made.once if options.once is None else options.once
    compiled = expressions.compiled(made.when, clear, basis, timing, market)
    when = read_condition(made.when, market.scope, compiled.calendar)
    return Draft(
        when=compiled.when_text,
        clear=compiled.clear_text if clear is not None else None,
        basis=basis,
        once=once,
        timing=timing,
        title=title_of(when, anchor),
        lasts=options.lasts if options.limited else None,
        anchor=anchor,
    )
