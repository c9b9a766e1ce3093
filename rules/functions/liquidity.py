"""How much money changes hands, and what a trade costs: dollar volume, its tiers and shares, impact and spread.

Money is that of one venue. Windows over it hold rows of one tape alone, and what is summed over several instruments is
known where one venue printed them all: a coin trades 17 times as much on a perpetual exchange as on a spot one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from rules.bars import Floats
from rules.columns import Field, Folded, Node, Window
from rules.elementwise import binary, finite
from rules.functions.registry import Leg, Members, Number, Percent, Rows, Volume, function
from rules.scan import State, where
from rules.windows import close_of, moving_mean, moving_median, over_known, simple_return, windowed

TIERS = (1e6, 10e6, 50e6)
"""Median dollar volumes a session from which an instrument is of tier 1, 2 and 3."""

LEFT_AT = 0.7
"""Share of its boundary below which a tier is left."""

_PER = 1e6
"""What Amihud's ratio is told per: a million traded."""


@function("{x} turnover", context=("adv({x})",))
def turnover(x: Leg) -> Volume:
    """Money traded since the previous close of the clock: the sum of volume times close, bar by bar.

    In the quote currency of who prints x. NaN where a bar is missing or the venue changed between, and where it is not
    said what the volume counts. Example: turnover(IWM) > 2 * adv(IWM)
    """
    return Field(x.id, "turnover")


@function("{x} daily dollar volume", context=("turnover({x})", "tier({x})"))
def adv(x: Leg, n: Rows = 30) -> Volume:
    """Median of the last n turnovers: what an ordinary session trades, whatever the wildest of them did.

    In the quote currency of who prints x, of one venue. NaN unless the n lie within the last ceil(n / 0.8) rows, all of
    the row's own venue: after a change of venue it is unknown for n rows. Example: adv(SOL) < 10M
    """
    return windowed(_median, (turnover(x),), n)


@function("{x} liquidity tier", context=("adv({x})", "turnover({x})"))
def tier(x: Leg) -> Number:
    """3, 2, 1 or 0: adv(x) of 50 million, 10 million, 1 million, or less, with hysteresis.

    A tier is entered at its boundary and left below 0.7 of it: max(entered, min(the tier before, kept)), where
    `entered` counts the boundaries that adv has reached and `kept` those of which it has 0.7. In the quote currency.
    NaN where adv is; it begins anew with each change of venue. Example: tier(SOL) < 3
    """
    return Folded(Tiers(TIERS, LEFT_AT), (adv(x),))


@function("{x} price impact ({n})", context=("adv({x}, {n})", "ret({x})"))
def amihud(x: Leg, n: Rows = 30) -> Number:
    """What a million traded moves the price by: mean over n rows of |return| / turnover, times a million.

    A share of the price per million of the quote currency: 0.0001 is one basis point. Simple returns; a row needs its
    return and its turnover, and one without trade counts for nothing. NaN there, and unless n rows lie within the last
    ceil(n / 0.8), all of the row's own venue. (Amihud 2002) Example: percentile(amihud(SOL), 250) >= 95%
    """
    return windowed(_impact, (simple_return(close_of(x.id)), turnover(x)), n)


@function("{x} bid-ask spread", context=("adv({x})",))
def spread(x: Leg) -> Percent:
    """Effective bid-ask spread as a share of the price: EDGE, of the last 720 hourly bars that end by the close.

    Twice what a trade costs against the middle. Only of what trades without pause and has hourly bars; of everything
    else, and of too few hours within 900 of the venue that printed the last of them, it is NaN. 0: so narrow that
    prices do not tell it from none, as of most large coins on half of all days.
    (Ardia, Guidotti & Kroencke 2024) Example: spread(SOL) > 0.3%
    """
    return Field(x.id, "spread")


@function("{core} share of volume")
def volume_share(core: Members, others: Members, n: Rows = 30) -> Percent:
    """Share in [0, 1] of one basket in the dollar volume of two: adv(core) / (adv(core) + adv(others)).

    Sums over members; who is a member of both counts once, as of `core`. UNKNOWN while the adv of a single member is,
    on rows where members are printed by different venues, and where nothing was traded.
    Example: volume_share(CORE, ALTS) < 40%
    """
    rest = tuple(name for name in others if name not in core)
    ours, all_of_them = _money(core, n), _money((*core, *rest), n)
    venues = tuple(Field(name, "venue") for name in (*core, *rest))
    return Window(_of_one_venue, (binary("/", ours, all_of_them), *venues))


@dataclass(frozen=True)
class Tiers:
    """How many of `boundaries` x has reached, less those that it has since fallen below `left_at` of.

    A missing x gives NaN and leaves the tier.
    """

    boundaries: tuple[float, ...]
    left_at: float
    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"tier": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        boundaries, unknown, before = np.array(self.boundaries), np.isnan(x), state["tier"]
        entered = boundaries.searchsorted(x, side="right")
        kept = (self.left_at * boundaries).searchsorted(x, side="right")
        tier = where(unknown, before, np.maximum(entered, np.minimum(before, kept)))
        return {"tier": tier}, np.where(unknown, np.nan, tier)[:, None]


def _money(members: tuple[str, ...], n: int) -> Node:
    each: list[Node] = [windowed(_median, (Field(name, "turnover"),), n) for name in members]
    return reduce(lambda x, y: binary("+", x, y), each)


def _of_one_venue(share: Floats, *venues: Floats) -> Floats:
    same = np.all([each == venues[0] for each in venues], axis=0)
    return np.where(same, share, np.nan)


def _median(turnover: Floats, n: int) -> Floats:
    medians = over_known(moving_median, n, turnover + 0.0)  # no -0.0: it sorts as 0.0
    return finite(medians)


def _impact(change: Floats, turnover: Floats, n: int) -> Floats:
    with np.errstate(over="ignore"):
        moved = finite(np.abs(change) / np.where(turnover > 0, turnover, np.nan) * _PER)
        return finite(over_known(moving_mean, n, moved))
