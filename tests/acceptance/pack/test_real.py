"""What the pack says of real prices: the sessions that were written down, which pandas finds as well."""

from __future__ import annotations

import pytest

from bot.settings import load_settings
from rules.model import Basis
from tests.acceptance.pack.plainly import BY_RULE, sessions
from tests.acceptance.pack.real import SESSIONS, Sessions, fired, read_back, views, written_down
from tests.bot.golden import assert_golden

pytestmark = pytest.mark.shared_data

PACK = [each.rule for each in load_settings().compiled]
ON_CLOSES = [rule for rule in PACK if rule.basis is Basis.CLOSE]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    """Of every rule on closes the sessions on which it fired."""
    of = views(tmp_path_factory.mktemp("hours"))
    return {rule.id: fired(of.of(rule), rule.id) for rule in ON_CLOSES}


def test_every_rule_fired_on_the_sessions_that_are_written_down(found: Sessions) -> None:
    assert_golden(SESSIONS, written_down(found))
    assert read_back(SESSIONS.read_text(encoding="utf-8")) == found


ELSEWHERE = ("correlation", "regime", "etf")
"""Tags of rules that are not confirmed here: the filters' are in test_real_couplings.py and test_real_regime.py, and of
the ETFs there are no real prices."""


def test_pandas_confirms_every_rule_about_prices_and_volumes() -> None:
    about = {rule.id for rule in ON_CLOSES if not set(ELSEWHERE) & {*rule.tags}}
    assert BY_RULE.keys() == about | {"risk-correlation"}


@pytest.mark.parametrize("rule", BY_RULE)
def test_pandas_finds_the_same_sessions(rule: str) -> None:
    assert sessions(BY_RULE[rule]()) == read_back(SESSIONS.read_text(encoding="utf-8"))[rule]
