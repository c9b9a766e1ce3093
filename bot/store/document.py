"""A column that holds a document: JSON in either database."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa


class Document(sa.TypeDecorator[Any]):
    """A document that is only ever read whole. PostgreSQL's own types refuse the infinite numbers that some hold, and
    `json` keeps nothing but the text anyway: so there it is text.
    """

    impl = sa.JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        return sa.Text() if dialect.name == "postgresql" else sa.JSON()

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return json.dumps(value) if dialect.name == "postgresql" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        return json.loads(value) if dialect.name == "postgresql" and value is not None else value
