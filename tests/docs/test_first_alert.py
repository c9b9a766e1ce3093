"""docs/tutorial.md: what it says a command answers is what it answers."""

from __future__ import annotations

from tests.docs.first_alert import PAGE, written
from tests.e2e.world import needs_faketime


@needs_faketime
def test_every_answer_of_the_tutorial_is_the_program_s() -> None:
    assert written() == PAGE.read_text(encoding="utf-8")
