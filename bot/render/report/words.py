"""What a page says in whole sentences. Plain text: the template escapes it."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers import TimelinePicture
from bot.answers.stats import Stat, tally
from bot.render.charts.sessions import date
from bot.render.evidence import TOLD
from bot.render.replay import chance_words, headlines, last_words, rate
from rules.model import ALWAYS


def about(picture: TimelinePicture) -> str:
    """What a picture shows, for who cannot see it."""
    if not len(picture.sessions):
        return f"{picture.title}: nothing to draw"
    span = f"{picture.instrument} from {date(picture.sessions, 0)} to {date(picture.sessions, -1)}"
    fired = ", ".join(f"{lane.words} {len(lane.fired)} times" for lane in picture.lanes)
    return f"{span} on bands of the regime. Fired: {fired}" if fired else f"{span} on bands of the regime"


def chances(rules: Sequence[Stat]) -> list[str]:
    """How many findings there are among how many looks, of the headlines and of all outcomes."""
    everything = tally(each for found in rules for each in found.evidence.outcomes)
    return [
        f"{'1 rule was' if len(rules) == 1 else f'{len(rules)} rules were'} looked at.",
        f"The next {TOLD} closes of one instrument a rule, as the table tells them: {chance_words(headlines(rules))}.",
        f"All instruments and all horizons, as the sections tell them: {chance_words(everything)}.",
    ]


def among(rules: Sequence[Stat]) -> str:
    """What is to be remembered beside the findings of each rule."""
    if len(rules) < 2:
        return ""
    return f"One of {len(rules)} rules looked at; of intervals that mean nothing one in ten excludes all days."


def how_often(found: Stat) -> str:
    """34 times since 1991-02-11, 1.0 a year, last on 2025-12-04. Half of its alerts lasted 5 sessions or less."""
    evidence, closes = found.evidence, "day" if found.rule.calendar == ALWAYS else "session"
    if evidence.since is None:
        return "It could not be judged in this period: what it needs was not known."
    if not evidence.fired:
        return f"It never fired in this period; it is judged since {evidence.since}."
    n = len(evidence.fired)
    times = "Once" if n == 1 else f"{n} times"
    often = f", {rate(evidence)} a year" if evidence.years >= 1 else ""
    told = f"{times} since {evidence.since}{often}, last on {last_words(found)}."
    if evidence.spell == evidence.spell:
        lasted = f"{evidence.spell:g} {closes}{'s' * (evidence.spell != 1)}"
        told += f" Half of its alerts lasted {lasted} or less."
    return told
