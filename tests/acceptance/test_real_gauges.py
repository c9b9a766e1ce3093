"""How often the label was RISK_OFF in each third of every gauge: docs/regime.md says so, these are the real prices."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bot.queries.gauges import HIGH_THIRD, LOW_THIRD, RANKED, meters
from rules.language.meaning import read
from rules.model import XNYS, Label
from rules.regime.filter import STATES
from rules.regime.label import label
from tests.acceptance.real import real_view

pytestmark = pytest.mark.shared_data

PAGE = Path(__file__).resolve().parents[2] / "docs" / "regime.md"


def told() -> dict[str, str]:
    """Of each gauge the last column of its row."""
    rows = [row.split("|") for row in PAGE.read_text(encoding="utf-8").splitlines()]
    return {row[1].strip(): row[4].strip() for row in rows if len(row) == 6 and re.match(r" \.\d\d, ", row[4])}


def test_the_page_tells_how_gauges_stood_to_the_label_on_real_prices() -> None:
    view = real_view()
    found = {}
    for meter in meters(view.scope):
        rank_node = read(f"percentile({meter.text}, {RANKED})", view.scope, XNYS).column
        columns = view.columns([rank_node, label()], XNYS)
        rank, labels = columns[rank_node], columns[label()]
        known = ~np.isnan(rank) & ~np.isnan(labels)
        off = labels[known] == STATES.index(Label.RISK_OFF)
        low, high = rank[known] <= LOW_THIRD, rank[known] >= HIGH_THIRD
        shares = [off[third].mean() for third in (low, ~low & ~high, high)]
        found[meter.name] = ", ".join(f"{share:.2f}".removeprefix("0") for share in shares)
    assert told() == found
