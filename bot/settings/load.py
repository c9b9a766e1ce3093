"""Read the configuration, check it whole, and say every fault at once, each with its path and line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.settings.across import CheckCalendar, CheckChannel, faults_across
from bot.settings.environment import read_environment
from bot.settings.models import Settings, built_in, built_in_text
from bot.settings.places import Places, Tables
from bot.settings.problems import ConfigurationError, Fault, Problem
from bot.settings.toml_lines import lines_of
from bot.settings.words import fault_of, unknown_key


def load_settings(
    file: Path | None = None,
    check_calendar: CheckCalendar | None = None,
    check_channel: CheckChannel | None = None,
) -> Settings:
    """The configuration of `file` (or none) under the environment. Raises ConfigurationError with every fault.

    `check_calendar` raises ValueError for the name of a calendar that does not exist, `check_channel` for the URL of a
    channel that nothing can be sent to; it is not called where there are no channels.
    """
    environment = read_environment(Settings, os.environ)
    files = [_built_in_tables()]
    if file is not None:
        files.insert(0, _tables(file))
    given = files[0].values
    known = {section: given[section] for section in Settings.model_fields if section in given}
    settings, faults = _validated(known)
    faults += [unknown_key((key,)) for key in given if key not in known]
    merged = _laid_over(_laid_over(built_in(), known), environment.values)
    names, others = faults_across(merged, check_calendar, check_channel)
    misnamed = {fault.path for fault in names}
    faults = [*names, *(fault for fault in faults if fault.path not in misnamed), *others]
    problems = Places(environment, files).told(faults)
    if problems or settings is None:
        raise ConfigurationError(problems)
    return settings


@cache
def _built_in_tables() -> Tables:
    return Tables("config.example.toml (built in)", built_in(), lines_of(built_in_text()))


def _validated(known: dict[str, Any]) -> tuple[Settings | None, list[Fault]]:
    """The settings, or what the models refuse. Only sections come in: BaseSettings takes other names for its own."""
    try:
        return Settings(**known), []
    except ValidationError as error:
        return None, [fault_of(each) for each in error.errors(include_url=False)]


def _tables(file: Path) -> Tables:
    """A user's file; a byte order mark and the line ends of Windows are taken as they come."""
    text, values = "", {}
    try:
        text = file.read_text(encoding="utf-8-sig")
        values, reason = tomllib.loads(text), ""
    except FileNotFoundError:
        reason = "no such file"
    except UnicodeDecodeError:
        reason = "not UTF-8 text"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Problem(str(file), f"not valid TOML: {_lower(str(error))}")]) from None
    except (ValueError, RecursionError):
        reason = "a number or a list in it is beyond all bounds"
    if reason:
        raise ConfigurationError([Problem(str(file), f"{reason}; a configuration looks like config.example.toml")])
    return Tables(str(file), values, lines_of(text))


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _laid_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`top` over `base`, table by table, as pydantic-settings does it; to look across sections despite their faults."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
