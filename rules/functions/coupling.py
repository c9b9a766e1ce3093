"""What the correlation filter says of a pair: a probability instead of a point, and shifts that need no level."""

from __future__ import annotations

from rules.columns import Node, Window
from rules.coupling import at_least, mass_from, mean_of, posterior, quantile_of
from rules.functions.registry import Correlation, Gap, Leg, PairRows, Probability, Rho, function
from rules.model import Instrument
from rules.shift import ewma_correlation, probability_of_shift, reference_of
from rules.windows import close_of

_MEASURED = (
    "corr({a}, {b}, 60)",
    "percentile(corr({a}, {b}, 60), 504)",
    "pcorr({a}, {b}, given=SPX, n=60)",
    "pcorr({a}, {b}, given=SPX, also=BTC, n=60)",
    "shared({a}, {b}, 60)",
)


@function("P({a}-{b} corr ≥ {above})", pair=True, context=(*_MEASURED, "vol_driven({a}, {b}, {above}, 60)"))
def p_corr(a: Leg, b: Leg, above: Rho = 0.6) -> Probability:
    """Probability in [0, 1] that the correlation of a and b is at least `above`, given everything up to this close.

    A Bayesian filter on devolatilised returns: fat tails and a leg that is loud do not fool it, and it forgets at the
    speed of one change in 500 rows. UNKNOWN for the first 120 joint rows. (Shiryaev 1963; Hamilton 1989)
    Example: p_corr(RUT, SOL, above=0.6) >= 50%
    """
    return Window(mass_from, (_posterior(a, b),), (at_least(above),))


@function("{a}-{b} corr, filtered", pair=True, interval=("rho_low({a}, {b})", "rho_high({a}, {b})"), context=_MEASURED)
def rho(a: Leg, b: Leg) -> Correlation:
    """The correlation filter's mean: its single best number for the correlation now, in [-.95, .95].

    UNKNOWN for the first 120 joint rows; see p_corr. Example: rho(RUT, SOL) > 0.5
    """
    return Window(mean_of, (_posterior(a, b),))


@function("{a}-{b} corr, filtered, 5%", pair=True, context=("rho({a}, {b})",))
def rho_low(a: Leg, b: Leg) -> Correlation:
    """The 5 % quantile of the correlation filter, on a grid of .05: with 95 % the correlation is not below it.

    UNKNOWN for the first 120 joint rows. Example: rho_low(RUT, SOL) > 0.3
    """
    return Window(quantile_of, (_posterior(a, b),), (0.05,))


@function("{a}-{b} corr, filtered, 95%", pair=True, context=("rho({a}, {b})",))
def rho_high(a: Leg, b: Leg) -> Correlation:
    """The 95 % quantile of the correlation filter, on a grid of .05: with 95 % the correlation is not above it.

    UNKNOWN for the first 120 joint rows. Example: rho_high(RUT, BTC) < 0.3
    """
    return Window(quantile_of, (_posterior(a, b),), (0.95,))


@function("{a}-{b} corr before", pair=True, context=("rho({a}, {b})",))
def rho_ref(a: Leg, b: Leg, by: Gap = 0.2) -> Correlation:
    """The correlation that corr_shift holds this row against: an average of rho with a half-life of 125 joint rows.

    After a shift by more than `by` it is rho itself for 20 rows. UNKNOWN up to the first 121 joint rows.
    Example: rho(RUT, SOL) - rho_ref(RUT, SOL) > 0.3
    """
    return reference_of(*_closes(a, b), by)


@function("P({a}-{b} shift>{by})", pair=True, context=("rho({a}, {b})", "rho_ref({a}, {b}, {by})", *_MEASURED))
def corr_shift(a: Leg, b: Leg, by: Gap = 0.2) -> Probability:
    """Probability in [0, 1] that the correlation is more than `by` above, or below, where it was: the greater of both.

    Where it was is rho_ref. After a value above 90 % that moves along, and for 20 joint rows none is above 90 %: one
    shift, one alarm. Compare it with 90 %: on a shift it is above that for one row. UNKNOWN up to the first 121 joint
    rows. (Shiryaev 1963; Adams & MacKay 2007) Example: corr_shift(RUT, SOL) > 90%
    """
    return probability_of_shift(*_closes(a, b), by)


@function("{a}-{b} corr, weighted ({half_life})", pair=True)
def ewcorr(a: Leg, b: Leg, half_life: PairRows = 40) -> Correlation:
    """Exponentially weighted correlation of returns freed of their volatility; a row weighs half after `half_life`.

    UNKNOWN for the first `half_life` joint rows. (RiskMetrics 1996) Example: ewcorr(RUT, SOL, 40) > 0.5
    """
    return ewma_correlation(*_closes(a, b), half_life)


def _closes(a: Instrument, b: Instrument) -> tuple[Node, Node]:
    return close_of(a.id), close_of(b.id)


def _posterior(a: Instrument, b: Instrument) -> Node:
    return posterior(*_closes(a, b))
