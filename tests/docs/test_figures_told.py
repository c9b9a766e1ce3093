"""Figures that are told on several pages are those of the page that counts them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def counted(row: str) -> str:
    """A figure of docs/noise.md, which a test of its own holds."""
    (found,) = re.findall(rf"^\| {re.escape(row)} \| (.+) \|$", (ROOT / "docs" / "noise.md").read_text(), re.MULTILINE)
    return str(found)


def told(page: str) -> str:
    """A page in one line."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


NUMBERS = {"1": "one", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight"}


def test_how_much_a_subscriber_is_told_is_what_was_counted() -> None:
    worst = NUMBERS[counted("a week, worst")]
    alerts, digests = re.findall(r"(\d+) (?:alerts|digests)", counted("messages"))
    assert f"{alerts} alerts and {digests} digests in five real years" in told("docs/chat.md")
    assert f"{NUMBERS[counted('a week, median')]} message in the median week and {worst} in the worst" in told(
        "docs/chat.md"
    )
    assert f"at most {worst} messages in the worst week of five real years" in told("README.md")
