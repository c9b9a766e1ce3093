"""What events were judged on, and what followed those that fired."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.document import Document

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forward. Of events that are there nobody knows what they were judged on; their outcomes are looked for."""
    proof: sa.Column[object] = sa.Column(
        "proof", Document(), nullable=True, comment="the rule it is of, and hashes of that and of what it was judged on"
    )
    op.add_column("events", proof)
    op.create_table(
        "outcomes",
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("instrument", sa.String(length=12), nullable=False),
        sa.Column("horizon", sa.Integer(), autoincrement=False, nullable=False, comment="rows of the rule's clock"),
        sa.Column("end", sa.Float(), nullable=False, comment="the return to the close of the last of them"),
        sa.Column("worst", sa.Float(), nullable=False),
        sa.Column("best", sa.Float(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="that close"),
        sa.Column("completed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.key"], name=op.f("fk_outcomes_event_events"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event", "instrument", "horizon", name=op.f("pk_outcomes")),
        comment="what followed alerts that fired live, once it is known",
    )
