"""Messages owed to chats, and the indexes by which those that still matter are found."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.store.document import Document
from bot.store.schema.metadata import metadata
from bot.store.states import has_failed, has_lapsed, is_owed, is_waiting

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("event", sa.String(120), primary_key=True),
    sa.Column("head", sa.String(120), primary_key=True, index=True),
    comment="events that are told in the message of another",
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="of a chat's, in the order they are sent"),
    sa.Column("event", sa.String(120), nullable=False),
    sa.Column("chat", sa.ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, comment="the instant it tells of"),
    sa.Column("late_after", sa.BigInteger, nullable=False, comment="sent later than this, it says how late it is"),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("at_most_once", sa.Boolean, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False, comment="at once, after a pause, or when its lease ends"),
    sa.Column("owner", sa.String(64), comment="who has claimed it and not settled it"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("plain", sa.Boolean, nullable=False),
    sa.Column("repeat", sa.Boolean, nullable=False, comment="an earlier try may have arrived"),
    sa.Column("aside", sa.Boolean, nullable=False, comment="later ones of its chat need not wait for it"),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("message", sa.String(32), nullable=False, comment="its id in the channel"),
    sa.Column(
        "digest", sa.Boolean, nullable=False, server_default=sa.false(), comment="no news: it goes after all that is"
    ),
    sa.Column("severity", sa.String(8), nullable=False, server_default="notice", comment="of the gravest it tells"),
    sa.Column("buttons", Document, comment="what stands beneath it"),
    sa.Column("answers", sa.String(120), comment="the event whose message it is shown as an answer to"),
    sa.Column("picture", sa.LargeBinary, comment="a PNG to be shown with it, until it is sent"),
    sa.UniqueConstraint("chat", "event"),
    sqlite_autoincrement=True,
)


def _index_of(rows: sa.ColumnElement[bool], name: str, *columns: sa.Column[Any]) -> None:
    """An index of some deliveries only: it does not grow with what is done."""
    sa.Index(name, *columns, sqlite_where=rows, postgresql_where=rows)


_index_of(is_owed(deliveries), "ix_deliveries_due", deliveries.c.digest, deliveries.c.due_at, deliveries.c.id)
_index_of(is_owed(deliveries), "ix_deliveries_line", deliveries.c.chat, deliveries.c.id)
_index_of(has_lapsed(deliveries), "ix_deliveries_lapsed", deliveries.c.chat)
_index_of(is_waiting(deliveries), "ix_deliveries_waiting", deliveries.c.due_at)
_index_of(has_failed(deliveries), "ix_deliveries_failed", deliveries.c.settled_at)
sa.Index("ix_deliveries_event", deliveries.c.event)
