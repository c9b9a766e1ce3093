"""A backup of the running service, put back when it has stopped: it goes on, and says where its database is from."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.simulated import simulated
from tests.e2e.world import CHAT, ROOT
from tests.servers.telegram import TelegramServer

pytestmark = pytest.mark.e2e


def command(home: Path, *words: object) -> str:
    """What a command prints beside the service, or what it complains of."""
    line = [sys.executable, "-m", "bot.cli.main", *map(str, words), "--config", str(home / "my.toml")]
    ran = subprocess.run(line, capture_output=True, text=True, cwd=ROOT, check=False)
    return ran.stdout + ran.stderr


def test_a_running_service_is_backed_up_and_goes_on_from_the_backup(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with TelegramServer() as telegram:
        with simulated(tmp_path, tmp_path, telegram) as service:
            telegram.hears("/start", chat=CHAT)
            telegram.waits_for("Alerts come here", 40)
            assert "; checked\n" in command(tmp_path, "backup", copy), "while its history is still being filled"
            assert "runs on it; stop that one first" in command(tmp_path, "restore", copy)
            service.says("rules adopted", 40)
            assert service.stop() == 0
        assert "restored from" in command(tmp_path, "restore", copy)
        with simulated(tmp_path, tmp_path, telegram) as service:
            telegram.waits_for("Its database is from a backup", 40)
            service.says("history is complete", 40)
            telegram.hears("/status", chat=CHAT)
            assert "Chats: 1" in telegram.waits_for("Rules: 82", 20).plain, "who had subscribed is told"
            assert service.stop() == 0
        told = Counter(each.plain for each in telegram.sent)
        assert max(told.values()) == 1, "nothing comes twice without saying so"
