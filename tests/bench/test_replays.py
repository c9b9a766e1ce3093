"""The rules that are replayed beside a pandas script fire on the sessions on which it says they do."""

from __future__ import annotations

import pandas as pd

from tests.bench.drawn import ROWS, market
from tests.bench.replays import firings, replayed, rules_of, scripted


def test_the_script_and_the_engine_fire_on_the_same_sessions() -> None:
    panel = market()
    drawn = rules_of(panel, 60, twins=True)
    ours, theirs = firings(replayed(drawn, panel)), scripted(drawn, panel)
    late = pd.Timestamp(panel.clock.session(ROWS // 2))
    assert len(drawn) == 60
    assert sum(map(len, ours.values())) > 500
    for each in drawn:
        name = each.rule.rule.id
        assert [day for day in ours[name] if day > late] == [day for day in theirs[name] if day > late], each.call
