"""Which line a setting stands on, against tomllib's reading of the same text."""

from __future__ import annotations

import tomllib
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings.shape import Path
from bot.settings.toml_lines import lines_of, nearest_line

VALUES = [
    "1",
    "true",
    '"plain"',
    '"a = b"',
    '"[table]"',
    '"# no comment"',
    "'it is \"quoted\"'",
    '"an \\" = escape"',
    "{ inner = 1, other = 'x = 2' }",
    "[1, 2]",
    '["a", "b = c"]',
    '[\n  "first",  # remark\n  "second = 2",\n]',
    '[\n  # key = 1\n  { inner = "x" },\n]',
    '"""\nhidden = 1\n[hidden]\n"""',
    "'''\nhidden = 1\n[[hidden]]\n'''",
    '"""one line"""',
    '"""a \' inside\nhidden = 1"""',
    '"""ends in a quote""""',
    '[\n  ["hidden"]\n]',
    '[\n  ["]"],\n  [1]\n]',
]
REMARKS = ["", "  # remark", " # [no table]", " # key = 1"]
WORDS = st.sampled_from(["a", "b", "c-d", "e_f", "G9", '"with space"', "'dotted.inside'"])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[Path, int]]:
    """A TOML text, and the line of every table and key in it."""
    text: list[str] = []
    lines: dict[Path, int] = {}

    def fill(table: Path) -> None:
        for key in draw(st.lists(WORDS, max_size=4, unique=True)):
            spread = draw(st.sampled_from(["{} = {}", "{}={}", "  {}   =   {}"]))
            value, remark = draw(st.sampled_from(VALUES)), draw(st.sampled_from(REMARKS))
            lines[(*table, key.strip("\"'"))] = len("\n".join(text).split("\n")) + 1 if text else 1
            text.append(spread.format(key, value) + remark)
            text.extend(draw(st.lists(st.sampled_from(["", "# key = 1", "   # [table]"]), max_size=2)))

    def head(line: str, table: Path) -> None:
        lines[table] = len("\n".join(text).split("\n")) + 1 if text else 1
        text.append(line + draw(st.sampled_from(REMARKS)))
        fill(table)

    fill(())
    for name in draw(st.lists(st.sampled_from(["t1", "t2", '"quoted t"']), unique=True)):
        head(draw(st.sampled_from(["[{}]", "[ {} ]", "  [{}]"])).format(name), (name.strip('"'),))
        for inner in draw(st.lists(st.sampled_from(["x", "y"]), max_size=2, unique=True)):
            head(f"[{name}.s.{inner}]", (name.strip('"'), "s", inner))
    for name in draw(st.lists(st.sampled_from(["rules", "more"]), unique=True)):
        for index in range(draw(st.integers(1, 3))):
            head(f"[[{name}]]", (name, index))
    return "\n".join(text), lines


def found_at(values: Any, path: Path) -> Any:
    """What tomllib has at `path`."""
    for step in path:
        values = values[step]
    return values


@given(documents())
def test_every_key_and_table_is_found_on_its_line(document: tuple[str, dict[Path, int]]) -> None:
    text, wanted = document
    values = tomllib.loads(text)
    for path in wanted:
        found_at(values, path)
    found = lines_of(text)
    assert {path: found.get(path) for path in wanted} == wanted
    assert not [path for path in found if "hidden" in path]


def test_dotted_keys_are_paths() -> None:
    text = 'market.seed = 1\n[baskets]\n"A.B" = []\nx . y = 2\n'
    found = lines_of(text)
    assert found["market", "seed"] == 1
    assert found["baskets", "A.B"] == 3
    assert found["baskets", "x", "y"] == 4
    assert found["market",] == 1


def test_a_table_below_an_element_of_an_array_belongs_to_that_element() -> None:
    text = '[[rules]]\nid = "a"\n[rules.extra]\nx = 1\n[[rules]]\nid = "b"\n[rules.extra]\nx = 2\n'
    found = lines_of(text)
    assert (found["rules", 0, "extra", "x"], found["rules", 1, "extra", "x"]) == (4, 8)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_line_endings_of_both_worlds_count_alike(ending: str) -> None:
    text = ending.join(["[market]", "seed = 1", "", "[[rules]]", 'id = "a"'])
    tomllib.loads(text)
    assert lines_of(text) == {("market",): 1, ("market", "seed"): 2, ("rules", 0): 4, ("rules", 0, "id"): 5}


def test_characters_that_only_python_takes_for_line_ends_do_not_count() -> None:
    """str.splitlines breaks at a form feed and at U+2028, editors do not."""
    text = 'name = "two\u2028halves"\nother = 1\n'
    tomllib.loads(text)
    assert lines_of(text)["other",] == 2


def test_the_nearest_line_is_the_innermost_table_that_has_one() -> None:
    lines = lines_of("[market]\nseed = 1\n\n[[rules]]\nid = 'a'\n")
    for path, line in [
        (("market", "seed"), 2),
        (("market", "missing"), 1),
        (("rules", 0, "tags", 3), 4),
        (("rules", 1, "id"), None),
        (("rules",), 4),
        (("nothing",), None),
        ((), None),
    ]:
        assert nearest_line(lines, path) == line, path


def test_the_example_is_found_key_by_key() -> None:
    text = (FilePath(__file__).parents[3] / "config.example.toml").read_text(encoding="utf-8")
    written = text.split("\n")
    found = lines_of(text)
    assert len(found) > 150
    for path, line in found.items():
        assert str(path[-1] if isinstance(path[-1], str) else path[-2]) in written[line - 1], path
