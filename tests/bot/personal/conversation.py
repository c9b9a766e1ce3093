"""Somebody who writes and taps, and a chat that keeps what the answers say was kept: without a service."""

from __future__ import annotations

from dataclasses import replace

from bot.answers.changes import Change, RemoveAlert, SaveAlert
from bot.answers.kept import Kept
from bot.answers.personal import PersonalAlert
from bot.commands.registry import Reply, answer
from bot.queries.view import View
from rules.model import Instant
from tests.bot.commands.desks import live
from tests.bot.markets import NOW
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

CHAT = 5


class Conversation:
    """One chat with the bot, at an instant that a test may move."""

    def __init__(self, view: View, *, subscribed: bool = True) -> None:
        self._view, self.now = view, NOW
        self.kept = Kept(chat=CHAT, subscribed_since=NOW - 60 if subscribed else None)
        self.last = Reply("")
        self.story: list[str] = []

    def writes(self, line: str) -> str:
        """A line; what a reader sees of its answer."""
        self.last = answer(replace(live(self._view), kept=self.kept, now=self.now), line)
        assert_telegram_accepts(self.last.html)
        for change in self.last.changes:
            self._keeps(change)
        text = TelegramReader(self.last.html).text
        rows = ["".join(f"[{each.label}] " for each in row).rstrip() for row in self.last.buttons]
        self.story += [f"> {line}", text, *rows, ""]
        return text

    def taps(self, label: str) -> str:
        """A button beneath the last answer."""
        button = next(each for row in self.last.buttons for each in row if each.label == label)
        return self.writes(button.line)

    def waits_until(self, now: Instant) -> None:
        """Time goes by."""
        self.now = now

    def hears_that_it_fired(self, number: int) -> None:
        """An alert of the chat fires."""
        self._replaces(replace(self.alert(number), fired_at=self.now))

    def alert(self, number: int) -> PersonalAlert:
        """The chat's alert of a number."""
        return next(each for each in self.kept.alerts if each.number == number)

    def _keeps(self, change: Change) -> None:
        if isinstance(change, SaveAlert):
            self._replaces(change.alert)
        elif isinstance(change, RemoveAlert):
            left = tuple(each for each in self.kept.alerts if each.number != change.number)
            self.kept = replace(self.kept, alerts=left)

    def _replaces(self, alert: PersonalAlert) -> None:
        others = [each for each in self.kept.alerts if each.number != alert.number]
        alerts = tuple(sorted([*others, alert], key=lambda each: each.number))
        self.kept = replace(self.kept, alerts=alerts, alerts_made=max(self.kept.alerts_made, alert.number))
