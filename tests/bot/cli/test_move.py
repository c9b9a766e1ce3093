"""`bellwether move`: what it says, what it refuses, and that no password is in either."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from bot.store.database import Database
from bot.store.postgres import PostgresServer
from bot.store.runner import locked
from bot.store.schema import leases, metadata
from tests.bot.cli.terminal import Ran, Terminal
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import message, owes, states, stored, subscribes

ROOT = Path(__file__).resolve().parents[3]
PASSWORD = "not-asked-for"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A stopped service that owes one message."""

    async def story(database: Database) -> None:
        await subscribes(database, "1")
        await owes(database, message(1))

    stored(tmp_path, story)
    return tmp_path / "bellwether.db"


@pytest.fixture
def url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty database, named in the environment as operators are told to."""
    found = postgres.database()
    monkeypatch.setenv("BELLWETHER_STORE__URL", found)
    return found


def quiet(ran: Ran) -> Ran:
    """What a command left behind; no password is in it."""
    assert PASSWORD not in ran.out + ran.err
    return ran


def test_it_tells_what_is_on_both_sides_and_what_to_do_next(terminal: Terminal, file: Path, url: str) -> None:
    ran = quiet(terminal.runs("move", file))
    assert (ran.code, ran.err) == (0, "")
    head, *tables, done, following = ran.out.splitlines()
    assert head.split() == ["table", "rows", "checksum", "on", "both", "sides"]
    told = {name: int(rows) for name, rows, _checksum in map(str.split, tables)}
    assert told == dict.fromkeys(sorted(set(metadata.tables) - {leases.name}), 0) | {
        "chats": 1,
        "deliveries": 1,
        "subscriptions": 1,
    }
    name = url.rpartition("/")[2]
    assert done == f"{file} -> {name} on 127.0.0.1: 3 rows, 1 message owed; read back and alike"
    assert following.startswith("Start `bellwether run` with this store.url.")
    assert stored(url, states) == stored(file, states) == ["1: message 1 owed"]


def test_json_is_one_object(terminal: Terminal, file: Path, url: str) -> None:
    (told,) = quiet(terminal.runs("move", file, "--json")).lines
    tables = told.pop("tables")
    assert told == {"file": str(file), "database": f"{url.rpartition('/')[2]} on 127.0.0.1", "owed": 1}
    assert tables["chats"]["rows"] == 1
    assert len(tables["chats"]["checksum"]) == 32
    assert set(tables) == set(metadata.tables) - {leases.name}


def test_nothing_is_moved_under_a_service(terminal: Terminal, file: Path, url: str) -> None:
    with locked(file) as held:
        assert held
        ran = quiet(terminal.runs("move", file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"bellwether: {file} is in use: another process runs on it; stop that one first\n"
    assert terminal.runs("move", file).code == 0


def test_a_service_is_refused_while_its_file_is_moved(file: Path, url: str, postgres: Postgres) -> None:
    """The move waits for somebody who makes tables there too; meanwhile the file is its own."""
    command = [sys.executable, "-m", "bot.cli.main", "move", str(file), "--json"]
    with psycopg.connect(url) as other:
        other.execute(PostgresServer.alone or "")
        moving = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        while not postgres.execute("select 1 from pg_locks where locktype = 'advisory' and not granted"):
            assert moving.poll() is None
        with locked(file) as is_free:
            assert not is_free
    out, _ = moving.communicate(timeout=60)
    assert (moving.returncode, json.loads(out)["owed"]) == (0, 1)


def test_a_database_that_is_not_empty_is_refused(terminal: Terminal, file: Path, url: str) -> None:
    assert terminal.runs("move", file).code == 0
    ran = quiet(terminal.runs("move", file))
    name = f"{url.rpartition('/')[2]} on 127.0.0.1"
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        f"bellwether: {name} is not empty: it holds Bellwether's tables already; move into a new database\n"
    )


def test_a_server_that_cannot_be_reached_is_told(
    terminal: Terminal, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_STORE__URL", f"postgresql://me:{PASSWORD}@127.0.0.1:1/bellwether")
    ran = quiet(terminal.runs("move", file))
    refused = "bellwether: bellwether on 127.0.0.1 cannot be used as a database: connection refused\n"
    assert (ran.code, ran.out, ran.err) == (1, "", refused)


def test_where_store_url_names_a_file_it_says_where_the_url_goes(terminal: Terminal, file: Path) -> None:
    assert terminal.runs("move", file).fault == (
        "bellwether: store.url: must be the URL of the new database, postgresql://user:password@host/database, "
        "best in BELLWETHER_STORE__URL"
    )


def test_without_a_file_there_is_nothing_to_move(terminal: Terminal, tmp_path: Path, url: str) -> None:
    ran = quiet(terminal.runs("move", tmp_path / "none.db"))
    assert (ran.code, ran.err) == (1, f"bellwether: {tmp_path}/none.db is not there\n")
    assert list(tmp_path.iterdir()) == []
    assert terminal.runs("move").code == 2
