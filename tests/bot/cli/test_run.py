"""`bellwether run`, as far as it comes without a market: what it refuses, and in which words."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from bot.store.runner import lock
from tests.bot.cli.terminal import Terminal


def config(folder: Path, text: str) -> Path:
    file = folder / "my.toml"
    file.write_text(text)
    return file


def test_a_configuration_with_a_fault_is_refused_before_anything_starts(terminal: Terminal, tmp_path: Path) -> None:
    ran = terminal.runs("run", "--config", config(tmp_path, "[run]\npoll_seconds = 1\n"))
    assert ran.code == 2
    assert "run.poll_seconds: must be greater than or equal to 5, not 1" in ran.err


def test_a_database_in_a_folder_that_is_not_there_is_told(terminal: Terminal, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/my.db"
    ran = terminal.runs("run", "--config", config(tmp_path, f'[store]\nurl = "{url}"\n'))
    assert ran.code == 1
    assert ran.err.endswith(f"there is no folder {tmp_path}/nowhere\n")
    assert "Traceback" not in ran.err


def test_a_database_that_another_service_holds_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    held = lock(tmp_path / "my.db")
    assert held is not None
    ran = terminal.runs("run", "--config", config(tmp_path, f'[store]\nurl = "sqlite:///{tmp_path}/my.db"\n'))
    held.release()
    assert ran.code == 1
    assert "my.db is in use: another process runs on it; stop that one, or name another file in store.url" in ran.err


@pytest.mark.parametrize("command", ["regime", "doctor"])
def test_a_server_that_is_not_there_is_told_of_without_a_password(
    terminal: Terminal, tmp_path: Path, command: str
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        url = f"postgresql://me:SECRET@127.0.0.1:{taken.getsockname()[1]}/alerts"
        ran = terminal.runs(command, "--store", "--config", config(tmp_path, f'[store]\nurl = "{url}"\n'))
    assert (ran.code, ran.out) == (1, "")
    refused = "bellwether: alerts on 127.0.0.1 cannot be used as a database: connection refused\n"
    assert ran.err == refused


def test_a_store_that_is_not_there_has_no_answers(terminal: Terminal, tmp_path: Path) -> None:
    file = config(tmp_path, f'[store]\nurl = "sqlite:///{tmp_path}/my.db"\n')
    ran = terminal.runs("regime", "--store", "--config", file)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"bellwether: {tmp_path}/my.db is not there; `bellwether run` makes it, and store.url names it\n"
