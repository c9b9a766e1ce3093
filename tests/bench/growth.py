"""What becomes of each job as its work grows ten and a hundred times: in what is computed, and in what is stored."""

from __future__ import annotations

from tests.bench.growth_computed import COMPUTED
from tests.bench.growth_stored import STORED
from tests.bench.tables import Block, growths

GROWTH = "what grows: its work"


def growth_tables() -> list[Block]:
    """All of them."""
    return [growths(GROWTH, [line for job in (*COMPUTED, *STORED) for line in job()])]
