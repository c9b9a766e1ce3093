"""The regime as answers show it: a label's life, what speaks for it, what would flip it, what stands beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from rules.bars import Floats
from rules.model import Instant, Label
from rules.panel import Dates

LEAST_SPELLS = 5
"""Nothing is said of what is usual on fewer."""


@dataclass(frozen=True)
class RegimeChange:
    """A session on which the label became another."""

    session: dt.date
    label: Label
    previous: Label


@dataclass(frozen=True)
class Spell:
    """A label from its first session on; `sessions` counts those with a number. The last spell is not over."""

    label: Label
    since: dt.date
    sessions: int


@dataclass(frozen=True)
class Emerging:
    """The likeliest state where it is not the label's, for so many closes in a row.

    The probability of `of` decides over the label next: it has to rise, or to fall, to `threshold`.
    """

    label: Label
    closes: int
    of: Label
    probability: float
    threshold: float
    rises: bool


@dataclass(frozen=True)
class Contribution:
    """What one price says of the states.

    `price` is the close, `move` its return since the row before, as a share. `size` is that return in units of a usual
    day, without its sign; of the VIX its level over the usual one. `terms` are log-likelihoods of the states, of which
    only differences mean anything.
    """

    instrument: str
    price: float
    move: float | None
    size: float
    terms: Mapping[Label, float]


@dataclass(frozen=True)
class Flip:
    """What at the next close, the rest unmoved, would make the label `to`: the mildest such price.

    `instrument` is None where it is that nothing moves at all; the others are then prices at which it does not become
    that. `move` is the return since this close, as a share. `vix` is set where the VIX is taken to answer as usual.
    """

    to: Label
    instrument: str | None
    price: float
    move: float
    vix: float | None = None


@dataclass(frozen=True)
class Provisional:
    """What the filter would say if the session in progress closed with the prices of now."""

    at: Instant
    label: Label
    probabilities: Mapping[Label, float]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Regime:
    """The regime as of a session: the label with hysteresis, the likeliest state, and what speaks for each.

    `spells` are all labels so far, oldest first, the last one in force. `drivers` maps an instrument to what its price
    says; None where it is missing and its term dropped. `flips` is None where they cannot be told. `seen` counts the
    S&P 500's returns so far: rules wait for more than `needed`. `late` are instruments without a bar of a session that
    has closed and is not judged yet, which is `waiting`; `gap` is the first session since `as_of` that is over without
    a number, for want of the S&P 500's return. `trading` says that the session after it is in progress.
    """

    label: Label
    raw: Label
    spells: tuple[Spell, ...]
    probabilities: Mapping[Label, float]
    emerging: Emerging | None
    drivers: Mapping[str, Contribution | None]
    flips: tuple[Flip, ...] | None
    seen: int
    needed: int
    as_of: dt.date
    at: Instant
    origins: tuple[str, ...]
    provisional: Provisional | None = None
    gap: dt.date | None = None
    waiting: dt.date | None = None
    late: tuple[str, ...] = ()
    trading: bool = False

    @property
    def since(self) -> dt.date:
        """The first session of the label in force."""
        return self.spells[-1].since

    @property
    def usual(self) -> float | None:
        """The median length of the spells of this label that are over; None of fewer than LEAST_SPELLS.

        The first one began before the prices did, and is left out.
        """
        lengths = [each.sessions for each in self.spells[1:-1] if each.label is self.label]
        return median(lengths) if len(lengths) >= LEAST_SPELLS else None

    @property
    def sessions(self) -> int:
        """How many the label has been in force."""
        return self.spells[-1].sessions


@dataclass(frozen=True)
class Gauge:
    """One line of the panel beside the label: a number of the rule language and what it leans to.

    `heard` says that the filter hears it too: that it agrees proves nothing.

    `percentile` is its rank among its own last values, `rising` whether it is above its value a month before, None
    where it is the same; `leans` is RISK_ON, RISK_OFF, or NEUTRAL for neither. None where it cannot be told: `missing`
    are the instruments without a price there, or without a place in the configuration; if there are none, too little of
    its own past is known.
    """

    name: str
    text: str
    unit: str
    value: float | None
    percentile: float | None
    rising: bool | None
    leans: Label | None
    missing: tuple[str, ...] = ()
    heard: bool = False


@dataclass(frozen=True)
class RegimePanel:
    """What stands beside the label, as of the same close."""

    label: Label
    gauges: tuple[Gauge, ...]
    as_of: dt.date
    at: Instant
    origins: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RegimePicture:
    """The last sessions of the regime, oldest first: what a picture of it shows.

    `close` is the price of `instrument`, NaN on a gap; `labels` the label's index in STATES, NaN where there is none;
    `p` has shape (sessions, 3), the probabilities of STATES.
    """

    instrument: str
    sessions: Dates
    close: Floats
    labels: Floats
    p: Floats
    as_of: dt.date
    simulated: bool
