"""docs/correlation.md explains the answer that is given. GOLDEN=write writes its example again."""

from __future__ import annotations

import datetime as dt
import os
import re
from pathlib import Path

from bot.render.plain import to_plain
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import simulated

PAGE = Path(__file__).resolve().parents[2] / "docs" / "correlation.md"
START, END = "<!-- example -->\n", "<!-- /example -->"
SEED, SESSION = 14, dt.date(2025, 9, 11)
"""A simulated market and a session on which every line of an answer has something to say."""


def test_the_example_is_what_corr_answers_of_a_simulated_market() -> None:
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    written, _, after = rest.partition(END)
    answer = to_plain(ask_offline(simulated(SEED).view(SESSION), "/corr RUT ETH").html)
    example = f"```\n{answer}\n```\n"
    if os.environ.get("GOLDEN") == "write":
        PAGE.write_text(f"{before}{START}{example}{END}{after}", encoding="utf-8")
        return
    assert written == example


def test_every_line_of_the_example_has_a_row_that_explains_it() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    example, _, explained = rest.partition(END)
    rows = [row.split("|")[1] for row in explained.splitlines() if row.startswith("| `")]
    words = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    lines = example.splitlines()[3:-1]
    assert [line for line in lines if not any(stands_in(word, line) for word in words)] == []
    assert [word for word in words if not any(stands_in(word, line) for line in lines)] == []


def stands_in(word: str, line: str) -> bool:
    """As a word of its own; where it has a gap, anything may stand there."""
    parts = ".+".join(re.escape(part) for part in word.split("…"))
    return re.search(rf"(?<!\w){parts}(?!\w)", line) is not None
