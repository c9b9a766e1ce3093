"""The reader that judges messages refuses what Telegram refuses."""

from __future__ import annotations

import pytest

from tests.bot.render.html import LONGEST, TelegramReader


@pytest.mark.parametrize(
    "html", ["plain", "<b>bold</b> &amp; <i>dim</i>", "<code>a &lt; b</code>", "&#x27;&quot;", "🟠"]
)
def test_a_message_that_telegram_can_read_passes(html: str) -> None:
    assert TelegramReader(html).faults == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<b>bold", "b is never closed"),
        ("bold</b>", "</b> closes nothing"),
        ("<b><i>x</b></i>", "</b> closes nothing"),
        ("a < b", "a bare <"),
        ("a > b", "a bare >"),
        ("a & b", "a bare &"),
        ("a &nbsp; b", "a bare &"),
        ("<u>x</u>", "a bare <"),
        ("<b class='x'>x</b>", "a bare <"),
        ("<br>", "no text at all"),
        ("", "no text at all"),
        ("x" * (LONGEST + 1), "4097 units are too long"),
        ("🟠" * 2_049, "4098 units are too long"),
    ],
)
def test_a_message_is_refused(html: str, fault: str) -> None:
    assert fault in TelegramReader(html).faults
