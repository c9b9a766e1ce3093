"""What followed is known before anybody asks, and looking for it harms nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from bot.beforehand import Beforehand, until_half_way
from bot.outlook import Outlook
from bot.parts import Parts
from bot.queries.casebook import Asked
from bot.queries.evidence import looked_at
from bot.queries.view import View
from bot.reception import Reception
from rules.columns import Field
from rules.language.compile import CompiledRule
from tests.bot.rooms import in_a_room


def nobody_works(asked: Sequence[Asked]) -> NoReturn:
    raise AssertionError(f"nobody has worked out {[rule.rule.id for rule, _ in asked]}")


def known(view: View, rules: Sequence[CompiledRule]) -> list[str]:
    """The rules of which is known what followed; none of them is worked out now."""
    found = []
    for rule in rules:
        asked = [(rule, looked_at(view, rule))]
        found += view.casebook.of(asked, rule.calendar, view.mark(rule.calendar), nobody_works)
    return [each.rule for each in found]


def few(parts: Parts) -> list[CompiledRule]:
    names = ("rut-record-close", "rut-rally-10", "btc-drop-30")
    return [rule for rule in parts.rules if rule.rule.id in names]


def test_what_followed_all_rules_is_known_before_anybody_asks(tmp_path: Path) -> None:
    async def use(_reception: Reception, whole: Parts) -> None:
        parts = replace(whole, rules=few(whole))
        outlook = Outlook(parts)
        with pytest.raises(AssertionError, match="nobody has worked out"):
            known(outlook.seen(()), parts.rules)
        beforehand = Beforehand(parts, outlook)
        await beforehand.look()
        beforehand.close()
        assert known(outlook.seen(()), parts.rules) == [rule.rule.id for rule in parts.rules]

    in_a_room(tmp_path, use)


def test_a_rule_that_cannot_be_looked_into_stops_nothing_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(_reception: Reception, whole: Parts) -> None:
        broken = replace(whole.rules[0], when=Field("RUT", "weather"))
        beforehand = Beforehand(parts := replace(whole, rules=[broken]), Outlook(parts))
        await beforehand.look()
        beforehand.close()

    in_a_room(tmp_path, use)
    assert "is not worked out beforehand" in caplog.text


@pytest.mark.parametrize(("past", "seconds"), [(0, 30), (1, 29), (29, 1), (30, 60), (59, 31)])
def test_it_looks_half_way_between_two_polls_when_alerts_are_out(past: int, seconds: int) -> None:
    assert until_half_way(60 * 1_000 + past, 60) == seconds


def test_polls_of_a_second_leave_time_between_two_looks() -> None:
    assert until_half_way(7, 1) == 1
