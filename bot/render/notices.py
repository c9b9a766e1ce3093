"""What the people who run the service are told: what stopped, that it is back, that the process ends."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from bot.render.numbers import counted, duration, instant
from rules.language.errors import short
from rules.model import Instant

LONGEST_REASON = 160


def stopped(name: str, since: Instant, now: Instant, why: str = "", restarts: int = 0) -> str:
    """Something shows no sign of life; `why` in its own words, `restarts` within the last hour."""
    return "\n".join(
        [
            f"⚠ <b>Not well: {escape(name)}</b>",
            _since(since, now, why),
            *_reason(why),
            *([f"{_restarted(restarts)}; that has not helped yet."] if restarts else []),
            "You are told when it is back; /health shows all.",
        ]
    )


def back(name: str, since: Instant, now: Instant, restarts: int = 0) -> str:
    """It is well again."""
    return "\n".join(
        [
            f"✅ <b>Well again: {escape(name)}</b>",
            f"It was not from {instant(since)}",
            f"to {instant(now)}, {duration(now - since)}.",
            *([f"{_restarted(restarts)}."] if restarts else []),
        ]
    )


def ending(name: str, since: Instant, now: Instant, why: str = "", restarts: int = 0) -> str:
    """Nothing helped: the process ends, and what is owed is sent by the next."""
    return "\n".join(
        [
            f"🛑 <b>The process ends: {escape(name)}</b>",
            _since(since, now, why),
            *_reason(why),
            *([f"{_restarted(restarts)}; that did not help."] if restarts else []),
            "A supervisor starts it anew; nothing that is owed is lost.",
        ]
    )


def not_taken(why: str) -> str:
    """The service could not be started with a configuration that looked right: the one before goes on."""
    return "\n".join(
        [
            "⚠ <b>The new configuration was not taken</b>",
            "The service could not be started with it.",
            *_reason(why),
            "The one before goes on.",
        ]
    )


@dataclass(frozen=True, slots=True)
class Beginning:
    """What administrators are told of a start. `before` is the version that ran before, empty for none; `ended` says
    how that ended, `moved_from` from which schema the database was moved, both empty where there is nothing to say.
    """

    version: str
    host: str
    pid: int
    rules: int
    instruments: int
    database: str
    owed: int
    before: str = ""
    ended: str = ""
    moved_from: str = ""


def started(told: Beginning) -> str:
    """A process has begun to work."""
    changed = f"{told.before} → {told.version}" if told.before not in ("", told.version) else told.version
    return "\n".join(
        [
            f"▶ <b>Bellwether {escape(changed)} has started</b>",
            f"On {escape(told.host)}, process {told.pid}",
            f"{counted(told.rules, 'rule')}, {counted(told.instruments, 'instrument')}",
            f"Database: {escape(told.database)}",
            *([f"Its schema was moved from {escape(told.moved_from)}."] if told.moved_from else []),
            *([escape(told.ended)] if told.ended else []),
            _owed(told.owed),
        ]
    )


def stopping(version: str, host: str, pid: int, now: Instant, owed: int) -> str:
    """A process ends because it was told to."""
    return "\n".join(
        [
            f"⏹ <b>Bellwether {escape(version)} was stopped</b>",
            f"{instant(now)}",
            f"On {escape(host)}, process {pid}",
            "Nothing is watched until another has started.",
            _owed(owed),
        ]
    )


def said_good_bye(at: Instant, now: Instant) -> str:
    """How the process before this one ended."""
    return f"Stopped before for {duration(max(0, now - at))}."


def gave_up(at: Instant) -> str:
    """The same for one that a watchdog ended."""
    return f"A watchdog ended the last one\n{instant(at)}."


def said_nothing() -> str:
    """The same for one that was killed."""
    return "The last process said no good-bye."


def restored(at: Instant) -> str:
    """The same where its database is not the one that it left."""
    return f"Its database is from a backup, restored\n{instant(at)}."


def trial(now: Instant) -> str:
    """A message that only shows that messages arrive."""
    return "\n".join(
        [
            "🧪 <b>TEST: this is no alert</b>",
            f"{instant(now)}",
            "Sent by <code>bellwether doctor --send</code>.",
            "Alerts would arrive here like this.",
        ]
    )


def directly(html: str) -> str:
    """A notice that could not be written down, and so is owed to nobody."""
    return f"{html}\nSent directly: it cannot be stored."


def _owed(count: int) -> str:
    return f"{counted(count, 'message')} owed" if count else "Nothing is owed"


def _reason(why: str) -> list[str]:
    """Often another program's words: on one line, and of bounded length."""
    return [escape(short(" ".join(why.split()), LONGEST_REASON), quote=False)] if why else []


def _since(since: Instant, now: Instant, why: str) -> str:
    """What says itself what is wrong is not without life."""
    return f"{'Since' if why else 'No sign of life since'} {instant(since)}, {duration(now - since)}."


def _restarted(times: int) -> str:
    return "Restarted once" if times == 1 else f"Restarted {times} times"
