"""Whether a chat is told an alert now, later, together with others, or not: a list of stages, each of which decides or
passes on, with the reason by name.

    muted > as its beginning > critical > own > mode > flapping > budget > by the hour

Pure: what was told today and how often a rule has fired is handed in, and the clock is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.answers.preferences import EVERYTHING, Mode, Preferences
from bot.delivery.hours import next_digest, quiet_until
from bot.store.severity import grave_enough
from rules.model import Edge, Instant, Severity

FIRINGS = 2
"""A rule that has fired so often lately is told no more: the next time is for the digest."""


class Why(StrEnum):
    """Why something is not told now, in words that are stored and shown."""

    MUTED = "muted"
    SNOOZED = "snoozed"
    SEVERITY_OFF = "its severity is off"
    TAG_OFF = "its tag is off"
    SEVERITY_DIGEST = "its severity goes to the digest"
    TAG_DIGEST = "its tag goes to the digest"
    FLAPPING = "fired often lately"
    BUDGET = "the day's alerts were told"
    QUIET = "quiet hours"
    BEGINNING = "so was its beginning"


class Begun(StrEnum):
    """How a chat heard that an alert began that is over now, or not so."""

    UNKNOWN = "unknown"
    """It was not there yet, or nobody knows any more."""

    TOLD = "told"
    """By a message, or it will be when its quiet hours end."""

    GATHERED = "gathered"
    """In a digest."""

    WITHHELD = "withheld"
    """Not at all."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an event is, as far as it matters to how it is told. `recent_firings` of its rule came not long before it;
    `begun` is how the chat heard of what it ends.
    """

    rule: str
    tags: tuple[str, ...]
    severity: Severity
    edge: Edge = Edge.FIRED
    personal: bool = False
    recent_firings: int = 0
    begun: Begun = Begun.UNKNOWN


@dataclass(frozen=True, slots=True)
class Send:
    """Now."""

    silent: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """When the quiet hours end; `silent` where it is sent by itself then."""

    why: Why
    until: Instant
    silent: bool


@dataclass(frozen=True, slots=True)
class Gather:
    """In the digest that is due then."""

    why: Why
    until: Instant


@dataclass(frozen=True, slots=True)
class Withhold:
    """Not at all; it stands in the history."""

    why: Why


Decision = Send | Hold | Gather | Withhold


@dataclass(frozen=True, slots=True)
class Question:
    """One event for one chat: `told_today` is how many alerts it was told since its midnight."""

    what: Heard
    chat: Preferences
    told_today: int
    now: Instant


Stage = Callable[[Question], Decision | None]


def decide(what: Heard, chat: Preferences, told_today: int, now: Instant) -> Decision:
    """What becomes of an event in a chat."""
    asked = Question(what, chat, told_today, now)
    return next(found for found in (stage(asked) for stage in STAGES) if found is not None)


def loudest(decisions: Sequence[Decision]) -> Decision:
    """Of the parts of one message: what is told of one of them tells all. Of two that are sent one may sound."""
    return min(decisions, key=lambda each: (_LOUDNESS.index(type(each)), isinstance(each, Send) and each.silent))


def _muted(asked: Question) -> Decision | None:
    """What was muted by its name is not told, however grave; of what was muted with others, the critical is. That
    something is not so is told to whoever was told it.
    """
    what = asked.what
    if what.edge is Edge.CORRECTED:
        return None
    wide = {EVERYTHING, *(f"#{tag}" for tag in what.tags)} if not _is_critical(asked) else set()
    for mute in asked.chat.in_force(asked.now):
        if mute.what == what.rule or mute.what in wide:
            return Withhold(Why.MUTED if mute.until is None else Why.SNOOZED)
    return None


def _like_its_beginning(asked: Question) -> Decision | None:
    """The end of an alert is told as its beginning was."""
    begun = asked.what.begun
    if begun is Begun.WITHHELD:
        return Withhold(Why.BEGINNING)
    if begun is Begun.GATHERED:
        return _gathered(asked, Why.BEGINNING)
    if begun is Begun.TOLD:
        return _now_or_held(asked, silent=True)
    return None


def _critical(asked: Question) -> Decision | None:
    if not _is_critical(asked):
        return None
    return Send(silent=_is_quiet(asked) or asked.chat.mode_of(Severity.CRITICAL) is Mode.SILENT)


def _own(asked: Question) -> Decision | None:
    """What somebody made for themselves is told whatever is chosen of others, unless it fires again and again."""
    if not asked.what.personal:
        return None
    return _flapping(asked) or _now_or_held(asked, silent=_is_quiet(asked))


def _mode(asked: Question) -> Decision | None:
    """Of a severity, or of a tag, for which the quietest mode that was chosen counts."""
    by_tag, mode = _chosen(asked)
    if mode is Mode.OFF:
        return Withhold(Why.TAG_OFF if by_tag else Why.SEVERITY_OFF)
    if mode is Mode.DIGEST:
        return _gathered(asked, Why.TAG_DIGEST if by_tag else Why.SEVERITY_DIGEST)
    return None


def _flapping(asked: Question) -> Decision | None:
    what = asked.what
    steady = what.edge is not Edge.FIRED or what.recent_firings < FIRINGS
    grave = grave_enough(what.severity, Severity.HIGH) and not what.personal
    return None if steady or grave else _gathered(asked, Why.FLAPPING)


def _budget(asked: Question) -> Decision | None:
    most = asked.chat.alerts_a_day
    spent = most is not None and asked.told_today >= most
    return _gathered(asked, Why.BUDGET) if spent and not grave_enough(asked.what.severity, Severity.HIGH) else None


def _by_the_hour(asked: Question) -> Decision:
    return _now_or_held(asked, silent=_is_quiet(asked) or _chosen(asked)[1] is Mode.SILENT)


STAGES: tuple[Stage, ...] = (_muted, _like_its_beginning, _critical, _own, _mode, _flapping, _budget, _by_the_hour)
_LOUDNESS: tuple[type[Decision], ...] = (Send, Hold, Gather, Withhold)
_QUIETNESS = (Mode.ON, Mode.SILENT, Mode.DIGEST, Mode.OFF)


def _now_or_held(asked: Question, *, silent: bool) -> Decision:
    until = quiet_until(asked.now, asked.chat)
    return Send(silent) if until is None else Hold(Why.QUIET, until, silent)


def _gathered(asked: Question, why: Why) -> Decision:
    return Gather(why, next_digest(asked.now, asked.chat))


def _chosen(asked: Question) -> tuple[bool, Mode]:
    """The mode of an event, and whether it is that of a tag: what is chosen of a tag goes before its severity."""
    found = [asked.chat.tags[tag] for tag in asked.what.tags if tag in asked.chat.tags]
    if found:
        return True, max(found, key=_QUIETNESS.index)
    return False, asked.chat.mode_of(asked.what.severity)


def _is_critical(asked: Question) -> bool:
    return asked.what.severity is Severity.CRITICAL


def _is_quiet(asked: Question) -> bool:
    """Only what has begun makes a sound."""
    return asked.what.edge is not Edge.FIRED
