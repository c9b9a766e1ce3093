"""/backtest: a condition that somebody thinks of, as it would have done: what followed, with a picture."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.buttons import Button
from bot.answers.personal import PERSONAL, spoken_id
from bot.commands.reading import names_in, not_understood
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.personal.draft import Draft, NotUnderstood
from bot.personal.forms import read
from bot.queries.asked import rule_asked
from bot.queries.footing import Footing
from bot.queries.stats import outcome_picture, stats_of
from bot.render.stats import backtest_text, stats_text
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import nearest
from rules.model import Rule

USAGE, EXAMPLE = "/backtest [EXPRESSION|RULE]", "/backtest vix > 30"


@command(Group.ALERTS, USAGE, "what followed a condition in the past", EXAMPLE, names_in)
def backtest(desk: Desk, words: Sequence[str]) -> Reply:
    """A line as /alert takes it, or a rule: when it would have fired, and what followed beside what followed anyway."""
    if not words:
        raise Refusal("it takes a condition as /alert does, or a rule")
    if len(words) == 1 and _is_rule(desk, words[0]):
        return _of_rule(desk, rule_asked(desk.view, desk.kept, words[0], Refusal))
    footing = Footing(desk.view, desk.trades, desk.now)
    try:
        draft = _read(" ".join(words), footing)
    except NotUnderstood as error:
        if hint := _mistyped(desk, words):
            raise Refusal(f"unknown rule {words[0]}{hint}") from None
        return not_understood(error, "/backtest", USAGE, EXAMPLE)
    return _of_draft(desk, draft)


def _is_rule(desk: Desk, word: str) -> bool:
    return word.startswith(PERSONAL) or word.lower() in {rule.rule.id for rule in desk.view.rules}


def _mistyped(desk: Desk, words: Sequence[str]) -> str:
    """The rules that a word of several parts comes near to; nothing where it is no such word."""
    return nearest(words[0], [rule.rule.id for rule in desk.view.rules]) if len(words) == 1 and "-" in words[0] else ""


def _of_rule(desk: Desk, rule: CompiledRule) -> Reply:
    name = spoken_id(rule.rule.id)
    keys = tuple(Button(word, f"/{word.lower()} {name}") for word in ("Stats", "Chart", "Why", "Rule"))
    found = stats_of(desk.view, rule)
    return Reply(stats_text(found), picture=outcome_picture(desk.view, found), buttons=(keys,))


def _of_draft(desk: Desk, draft: Draft) -> Reply:
    rule = Rule("backtest", draft.when, draft.clear, draft.basis, draft.timing, title=draft.title, personal=True)
    found = stats_of(desk.view, compile_rule(rule, desk.view.scope))
    keys = ((Button("Make it an alert", f"/alert {draft.line}"),),)
    return Reply(backtest_text(found), picture=outcome_picture(desk.view, found), buttons=keys)


@dataclass(frozen=True)
class _AnyTime:
    """The market as it was at some time: a level that is far from the price now may have been met then."""

    now: Footing

    @property
    def scope(self) -> Scope:
        return self.now.scope

    def price(self, _instrument: str) -> None:
        return None

    def begins(self, instrument: str) -> dt.date | None:
        return self.now.begins(instrument)

    def usual_move(self, instrument: str) -> float:
        return self.now.usual_move(instrument)

    def usual_change(self, expression: str) -> float | None:
        return self.now.usual_change(expression)


def _read(line: str, footing: Footing) -> Draft:
    """As /alert reads it; what it refuses for the price of now may be a condition all the same."""
    try:
        return read(line, footing)
    except NotUnderstood as error:
        try:
            return read(line, _AnyTime(footing))
        except NotUnderstood:
            raise error from None
