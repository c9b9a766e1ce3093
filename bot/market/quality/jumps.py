"""Moves that need a witness: those of a power of ten, those like a split, those that are just too large."""

from __future__ import annotations

import math

from bot.market.quality.closes import Closes, Jump, Ruler, usual_difference
from bot.market.quality.limits import APART, BELIEVED, DIFFERENCES, PROXY, SAME, TOGETHER, TORN, TWIN, WILD, Limit
from bot.render.numbers import percent, price
from rules.bars import Interval
from rules.model import ALWAYS, Instant, Kind

SPLITS = (1.5, 2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 50)
"""New shares for an old one, as funds do it; and the inverses."""

POWERS = (10, 100, 1000)
"""What a decimal point in the wrong place makes of a price."""

REACH = 0.1
"""How near the next bar's range must come to a close to tell of it too, as a share of the jump."""

NEAR_SPLIT = 0.1
"""How far, as a log ratio, a day's own move may take a price from the split's ratio."""


def is_far(jump: Jump, limit: Limit) -> bool:
    """Beyond the limit; never, as long as too few moves are known."""
    return jump.sigmas > limit.sigmas


def power_of_ten(jump: Jump, limit: Limit) -> int:
    """10, 100 or 1000 where the price is about that many times what it was, or one part in it; else 0.

    About: what remains is a move that would not be far.
    """
    usual = limit.floor if math.isnan(jump.usual) else jump.usual
    for power in POWERS:
        if abs(abs(jump.move) - math.log(power)) <= min(0.5, limit.sigmas * usual):
            return power
    return 0


def split_ratio(move: float, tolerance: float = NEAR_SPLIT) -> float:
    """The new shares for an old one that would explain a move, 0.5 for a reverse split; 0 where none would."""
    for shares in SPLITS:
        if abs(abs(move) - math.log(shares)) <= tolerance:
            return shares if move < 0 else 1 / shares
    return 0.0


def may_speak(mine: Jump, other: Jump | None, kind: Kind) -> bool:
    """Whether a proxy's own move `other` leaves it a say: not where it is wild, nor where it is like a split of a fund,
    unless ours is too."""
    if other is None:
        return True
    like_a_split = kind is Kind.ETF and bool(split_ratio(other.move)) and not split_ratio(mine.move)
    return abs(other.move) <= WILD and not like_a_split


def speaks(mine: Jump, end: Instant, proxy: Closes, opposite: bool) -> bool | None:
    """Whether a proxy moved alike; None where it cannot say.

    Alike: from the same close to this one it went the same way (against it where `opposite`), by at least a third of
    the size, each in its own usual moves.
    """
    other = proxy.move(mine.since, end)
    if other is None or math.isnan(other.usual):
        return None
    same_way = (mine.move * other.move > 0) != opposite
    size = mine.sigmas if not math.isnan(mine.usual) else proxy.ruler.limit.sigmas
    return same_way and other.sigmas >= PROXY * size


def is_large(jump: Jump, limit: Limit) -> bool:
    """Whether a move, in usual moves of a calm time, is so large that a twin may speak against it."""
    return jump.sigmas > limit.sigmas / 2


def is_apart(mine: Jump, end: Instant, own: Closes, twin: Closes) -> bool:
    """Whether a twin speaks against a move that is large, though not too large by itself. False where the proxy is no
    twin or cannot say. `own` holds the close in question."""
    alike, other = own.move(mine.since, end), twin.move(mine.since, end)
    limit = own.ruler.limit
    if alike is None or other is None or not is_large(alike, limit):
        return False
    differ = usual_difference(own, twin, mine.since)
    if math.isnan(differ):
        return False
    usual = max(TWIN * limit.floor, differ) * math.sqrt(mine.bars)
    return abs(mine.move - other.move) > max(DIFFERENCES * usual, APART * abs(mine.move))


def speaks_for(mine: Jump, end: Instant, own: Closes, proxy: Closes) -> bool | None:
    """Whether a proxy moved alike and, where it is a twin, by as much; None where it cannot say."""
    opposite = are_opposite(own.ruler.instrument.kind, proxy.ruler.instrument.kind)
    voice = speaks(mine, end, proxy, opposite)
    return voice and (opposite or not is_apart(mine, end, own, proxy)) if voice is not None else None


def outweighs(mine: Jump, end: Instant, own: Closes, twin: Closes, third: Closes) -> bool:
    """Whether a third one sides with `own` against a twin: it speaks for its move and, each in its own usual moves, is
    nearer to that than to the twin's."""
    if not speaks_for(mine, end, own, third):
        return False
    alike, other, heard = (each.move(mine.since, end) for each in (own, twin, third))
    if alike is None or other is None or heard is None:
        return False
    way = -1 if are_opposite(own.ruler.instrument.kind, third.ruler.instrument.kind) else 1
    size, his, its = (math.copysign(each.sigmas, each.move) for each in (alike, other, heard))
    return abs(way * its - size) < abs(way * its - his)


def is_torn(jump: Jump, opened: float, ruler: Ruler) -> bool:
    """Whether an hour of what never stops opens away from the close of the hour before."""
    if ruler.instrument.calendar != ALWAYS or ruler.interval is Interval.DAY or jump.bars != 1 or not opened > 0:
        return False
    return abs(math.log(opened / jump.was)) > TORN


def are_opposite(one: Kind, other: Kind) -> bool:
    """Volatility rises when prices fall."""
    return (one is Kind.VOLATILITY) != (other is Kind.VOLATILITY)


def agrees(said: float, close: float, jump: Jump | None) -> bool:
    """Whether another source's close tells of the same move; of no move, where `jump` is None."""
    within = SAME if jump is None else min(TOGETHER, BELIEVED * abs(jump.move))
    return abs(math.log(said / close)) <= within


def stays(jump: Jump, close: float, after: float) -> bool:
    """Whether the next close is on the new level."""
    return abs(math.log(after / close)) <= BELIEVED * abs(jump.move)


def returns(jump: Jump, after: float) -> bool:
    """Whether the next close is back on the old level."""
    return abs(math.log(after / jump.was)) < BELIEVED * abs(jump.move)


def turns(jump: Jump, after: float) -> bool:
    """Whether a later close has taken half of the jump back, or more."""
    return math.log(after / jump.was) * math.copysign(1.0, jump.move) < abs(jump.move) / 2


def reaches(jump: Jump, close: float, low: float, high: float) -> bool:
    """Whether the next bar's own range still goes to this close: two bars tell of it. False where that is unknown."""
    slack = math.exp(REACH * abs(jump.move))
    return low / slack <= close <= high * slack


def told(close: float, jump: Jump) -> str:
    """The move in numbers: 2,210.50 after 2,455.10 is -10.0%, 12 usual moves."""
    sizes = "" if math.isnan(jump.usual) else f", {jump.sigmas:.0f} usual moves"
    return f"{price(close)} after {price(jump.was)} is {percent(math.expm1(jump.move), signed=True)}{sizes}"


def told_as_ratio(close: float, was: float, ratio: float) -> str:
    """2,541.10 after 25,210.00 is 10 times less."""
    times = ratio if ratio >= 1 else 1 / ratio
    way = "more" if close > was else "less"
    return f"{price(close)} after {price(was)} is {times:g} times {way}"
