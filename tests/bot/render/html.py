"""What Telegram accepts as HTML, as a reader of it: tags balanced, everything else escaped, and how long it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

TAGS = {"b", "i", "code", "pre"}
LONGEST = 4096
"""UTF-16 units of the text without its tags: Telegram's limit."""

_ALLOWED = re.compile(r"</?(b|i|code|pre)>")
_ENTITY = re.compile(r"&(lt|gt|amp|quot|#\d+|#x[0-9a-f]+);")


class TelegramReader(HTMLParser):
    """Reads a message; `faults` says what Telegram would refuse, `text` what it would show."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.text = ""
        self._open: list[str] = []
        bare = _ENTITY.sub("", _ALLOWED.sub("", html))
        self.faults += [f"a bare {sign}" for sign in "<>&" if sign in bare]
        self.feed(html)
        self.close()
        self.faults += [f"{tag} is never closed" for tag in self._open]
        if not self.text.strip():
            self.faults.append("no text at all")
        if self.units > LONGEST:
            self.faults.append(f"{self.units} units are too long")

    @property
    def units(self) -> int:
        """Length as Telegram counts."""
        return len(self.text.encode("utf-16-le", "surrogatepass")) // 2

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS or attrs:
            self.faults.append(f"<{tag}> with {attrs} is not allowed")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data


def assert_telegram_accepts(html: str) -> None:
    """`html` is a message that Telegram would show."""
    assert TelegramReader(html).faults == [], html
