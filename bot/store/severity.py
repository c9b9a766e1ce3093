"""Severities in order, for a comparison in memory and for one in a statement."""

from __future__ import annotations

from collections.abc import Iterable

from rules.model import Severity

_QUIET_TO_LOUD = tuple(Severity)


def gravest(severities: Iterable[Severity]) -> Severity:
    """The loudest of some. Raises ValueError for none."""
    return max(severities, key=_QUIET_TO_LOUD.index)


def grave_enough(severity: Severity, least: Severity) -> bool:
    """Whether `severity` is `least` or worse."""
    return severity in at_least(least)


def at_least(least: Severity) -> tuple[Severity, ...]:
    """`least` and all that is worse."""
    return _QUIET_TO_LOUD[_QUIET_TO_LOUD.index(least) :]
