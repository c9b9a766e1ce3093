"""docs/guarantees.md promises nothing that no test shows: every line names tests, and every test exists."""

from __future__ import annotations

import re

from tests.docs.test_threat_model import NODE, ROOT, names_in

PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
PROMISES = re.findall(r"^\| (?!promised|---)([^|]+) \|([^|]+)\|(.+)\|$", PAGE, re.MULTILINE)


def test_every_promise_names_tests() -> None:
    assert len(PROMISES) >= 10
    assert [promise for promise, _, shown in PROMISES if not NODE.findall(shown)] == []


def test_every_test_that_is_named_exists() -> None:
    named = NODE.findall(PAGE)
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []
