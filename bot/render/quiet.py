"""What a chat is told about how it is told: quiet hours, mutes, severities, tags, briefs, clock; and what waited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from html import escape
from zoneinfo import ZoneInfo

from bot.answers.personal import spoken_id
from bot.answers.preferences import EVERYTHING, Mode, Mute, Preferences
from bot.render.alerts import SIMULATED_LINE, is_simulated, mark
from bot.render.lines import clipped
from rules.model import AlertEvent, Instant, Severity

LISTED = 9
"""Events of a summary told one by one, the newest; the others are in /history."""

SHOWN = 8
"""Mutes listed one by one."""

UNKEPT = "This terminal keeps no choices: they are those of a chat with <code>bellwether run</code>."
CRITICAL_COMES = "Critical alerts come all the same."

_MODES = {
    Mode.ON: "with a sound",
    Mode.SILENT: "without a sound",
    Mode.DIGEST: "in the digest",
    Mode.OFF: "not at all",
}


def while_quiet(events: Sequence[AlertEvent]) -> str:
    """What was held in quiet hours, oldest first; at least one."""
    lines = [
        "<b>While it was quiet</b>",
        *([SIMULATED_LINE] if any(map(is_simulated, events)) else []),
        f"{len(events)} alert{'s' * (len(events) != 1)}:",
        *told_lines(events, LISTED),
    ]
    return "\n".join(lines)


def told_lines(events: Sequence[AlertEvent], most: int) -> list[str]:
    """A line an event, the newest of many: 11-20 🟠 Russell 2000 closes at a record"""
    older = len(events) - most
    shown = [escape(clipped(f"{event.session:%m-%d} {mark(event)} {event.title}")) for event in events[-most:]]
    return [*shown, *([f"and {older} older: /history"] if older > 0 else [])]


def budget_spent() -> str:
    """That a chat was told as many alerts as it wants on a day."""
    return (
        "That is enough alerts for today: the rest goes to the digest, "
        "but for high and critical ones. /subscribe changes that."
    )


def clock(minute: int) -> str:
    """22:00, of a minute of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def moment(at: Instant, zone: str) -> str:
    """Thu 2025-12-11 21:00, by the clock on the wall of a zone."""
    return f"{dt.datetime.fromtimestamp(at, ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


def quiet_hours(chosen: Preferences) -> str:
    """When it is quiet, and what that means."""
    if chosen.quiet is None:
        return "There are no quiet hours: alerts come around the clock."
    first, last = map(clock, chosen.quiet)
    return (
        f"Quiet from {first} to {last} ({escape(chosen.zone)}): alerts wait, "
        f"and come together when it ends. {CRITICAL_COMES}"
    )


def zone_answer(chosen: Preferences, now: Instant) -> str:
    """By which clock quiet hours and briefs are meant."""
    return f"Your clock is {escape(chosen.zone)}: it is {moment(now, chosen.zone)} there."


def muted(mute: Mute, zone: str) -> str:
    """That something is not told for a while."""
    what = _named(mute.what)
    until = "until you undo it" if mute.until is None else f"until {moment(mute.until, zone)}"
    rest = f" {CRITICAL_COMES}" if _is_wide(mute.what) else ""
    return f"Muted {until}: {what}. You find it in /history.{rest}"


def how_long(what: str) -> str:
    """The question for how long something is not to be told."""
    return f"For how long is {_named(what)} to be silent?"


def unmuted(what: str) -> str:
    """That something is told again."""
    return f"Not muted any more: {_named(what)}."


def mutes(found: Sequence[Mute], zone: str) -> str:
    """What is muted now."""
    if not found:
        return "Nothing is muted."
    lines = ["<b>Muted</b>", *(_line(each, zone) for each in found[:SHOWN])]
    return "\n".join([*lines, *([f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else [])])


def choices(chosen: Preferences) -> str:
    """What becomes of each severity, and of the tags that something was chosen of."""
    width = max(len(each) for each in Severity)
    lines = [f"{severity:{width}}  {chosen.mode_of(severity)}" for severity in reversed(Severity)]
    tags = [f"#{tag}  {mode}" for tag, mode in sorted(chosen.tags.items())]
    most = chosen.alerts_a_day
    return "\n".join(
        [
            "<b>How you are told</b>",
            f"<pre>{escape(chr(10).join([*lines, *tags]))}</pre>",
            "on: with a sound. off: not at all",
            "No limit a day" if most is None else f"Below high at most {most} a day",
            "Your own alerts always sound",
        ]
    )


def chosen_of(what: str, mode: Mode | None) -> str:
    """What becomes of a severity or a tag from now on."""
    return f"{escape(what)}: {'as their severity' if mode is None else _MODES[mode]}."


def limited(most: int | None) -> str:
    """How many alerts a day are told from now on."""
    if most is None:
        return "There is no limit to the alerts of a day."
    return f"Below high at most {most} alert{'s' * (most != 1)} a day; the rest goes to the digest."


def digests(chosen: Preferences, following: Instant) -> str:
    """When there is a brief."""
    when = moment(following, chosen.zone)
    if not chosen.digests:
        return f"No daily brief. What is gathered comes once a week, next on {when} ({escape(chosen.zone)})."
    times = " and ".join(map(clock, chosen.digests))
    return f"A brief every day at {times} ({escape(chosen.zone)}), next on {when}."


def named(mutes: Iterable[Mute]) -> str:
    """What mutes are of, in a row."""
    return ", ".join(_named(each.what) for each in mutes)


def _line(mute: Mute, zone: str) -> str:
    until = "until undone" if mute.until is None else f"until {moment(mute.until, zone)[4:]}"
    return f"{_named(mute.what)}\n   {until}"


def _named(what: str) -> str:
    return "everything" if what == EVERYTHING else escape(spoken_id(what) if "." in what else what)


def _is_wide(what: str) -> bool:
    """Whether a mute is of more than one rule."""
    return what == EVERYTHING or (what.startswith("#") and "." not in what)
