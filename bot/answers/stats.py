"""What is known of a rule's firings and of what followed them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from bot.answers.market import Miss
from rules.bars import Floats, Ints
from rules.evidence import Evidence, Outcome
from rules.language.compile import CompiledRule
from rules.panel import Dates


@dataclass(frozen=True)
class Stat:
    """A rule with its evidence; `headline` is the instrument that is told of where there is room for one, None where
    none is looked at.
    """

    rule: CompiledRule
    evidence: Evidence
    headline: str | None

    @property
    def last(self) -> dt.date:
        """The session on which it fired last; the first day of all where it never did."""
        return self.evidence.fired[-1] if self.evidence.fired else dt.date.min


@dataclass(frozen=True)
class Stats:
    """A rule in full. `shown` is the instrument that is told of in full, and `lately` its last firings with the return
    of that instrument since, None where the sessions have not passed. Of one that never fired `miss` says how near it
    came; `looked_at` are all its instruments.
    """

    stat: Stat
    shown: str | None
    looked_at: tuple[str, ...]
    lately: tuple[tuple[dt.date, float | None], ...]
    miss: Miss | None
    simulated: bool


@dataclass(frozen=True, eq=False)
class OutcomePicture:
    """A rule's firings on the price of an instrument, and how what followed them is spread beside all sessions.

    `close` and `labels` (the regime, an index into STATES) are by session, NaN where unknown; `fired` are rows of them.
    `after` are the known returns after the firings, `everyday` those after all sessions on which it could have fired,
    both shares over the horizon of `outcome`, which sums them up.
    """

    title: str
    sessions: Dates
    close: Floats
    labels: Floats
    fired: Ints
    after: Floats
    everyday: Floats
    outcome: Outcome
    clock: str
    as_of: dt.date
    origins: tuple[str, ...]
    simulated: bool
    by_closes: bool
