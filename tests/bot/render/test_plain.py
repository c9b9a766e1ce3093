"""A message without its markup, and cut to a length, is still one that Telegram accepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.plain import LONGEST, shorten, to_plain, units
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

SAYS_SO = "… shortened"


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("plain", "plain"),
        ("<b>bold</b> <i>dim</i> <code>a &lt; b</code>", "bold dim a < b"),
        ("S&amp;P &quot;500&quot; &#x27;x&#x27;", "S&P \"500\" 'x'"),
        ("&lt;b&gt;no tag&lt;/b&gt;", "<b>no tag</b>"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_plain_words_have_neither_tags_nor_escapes(html: str, words: str) -> None:
    assert to_plain(html) == words == TelegramReader(html).text


@pytest.mark.parametrize(("html", "length"), [("abc", 3), ("<b>a&lt;</b>", 2), ("🟠", 2), ("", 0)])
def test_length_counts_utf16_units_without_markup(html: str, length: int) -> None:
    assert units(html) == length


def test_what_fits_stays_as_it_is() -> None:
    html = "<b>" + "🟠" * (LONGEST // 2) + "</b>"
    assert shorten(html) == html


def test_what_is_too_long_keeps_whole_lines_and_says_so() -> None:
    html = "\n".join(f"<b>line {number}</b> &amp; more" for number in range(400))
    lines = shorten(html).split("\n")
    assert lines[-1] == f"<i>{SAYS_SO}</i>"
    assert lines[:-1] == html.split("\n")[: len(lines) - 1]
    assert_telegram_accepts("\n".join(lines))
    assert units("\n".join(lines)) > LONGEST - 60


def test_a_tag_that_is_open_at_the_cut_is_closed() -> None:
    html = "<pre><b>" + "row\n" * 2_000 + "</b></pre>"
    short = shorten(html)
    assert short.endswith(f"row</b></pre>\n<i>{SAYS_SO}</i>")
    assert_telegram_accepts(short)


def test_one_line_that_is_too_long_is_cut_between_characters() -> None:
    for html in ("🟠" * 3_000, "&lt;" * 5_000, "<code>" + "x" * 5_000 + "</code>"):
        short = shorten(html)
        assert_telegram_accepts(short)
        assert LONGEST - 2 <= units(short) <= LONGEST


PIECES = st.sampled_from(["word ", "\n", "&lt;", "&#x27;", "🟠", "é", "x" * 30])
MESSAGES = st.recursive(
    st.lists(PIECES, max_size=8).map("".join),
    lambda inner: st.lists(
        st.one_of(
            inner, st.tuples(st.sampled_from(["b", "i", "code"]), inner).map(lambda t: f"<{t[0]}>{t[1]}</{t[0]}>")
        ),
        max_size=5,
    ).map("".join),
    max_leaves=12,
)


@given(MESSAGES, st.integers(12, 120))
def test_whatever_is_shortened_fits_and_is_well_formed(html: str, longest: int) -> None:
    short = shorten(html, longest)
    assert units(short) <= longest
    if short == html:
        return
    reader = TelegramReader(short)
    assert reader.faults == []
    words, _, last = reader.text.rpartition("\n")
    assert last == SAYS_SO
    assert to_plain(html).startswith(words)
