"""Which further channels a configuration names, and in which role. Apprise is not needed for that."""

from __future__ import annotations

from collections.abc import Mapping

from bot.settings import Settings
from bot.settings.operations import ChannelSettings, Role
from bot.store.further import Roll
from rules.model import Severity


def roll_of(settings: Settings) -> Roll:
    """Without a token there is no Telegram to be down: who would be told in its place is told at once."""
    told: dict[str, Severity] = {}
    in_its_place: dict[str, Severity] = {}
    for name, channel in settings.channels.items():
        falls_back = channel.role is Role.FALLBACK and settings.telegram.given
        (in_its_place if falls_back else told)[name] = channel.least
    return Roll(told, in_its_place)


def urls_of(channels: Mapping[str, ChannelSettings]) -> dict[str, str]:
    """The secret URL of each."""
    return {name: channel.url.get_secret_value() for name, channel in channels.items()}
