"""The whole matrix of faults and feeds; `python -m tests.faults` prints it, and tells the story of a single one."""

from __future__ import annotations

import pytest

from tests.faults.catalogue import cells
from tests.faults.matrix import judged

pytestmark = pytest.mark.soak


def test_no_fault_of_a_feed_leads_to_a_false_alert_or_loses_a_true_one() -> None:
    wrong = {cell.name: complaints for cell, complaints in judged(cells()) if complaints}
    assert wrong == {}
