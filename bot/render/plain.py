"""A message as Telegram measures it: its words without markup, its length, and the same message cut to a length."""

from __future__ import annotations

import re
from html import unescape

TAG = re.compile(r"</?(b|i|code|pre)>")
"""The markup that messages are written in; everything else in them is escaped."""

LONGEST = 4_096
"""UTF-16 units of text that one message may have, tags and escapes not counted."""

_ATOM = re.compile(r"</?(?:b|i|code|pre)>|&(?:[a-z]+|#\d+|#x[0-9a-f]+);|.", re.DOTALL | re.IGNORECASE)
_SHORTENED = "<i>… shortened</i>"


def to_plain(html: str) -> str:
    """The words of a message as they are read."""
    return unescape(TAG.sub("", html))


def units(html: str) -> int:
    """How long a message is as Telegram counts: UTF-16 units after reading the markup."""
    return len(to_plain(html).encode("utf-16-le", "surrogatepass")) // 2


def shorten(html: str, longest: int = LONGEST) -> str:
    """`html` as it is if it fits, else its first lines, with its tags closed and a last line that says so.

    A first line that is too long by itself is cut within, never within a tag, an escape or a character. `longest`
    leaves room for the last line at least.
    """
    if units(html) <= longest:
        return html
    room = longest - units(_SHORTENED) - 1  # its line break
    kept = _first_lines(html, room) or _first_characters(html, room)
    return f"{kept}{_closing(kept)}\n{_SHORTENED}"


def _first_lines(html: str, room: int) -> str:
    lines, used = [], -1  # the first line has no break before it
    for line in html.split("\n"):
        used += units(line) + 1
        if used > room:
            break
        lines.append(line)
    return "\n".join(lines).rstrip()


def _first_characters(html: str, room: int) -> str:
    kept, used = [], 0
    for atom in _ATOM.findall(html):
        used += units(atom)
        if used > room:
            break
        kept.append(atom)
    return "".join(kept)


def _closing(html: str) -> str:
    """The end tags of what is still open, innermost first."""
    still: list[str] = []
    for tag in TAG.finditer(html):
        if tag[0].startswith("</"):
            still.pop()
        else:
            still.append(tag[1])
    return "".join(f"</{name}>" for name in reversed(still))
