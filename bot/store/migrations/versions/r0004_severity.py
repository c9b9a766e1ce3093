"""How grave a delivery is: what Telegram does not take is told elsewhere when it is grave enough."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forward. What is owed now was written without it, and counts as a notice."""
    severity: sa.Column[str] = sa.Column(
        "severity", sa.String(length=8), nullable=False, server_default="notice", comment="of the gravest it tells"
    )
    op.add_column("deliveries", severity)
