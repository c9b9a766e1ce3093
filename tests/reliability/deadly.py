"""`python -m tests.reliability.deadly WHEN QUERY run ...`: the real command, which dies at a transaction.

At the first that would commit a state in which QUERY finds something it is killed, `before` or `after` the commit; the
next ones never begin. SQLAlchemy tells every commit and every connection that is given back to whoever asks it.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import sqlalchemy as sa

from bot.cli.main import main

BEFORE, AFTER = "before", "after"


def dies(when: str, query: str) -> None:
    """Arrange it."""
    doomed: set[int] = set()

    def commits(connection: sa.Connection) -> None:
        if connection.exec_driver_sql(query).first() is None:
            return
        if when == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        doomed.add(id(connection.connection.dbapi_connection))

    def given_back(connection: Any, _record: object) -> None:
        if id(connection) in doomed:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "commit", commits)
    sa.event.listen(sa.Pool, "checkin", given_back)


if __name__ == "__main__":
    at, wanted, *arguments = sys.argv[1:]
    dies(at, wanted)
    main(arguments)
