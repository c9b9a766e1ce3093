"""PostgreSQL: how a server is reached, what it may be waited for, and how its refusals read in a sentence.

The URL is libpq's own, so that whatever is true of `psql URL` is true here. The driver is loaded with this module, and
this module only for such a URL.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.string import StrDumperUnknown
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.errors import StoreError

_REACHED: Mapping[str, object] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "client_encoding": "utf8",
    "application_name": "bellwether",
}
"""What holds where the URL says nothing: a server that has vanished is noticed within seconds, not hours."""

_WORK = {"statement": "60s", "lock": "10s", "idle": "60s"}
_MOMENT = {"statement": "3s", "lock": "3s", "idle": "3s"}
"""How long a statement, its wait for a lock, and a pause in a transaction may take: nothing hangs for ever."""

_SESSION = """
select set_config('statement_timeout', %(statement)s, false), set_config('lock_timeout', %(lock)s, false),
    set_config('idle_in_transaction_session_timeout', %(idle)s, false),
    set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on'
        else current_setting('synchronous_commit') end, false)
"""
"""What was committed is on a disk. Set by a statement, because poolers refuse settings in what they are reached by."""

_CLASSES_OF_OURS = ("21", "22", "23", "42")
"""SQLSTATE classes of faults of this program: values that do not fit, broken keys, statements that are none."""

_NOT_OURS = ("42501", "42P01", "42704", "3F000")
"""Those among them that a database without rights or without tables leads to."""

_SPEAKER = re.compile(r"^(FATAL|ERROR|fe_sendauth):")


class _Text(StrDumperUnknown):
    """Text without NUL, which PostgreSQL keeps in no text; the mark that Unicode has for such a place stands there."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\ufffd"))


class PostgresServer:
    """A database of a server. Raises StoreError for a URL that libpq does not understand; it is never quoted."""

    reads: Mapping[str, object] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    alone: str | None = "select pg_advisory_xact_lock(7165283319), set_config('statement_timeout', '0', true)"
    """Before the schema moves: one at a time, and each move as long as it takes. Who finds another at it waits as for
    any lock.
    """

    measure: str | None = "select pg_database_size(current_database())"
    is_lost = False
    size = 0
    free: int | None = None

    def __init__(self, url: str) -> None:
        try:
            given = conninfo_to_dict(url.replace("postgresql+psycopg:", "postgresql:", 1))
        except psycopg.Error:
            raise StoreError("store.url is not a URL that PostgreSQL understands; psql would refuse it too") from None
        self._parameters: dict[str, Any] = {**_REACHED, **given}
        host = str(given.get("host") or given.get("hostaddr") or "")
        where = "this machine" if not host or host.startswith("/") else host
        self.name = f"{given.get('dbname') or given.get('user') or 'the default database'} on {where}"

    @property
    def place(self) -> str:
        """For an operator: the same as for everybody, the password is nobody's."""
        return self.name

    def engine(self) -> AsyncEngine:
        """Connections; one that the server has closed meanwhile is replaced before it is used."""
        return self._engine(4, _WORK)

    async def let_go(self) -> None:
        """Its driver has no threads."""

    def engine_of_a_lease(self) -> AsyncEngine | None:
        """Connections beside those, for statements of a moment."""
        return self._engine(2, _MOMENT)

    def _engine(self, size: int, limits: Mapping[str, str]) -> AsyncEngine:
        return create_async_engine(
            "postgresql+psycopg://",
            async_creator=partial(self._connect, limits),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            pool_size=size,
            max_overflow=size,
            hide_parameters=True,
        )

    async def _connect(self, limits: Mapping[str, str]) -> psycopg.AsyncConnection[Any]:
        """Who is cancelled meanwhile leaves no half-open one behind: the driver would keep it until it is collected."""
        opening = asyncio.ensure_future(self._opened(limits))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close)
            raise

    async def _opened(self, limits: Mapping[str, str]) -> psycopg.AsyncConnection[Any]:
        connection = await psycopg.AsyncConnection.connect(**self._parameters, autocommit=True)
        try:
            connection.adapters.register_dumper(str, _Text)
            await connection.execute(_SESSION, limits)
            await connection.set_autocommit(False)
        except BaseException:
            await connection.close()
            raise
        return connection

    def told(self, error: sa.exc.DBAPIError) -> str | None:
        """Why the server did not take it; None for a fault of ours."""
        cause = error.orig
        state = getattr(cause, "sqlstate", None) or ""
        if state == "42P01":
            return "it has no such tables; `bellwether run` makes them"
        if state.startswith(_CLASSES_OF_OURS) and state not in _NOT_OURS:
            return None
        if not state and isinstance(error, sa.exc.ProgrammingError | sa.exc.DataError | sa.exc.InterfaceError):
            return "the connection was cut" if error.connection_invalidated else None
        return _first_line(str(cause))

    def check(self) -> None:
        """Whether it can be reached is told by the first statement."""

    def expect(self) -> None:
        """As `check`."""

    def keep(self) -> str:
        """None: a server's copies are its administrator's."""
        return ""

    def forget_others(self) -> None:
        """There are none."""

    def tidy(self) -> None:
        """The server does that by itself."""


def _close(opening: asyncio.Future[psycopg.AsyncConnection[Any]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().pgconn.finish()


def _first_line(message: str) -> str:
    """libpq's words without its preamble: which of several addresses was tried, in what order, and hints."""
    lines = [line for line in message.splitlines() if line.strip()] or ["no reason given"]
    line = next((each for each in reversed(lines) if "failed:" in each), lines[0]).rpartition("failed: ")[2]
    return _SPEAKER.sub("", line).strip()
