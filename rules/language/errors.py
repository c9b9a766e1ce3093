"""The language's only error: what is wrong, where, and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Span:
    """Where in the text something stands: [start, end)."""

    start: int
    end: int


class LanguageError(ValueError):
    """A line that means nothing. `str()` is one sentence; `pointed()` adds the line with a caret under the fault."""

    def __init__(self, reason: str, text: str, span: Span) -> None:
        super().__init__(reason)
        self.reason, self.text, self.span = reason, text, span

    def pointed(self) -> str:
        """The line, a caret under the fault, the reason."""
        shown, start, end = self._shown()
        return f"  {shown}\n  {' ' * start}{'^' * max(1, end - start)}\n{self.reason}"

    def _shown(self, width: int = 100) -> tuple[str, int, int]:
        """A window of the text round the fault, and where the fault stands in it."""
        text = "".join(c if c.isprintable() else " " for c in self.text)
        first = max(0, min(self.span.start - width // 2, len(text) - width))
        shown = text[first : first + width]
        start = min(self.span.start - first, len(shown))
        return shown, start, max(start, min(self.span.end - first, len(shown)))


def nearest(word: str, names: Iterable[str]) -> str:
    """ "; did you mean RUT?" for a near miss, else nothing."""
    known = {name.lower(): name for name in names}
    found = get_close_matches(word.lower(), known, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(known[each] for each in found)}?" if found else ""


def short(text: str, most: int = 24) -> str:
    """A word of bounded length."""
    return text if len(text) <= most else f"{text[:most]}..."


def listing(names: Iterable[str], most: int = 24) -> str:
    """Names in a sentence, the first few of many."""
    known = list(names)
    return ", ".join(known[:most]) + (" ..." if len(known) > most else "")
