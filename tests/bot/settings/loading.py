"""Loading a configuration in a test: what it is, or every fault it has."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import ConfigurationError, Settings, load_settings
from tests.bot.markets import SESSIONS

ONE_RULE = '[[rules]]\nid = "mine"\nwhen = "close(RUT) > record(RUT)"\n'
TOKEN = "123456789:AA-SECRET_secret-SECRET_secret-SECRET"
"""Of the shape of a token, and none."""


def load(config: Path, text: str) -> Settings:
    config.write_text(text, encoding="utf-8")
    return load_settings(config, SESSIONS.check)


def faults(config: Path, text: str | bytes) -> list[str]:
    """Every fault of a configuration, under the name my.toml."""
    config.write_bytes(text.encode() if isinstance(text, str) else text)
    return environment_faults(config)


def environment_faults(config: Path | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as told:
        load_settings(config, SESSIONS.check)
    return [str(each).replace(str(config), "my.toml") for each in told.value.problems]
