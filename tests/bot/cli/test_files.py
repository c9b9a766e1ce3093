"""Files that commands write: whole or not there, never in the place of something else, and no formulas in cells."""

from __future__ import annotations

import csv
import datetime as dt
import os
import threading
from pathlib import Path

import pytest

from bot.cli._files import cell, refuse_unwritable, table, write
from bot.settings import ConfigurationError


def test_who_is_stopped_while_writing_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text("the one before")
    with pytest.raises(UnicodeEncodeError):
        write("--report", file, "half of it \ud800")
    assert file.read_text() == "the one before"
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_a_link_stays_a_link_and_leads_to_what_was_written(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("the one before")
    (tmp_path / "link").symlink_to("there")
    write("--csv", tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there").read_text() == "new"


def test_a_pipe_is_written_into_and_never_replaced(tmp_path: Path) -> None:
    pipe, read = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write("--csv", pipe, "a,b\n")
    reader.join(10)
    assert read == ["a,b\n"]
    assert pipe.is_fifo()


def test_the_longest_name_that_a_file_may_have_is_written_and_a_longer_one_is_a_sentence(tmp_path: Path) -> None:
    write("--csv", tmp_path / ("a" * 255), "x")
    assert (tmp_path / ("a" * 255)).read_text() == "x"
    with pytest.raises(ConfigurationError, match="cannot be written: File name too long"):
        refuse_unwritable("--csv", tmp_path / ("a" * 256))


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+cmd", "-2+3", "@SUM(A1)", " =1+1", "\t=1+1"])
def test_a_text_that_a_spreadsheet_would_compute_is_shown_instead(text: str) -> None:
    (row,) = csv.reader(table([cell(text)], []).splitlines())
    assert row == [f"'{text}"]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (-0.5, "-0.5"), ("-5%", "-5%"), ("-0.25", "-0.25"), (dt.date(2025, 12, 4), "2025-12-04"), (float("nan"), ""),
        (None, ""), (False, "false"), (("a", "b"), "a b"), ({"x": -1.0}, '{"x": -1.0}'), ("a = b", "a = b"),
    ],
)  # fmt: skip
def test_other_cells_are_as_they_are(value: object, told: str) -> None:
    assert cell(value) == told
