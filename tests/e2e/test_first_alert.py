"""What the README promises: two commands, one line to the bot, and the next record is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.e2e.test_live import RECORD, ask
from tests.e2e.world import CHAT, ROOT, Clock, JumpingWorld, launch, needs_faketime
from tests.servers.telegram import TOKEN

pytestmark = [pytest.mark.e2e, needs_faketime]


def test_init_and_run_and_a_start_bring_the_next_alert(simulated_folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with JumpingWorld(simulated_folder, tmp_path, load_settings(), Clock("2025-11-04T20:50:00Z")) as world:
        given = ["--token", TOKEN, "--allow", str(CHAT), "--store", str(home / "bellwether.db")]
        init = [sys.executable, "-m", "bot.cli.main", "init", "--yes", *given]
        written = subprocess.run(
            init, cwd=home, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert "bellwether run --config bellwether.toml" in written.stdout
        command = ["run", "--config", str(home / "bellwether.toml")]
        elsewhere = {  # the real servers have other addresses
            "BELLWETHER_TELEGRAM__BASE_URL": world.telegram.url,
            "BELLWETHER_FEEDS__VENUES": '["coinbase"]',
            "BELLWETHER_WEB__LISTEN": "",
            "BELLWETHER_RUN__POLL_SECONDS": "5",
        }
        environment = {**world._environment(token=False), **elsewhere}
        redirected = ["-m", "tests.e2e.redirected", world.yahoo.url, world.coinbase.url, *command]
        service = launch(redirected, tmp_path / "service.log", environment)
        world.services.append(service)
        ask(world, "/start", "Alerts come here")
        service.says("82 of 82 rules adopted", 60)
        world.clock.set("2025-11-04T21:29:50Z")
        assert "RUT close: " in world.telegram.waits_for(RECORD, 40).plain
        assert (home / "bellwether.db").exists()
        assert service.stop() == 0
