"""Files that commands write: tables as CSV, whole or not there, and never over what is no file of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from bot.cli._output import plain
from bot.settings import ConfigurationError, Problem

_FORMULA = re.compile(r"\s*[=+@\-](?![\d.]+%?$)")
"""What a spreadsheet would compute instead of showing it: a title that begins so, but no number."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return out.getvalue()


def cell(value: object) -> str:
    """Undefined is empty; what is more than one value is JSON, tags are words. Before a text that a spreadsheet takes
    for a formula stands an apostrophe. (OWASP, CSV injection)
    """
    found = plain(value)
    if found is None:
        return ""
    if isinstance(found, list):
        return " ".join(map(str, found))
    if isinstance(found, dict | bool):
        return json.dumps(found, ensure_ascii=False, allow_nan=False)
    return f"'{found}" if isinstance(found, str) and _FORMULA.match(found) else str(found)


def refuse_unwritable(option: str, file: Path) -> None:
    """Raise ConfigurationError before the work where there is nowhere to put it."""
    try:
        is_folder, has_room = file.is_dir(), file.parent.is_dir()
    except OSError as error:
        raise _unwritable(option, file, error.strerror) from None
    if is_folder:
        raise ConfigurationError([Problem(option, f"{file} is a folder, and must be a file")])
    if not has_room:
        raise _unwritable(option, file, f"there is no folder {file.parent}")


def write(option: str, file: Path, text: str) -> None:
    """Put a whole text in a file's place: who is stopped midway leaves what was there. Through a link, and into what is
    no regular file, such as /dev/stdout, it is written straight: neither is ever replaced.
    """
    try:
        if file.is_symlink() or (file.exists() and not file.is_file()):
            file.write_text(text, encoding="utf-8", newline="")
        else:
            _replace(file, text)
    except OSError as error:
        raise _unwritable(option, file, error.strerror) from None


def _replace(file: Path, text: str) -> None:
    making = file.with_name(f".{os.getpid()}.making")
    try:
        making.write_text(text, encoding="utf-8", newline="")
        making.replace(file)
    finally:
        making.unlink(missing_ok=True)


def _unwritable(option: str, file: Path, reason: str | None) -> ConfigurationError:
    return ConfigurationError([Problem(option, f"{file} cannot be written: {reason}")])
