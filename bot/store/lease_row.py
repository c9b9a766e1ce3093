"""The row of the lease in PostgreSQL's words: who holds it, and until when by the database's own clock.

The texts are made of this file's own constants alone (`nosec`: nothing that anybody writes comes near them).
"""

from __future__ import annotations

import sqlalchemy as sa

_NOW = "(extract(epoch from clock_timestamp()) * 1000)::bigint"
_HELD = f"(expires_at > {_NOW} and expires_at <= {_NOW} + 2 * :term)"
"""A term that ends later than any holder would write is of a clock that was set back meanwhile: it is over too."""

FIRST = sa.text("insert into leases values ('run', '', 0, 0) on conflict do nothing")
LOOK = sa.text(f"select owner, {_HELD} as held from leases where name = 'run'")  # nosec B608
LOCK = sa.text("select pg_backend_pid() from leases where name = 'run' for update")
TAKE = sa.text(
    f"update leases set owner = :owner, token = token + 1, expires_at = {_NOW} + :term "
    f"where name = 'run' and not {_HELD} returning token"  # nosec B608
)
CUT = sa.text(
    "select pg_terminate_backend(blocker) from unnest(pg_blocking_pids(:pid)) as blocker "
    f"where exists (select from leases where name = 'run' and not {_HELD})"  # nosec B608
)
RENEW = sa.text(f"update leases set expires_at = {_NOW} + :term where name = 'run' and token = :token")  # nosec B608
RELEASE = sa.text("update leases set expires_at = 0 where name = 'run' and token = :token")
CHECK = sa.text("select owner, token from leases where name = 'run' for key share")
