"""The first schema: bars, rule states, events, messages owed, chats."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_DOCUMENT = sa.JSON().with_variant(sa.Text(), "postgresql")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "backfills",
        sa.Column("instrument", sa.String(length=12), nullable=False),
        sa.Column("interval", sa.String(length=4), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", "interval", name=op.f("pk_backfills")),
        comment="bars that end in (first, through] were asked for",
    )
    op.create_table(
        "chats",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.String(length=200), nullable=True, comment="why nothing can be sent here any more"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chats")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_chats_channel")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "checkpoints",
        sa.Column("track", sa.String(length=32), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("track", "node", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False, comment="in the order they were recorded"),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("key", name=op.f("uq_events_key")),
    )
    op.create_index(op.f("ix_events_at"), "events", ["at"], unique=False)
    op.create_index("ix_events_rule", "events", ["rule", "at"], unique=False)
    op.create_table(
        "origins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed", sa.String(length=32), nullable=False),
        sa.Column("venue", sa.String(length=32), nullable=False),
        sa.Column("quote", sa.String(length=8), nullable=False),
        sa.Column("volume_unit", sa.String(length=8), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_origins")),
        sa.UniqueConstraint("feed", "venue", "quote", "volume_unit", "simulated", name=op.f("uq_origins_feed")),
    )
    op.create_table(
        "rules",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("alert", _DOCUMENT, nullable=False),
        sa.Column("coverage", _DOCUMENT, nullable=False),
        sa.Column("through", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rules")),
    )
    op.create_table(
        "services",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_services")),
    )
    op.create_table(
        "bars",
        sa.Column("instrument", sa.String(length=12), nullable=False),
        sa.Column("interval", sa.String(length=4), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("close", sa.Float(), nullable=True),
        sa.Column("volume", sa.Float(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["origin"], ["origins.id"], name=op.f("fk_bars_origin_origins")),
        sa.PrimaryKeyConstraint("instrument", "interval", "end", "origin", name=op.f("pk_bars")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False, comment="of a chat's, in the order they are sent"),
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("chat", sa.Integer(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="the instant it tells of"),
        sa.Column(
            "late_after", sa.BigInteger(), nullable=False, comment="sent later than this, it says how late it is"
        ),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("at_most_once", sa.Boolean(), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False, comment="at once, after a pause, or when its lease ends"),
        sa.Column("owner", sa.String(length=64), nullable=True, comment="who has claimed it and not settled it"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False, comment="an earlier try may have arrived"),
        sa.Column("aside", sa.Boolean(), nullable=False, comment="later ones of its chat need not wait for it"),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.String(length=32), nullable=False, comment="its id in the channel"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("chat", "event", name=op.f("uq_deliveries_chat")),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_deliveries_chat_chats"), ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state = 'owed'"),
        postgresql_where=sa.text("state = 'owed'"),
    )
    op.create_index(
        "ix_deliveries_failed",
        "deliveries",
        ["settled_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('rejected', 'unsure')"),
        postgresql_where=sa.text("state IN ('rejected', 'unsure')"),
    )
    op.create_index(
        "ix_deliveries_line",
        "deliveries",
        ["chat", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'owed'"),
        postgresql_where=sa.text("state = 'owed'"),
    )
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("instrument", sa.String(length=12), nullable=False),
        sa.Column("interval", sa.String(length=4), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Integer(), nullable=False),
        sa.Column("open", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("close", sa.Float(), nullable=True),
        sa.Column("volume", sa.Float(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["origin"], ["origins.id"], name=op.f("fk_revisions_origin_origins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        comment="what a bar said before the source said something else",
    )
    op.create_table(
        "subscriptions",
        sa.Column("chat", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_subscriptions_chat_chats"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "topic", name=op.f("pk_subscriptions")),
    )
