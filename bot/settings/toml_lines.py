"""Which line of a TOML file a setting stands on. tomllib gives values; an error message also needs the place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) of every table and key of a valid TOML text; elements of `[[x]]` are (x, 0), (x, 1) ..."""
    lines: dict[Path, int] = {}
    arrays: Counter[Path] = Counter()
    table: Path = ()
    quoted = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quoted:
            quoted = "" if quoted in line else quoted
            continue
        if match := _TABLE.match(line):
            table = _keys(match[2])
            if match[1] == "[[":
                arrays[table] += 1
                table = (*table, arrays[table] - 1)
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            lines.setdefault((*table, *_keys(match[1])), number)
            quoted = next((q for q in ('"""', "'''") if line.count(q) % 2), "")
    return lines


def nearest_line(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the innermost table round it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _keys(dotted: str) -> Path:
    return tuple(part.strip("\"' ") for part in re.findall(r"""[\w-]+|"[^"]*"|'[^']*'""", dotted))
