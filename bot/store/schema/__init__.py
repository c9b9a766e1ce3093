"""The tables, one file a family. Instants are UTC seconds; a table is changed only by a migration, and `SCHEMA` names
the newest one.
"""

from bot.store.schema.chats import alerts, chats, inbox, people, subscriptions, taps
from bot.store.schema.deliveries import deliveries, parts
from bot.store.schema.judgement import checkpoints, events, outcomes, rules, tracks
from bot.store.schema.metadata import metadata
from bot.store.schema.prices import backfills, bars, holes, origins, revisions
from bot.store.schema.processes import leases, services

SCHEMA = "0006"
"""The newest migration; a test holds it to bot/store/migrations."""

__all__ = [
    "SCHEMA",
    "alerts",
    "backfills",
    "bars",
    "chats",
    "checkpoints",
    "deliveries",
    "events",
    "holes",
    "inbox",
    "leases",
    "metadata",
    "origins",
    "outcomes",
    "parts",
    "people",
    "revisions",
    "rules",
    "services",
    "subscriptions",
    "taps",
    "tracks",
]
