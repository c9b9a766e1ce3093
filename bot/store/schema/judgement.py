"""The engine's book, the events it led to, and what followed those."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.document import Document
from bot.store.schema.metadata import metadata

rules = sa.Table(
    "rules",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("alert", Document, nullable=False),
    sa.Column("coverage", Document, nullable=False),
    sa.Column("through", sa.BigInteger, nullable=False),
    sa.Column("adopted", sa.BigInteger, nullable=False),
    sa.Column("settled", Document, nullable=False),
)

tracks = sa.Table(
    "tracks",
    metadata,
    sa.Column("track", sa.String(32), primary_key=True),
    sa.Column("content", Document, nullable=False),
    comment="the past that the checkpoints of a track are of",
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("track", sa.String(32), primary_key=True),
    sa.Column("node", sa.String(80), primary_key=True),
    sa.Column("content", Document, nullable=False),
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="in the order they were recorded"),
    sa.Column("key", sa.String(120), nullable=False, unique=True),
    sa.Column("rule", sa.String(64), nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("content", Document, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("unsaid", sa.Boolean, nullable=False, comment="too old to be sent, and not yet listed for anybody"),
    sa.Column("proof", Document, comment="the rule it is of, and hashes of that and of what it was judged on"),
    sa.Index("ix_events_rule", "rule", "at"),
)
sa.Index("ix_events_unsaid", events.c.at, sqlite_where=sa.text("unsaid = 1"), postgresql_where=sa.text("unsaid"))

outcomes = sa.Table(
    "outcomes",
    metadata,
    sa.Column("event", sa.ForeignKey("events.key", ondelete="CASCADE"), primary_key=True),
    sa.Column("instrument", sa.String(12), primary_key=True),
    sa.Column("horizon", sa.Integer, primary_key=True, autoincrement=False, comment="rows of the rule's clock"),
    sa.Column("end", sa.Float, nullable=False, comment="the return to the close of the last of them"),
    sa.Column("worst", sa.Float, nullable=False),
    sa.Column("best", sa.Float, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, comment="that close"),
    sa.Column("completed_at", sa.BigInteger, nullable=False),
    comment="what followed alerts that fired live, once it is known",
)
