"""docs/rules.md: every rule of the pack stands there once, with the figures of sessions.txt."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from bot.settings import load_settings
from tests.acceptance.pack.page import FAMILIES, PAGE, refreshed
from tests.acceptance.pack.plainly import ALTS, share_of_core, tier
from tests.acceptance.pack.real import SESSIONS, read_back

TEXT = PAGE.read_text(encoding="utf-8")
WORDS = " ".join(TEXT.split())


def test_its_tables_are_of_the_pack_and_of_the_sessions_that_are_written_down() -> None:
    """`python -m tests.acceptance.pack.page` writes them."""
    assert refreshed(TEXT, read_back(SESSIONS.read_text(encoding="utf-8"))) == TEXT


@pytest.mark.parametrize("name", [each.rule.id for each in load_settings().compiled])
def test_every_rule_stands_in_one_table(name: str) -> None:
    assert len(re.findall(rf"(?m)^\| `{name}` \|", TEXT)) == 1
    assert sum(bool(re.fullmatch(names, name)) for names in FAMILIES.values()) == 1


def test_it_says_how_many_rules_there_are() -> None:
    assert f"{len(load_settings().rules)} rules are watched" in WORDS


@pytest.mark.shared_data
def test_it_says_what_share_of_trading_the_large_two_had() -> None:
    share = share_of_core().dropna() * 100
    low, middle, high = (f"{each:.0f}" for each in (share.min(), share.median(), share.max()))
    said = f"the large two had {low} to {high} %, {middle} % on half of the days; they were above 60 % on every day"
    assert said in WORDS
    assert share.min() > 60


@pytest.mark.shared_data
def test_it_says_how_seldom_an_altcoin_trades_little_on_a_large_exchange() -> None:
    days = pd.concat([tier(coin, 3).when.loc["2021":] for coin in ALTS])
    assert f"in {days.mean() * 100:.0f} of a hundred days" in WORDS
