"""The configuration: TOML under environment, checked once and whole before anything starts.

The built-in configuration is the file config.example.toml itself. A user's file is laid over it key by key, the
environment over both.
"""

from bot.settings.environment import CONFIG_VARIABLE
from bot.settings.load import load_settings, warnings
from bot.settings.models import Settings
from bot.settings.problems import ConfigurationError, Problem

__all__ = ["CONFIG_VARIABLE", "ConfigurationError", "Problem", "Settings", "load_settings", "warnings"]
