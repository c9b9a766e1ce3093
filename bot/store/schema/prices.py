"""Bars, what they said before, and how far the past has been asked for."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.schema.metadata import metadata


def _prices() -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float) for name in ("open", "high", "low", "close", "volume")]


def _bar_key() -> list[sa.Column[object]]:
    return [
        sa.Column("instrument", sa.String(12), nullable=False),
        sa.Column("interval", sa.String(4), nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.ForeignKey("origins.id"), nullable=False),
    ]


origins = sa.Table(
    "origins",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("feed", sa.String(32), nullable=False),
    sa.Column("venue", sa.String(32), nullable=False),
    sa.Column("quote", sa.String(8), nullable=False),
    sa.Column("volume_unit", sa.String(8), nullable=False),
    sa.Column("simulated", sa.Boolean, nullable=False),
    sa.UniqueConstraint("feed", "venue", "quote", "volume_unit", "simulated"),
)

bars = sa.Table(
    "bars",
    metadata,
    *_bar_key(),
    sa.Column("start", sa.BigInteger, nullable=False),
    *_prices(),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("instrument", "interval", "end", "origin"),
    sqlite_with_rowid=False,
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    *_bar_key(),
    *_prices(),
    sa.Column("known_at", sa.BigInteger, nullable=False),
    sa.Column("replaced_at", sa.BigInteger, nullable=False),
    comment="what a bar said before the source said something else",
)

backfills = sa.Table(
    "backfills",
    metadata,
    sa.Column("instrument", sa.String(12), primary_key=True),
    sa.Column("interval", sa.String(4), primary_key=True),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("through", sa.BigInteger, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    comment="bars that end in (first, through] were asked for",
)

holes = sa.Table(
    "holes",
    metadata,
    sa.Column("instrument", sa.String(12), primary_key=True),
    sa.Column("interval", sa.String(4), primary_key=True),
    sa.Column("end", sa.BigInteger, primary_key=True),
    sa.Column("asked_at", sa.BigInteger, nullable=False),
    sa.Column("times", sa.Integer, nullable=False),
    comment="bars that should be there and that no source had when it was asked",
)
