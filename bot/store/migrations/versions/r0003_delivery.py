"""What a delivery that loses nothing needs: lines not answered yet, who works, and what goes after all news."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "inbox",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False, comment="its number in the channel"),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("thread", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True, comment="from then on only its number is kept"),
        sa.PrimaryKeyConstraint("channel", "id", name=op.f("pk_inbox")),
        comment="lines that people wrote, until they are answered",
    )
    done = sa.text("answered_at IS NOT NULL")
    by = ["channel", "answered_at"]
    op.create_index("ix_inbox_answered", "inbox", by, unique=False, sqlite_where=done, postgresql_where=done)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False, comment="one more with each holder"),
        sa.Column("expires_at", sa.BigInteger(), nullable=False, comment="milliseconds, by the database's clock"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        comment="which of several processes works; it checks its token whenever it writes",
    )
    op.execute("create table parts_before as select event, head from parts")
    op.drop_table("parts")
    op.create_table(
        "parts",
        sa.Column("event", sa.String(length=120), nullable=False),
        sa.Column("head", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("event", "head", name=op.f("pk_parts")),
        comment="events that are told in the message of another",
    )
    op.execute("insert into parts (event, head) select event, head from parts_before")
    op.drop_table("parts_before")
    op.create_index("ix_parts_head", "parts", ["head"], unique=False)
    heard_at: sa.Column[int] = sa.Column(
        "heard_at", sa.BigInteger(), nullable=True, comment="when somebody there last asked to be told"
    )
    op.add_column("chats", heard_at)
    digest: sa.Column[bool] = sa.Column(
        "digest", sa.Boolean(), nullable=False, server_default=sa.false(),
        comment="no news: it goes after all that is",
    )  # fmt: skip
    op.drop_index("ix_deliveries_due", "deliveries")
    op.add_column("deliveries", digest)
    op.execute("update deliveries set digest = true where event like 'away/%'")
    owed = sa.text("state = 'owed'")
    by = ["digest", "due_at", "id"]
    op.create_index("ix_deliveries_due", "deliveries", by, unique=False, sqlite_where=owed, postgresql_where=owed)
