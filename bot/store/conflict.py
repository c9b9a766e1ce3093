"""What becomes of a row that is there already; SQLite and PostgreSQL say it in the same words.

SQLAlchemy has the clause once for each of them, and a statement of the one is none of the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import SyntaxExtension
from sqlalchemy.sql.visitors import InternalTraversal


class _OnConflict(SyntaxExtension, sa.ClauseElement):
    """`ON CONFLICT ...` behind the values of an insert; without columns to change the row that is there stays."""

    _traverse_internals = [  # noqa: RUF012 - declared in SQLAlchemy as it stands here
        ("key", InternalTraversal.dp_string_list),
        ("changed", InternalTraversal.dp_string_list),
    ]

    def __init__(self, key: Sequence[str], changed: Sequence[str]) -> None:
        self.key = tuple(key)
        self.changed = tuple(changed)

    def apply_to_insert(self, insert_stmt: sa.Insert) -> None:
        """Called by `Insert.ext`."""
        insert_stmt.apply_syntax_extension_point(self.append_replacing_same_type, "post_values")


@compiles(_OnConflict)
def _words(clause: _OnConflict, compiler: Any, **_: object) -> str:
    quoted = compiler.preparer.quote
    if not clause.changed:
        return "ON CONFLICT DO NOTHING"
    changed = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in clause.changed)
    return f"ON CONFLICT ({', '.join(map(quoted, clause.key))}) DO UPDATE SET {changed}"  # nosec B608: names of our own schema


def insert_new(table: sa.Table) -> sa.Insert:
    """An insert that leaves alone what is there, by whichever key; its `rowcount` is that of the rows that are new."""
    return sa.insert(table).ext(_OnConflict((), ())).execution_options(preserve_rowcount=True)


def insert_or_update(table: sa.Table, key: Sequence[str], changed: Sequence[str] = ()) -> sa.Insert:
    """An insert that changes the row of this key where there is one: in the columns `changed`, or in all others."""
    others = [column.name for column in table.c if column.name not in key]
    return sa.insert(table).ext(_OnConflict(key, changed or others))
