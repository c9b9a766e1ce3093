"""`bellwether run` over a simulated market, with a Telegram on loopback and its database where a test wants it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.world import CHAT, ROOT, Service
from tests.servers.telegram import TOKEN, TelegramServer

_CONFIG = """
[run]
source = "simulated"
poll_seconds = 5
[store]
url = "sqlite:///{place}/bellwether.db"
[telegram]
base_url = "{telegram}"
allow = [{chat}]
admins = [{chat}]
[watchdog]
free_mb = 1
ping_url = "{telegram}/bot{token}/getMe"
ping_seconds = 10
"""


@contextmanager
def simulated(home: Path, place: Path, telegram: TelegramServer, prelude: str = "") -> Iterator[Service]:
    """One process, after a prelude; its log in `home`, its database in `place`. Killed at the end, if it still runs."""
    config, log = home / "my.toml", home / f"log-{sum(1 for _ in home.glob('log-*'))}"
    config.write_text(_CONFIG.format(place=place, telegram=telegram.url, chat=CHAT, token=TOKEN))
    program = f"{prelude}\nfrom bot.cli.main import main\nmain(['run', '--config', {str(config)!r}])"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BELLWETHER_")}
    environment = {**kept, "BELLWETHER_TELEGRAM__TOKEN": TOKEN, "BELLWETHER_WEB__LISTEN": ""}
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", program], stdout=out, stderr=out, cwd=ROOT, env=environment)
    service = Service(process, log)
    try:
        yield service
    finally:
        if process.poll() is None:
            service.kill()


def hangs_up(service: Service) -> None:
    """SIGHUP."""
    service.process.send_signal(signal.SIGHUP)
