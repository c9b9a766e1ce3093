"""How a chat wants to be told: what loudly, what later, what not at all, and by which clock."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rules.model import Instant, Severity

EVERYTHING = "*"
"""What a mute is of that holds for every alert."""

DEFAULT_ZONE = "UTC"

BUDGET = 6
"""How many alerts a day a new chat is told; those of high severity and worse are told beyond that."""

SATURDAY = 5
"""The day of the week, from Monday, on which a chat without briefs of its own reads what was gathered for it."""

WEEKLY_AT = 9 * 60
"""The minute of that day."""


class Mode(enum.StrEnum):
    """What becomes of alerts of a severity or a tag."""

    ON = "on"
    SILENT = "silent"
    DIGEST = "digest"
    OFF = "off"


USUAL: Mapping[Severity, Mode] = {
    Severity.INFO: Mode.DIGEST,
    Severity.NOTICE: Mode.SILENT,
    Severity.HIGH: Mode.ON,
    Severity.CRITICAL: Mode.ON,
}
"""What becomes of alerts in a new chat."""


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not told for a while: a rule by its id, `#tag`, or EVERYTHING; until an instant, None: until undone."""

    what: str
    until: Instant | None
    since: Instant


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a chat has chosen; what it has not is as a new chat has it.

    `zone` is an IANA name. `quiet` are the minutes of the day from and until which nothing below critical is told, and
    may reach over midnight; None: never. `budget` is how many alerts a day are told, None: as a new chat has it; 0: as
    many as there are. `digests` are minutes of the day at which there is a brief, from `digests_since` on; without any
    there is one a week, if something was gathered for it. `severities` and `tags` are what was chosen of them.
    """

    zone: str = DEFAULT_ZONE
    quiet: tuple[int, int] | None = None
    budget: int | None = None
    digests: tuple[int, ...] = ()
    severities: Mapping[Severity, Mode] = field(default_factory=dict)
    tags: Mapping[str, Mode] = field(default_factory=dict)
    mutes: tuple[Mute, ...] = ()
    digests_since: Instant = 0

    @property
    def alerts_a_day(self) -> int | None:
        """How many alerts below high are told on a day; None: as many as there are."""
        return BUDGET if self.budget is None else self.budget or None

    def mode_of(self, severity: Severity) -> Mode:
        """What becomes of alerts of a severity."""
        return self.severities.get(severity, USUAL[severity])

    def in_force(self, now: Instant) -> tuple[Mute, ...]:
        """The mutes that are not over."""
        return tuple(each for each in self.mutes if each.until is None or now < each.until)


NEW_CHAT = Preferences()
"""A chat that has chosen nothing."""


def dump(preferences: Preferences) -> dict[str, Any]:
    """As a document; what is as a new chat has it is left out."""
    document: dict[str, Any] = {
        "zone": preferences.zone,
        "quiet": list(preferences.quiet) if preferences.quiet else None,
        "budget": preferences.budget,
        "digests": list(preferences.digests),
        "severities": {severity.value: mode.value for severity, mode in preferences.severities.items()},
        "tags": {tag: mode.value for tag, mode in preferences.tags.items()},
        "mutes": [[each.what, each.until, each.since] for each in preferences.mutes],
        "digests_since": preferences.digests_since or None,
    }
    return {name: value for name, value in document.items() if value not in (None, [], {}, DEFAULT_ZONE)}


def load(document: Mapping[str, Any] | None) -> Preferences:
    """From its document."""
    known = document or {}
    quiet = known.get("quiet")
    return Preferences(
        zone=_zone_here(known.get("zone", DEFAULT_ZONE)),
        quiet=(quiet[0], quiet[1]) if quiet else None,
        budget=known.get("budget"),
        digests=tuple(known.get("digests", ())),
        severities={Severity(name): Mode(mode) for name, mode in known.get("severities", {}).items()},
        tags={name: Mode(mode) for name, mode in known.get("tags", {}).items()},
        mutes=tuple(Mute(what, until, since) for what, until, since in known.get("mutes", ())),
        digests_since=known.get("digests_since", 0),
    )


def _zone_here(name: str) -> str:
    """A zone that was chosen where other zones were known is UTC here: nobody else goes untold for it."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return DEFAULT_ZONE
