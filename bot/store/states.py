"""How a delivery may stand, and which rows stand so. The words are the column `state`'s."""

from __future__ import annotations

import sqlalchemy as sa

OWED = "owed"
"""The state of a delivery that is still to be sent; every other state is final."""

GONE = "gone"
"""The state of a delivery whose chat is no more."""

FAILED = ("rejected", "unsure")
"""The final states of deliveries that may not have arrived though somebody was there to read them."""

TOLD = ("sent", "unsure", OWED)
"""The states of deliveries that have arrived, or may have, or will."""

EXPIRED, LISTED = "expired", "listed"
"""The states of deliveries that were no news any more when they could be sent; and once a summary has listed them."""

WITHDRAWN = "withdrawn"
"""The state of a delivery that told of what turned out not to be so before anybody was told."""


def is_owed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Still to be sent. The word stands in the statement: with a parameter SQLite would not use an index of these."""
    return table.c.state == sa.literal_column(f"'{OWED}'")


def has_lapsed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """No news any more, and in no summary yet."""
    return table.c.state == sa.literal_column(f"'{EXPIRED}'")


def has_failed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Given up."""
    return table.c.state.in_([sa.literal_column(f"'{each}'") for each in FAILED])
