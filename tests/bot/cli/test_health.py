"""`bellwether health`: what a container calls, with a service that answers, one that is not well, and none."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.cli._listening import address, listening
from bot.settings import ConfigurationError, load_settings
from tests.bot.cli.terminal import Terminal


class Answers(http.server.BaseHTTPRequestHandler):
    """Says what it was given for each path."""

    told: dict[str, tuple[int, bytes]]

    def do_GET(self) -> None:
        code, body = self.told[self.path]
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def says(status: str, *reasons: str) -> bytes:
    return json.dumps({"status": status, "reasons": reasons, "version": "7", "since": "2025-12-03T12:00:00Z"}).encode()


Serves = Callable[[dict[str, tuple[int, bytes]]], str]


@pytest.fixture
def serves() -> Iterator[Serves]:
    """Starts a server that says so; its URL."""
    servers = []

    def start(told: dict[str, tuple[int, bytes]]) -> str:
        server = http.server.HTTPServer(("127.0.0.1", 0), type("Told", (Answers,), {"told": told}))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_service_that_lives_and_is_ready(terminal: Terminal, serves: Serves) -> None:
    url = serves({"/healthz": (200, says("alive")), "/readyz": (200, says("degraded", "near does not answer"))})
    alive, ready = terminal.runs("health", "--url", url), terminal.runs("health", "--ready", "--url", url)
    assert (alive.code, alive.out) == (0, "alive\n")
    assert (ready.code, ready.out) == (0, "degraded\nnear does not answer\n")


def test_a_service_that_is_not_ready_says_why(terminal: Terminal, serves: Serves) -> None:
    url = serves({"/readyz": (503, says("not ready", "the database takes nothing: locked"))})
    ran = terminal.runs("health", "--ready", "--url", url)
    assert (ran.code, ran.out, ran.err) == (1, "not ready\nthe database takes nothing: locked\n", "")
    [told] = terminal.runs("health", "--ready", "--json", "--url", url).lines
    assert told["reasons"] == ["the database takes nothing: locked"]


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": 7}', b"", b"\xff", b"[" * 60_000])
def test_another_program_at_that_port_is_told(terminal: Terminal, serves: Serves, body: bytes) -> None:
    ran = terminal.runs("health", "--url", serves({"/healthz": (200, body)}))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(" is not bellwether\n")


def test_nobody_at_that_port_is_told_in_a_sentence(terminal: Terminal) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        ran = terminal.runs("health", "--url", f"http://127.0.0.1:{port}")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"bellwether: nobody answers at 127.0.0.1:{port}: connection refused\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--url", "127.0.0.1:8719"), "--url must be such as http://127.0.0.1:8719, not '127.0.0.1:8719'"),
        (("--url", "http://[::1"), "--url must be such as http://127.0.0.1:8719, not 'http://[::1'"),
        (("--url", "http://x:99999"), "--url must be such as http://127.0.0.1:8719, not 'http://x:99999'"),
        (("--config", "no-such.toml"), "no-such.toml: no such file or directory"),
    ],
)
def test_bad_usage_is_told(terminal: Terminal, arguments: tuple[str, ...], complaint: str) -> None:
    assert terminal.runs("health", *arguments).fault == f"bellwether: {complaint}"


@pytest.mark.parametrize(
    ("listen", "complaint"),
    [
        ("", "web.listen is empty: the service tells nobody how it is"),
        ("127.0.0.1:0", "web.listen leaves the port open; name it with --url"),
        ("nonsense", "web.listen is no host and port: 'nonsense'"),
    ],
)
def test_where_nothing_listens_is_told(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, listen: str, complaint: str
) -> None:
    monkeypatch.setenv("BELLWETHER_WEB__LISTEN", listen)
    assert terminal.runs("health").fault == f"bellwether: {complaint}"


FILE = '[web]\nlisten = "127.0.0.1:9001"\n'


@pytest.mark.parametrize(
    ("text", "environ"),
    [
        ("", {}),
        (FILE, {}),
        ("\ufeff" + FILE, {}),
        (FILE, {"BELLWETHER_WEB__LISTEN": "[::1]:9002"}),
        (FILE, {"bellwether_web__listen": "localhost:9003"}),
        (FILE, {"BELLWETHER_WEB__LISTEN": ""}),
        (FILE, {"BELLWETHER_WEB": '{"listen": "127.0.0.1:9004"}'}),
        (FILE, {"BELLWETHER_WEB": "{}"}),
        ("[market]\nseed = 3\n", {}),
        ("[web]\nlisten = 7\n", {}),
        ("[web]\n[web", {}),
        ("web = 3\n", {}),
        (FILE, {"BELLWETHER_WEB": "nonsense"}),
        (FILE, {"BELLWETHER_WEB": "[]"}),
        ("", {"BELLWETHER_WEB": '{"listen": 7}'}),
    ],
)
def test_it_finds_what_the_whole_configuration_says(
    text: str, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the configuration has a fault it may find anything, but never fails in another way than a sentence."""
    file = tmp_path / "my.toml"
    file.write_text(text, encoding="utf-8")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    try:
        expected = load_settings(file).web.listen
    except ConfigurationError:
        assert "bellwether check" in _found(file) or ":" in _found(file)
    else:
        assert _found(file) == expected


def _found(file: Path) -> str:
    try:
        return listening(file)
    except ValueError as error:
        return str(error)


def test_the_file_of_the_environment_is_read_where_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "my.toml"
    file.write_text(FILE)
    monkeypatch.setenv("BELLWETHER_CONFIG", str(file))
    assert listening(None) == "127.0.0.1:9001"


@pytest.mark.parametrize(
    ("listen", "asked"),
    [("0.0.0.0:1", ("127.0.0.1", 1)), ("[::]:2", ("::1", 2)), ("[::1]:3", ("::1", 3)), ("box:4", ("box", 4))],
)
def test_who_listens_everywhere_is_asked_on_loopback(listen: str, asked: tuple[str, int]) -> None:
    assert address(listen) == asked


def test_it_loads_nothing_of_the_service() -> None:
    code = (
        "import sys; from bot.cli.main import run; run(['health', '--url', 'http://127.0.0.1:9']);"
        "print(*sys.modules, sep='\\n')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    heavy = {
        "pandas",
        "numpy",
        "pydantic",
        "lark",
        "sqlalchemy",
        "starlette",
        "uvicorn",
        "prometheus_client",
        "asyncio",
    }
    assert heavy & set(ran.stdout.split()) == set()
