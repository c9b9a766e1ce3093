"""How a delivery may stand, and which rows stand so. The words are the column `state`'s."""

from __future__ import annotations

import sqlalchemy as sa

OWED = "owed"
"""The state of a delivery that is still to be sent."""

HELD, GATHERED = "held", "gathered"
"""The states of deliveries that wait to be told together with others: when quiet hours end, in the next digest. Nothing
is late with them, and nobody sends them as they are.
"""

WITHHELD = "withheld"
"""The state of a delivery that its chat did not want; it keeps why, and no words."""

GONE = "gone"
"""The state of a delivery whose chat is no more."""

UNSURE = "unsure"
"""The state of a delivery that may have arrived, and must not be sent twice."""

FAILED = ("rejected", UNSURE)
"""The final states of deliveries that may not have arrived though somebody was there to read them."""

TOLD = ("sent", UNSURE, OWED)
"""The states of deliveries that have arrived, or may have, or will by themselves."""

EXPIRED, LISTED = "expired", "listed"
"""The states of deliveries that were no news any more when they could be sent; and once a summary has listed them."""

WITHDRAWN = "withdrawn"
"""The state of a delivery that told of what turned out not to be so before anybody was told, or that was owed to
somebody who is not let in any more.
"""


def is_owed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Still to be sent. The word stands in the statement: with a parameter SQLite would not use an index of these."""
    return table.c.state == sa.literal_column(f"'{OWED}'")


def is_waiting(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """To be told together with others."""
    return table.c.state.in_([sa.literal_column(f"'{each}'") for each in (HELD, GATHERED)])


def is_open(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Still to be sent, or told with others: its chat has not been told."""
    return sa.or_(is_owed(table), is_waiting(table))


def has_lapsed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """No news any more, and in no summary yet."""
    return table.c.state == sa.literal_column(f"'{EXPIRED}'")


def has_reached(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Arrived, or may have: what is still owed, if an earlier try may have, or one is under way."""
    tried = sa.and_(is_owed(table), sa.or_(table.c.repeat, table.c.owner.is_not(None)))
    return sa.or_(table.c.state.in_(("sent", UNSURE)), tried)


def has_failed(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Given up."""
    return table.c.state.in_([sa.literal_column(f"'{each}'") for each in FAILED])
