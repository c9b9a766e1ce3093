"""Which channels are told what: by their role, and by whether there is a Telegram at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.further.roll import roll_of, urls_of
from bot.settings import Settings
from bot.store.further import Roll
from rules.model import Severity

CHANNELS = {
    "mail": {"url": "mailto://desk:secret@example.org"},
    "pager": {"url": "ntfys://ntfy.sh/a-topic", "role": "fallback"},
    "desk": {"url": "json://127.0.0.1/desk", "role": "fallback", "severity": "high"},
}


def test_a_subscriber_is_told_everything_and_a_fallback_what_is_critical_unless_it_is_said() -> None:
    settings = Settings(channels=CHANNELS, telegram={"token": "123456:abcdefghijklmnopqrstuvwxyz123456789"})
    assert roll_of(settings) == Roll({"mail": Severity.INFO}, {"pager": Severity.CRITICAL, "desk": Severity.HIGH})
    assert urls_of(settings.channels)["desk"] == "json://127.0.0.1/desk"


def test_without_a_token_a_fallback_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELLWETHER_TELEGRAM__TOKEN", raising=False)
    assert roll_of(Settings(channels=CHANNELS)) == Roll(
        {"mail": Severity.INFO, "pager": Severity.CRITICAL, "desk": Severity.HIGH}
    )


def test_apprise_is_not_loaded_where_nobody_configured_a_channel() -> None:
    program = (
        "import sys, bot.live\nfrom bot.app import settings_of\nfrom bot.further.roll import roll_of\n"
        "roll_of(settings_of(None))\nsys.exit('apprise' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
