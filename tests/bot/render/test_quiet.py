"""Digests and summaries fit a phone; what they leave out they count."""

from __future__ import annotations

import pytest

from tests.bot.render.html import TelegramReader
from tests.bot.render.quiets import QUIETS

PHONE, SUMMARY, DIGEST = 40, 12, 30
TOGETHER = [name for name in QUIETS if name.startswith(("quiet-over", "digest"))]


def lines(name: str) -> list[str]:
    """What a reader sees."""
    return TelegramReader(QUIETS[name]()).text.split("\n")


@pytest.mark.parametrize("name", [name for name in TOGETHER if name not in ("digest-times", "digest-off")])
def test_what_is_told_together_fits_a_phone(name: str) -> None:
    assert max(map(len, lines(name))) <= PHONE
    assert len(lines(name)) <= (DIGEST if name.startswith("digest") else SUMMARY)


@pytest.mark.parametrize("name", sorted(set(QUIETS) - set(TOGETHER)))
def test_an_answer_about_how_a_chat_is_told_is_short(name: str) -> None:
    assert len(lines(name)) <= SUMMARY


def test_what_a_summary_leaves_out_is_counted() -> None:
    assert lines("quiet-over-many")[-1] == "and 5 older: /history"
