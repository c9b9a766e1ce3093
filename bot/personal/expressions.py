"""A condition in the rule language, as people type it: names in any case, and not a word of when it counts again."""

from __future__ import annotations

import datetime as dt
import math
import re

from bot.personal.draft import NotUnderstood
from bot.personal.made import Made, percent
from bot.personal.market import Market
from rules.columns import Folded, instruments_of, walk
from rules.functions.registry import EACH, Scope, Type, every_name, vocabulary
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError
from rules.language.meaning import read as read_typed
from rules.language.typed import COMPARISONS, Typed, number_text
from rules.model import Basis, Label, Rule, Timing

MOST_COLUMNS, MOST_FOLDS = 150, 12
"""What an alert may make the engine compute: every tick computes that of all alerts of all chats."""

_WORD = re.compile(r"[^\W\d]\w*")
_NEVER_BEYOND = {">": ("highest", "above"), "<": ("lowest", "below")}
_PARAMETERS = {each.name: each.name for function in vocabulary().values() for each in function.parameters}
_SIDE = re.compile(r"\b(?:above|over|below|under)\b(?!\s*=)", re.IGNORECASE)
_TERSE = ("corr RUT SOL 60 > 0.6", "BTC -5%", "SOL < 120", "RUT record")


def made(head: str, market: Market) -> Made:
    """What a line makes that is in the rule language. Raises NotUnderstood."""
    if not head:
        raise NotUnderstood("it needs something to watch", _TERSE[1])
    when = compiled(cleaned(head, market.scope), None, Basis.CLOSE, Timing(), market).when_text
    _refuse_what_never_is(read_typed(when, market.scope))
    return Made(when, None, Basis.CLOSE)


def _refuse_what_never_is(typed: Typed) -> None:
    """A close above the highest of closes that it is one of: everybody means one that is the highest."""
    for part in typed.walk():
        if part.symbol not in _NEVER_BEYOND:
            continue
        left, right = part.parts
        extreme, said = _NEVER_BEYOND[part.symbol]
        if right.function is not None and right.function.name == extreme and right.parts[0].node == left.node:
            reason = f"{extreme} looks at this row too, so that nothing is {said} it"
            raise NotUnderstood(reason, f"{left.text} {part.symbol}= {right.text}")


def cleaned(text: str, scope: Scope) -> str:
    """With every name in the case that the language knows it in, and `below` and `above` as signs.

    Before a parenthesis it is a function, before `=` an argument: stocks are called LOW and BY as well.
    """
    functions = {name.lower(): name for name in every_name()}
    known = {name.lower(): name for name in (EACH, *Label.__members__, "and", "or", "not")}
    known |= {name.lower(): name for name in (*scope.baskets, *scope.instruments)}

    def named(found: re.Match[str]) -> str:
        word, after = found[0].lower(), found.string[found.end() :].lstrip()
        of_call = functions if after.startswith("(") else _PARAMETERS if re.match("=(?!=)", after) else {}
        return of_call.get(word) or known.get(word) or functions.get(word, found[0])

    signs = _SIDE.sub(lambda found: "<" if found[0].lower() in ("below", "under") else ">", text)
    return _WORD.sub(named, signs)


def compiled(when: str, clear: str | None, basis: Basis, timing: Timing, market: Market) -> CompiledRule:
    """Conditions as they would be judged. Raises NotUnderstood where they mean nothing, or ask for too much."""
    try:
        rule = compile_rule(Rule("alert", when, clear, basis, timing, personal=True), market.scope)
    except LanguageError as error:
        example = _example(when, market.scope)
        raise NotUnderstood(error.reason, example, "" if _is_prose(error.text) else error.pointed()) from None
    nodes = list(walk(rule.roots))
    folds = sum(isinstance(each, Folded) for each in nodes)
    if len(nodes) > MOST_COLUMNS or folds > MOST_FOLDS:
        raise NotUnderstood(
            f"that takes {len(nodes)} columns and {folds} memories to judge; an alert may take {MOST_COLUMNS} and "
            f"{MOST_FOLDS}",
            _TERSE[0],
        )
    if not rule.instruments:
        raise NotUnderstood("that reads no prices", _example(when, market.scope))
    for condition in (when, clear):
        if condition is not None:
            _refuse_dates_before_prices(read_typed(condition, market.scope, rule.calendar), market)
    return rule


def _refuse_dates_before_prices(typed: Typed, market: Market) -> None:
    """What has moved since a date is never known where prices begin later."""
    for part in typed.walk():
        dates = [each.value for each in part.parts if isinstance(each.value, dt.date)]
        for name in instruments_of([part.node]) if dates and part.node is not None else ():
            begins = market.begins(name)
            if begins is not None and min(dates) < begins:
                reason = f"prices of {name} begin on {begins}, after {min(dates)}"
                raise NotUnderstood(reason, f"{name} +5% since {begins}")


def band(when: str, market: Market) -> str | None:
    """When a comparison with a number counts again: one usual change of a row on the other side of it.

    None where it is something else, or nothing is known of its past.
    """
    try:
        typed = read_typed(when, market.scope)
    except LanguageError:
        return None
    if typed.symbol not in COMPARISONS[:4]:
        return None
    left, right = typed.parts
    level = right.value
    if right.type != Type.NUMBER or not isinstance(level, float) or left.type == Type.NUMBER:
        return None
    usual = market.usual_change(left.text)
    if usual is None:
        return None
    usual = min(usual, abs(level) / 2) if level else usual
    rounded = round(usual, 1 - math.floor(math.log10(usual)))
    down = typed.symbol in ("<", "<=")
    clear = round(level + rounded if down else level - rounded, 10)
    return f"{left.text} {'>' if down else '<'} {percent(clear) if right.text.endswith('%') else number_text(clear)}"


def _example(text: str, scope: Scope) -> str:
    """A line that would be right, about an instrument that this one is about, if it names one."""
    named = [word.upper() for word in _WORD.findall(text) if word.upper() in scope.instruments]
    return f"{named[0]} -5%" if named else _TERSE[0] if len(scope.instruments) > 1 else _TERSE[1]


def _is_prose(text: str) -> bool:
    """Whether a line does not even look like the rule language: a caret under its second word would help nobody."""
    return not any(sign in text for sign in "()<>=")
