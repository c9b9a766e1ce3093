"""The configuration: TOML under environment, checked once and whole before anything starts.

The built-in configuration is the file config.example.toml itself. A user's file is laid over it key by key, the
environment over both.
"""

from bot.settings.doubts import warnings
from bot.settings.environment import CONFIG_VARIABLE
from bot.settings.load import load_settings
from bot.settings.models import MarketSettings, Settings
from bot.settings.operations import (
    ChannelSettings,
    LogFormat,
    LogSettings,
    RetentionSettings,
    Role,
    WatchdogSettings,
    WebSettings,
)
from bot.settings.problems import ConfigurationError, Problem
from bot.settings.service import (
    DeliverySettings,
    EvidenceSettings,
    FeedsSettings,
    PicturesSettings,
    Prices,
    RunSettings,
    SettleSettings,
    StoreSettings,
    TelegramSettings,
    Venue,
)

__all__ = [
    "CONFIG_VARIABLE",
    "ChannelSettings",
    "ConfigurationError",
    "DeliverySettings",
    "EvidenceSettings",
    "FeedsSettings",
    "LogFormat",
    "LogSettings",
    "MarketSettings",
    "PicturesSettings",
    "Prices",
    "Problem",
    "RetentionSettings",
    "Role",
    "RunSettings",
    "Settings",
    "SettleSettings",
    "StoreSettings",
    "TelegramSettings",
    "Venue",
    "WatchdogSettings",
    "WebSettings",
    "load_settings",
    "warnings",
]
