"""Chats and the people in them: how a chat wants to be told, the alerts made there, lines, buttons, who is let in."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.document import Document
from bot.store.schema.metadata import metadata

chats = sa.Table(
    "chats",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("first_seen", sa.BigInteger, nullable=False),
    sa.Column("gone", sa.String(200), comment="why nothing can be sent here any more"),
    sa.Column("heard_at", sa.BigInteger, comment="when somebody there last asked to be told"),
    sa.Column("thread", sa.BigInteger, comment="the topic of the chat that alerts go to"),
    sa.Column("preferences", Document, nullable=False, server_default="{}", comment="how it wants to be told"),
    sa.Column("alerts_made", sa.Integer, nullable=False, server_default="0", comment="numbers of its own alerts used"),
    sa.UniqueConstraint("channel", "address"),
    sqlite_autoincrement=True,  # an answer about a chat that was forgotten must not hit another
)

subscriptions = sa.Table(
    "subscriptions",
    metadata,
    sa.Column("chat", sa.ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("topic", sa.String(64), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),
)

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("chat", sa.ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", Document, nullable=False),
    comment="what people have made for themselves",
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False, comment="its number in the channel"),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("user", sa.String(32), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("thread", sa.BigInteger),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("answered_at", sa.BigInteger, comment="from then on only its number is kept"),
    sa.Column("tap", Document, comment="of a tapped button: the message it stands beneath, and where the answer goes"),
    comment="lines that people wrote, until they are answered",
)
sa.Index(
    "ix_inbox_answered",
    inbox.c.channel,
    inbox.c.answered_at,
    sqlite_where=inbox.c.answered_at.is_not(None),
    postgresql_where=inbox.c.answered_at.is_not(None),
)

taps = sa.Table(
    "taps",
    metadata,
    sa.Column("token", sa.String(32), primary_key=True, comment="what Telegram is given for a button"),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("address", sa.String(64), nullable=False),
    sa.Column("line", sa.Text, nullable=False, comment="what it stands for"),
    sa.Column("place", sa.String(8), nullable=False),
    sa.Column("shown_at", sa.BigInteger, nullable=False, index=True),
)

people = sa.Table(
    "people",
    metadata,
    sa.Column("channel", sa.String(16), primary_key=True),
    sa.Column("user", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("standing", sa.String(8), nullable=False),
    sa.Column("asked_at", sa.BigInteger, nullable=False),
    sa.Column("decided_at", sa.BigInteger),
    sa.Column("decided_by", sa.String(32), nullable=False, server_default=""),
    comment="who asked to be let in beside those in the configuration",
)
