"""The three addresses of a real process, from its first second to its last, and beside one that works."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.bot.store.fixtures import postgres
from tests.bot.store.postgres import Postgres
from tests.e2e.world import ROOT, Service, launch

pytestmark = pytest.mark.e2e

__all__ = ["postgres"]


class Process:
    """`bellwether run` on a simulated market, and what it says of itself."""

    def __init__(self, home: Path, store: str = "", name: str = "log") -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BELLWETHER_")}
        environment |= {
            "BELLWETHER_RUN__SOURCE": "simulated",
            "BELLWETHER_STORE__URL": store or f"sqlite:///{home}/bellwether.db",
            "BELLWETHER_WEB__LISTEN": "127.0.0.1:0",
            "PYTHONUNBUFFERED": "1",
        }
        self.config = home / "my.toml"
        self.config.write_text("[market]\ngrace_minutes = 120\n")
        command = ["-m", "bot.cli.main", "run", "--config", str(self.config)]
        self.service: Service = launch(command, home / name, environment)

    def __enter__(self) -> Process:
        self.service.says("listening at ", 60)
        found = re.search(r"listening at (\S+)", self.service.output)
        assert found is not None
        self.address = found[1]
        return self

    def __exit__(self, *_: object) -> None:
        if self.service.process.poll() is None:
            self.service.kill()

    def asks(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self.address}{path}", timeout=10, trust_env=False)

    def until(self, status: str, reason: str = "", seconds: float = 60) -> None:
        """Until /readyz says so; /healthz is well all the while."""
        end = time.monotonic() + seconds
        while True:
            told = self.asks("/readyz").json()
            if told["status"] == status and reason in " ".join(told["reasons"]):
                return
            assert self.asks("/healthz").status_code == 200
            assert time.monotonic() < end, (told, self.service.output[-2_000:])
            time.sleep(0.05)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with Process(tmp_path) as started:
        yield started


def test_a_process_tells_how_it_is_from_its_start_on(process: Process) -> None:
    assert process.asks("/healthz").json()["status"] == "alive"
    process.until("ready")
    figures = process.asks("/metrics").text
    assert "\nbellwether_ready 1.0\n" in figures
    assert "\nbellwether_lease_held 1.0\n" in figures
    assert re.search(r'\nbellwether_source_answers_total\{source="simulated"\} \d', figures)

    command = [
        sys.executable,
        "-m",
        "bot.cli.main",
        "health",
        "--ready",
        "--json",
        "--url",
        f"http://{process.address}",
    ]
    asked = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=30, check=True)
    assert json.loads(asked.stdout)["status"] == "ready"


def test_another_configuration_takes_neither_the_address_nor_the_counts(process: Process) -> None:
    process.until("ready")
    before = _polls(process)
    process.config.write_text("[market]\ngrace_minutes = 121\n")
    process.service.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 30
    while process.service.output.count("history is complete") < 2:
        assert time.monotonic() < end, process.service.output[-2_000:]
        time.sleep(0.05)
    process.until("ready")
    assert _polls(process) > before


def _polls(process: Process) -> float:
    found = re.search(r"\nbellwether_polls_total (\S+)", process.asks("/metrics").text)
    assert found is not None
    return float(found[1])


def test_a_process_that_is_told_to_end_while_clients_hang_ends_well(process: Process) -> None:
    """Within the twenty seconds after which a container is killed."""
    process.until("ready")
    host, _, port = process.address.rpartition(":")
    clients = [socket.create_connection((host, int(port))) for _ in range(20)]
    for client in clients[::2]:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHo")
    assert process.service.stop() == 0
    assert "Traceback" not in process.service.output
    for client in clients:
        client.close()


@pytest.mark.soak
def test_a_second_process_on_that_port_watches_all_the_same(process: Process, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BELLWETHER_")}
    environment |= {
        "BELLWETHER_RUN__SOURCE": "simulated",
        "BELLWETHER_STORE__URL": f"sqlite:///{tmp_path}/other.db",
        "BELLWETHER_WEB__LISTEN": process.address,
    }
    other = launch(["-m", "bot.cli.main", "run"], tmp_path / "other.log", environment)
    try:
        other.says(f"nothing is served at {process.address}: Address already in use; it is tried again", 60)
        other.says("history is complete", 60)
        assert other.stop() == 0
        assert "Traceback" not in other.output
    finally:
        if other.process.poll() is None:
            other.kill()


@pytest.mark.soak
def test_a_standby_says_so_until_it_takes_over(tmp_path: Path, postgres: Postgres) -> None:
    store = postgres.database()
    with Process(tmp_path, store, "first.log") as first:
        first.until("ready")
        with Process(tmp_path, store, "second.log") as second:
            second.until("not ready", "standing by")
            figures = second.asks("/metrics").text
            assert '\nbellwether_phase{phase="standing by"} 1.0\n' in figures
            assert "\nbellwether_lease_held 0.0\n" in figures
            first.service.process.send_signal(signal.SIGTERM)
            second.until("ready")
