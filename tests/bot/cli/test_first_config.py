"""The file that `init` writes: where it and the database lie, what is no secret, and why it cannot be written."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from bot.cli._questions import place_of_store
from tests.bot.cli.terminal import Terminal
from tests.bot.store.small_disk import small_disk


def test_what_lies_under_etc_keeps_its_database_where_it_may_be_written() -> None:
    """/etc/bellwether/bellwether.db was offered there, and the service looked elsewhere."""
    assert place_of_store(Path("/etc/bellwether/bellwether.toml")) == Path("/var/lib/bellwether/bellwether.db")
    assert place_of_store(Path("/srv/ann/my.toml")) == Path("/srv/ann/bellwether.db")


@pytest.mark.parametrize("url", ["postgresql://me:p4ssw0rd@a.com/b", "postgresql://me@a.com/b?password=p4ssw0rd"])
def test_a_password_is_a_secret_wherever_it_stands_in_the_url(terminal: Terminal, tmp_path: Path, url: str) -> None:
    file = tmp_path / "my.toml"
    assert terminal.runs("init", "--config", file, "--yes", "--secrets-in-environment", "--store", url).code == 0
    assert "p4ssw0rd" not in file.read_text()


def test_where_no_file_can_be_written_it_says_why(terminal: Terminal, tmp_path: Path) -> None:
    """`--force --config FOLDER` ended in a traceback."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    reasons = {
        "folder": "is a folder; name a file in it",
        "pipe": "is no file that can be replaced; name another",
        "x" * 300: "cannot be written: file name too long",
        "a/b/c": "cannot be written: there is no folder",
        "pipe/c": "cannot be written: there is no folder",
    }
    for name, reason in reasons.items():
        for force in ([], ["--force"]):
            assert reason in terminal.runs("init", "--config", tmp_path / name, "--yes", *force).fault
    assert {each.name for each in tmp_path.iterdir()} == {"folder", "pipe"}
    fault = terminal.runs(
        "init", "--config", tmp_path / "my.toml", "--yes", "--store", "~nobody-by-this-name/a.db"
    ).fault
    assert fault.endswith("store: there is no home of this name: ~nobody-by-this-name")
    fault = terminal.runs("init", "--config", tmp_path / "my.toml", "--yes", "--store", "/a\udce4.db").fault
    assert "cannot be written: not UTF-8 text" in fault
    assert not (tmp_path / "my.toml").exists()


def test_a_full_disk_is_told_and_leaves_the_file_as_it_was(terminal: Terminal, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 16 * 1024) as disk:
        file = disk / "my.toml"
        file.write_text("precious")
        with suppress(OSError):
            (disk / "filler").write_bytes(bytes(64 * 1024))
        fault = terminal.runs("init", "--config", file, "--yes", "--force").fault
        assert fault.endswith("cannot be written: no space left on device")
        assert file.read_text() == "precious"
        assert sorted(each.name for each in disk.iterdir()) == ["filler", "my.toml"]


def test_a_folder_that_may_not_be_written_is_told(terminal: Terminal, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 64 * 1024) as disk:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        fault = terminal.runs("init", "--config", disk / "my.toml", "--yes").fault
        assert fault.endswith("cannot be written: read-only file system")
