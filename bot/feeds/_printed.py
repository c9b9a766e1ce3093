"""Who printed each row of a price file, and what its volume counts: as the row says, else as the configuration does.

Where neither says it, the files have printed it in the instrument's currency, and its volume counts nothing known: of
an ETF alone there is no doubt, everybody counts its shares.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bot.feeds.contract import OfFile
from rules.bars import DAY, Ints, Origin, VolumeUnit
from rules.model import Instrument, Kind

Texts = Mapping[str, pd.Series]


def printed_by(
    table: pd.DataFrame, start: Ints, instrument: Instrument, said: OfFile | None, adjusted: bool
) -> tuple[Ints, tuple[Origin, ...]]:
    """Each row's index into the distinct origins, in order of first appearance; `start` is when each row opens."""
    unit = VolumeUnit.BASE if instrument.kind is Kind.ETF else VolumeUnit.NONE
    defaults = {"venue": "adjusted files" if adjusted else "files", "quote": instrument.currency, "volume_unit": unit}
    if said is not None:
        told = {"venue": said.venue, "quote": said.quote, "volume_unit": said.volume_unit}
        defaults |= {name: text for name, text in told.items() if text is not None}
    texts = {name: _filled(table[name], default) for name, default in defaults.items() if name in table}
    if said is not None and said.venues:
        venues = pd.Series(_by_date(start, defaults["venue"], said.venues), table.index)
        texts["venue"] = _filled(table["venue"], venues) if "venue" in table else venues
    mixed: Ints = np.zeros(len(table), dtype=np.int64)
    for column in texts.values():
        codes, distinct = pd.factorize(column)
        mixed = mixed * len(distinct) + codes
    book = pd.factorize(mixed)[0].astype(np.int64)
    firsts = np.unique(book, return_index=True)[1].tolist()
    return book, tuple(_origin(defaults, texts, row) for row in firsts)


def counts_unsaid(table: pd.DataFrame, said: OfFile | None) -> bool:
    """Whether there are volumes of which nobody says what they count, not even that it is not known."""
    if said is not None and said.volume_unit is not None:
        return False
    counted = table["volume"].notna()
    return bool((counted & table["volume_unit"].isna() if "volume_unit" in table else counted).any())


def unknown_units(table: pd.DataFrame) -> pd.Series[bool]:
    """The rows that name a unit there is none of."""
    if "volume_unit" not in table:
        return pd.Series(False, table.index)
    column = table["volume_unit"].astype("object")
    return column.notna() & ~column.isin(list(VolumeUnit))


def _filled(column: pd.Series, silent: str | pd.Series) -> pd.Series:
    """What the rows say, and `silent` where they do not; a column in which none does is no text to begin with."""
    return column.astype("object").where(column.notna(), silent)


def _by_date(start: Ints, first: str, venues: Mapping[dt.date, str]) -> NDArray[np.object_]:
    """The venue of each row: `first`, and from each date on the one that stands there."""
    names = np.full(len(start), first, dtype=object)
    for date in sorted(venues):
        names[start >= (date - dt.date(1970, 1, 1)).days * DAY] = venues[date]
    return names


def _origin(defaults: Mapping[str, str], texts: Texts, row: int) -> Origin:
    said = {**defaults, **{name: str(column.iloc[row]) for name, column in texts.items()}}
    return Origin("files", said["venue"], said["quote"], said["volume_unit"])
