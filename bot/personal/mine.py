"""The alerts of the chat that asks: which there are, where each stands, and whether there is room for another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.answers.changes import Change, RemoveAlert, SaveAlert
from bot.answers.kept import Kept
from bot.answers.personal import PersonalAlert, rule_id
from bot.answers.preview import Nearness
from bot.personal.draft import Draft, draft_of, is_same
from bot.queries.nearest import how_near, nearness
from bot.queries.view import View
from bot.render.numbers import session_of
from bot.render.personal import state_word
from rules.alerting import Firing
from rules.bars import Tick
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError
from rules.model import Instant

_LAST = float("inf")


class NoRoom(Exception):
    """As many alerts as there may be; the text says so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert, where it stands in words, and how near it is; None where it is not watched."""

    alert: PersonalAlert
    state: str
    near: Nearness | None


@dataclass(frozen=True, slots=True)
class Mine:
    """What is `kept` of a chat, against the market of a view and its latest `trades`."""

    kept: Kept
    view: View
    trades: Mapping[str, Tick]
    now: Instant

    def named(self, number: int) -> PersonalAlert | None:
        """The one of a number."""
        return next((each for each in self.kept.alerts if each.number == number), None)

    def like(self, draft: Draft) -> PersonalAlert | None:
        """One that tells the same, where there is one; one that is watched before one that is done."""
        same = [each for each in self.kept.alerts if is_same(draft, draft_of(each))]
        return min(same, key=self.is_done, default=None)

    def is_done(self, alert: PersonalAlert) -> bool:
        """Whether it fired, and was to once; or whether its time is over."""
        return (alert.once and alert.fired_at is not None) or _is_over(alert, self.now)

    def standing(self, alert: PersonalAlert) -> Standing:
        """Where one stands."""
        return self._standings([alert])[0]

    def nearest(self) -> Sequence[Standing]:
        """All of them: those that are so, then the nearest, and at the end those that are not watched."""
        return sorted(self._standings(self.kept.alerts), key=_order)

    def _standings(self, alerts: Sequence[PersonalAlert]) -> list[Standing]:
        """Where each stands; how near they are is looked at for all of them at once."""
        rules = {alert.number: self.rule(alert) for alert in alerts}
        watched = {alert.number for alert in alerts if alert.is_watched and not self.is_done(alert)}
        asked = [rule for number, rule in rules.items() if rule is not None and number in watched]
        near = {each.rule.rule.id: each for each in how_near(self.view, asked, self.trades, self.now)}
        return [
            Standing(
                alert,
                state_word(alert, self.now, self._fires_since(alert), is_known=rules[alert.number] is not None),
                near.get(rule_id(self.kept.chat or 0, alert.number)),
            )
            for alert in alerts
        ]

    def rule(self, alert: PersonalAlert) -> CompiledRule | None:
        """What is judged; None where it is about something that is not configured any more."""
        try:
            return compile_rule(alert.rule(self.kept.chat or 0), self.view.scope)
        except LanguageError:
            return None

    def saved(self, draft: Draft, number: int | None = None) -> tuple[PersonalAlert, tuple[Change, ...], int | None]:
        """A draft as an alert of a number, or of the next one; what is to be stored; and which alert makes room for it.

        Raises NoRoom.
        """
        known = self.named(number) if number is not None else None
        leaves = self._leaving() if known is None else None
        alert = self._seen(draft.alert(number or self.kept.alerts_made + 1, self.now))
        changes: tuple[Change, ...] = (SaveAlert(alert),)
        return alert, changes if leaves is None else (RemoveAlert(leaves), *changes), leaves

    def again(self, alert: PersonalAlert) -> PersonalAlert:
        """The same from now on, for as long as it was to be watched at first where that is over."""
        ends = alert.expires_at
        if ends is not None and ends <= self.now:
            ends = self.now + (ends - alert.made_at)
        return self._seen(replace(alert, paused=False, fired_at=None, made_at=self.now, expires_at=ends))

    def _seen(self, alert: PersonalAlert) -> PersonalAlert:
        """An alert that begins now, with whether it is so already."""
        rule = self.rule(alert)
        held = rule is not None and nearness(self.view, rule, self.trades, self.now).holds is True
        return replace(alert, held=held)

    def _leaving(self) -> int | None:
        """The number of the alert that makes room for a new one; None where there is room."""
        if self.kept.none_left:
            raise NoRoom("This bot watches as many alerts as it can; ask who runs it.")
        if len(self.kept.alerts) < self.kept.most_alerts:
            return None
        done = [each.number for each in self.kept.alerts if self.is_done(each)]
        if not done:
            most = self.kept.most_alerts
            raise NoRoom(f"You have {most} alerts, as many as a chat may have; /alerts removes some.")
        return min(done)

    def _fires_since(self, alert: PersonalAlert) -> dt.date | None:
        record = self.view.record(rule_id(self.kept.chat, alert.number)) if self.kept.chat is not None else None
        state = record.alert if record is not None else None
        return session_of(state.since) if isinstance(state, Firing) else None


def _order(each: Standing) -> tuple[bool, float, int]:
    distance = None if each.near is None else each.near.distance
    return each.near is None, _LAST if distance is None else distance, each.alert.number


def _is_over(alert: PersonalAlert, now: Instant) -> bool:
    return alert.expires_at is not None and alert.expires_at <= now
