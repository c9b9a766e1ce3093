"""Which process works on the database, and which one was there before."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.schema.metadata import metadata

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("owner", sa.String(120), nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False, comment="one more with each holder"),
    sa.Column("expires_at", sa.BigInteger, nullable=False, comment="milliseconds, by the database's clock"),
    comment="which of several processes works; it checks its token whenever it writes",
)

services = sa.Table(
    "services",
    metadata,
    sa.Column("name", sa.String(16), primary_key=True),
    sa.Column("host", sa.String(120), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
)
