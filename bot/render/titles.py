"""What an alert that somebody made is called: its condition as a headline, where it is of a kind that has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.render.numbers import by_unit, plain
from rules.functions.registry import Type, Unit
from rules.language.errors import short
from rules.language.typed import Typed
from rules.model import Instrument

LONGEST = 80
"""Characters of a title; what is longer is cut."""

_SIDES = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}


def title_of(when: Typed, anchor: tuple[str, float, float] | None = None) -> str:
    """The headline of a condition; `anchor` is what its level was made of."""
    if anchor is not None:
        name, share, base = anchor
        return short(f"{name} {'down' if share < 0 else 'up'} {_share(abs(share))} from {level(base)}", LONGEST)
    found = _of_comparison(when) if when.symbol in _SIDES else _of_call(when)
    return short(found or when.spoken, LONGEST)


def level(value: float) -> str:
    """A price that somebody chose, with the digits that it has: 79,800 and 0.335."""
    return f"{value:,}".removesuffix(".0")


def _of_comparison(when: Typed) -> str | None:
    left, right = when.parts
    if (usual := _of_usual_volume(left, when.symbol, right)) is not None:
        return usual
    if left.type == Type.INSTRUMENT or _name(left) in ("price", "close"):
        return _of_price(left, when.symbol, right)
    known = _COMPARED.get(_name(left))
    return known(left, when.symbol, right) if known is not None and isinstance(right.value, float) else None


def _of_price(left: Typed, symbol: str, right: Typed) -> str | None:
    instrument = left.value if isinstance(left.value, Instrument) else left.parts[0].value
    if not isinstance(instrument, Instrument):
        return None
    if _name(right) == "record" and symbol in (">", ">="):
        return f"{instrument.name} at a record"
    if isinstance(right.value, float):
        return f"{instrument.name} {_SIDES[symbol]} {level(right.value)}"
    told = _OF_DAYS.get((_name(right), symbol[0]))
    own = bool(right.parts) and right.parts[0].value == instrument
    return told.format(instrument.name, right.arguments["n"]) if told and own else None


def _to_date(left: Typed, symbol: str, right: Typed) -> str | None:
    of, share = left.parts[0].spoken, _value(right)
    since = _TO_DATES.get(_name(left)) or f"since {left.arguments['date']}"
    if (symbol in (">", ">=")) is not (share > 0):
        return None
    return f"{of} {'up' if share > 0 else 'down'} {_share(abs(share))} {since}"


def _of_volume(left: Typed, symbol: str, right: Typed) -> str:
    return f"{left.parts[0].text} volume {_SIDES[symbol]} {by_unit(_value(right), Unit.VOLUME)}"


def _of_usual_volume(left: Typed, symbol: str, right: Typed) -> str | None:
    """Of `turnover(IBIT) >= 3 * adv(IBIT, 60)`."""
    if _name(left) != "turnover" or right.symbol != "*" or symbol not in (">", ">="):
        return None
    times, usual = right.parts
    if not isinstance(times.value, float) or _name(usual) != "adv" or usual.parts[0].value != left.parts[0].value:
        return None
    return f"{left.parts[0].text} volume {plain(times.value)} times its usual"


def _of_return(left: Typed, symbol: str, right: Typed) -> str | None:
    of, days, level = left.parts[0], left.arguments["n"], _value(right)
    rises = symbol in (">", ">=")
    if rises is not (level > 0):
        return None
    return f"{of.spoken} {'up' if rises else 'down'} {_share(abs(level))} in {days} day{'s' * (days != '1')}"


def _of_drawdown(left: Typed, symbol: str, right: Typed) -> str:
    of, share = left.parts[0].spoken, _share(_value(right))
    return f"{of} within {share} of its record" if symbol in ("<", "<=") else f"{of} {share} below its record"


def _of_corr(left: Typed, symbol: str, right: Typed) -> str:
    a, b, n = (left.arguments[name] for name in ("a", "b", "n"))
    return f"{a}-{b} correlation ({n}) {_SIDES[symbol]} {plain(_value(right))}"


def _of_p_corr(left: Typed, symbol: str, right: Typed) -> str:
    a, b, above = (left.arguments[name] for name in ("a", "b", "above"))
    if symbol in (">", ">=") and _value(right) == 0.5:
        return f"{a} and {b} coupled at {above}"
    return f"P({a}-{b} corr ≥ {above}) {_SIDES[symbol]} {by_unit(_value(right), Unit.PROBABILITY)}"


def _of_call(when: Typed) -> str | None:
    if when.function is None:
        return None
    name, parts = when.function.name, when.arguments
    if name in ("up_turn", "down_turn"):
        return f"{parts['x']} {'up' if name == 'up_turn' else 'down'} {parts['pct']} from its {_TURNED[name]}"
    if name == "regime_is":
        return f"Regime: {parts['label']}"
    if name == "fresh_record" and isinstance(instrument := when.parts[0].value, Instrument):
        return f"{instrument.name} at a fresh record"
    return None


_TURNED = {"up_turn": "low", "down_turn": "high"}
_OF_DAYS = {
    ("highest", ">"): "{} at its high of {} days",
    ("lowest", "<"): "{} at its low of {} days",
    ("sma", ">"): "{} above its {}-day average",
    ("sma", "<"): "{} below its {}-day average",
}
_TO_DATES = {"ytd": "this year", "mtd": "this month"}
_COMPARED: Mapping[str, Callable[[Typed, str, Typed], str | None]] = {
    "ret": _of_return,
    "drawdown": _of_drawdown,
    "corr": _of_corr,
    "p_corr": _of_p_corr,
    "ytd": _to_date,
    "mtd": _to_date,
    "rally_since": _to_date,
    "turnover": _of_volume,
}


def _name(part: Typed) -> str:
    return part.function.name if part.function is not None else ""


def _value(part: Typed) -> float:
    return part.value if isinstance(part.value, float) else float("nan")


def _share(share: float) -> str:
    return f"{round(share * 100.0, 4):.10g}%"
