"""What people choose: how they are told, alerts of their own, buttons, who is let in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.store.document import Document

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forward. Chats that are there have chosen nothing yet."""
    _chats()
    _deliveries()
    tap: sa.Column[object] = sa.Column(
        "tap", Document(), nullable=True,
        comment="of a tapped button: the message it stands beneath, and where the answer goes",
    )  # fmt: skip
    op.add_column("inbox", tap)
    op.create_table(
        "alerts",
        sa.Column("chat", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", Document(), nullable=False),
        sa.ForeignKeyConstraint(["chat"], ["chats.id"], name=op.f("fk_alerts_chat_chats"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("chat", "number", name=op.f("pk_alerts")),
        comment="what people have made for themselves",
    )
    op.create_table(
        "taps",
        sa.Column("token", sa.String(length=32), nullable=False, comment="what Telegram is given for a button"),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Text(), nullable=False, comment="what it stands for"),
        sa.Column("place", sa.String(length=8), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_taps")),
    )
    op.create_index("ix_taps_shown_at", "taps", ["shown_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("user", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("standing", sa.String(length=8), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("channel", "user", name=op.f("pk_people")),
        comment="who asked to be let in beside those in the configuration",
    )


def _chats() -> None:
    thread: sa.Column[int] = sa.Column(
        "thread", sa.BigInteger(), nullable=True, comment="the topic of the chat that alerts go to"
    )
    preferences: sa.Column[object] = sa.Column(
        "preferences", Document(), nullable=False, server_default="{}", comment="how it wants to be told"
    )
    made: sa.Column[int] = sa.Column(
        "alerts_made", sa.Integer(), nullable=False, server_default="0", comment="numbers of its own alerts used"
    )
    for column in (thread, preferences, made):
        op.add_column("chats", column)


def _deliveries() -> None:
    buttons: sa.Column[object] = sa.Column("buttons", Document(), nullable=True, comment="what stands beneath it")
    answers: sa.Column[str] = sa.Column(
        "answers", sa.String(length=120), nullable=True,
        comment="the event whose message it is shown as an answer to",
    )  # fmt: skip
    picture: sa.Column[bytes] = sa.Column(
        "picture", sa.LargeBinary(), nullable=True, comment="a PNG to be shown with it, until it is sent"
    )
    for column in (buttons, answers, picture):
        op.add_column("deliveries", column)
    waiting = sa.text("state IN ('held', 'gathered')")
    op.create_index(
        "ix_deliveries_waiting", "deliveries", ["due_at"], unique=False,
        sqlite_where=waiting, postgresql_where=waiting,
    )  # fmt: skip
