"""Channels are checked before anything starts, and no fault of one shows its URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import settings_of
from bot.settings import ConfigurationError, load_settings
from tests.bot.markets import SESSIONS


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "my.toml"


def faults(config: Path, text: str) -> list[str]:
    config.write_text(text)
    with pytest.raises(ConfigurationError) as told:
        settings_of(config, SESSIONS)
    return [str(each).replace(str(config), "my.toml") for each in told.value.problems]


def test_every_channel_that_nothing_can_be_sent_to_is_told_with_its_line(config: Path) -> None:
    text = (
        '[channels.pager]\nurl = "nope://hush-hush"\n[channels.desk]\nurl = "slack://hush-hush"\n'
        '[channels.mail]\nurl = "hush-hush"\n[channels.fine]\nurl = "ntfys://ntfy.sh/hush-hush"\n'
    )
    told = faults(config, text)
    assert told == [
        "my.toml line 2, channels.pager.url: Apprise knows no service nope://",
        "my.toml line 4, channels.desk.url: Apprise cannot read this slack:// URL; "
        "how one looks: https://appriseit.com/services/slack/",
        "my.toml line 6, channels.mail.url: must be an Apprise URL, such as ntfys://ntfy.sh/your-topic",
    ]
    assert "hush" not in "".join(told)


def test_one_in_the_environment_is_told_by_its_variable(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_CHANNELS__PAGER__URL", "nope://hush-hush")
    assert faults(config, "") == ["BELLWETHER_CHANNELS__PAGER__URL (environment): Apprise knows no service nope://"]


def test_nothing_is_asked_where_there_are_no_channels() -> None:
    def unwanted(url: str) -> None:
        raise AssertionError(url)

    assert load_settings(None, SESSIONS.check, unwanted).channels == {}
