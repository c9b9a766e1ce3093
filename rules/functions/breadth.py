"""What a basket does as a whole: how many of its members do something, and what they do on average."""

from __future__ import annotations

from functools import reduce

from rules.columns import Constant, Node
from rules.elementwise import binary
from rules.functions.registry import EachCondition, EachSeries, Members, Number, Percent, Same, function
from rules.windows import close_of


@function("mean of {x} in {basket}")
def mean_of(basket: Members, x: EachSeries) -> Same:
    """Mean over the members of a basket of x, in which EACH stands for the member; in the unit of x.

    NaN while x of a single member is: which one is missing would else look like a change.
    Example: mean_of(ALTS, ret(EACH, 21)) > 20%
    """
    return _mean(x, len(basket))


@function("share of {basket} above {x}")
def share_above(basket: Members, x: EachSeries) -> Percent:
    """Share in [0, 1] of the members of a basket whose close is above x, in which EACH stands for the member.

    NaN while a single member, or its x, is. Example: share_above(ALTS, sma(EACH, 50)) < 20%
    """
    above = tuple(binary(">", close_of(name), level) for name, level in zip(basket, x, strict=True))
    return _mean(above, len(basket))


@function("members of {basket} where {condition}")
def count_if(basket: Members, condition: EachCondition) -> Number:  # noqa: ARG001 - read for them
    """How many members of a basket the condition, in which EACH stands for the member, is TRUE of.

    NaN while it is UNKNOWN of a single one. Example: count_if(ALTS, drawdown(EACH) > 50%) >= 3
    """
    return _sum(condition)


def _mean(each: tuple[Node, ...], count: int) -> Node:
    return binary("/", _sum(each), Constant(float(count)))


def _sum(each: tuple[Node, ...]) -> Node:
    return reduce(lambda x, y: binary("+", x, y), each)
