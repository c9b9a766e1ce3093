"""`bellwether backup` and `bellwether restore`: what they say, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.runner import locked
from bot.store.schema import SCHEMA
from tests.bot.cli.terminal import Terminal
from tests.bot.store.stores import message, owes, states, stored, subscribes


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A service that owes one message."""

    async def story(database: Database) -> None:
        await subscribes(database, "1")
        await owes(database, message(1))

    stored(tmp_path, story)
    file = tmp_path / "my.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bellwether.db"\n')
    return file


def test_what_backup_writes_restore_brings_back(terminal: Terminal, config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    ran = terminal.runs("backup", copy, "--config", config)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{copy}: 0.2 MB, schema {SCHEMA}, 1 message owed; checked\n"
    ran = terminal.runs("restore", copy, "--config", config)
    first, doubt, kept = ran.out.splitlines()
    assert (ran.code, ran.err) == (0, "")
    assert first == f"{tmp_path}/bellwether.db: 0.2 MB, schema {SCHEMA}, 1 message owed; restored from {copy}"
    assert doubt == "What is owed may have been sent since the backup; it will say that it may be a repeat."
    assert kept.startswith("The database that was there is kept as bellwether.db.before-restore-")
    assert stored(tmp_path, states) == ["1: message 1 owed"]


def test_json_is_one_object(terminal: Terminal, config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    (backed_up,) = terminal.runs("backup", copy, "--config", config, "--json").lines
    expected = {"file": str(copy), "bytes": copy.stat().st_size, "schema": SCHEMA, "owed": 1}
    assert backed_up == expected
    (restored,) = terminal.runs("restore", copy, "--config", config, "--json", "--force").lines
    assert restored == {**expected, "file": f"{tmp_path}/bellwether.db", "kept": None}


def test_nothing_is_restored_under_a_service(terminal: Terminal, config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    terminal.runs("backup", copy, "--config", config)
    with locked(tmp_path / "bellwether.db") as held:
        assert held
        ran = terminal.runs("restore", copy, "--config", config)
    assert (ran.code, ran.out) == (1, "")
    assert (
        ran.err == f"bellwether: {tmp_path}/bellwether.db is in use: another process runs on it; stop that one first\n"
    )


def test_a_restoration_that_fails_where_there_was_no_database_leaves_none(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    (tmp_path / "copy.db").write_text("tea")
    ran = terminal.runs("restore", tmp_path / "copy.db", "--config", tmp_path / "my.toml")
    assert ran.code == 1
    assert not (tmp_path / "none.db").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_on_a_new_machine_is_the_services_the_lock_too(
    terminal: Terminal, config: Path, tmp_path: Path
) -> None:
    """It was root's, in a folder of the service's user, who could open neither."""
    copy, folder = tmp_path / "copy.db", tmp_path / "new"
    terminal.runs("backup", copy, "--config", config)
    folder.mkdir()
    os.chown(folder, 1234, 1234)
    config.write_text(f'[store]\nurl = "sqlite:///{folder}/bellwether.db"\n')
    assert terminal.runs("restore", copy, "--config", config).code == 0
    found = {each.name: (each.stat().st_uid, each.stat().st_gid) for each in folder.iterdir()}
    assert found == {"bellwether.db": (1234, 1234), "bellwether.db.lock": (1234, 1234)}


def test_without_a_database_there_is_nothing_to_back_up(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    ran = terminal.runs("backup", tmp_path / "copy.db", "--config", tmp_path / "my.toml")
    assert (ran.code, ran.err) == (1, f"bellwether: {tmp_path}/none.db is not there\n")


@pytest.mark.parametrize(("command", "instead"), [("backup", "pg_dump"), ("restore", "pg_restore")])
def test_a_server_has_programs_of_its_own(terminal: Terminal, tmp_path: Path, command: str, instead: str) -> None:
    (tmp_path / "my.toml").write_text('[store]\nurl = "postgresql://me:secret@db.example.com/bellwether"\n')
    ran = terminal.runs(command, tmp_path / "copy.db", "--config", tmp_path / "my.toml")
    assert ran.code == 1
    assert ran.err == f"bellwether: bellwether on db.example.com is no file but a server's: use {instead}\n"
