"""The configuration: TOML under environment, checked once and whole before anything starts.

The built-in configuration is the file config.example.toml itself. A user's file is laid over it key by key, the
environment over both.
"""

from bot.settings.load import CONFIG_VARIABLE, ConfigurationError, Problem, load_settings, warnings
from bot.settings.models import Settings

__all__ = ["CONFIG_VARIABLE", "ConfigurationError", "Problem", "Settings", "load_settings", "warnings"]
