"""What judging a row again needs: how rules stood before it, and of which past the checkpoints are; known holes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_DOCUMENT = sa.JSON().with_variant(sa.Text(), "postgresql")


def upgrade() -> None:
    """Forward. Checkpoints are of another row from now on: they are made anew from the bars."""
    op.create_table(
        "holes",
        sa.Column("instrument", sa.String(length=12), nullable=False),
        sa.Column("interval", sa.String(length=4), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("instrument", "interval", "end", name=op.f("pk_holes")),
        comment="bars that should be there and that no source had when it was asked",
    )
    op.create_table(
        "tracks",
        sa.Column("track", sa.String(length=32), nullable=False),
        sa.Column("content", _DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("track", name=op.f("pk_tracks")),
        comment="the past that the checkpoints of a track are of",
    )
    with op.batch_alter_table("rules") as rules:
        rules.add_column(sa.Column("adopted", sa.BigInteger(), nullable=False, server_default="0"))
        rules.add_column(sa.Column("settled", _DOCUMENT, nullable=False, server_default="{}"))
    with op.batch_alter_table("rules") as rules:
        rules.alter_column("adopted", server_default=None)
        rules.alter_column("settled", server_default=None)
    with op.batch_alter_table("events") as events:
        events.add_column(
            sa.Column(
                "unsaid", sa.Boolean(), nullable=False, server_default=sa.false(),
                comment="too old to be sent, and not yet listed for anybody",
            )
        )  # fmt: skip
    with op.batch_alter_table("events") as events:
        events.alter_column("unsaid", server_default=None)
    op.create_index(
        "ix_events_unsaid",
        "events",
        ["at"],
        unique=False,
        sqlite_where=sa.text("unsaid = 1"),
        postgresql_where=sa.text("unsaid"),
    )
    op.create_table(
        "parts",
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("head", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_parts")),
        comment="events that are told in the message of another",
    )
    op.create_index("ix_deliveries_event", "deliveries", ["event"], unique=False)
    lapsed = sa.text("state = 'expired'")
    op.create_index(
        "ix_deliveries_lapsed", "deliveries", ["chat"], unique=False, sqlite_where=lapsed, postgresql_where=lapsed
    )
    op.execute("update deliveries set state = 'listed' where state = 'expired'")
    op.execute("update rules set adopted = through")
    op.execute("delete from checkpoints")
