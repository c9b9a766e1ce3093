"""The tables. Instants are UTC seconds; a table is changed only by a migration, and `SCHEMA` names the newest one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.store.document import Document
from bot.store.states import has_failed, has_lapsed, is_owed, is_waiting

SCHEMA = "0006"
"""The newest migration; a test holds it to bot/store/migrations."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


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

parts = sa.Table(
    "parts",
    metadata,
    sa.Column("event", sa.String(120), primary_key=True),
    sa.Column("head", sa.String(120), primary_key=True, index=True),
    comment="events that are told in the message of another",
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, comment="of a chat's, in the order they are sent"),
    sa.Column("event", sa.String(120), nullable=False),
    sa.Column("chat", sa.ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, comment="the instant it tells of"),
    sa.Column("late_after", sa.BigInteger, nullable=False, comment="sent later than this, it says how late it is"),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("at_most_once", sa.Boolean, nullable=False),
    sa.Column("silent", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("due_at", sa.BigInteger, nullable=False, comment="at once, after a pause, or when its lease ends"),
    sa.Column("owner", sa.String(64), comment="who has claimed it and not settled it"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("plain", sa.Boolean, nullable=False),
    sa.Column("repeat", sa.Boolean, nullable=False, comment="an earlier try may have arrived"),
    sa.Column("aside", sa.Boolean, nullable=False, comment="later ones of its chat need not wait for it"),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("message", sa.String(32), nullable=False, comment="its id in the channel"),
    sa.Column(
        "digest", sa.Boolean, nullable=False, server_default=sa.false(), comment="no news: it goes after all that is"
    ),
    sa.Column("severity", sa.String(8), nullable=False, server_default="notice", comment="of the gravest it tells"),
    sa.Column("buttons", Document, comment="what stands beneath it"),
    sa.Column("answers", sa.String(120), comment="the event whose message it is shown as an answer to"),
    sa.Column("picture", sa.LargeBinary, comment="a PNG to be shown with it, until it is sent"),
    sa.UniqueConstraint("chat", "event"),
    sqlite_autoincrement=True,
)


def _index_of(rows: sa.ColumnElement[bool], name: str, *columns: sa.Column[Any]) -> None:
    """An index of some deliveries only: it does not grow with what is done."""
    sa.Index(name, *columns, sqlite_where=rows, postgresql_where=rows)


_index_of(is_owed(deliveries), "ix_deliveries_due", deliveries.c.digest, deliveries.c.due_at, deliveries.c.id)
_index_of(is_owed(deliveries), "ix_deliveries_line", deliveries.c.chat, deliveries.c.id)
_index_of(has_lapsed(deliveries), "ix_deliveries_lapsed", deliveries.c.chat)
_index_of(is_waiting(deliveries), "ix_deliveries_waiting", deliveries.c.due_at)
_index_of(has_failed(deliveries), "ix_deliveries_failed", deliveries.c.settled_at)
sa.Index("ix_deliveries_event", deliveries.c.event)

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

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("chat", sa.ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", Document, nullable=False),
    comment="what people have made for themselves",
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
