"""How much one subscriber is told who has chosen nothing, over five years of real prices; nothing grave is put off."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from bot.delivery.grouping import TOGETHER
from bot.delivery.quiet import Why
from bot.settings import load_settings
from bot.store.states import LISTED
from rules.model import Edge, Severity
from tests.acceptance.noise import GRAVE, KINDS, Account, account, is_grave, table
from tests.acceptance.real import real_view

pytestmark = pytest.mark.shared_data

PAGE = Path(__file__).parents[2] / "docs" / "noise.md"
MEDIAN, WORST = 3, 12
"""Messages a week, at most."""


@pytest.fixture(scope="module")
def found() -> Account:
    return account(real_view())


def test_the_default_pack_speaks_seldom(found: Account) -> None:
    assert median(found.weeks) <= MEDIAN
    assert max(found.weeks) <= WORST
    assert sum(found.weeks) == len(found.messages)


def test_every_record_turn_drawdown_coupling_and_regime_of_high_severity_is_told_at_once(found: Account) -> None:
    tags = {rule.rule.id: rule.rule.tags for rule in load_settings().compiled}
    grave = [each for each in found.heard if is_grave(each.event) and not set(KINDS).isdisjoint(tags[each.event.rule])]
    assert {each.event.severity for each in grave} == set(GRAVE)
    assert {kind for each in grave for kind in KINDS if kind in tags[each.event.rule]} == set(KINDS)
    assert {each.state for each in grave} == {"sent"}


def test_what_belongs_together_is_one_message_a_close(found: Account) -> None:
    """The rungs of a ladder, a crash of coins, and a record that is one of two kinds."""
    tags = {rule.rule.id: rule.rule.tags for rule in load_settings().compiled}
    fired = [key.split("/") for _, key in found.messages if f"/{Edge.FIRED}/" in key]
    heads = Counter((tag, at) for rule, _, at in fired for tag in tags[rule] if tag.startswith(TOGETHER))
    assert set(heads.values()) == {1}
    fresh = [each for each in found.heard if each.event.rule == "rut-record-fresh"]
    assert [each.state for each in fresh] == ["sent"] * 4
    assert "rut-record-fresh" not in {rule for rule, *_ in fired}


def test_what_is_put_off_is_told_in_a_digest_and_has_a_reason(found: Account) -> None:
    later = [each for each in found.heard if each.state != "sent"]
    assert {each.state for each in later} == {LISTED}
    assert {each.why for each in later} <= set(Why)
    assert {each.event.severity for each in later} == {Severity.INFO}


def test_the_page_says_what_was_counted(found: Account) -> None:
    assert table(found) in PAGE.read_text(encoding="utf-8")
