"""Which line of a TOML file a setting stands on. tomllib gives values; an error message also needs the place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from bot.settings.shape import Path

_WORD = r"""(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_DOTTED = rf"{_WORD}(?:[ \t]*\.[ \t]*{_WORD})*"
_TABLE = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_KEY = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_OPAQUE = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\]|\\.)*"|'[^']*'|#[^\n]*''', flags=re.DOTALL
)
"""What hides brackets and equal signs: strings and remarks."""


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key of a valid TOML text; elements of `[[x]]` are (x, 0), (x, 1) ...

    A line ends at a line feed and nowhere else, as editors count.
    """
    lines: dict[Path, int] = {}
    arrays: Counter[Path] = Counter()
    table: Path = ()
    depth = 0
    bare = _OPAQUE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for number, (line, seen) in enumerate(zip(text.split("\n"), bare.split("\n"), strict=True), start=1):
        if not depth and (match := _TABLE.match(line)) and seen[match.start(1)] == "[":
            table = _table_of(_keys(match[2]), match[1] == "[[", arrays)
            lines.setdefault(table, number)
            continue
        if not depth and (match := _KEY.match(line)) and seen[match.end() - 1] == "=":
            keys = _keys(match[1])
            for length in range(len(keys), 0, -1):
                lines.setdefault((*table, *keys[:length]), number)
        depth += sum(seen.count(each) for each in "[{") - sum(seen.count(each) for each in "]}")
    return lines


def nearest_line(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, of its first element, or of the innermost table round it that has one."""
    around = [path[:length] for length in range(len(path), 0, -1)]
    for each in [path, (*path, 0), *around]:
        if each in lines:
            return lines[each]
    return None


def _table_of(keys: tuple[str, ...], element: bool, arrays: Counter[Path]) -> Path:
    """The path of a header: below an array it belongs to the array's last element, and `[[x]]` begins the next."""
    path: Path = ()
    for key in keys:
        path = (*path, arrays[path] - 1, key) if arrays[path] else (*path, key)
    if not element:
        return path
    arrays[path] += 1
    return (*path, arrays[path] - 1)


def _keys(dotted: str) -> tuple[str, ...]:
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in re.findall(_WORD, dotted))
