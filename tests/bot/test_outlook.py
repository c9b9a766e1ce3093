"""What questions are asked of: a new view with every poll, what followed rules worked out once a close."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.outlook import Outlook
from bot.parts import Parts
from bot.queries.evidence import evidence_of_rules, looked_at
from bot.reception import Reception
from tests.bot.markets import NOW
from tests.bot.rooms import in_a_room


def test_what_followed_is_worked_out_once_however_often_the_market_is_looked_at(tmp_path: Path) -> None:
    async def use(_reception: Reception, parts: Parts) -> None:
        times = iter([NOW, NOW, NOW + 120])
        outlook = Outlook(replace(parts, now=lambda: next(times)))
        first, second = outlook.seen(()), outlook.seen(())
        assert second is not first
        rules = parts.rules[:2]
        before, after = evidence_of_rules(first, rules), evidence_of_rules(second, rules)
        assert all(one is other for one, other in zip(before, after, strict=True))

    in_a_room(tmp_path, use)


def test_the_configured_instruments_are_looked_at_beside_a_rules_own(tmp_path: Path) -> None:
    async def use(reception: Reception, parts: Parts) -> None:
        view = await reception.outlook.view()
        rule = next(each for each in parts.rules if each.rule.id == "rut-sol-coupled")
        assert looked_at(view, rule) == ("RUT", "SOL", "SPX", "BTC")
        alone = Outlook(replace(parts, follow=())).seen(())
        assert looked_at(alone, rule) == ("RUT", "SOL")

    in_a_room(tmp_path, use)
