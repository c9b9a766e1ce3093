"""Levels and moves of one price as conditions, with the band that each leaves behind it before it counts again."""

from __future__ import annotations

from collections.abc import Sequence

from bot.personal.draft import NotUnderstood
from bot.personal.made import Made, percent, typed
from bot.personal.market import Market
from bot.personal.words import Amount, Token
from rules.functions.registry import LONGEST_WINDOW
from rules.language.typed import number_text
from rules.model import ALWAYS, Basis, Instrument, Kind

FAR = 100.0
"""A level so many times as high as the price, or as low, is taken for a slip of the hand."""

_CLEARS_RECORD = {Kind.COIN: "10%", Kind.VOLATILITY: "10%"}


def near_record(instrument: Instrument) -> str:
    """How far below its record a price has to come before another one counts."""
    return _CLEARS_RECORD.get(instrument.kind, "3%")


def other_side(of: str, symbol: str, share: float, clear: float) -> Made:
    """A share of a price, told live and once; `clear` is the share beyond which it counts again."""
    back = {"<=": ">", ">=": "<"}[symbol]
    return Made(f"{of} {symbol} {percent(share)}", f"{of} {back} {percent(_rounded(clear))}", Basis.TICK, once=True)


def of_level(instrument: Instrument, symbol: str | None, level: float, market: Market) -> Made:
    """A price below or above a level; without a symbol from where the price is now. Raises NotUnderstood."""
    price, name = market.price(instrument.id), instrument.id
    if price is None and symbol is None:
        raise NotUnderstood(f"no price of {name} is known: from which side?", f"{name} < {number_text(level)}")
    if price is not None and not price / FAR <= level <= price * FAR:
        at = number_text(_to_digits(price, 6))
        raise NotUnderstood(f"{name} is at {at}, far from that", nearby(instrument, market))
    symbol = symbol or (">" if price is not None and level > price else "<")
    return _priced(instrument, symbol, level, market)


def of_now(instrument: Instrument, share: float, market: Market, base: float | None = None) -> Made:
    """So far from the price now, or from `base`: a level, and what it was made of. Raises NotUnderstood."""
    price, name = base or market.price(instrument.id), instrument.id
    if not -0.99 <= share <= 10 or abs(share) < 0.0001:
        raise NotUnderstood("a move is from 0.01% to -99% or +1000%", f"{name} -5%")
    if price is None or price <= 0:
        raise NotUnderstood(f"no price of {name} is known to start from", f"{name} -5% 1d")
    price, share = _to_digits(price, 6), typed(share)
    level = _to_digits(price * (1.0 + share), 5)
    made = _priced(instrument, "<=" if share < 0 else ">=", level, market)
    return Made(made.when, made.clear, made.basis, made.once, anchor=(name, share, price))


def of_move(instrument: Instrument, share: float, span: Sequence[Token], market: Market) -> Made:
    """So far over a span of days. Raises NotUnderstood where it is no such span."""
    days, name = days_of(instrument, span), instrument.id
    if not -0.99 <= share <= 10 or abs(share) < 0.001:
        raise NotUnderstood("a move over days is from 0.1% to -99% or +1000%", f"{name} -5% 1d")
    band = max(abs(share) / 2, min(market.usual_move(name) * days**0.5, 0.5))
    down = share < 0
    clear = percent(_rounded(share + band if down else share - band))
    of = f"ret({name}, {days})"
    when = f"{of} <= {percent(share)}" if down else f"{of} >= {percent(share)}"
    return Made(when, f"{of} > {clear}" if down else f"{of} < {clear}", Basis.TICK, once=True)


def lacks_number(instrument: Instrument, market: Market) -> Made:
    """Only an instrument was named. Raises NotUnderstood."""
    raise NotUnderstood(f"what about {instrument.id}? a level, a move, or its record", nearby(instrument, market))


def nearby(instrument: Instrument, market: Market) -> str:
    """A line about it that would do: a level not far from its price."""
    price = market.price(instrument.id)
    return f"{instrument.id} -5%" if price is None else f"{instrument.id} < {number_text(_to_digits(price * 0.95, 2))}"


def _to_digits(value: float, digits: int) -> float:
    """Rounded to so many significant digits."""
    return float(f"{value:.{digits}g}")


def _priced(instrument: Instrument, symbol: str, level: float, market: Market) -> Made:
    of, usual = f"price({instrument.id})", market.usual_move(instrument.id)
    down = symbol in ("<", "<=")
    clear = _to_digits(level * (1.0 + usual) if down else level / (1.0 + usual), 4)
    band = f"{of} > {number_text(clear)}" if down else f"{of} < {number_text(clear)}"
    return Made(f"{of} {symbol} {number_text(level)}", band, Basis.TICK, once=True)


def days_of(instrument: Instrument, span: Sequence[Token]) -> int:
    """1d, 5 days, today, a week: sessions of the instrument's calendar. Raises NotUnderstood."""
    words = [f"{each.value:g}" if isinstance(each, Amount) else each for each in span]
    text = "".join(words)
    count = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = text[len(count) :]
    whole = int(count) if count.isdecimal() and len(count) < 6 else 1 if not count else 0
    week = 7 if instrument.calendar == ALWAYS else 5
    sizes = {**dict.fromkeys(("d", "day", "days", "session", "sessions", "close", "closes", "today"), 1)}
    sizes |= dict.fromkeys(("w", "week", "weeks"), week)
    sizes |= dict.fromkeys(("month", "months"), 30 if week == 7 else 21)
    year = 365 if week == 7 else 252
    sizes |= dict.fromkeys(("y", "year", "years", "yearly"), year)
    days = year if (whole, sizes.get(unit)) == (52, week) else whole * sizes.get(unit, 0)
    if unit in ("h", "hour", "hours", "min", "minutes", "m"):
        kind = "UTC days" if instrument.calendar == ALWAYS else "sessions"
        raise NotUnderstood(f"moves are measured over {kind}, or from the price now", f"{instrument.id} -5% 1d")
    if not 1 <= days <= LONGEST_WINDOW:
        raise NotUnderstood(f"a move is over 1 to {LONGEST_WINDOW} days", f"{instrument.id} -5% 5d")
    return days


def _rounded(share: float) -> float:
    """To a tenth of a percent, as the language writes it."""
    return round(share, 3)
