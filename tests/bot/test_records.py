"""What an alert tells of its rule's past: as of its own row, from one panel as from another, live as in a replay."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.records import Beside, recounted
from bot.render.alerts import alert
from bot.render.evidence import record_lines
from rules.engine import evaluate, opened
from rules.evaluation import evaluate as columns_of
from rules.evidence import evidence_of, nodes_of
from rules.language.compile import CompiledRule, compile_rule
from rules.model import AlertEvent, Basis, Edge, Instrument, Kind
from rules.panel import Panel
from rules.regime.label import label
from tests.rules.markets import INSTRUMENTS, SCOPE, market, rule, written

KNOWN = {**INSTRUMENTS, "VIX": Instrument("VIX", "VIX", Kind.VOLATILITY)}
BESIDE = Beside(KNOWN, ("SPX",))
DIPS = rule("dips", "ret(RUT, 1) < -1%", "ret(RUT, 1) > 0%")
FEAR = rule("fear", "VIX > 17", "VIX < 16")
COINS = rule("coins", "ret(BTC, 1) < -2%", "ret(BTC, 1) > 0%")
seeds = st.integers(0, 2**32 - 1)


def happened(panel: Panel, *rules: CompiledRule) -> list[tuple[AlertEvent, CompiledRule]]:
    by_id = {each.rule.id: each for each in rules}
    panels = {each.track: panel for each in rules}
    events = evaluate(rules, panels, opened(rules), int(panel.clock.closes[-1]), grace=0).events
    return [(event, by_id[event.rule]) for event in events]


@given(seeds)
@settings(max_examples=10)
def test_nothing_counts_that_its_row_could_not_know(seed: int) -> None:
    """The same from all of history as from what there was, and as the evidence of what there was."""
    panel = market(seed, 320)
    for event, its in happened(panel, DIPS, FEAR)[::7]:
        row = panel.clock.row_of(event.session)
        later = recounted([(event, its)], {its.calendar: panel}, BESIDE)
        then = recounted([(event, its)], {its.calendar: panel[: row + 1]}, BESIDE)
        assert repr(later) == repr(then)
        if event.edge is Edge.FIRED:
            name = "RUT" if its is DIPS else "SPX"
            assert repr(later[event.key].evidence) == repr(evidence_of(its, panel[: row + 1], (name,), (20,)))
            assert later[event.key].instrument == name
        else:
            assert not later


def test_columns_up_to_a_row_are_those_of_what_there_was() -> None:
    """The regime among them: what decides is never another number for being looked at later."""
    panel = market(4, 700)
    nodes = (*nodes_of(DIPS), *nodes_of(FEAR), label())
    whole = columns_of(nodes, panel).columns
    for rows in (300, 555):
        cut = columns_of(nodes, panel[:rows]).columns
        assert all(whole[node][:rows].tobytes() == cut[node].tobytes() for node in nodes)


def test_the_firing_itself_is_counted() -> None:
    panel = written(RUT="100 90 99 99 89 91 80 90")
    events = [each for each in happened(panel, DIPS) if each[0].edge is Edge.FIRED]
    found = recounted(events, {DIPS.calendar: panel}, Beside(INSTRUMENTS))
    assert [len(each.evidence.fired) for each in found.values()] == [1, 2, 3]
    lines = [record_lines(each.evidence, each.instrument, DIPS.calendar) for each in found.values()]
    assert lines[0] == ["1st since 2019, no outcome known yet"]


def test_so_is_one_of_which_changed_prices_say_that_it_never_was() -> None:
    (first, *_), calm = happened(written(RUT="100 90 99"), DIPS), written(RUT="100 101 99")
    found = recounted([first], {DIPS.calendar: calm}, BESIDE)
    assert found[first[0].key].evidence.fired == (first[0].session,)


def test_what_has_no_past_tells_nothing_of_it() -> None:
    """Before all rows, without a single close, and without a rule's instruments."""
    (first, *_) = happened(written(RUT="100 90 99"), DIPS)
    event, its = first
    assert recounted([first], {its.calendar: written(RUT="100 90 99")[:0]}, BESIDE) == {}
    assert recounted([(replace(event, at=0), its)], {its.calendar: written(RUT="100 90")}, BESIDE) == {}
    for panel in (written(RUT=". . ."), written(SPX="100 90 99")):
        found = recounted([first], {its.calendar: panel}, BESIDE)
        assert "since" not in alert(event, its, records=found)
    alone = recounted([first], {its.calendar: written(RUT="100 90")}, BESIDE)
    assert "1st since 2019" in alert(event, its, records=alone)


def test_on_trades_it_is_counted_by_closes() -> None:
    panel = written(RUT="100 90 99 99 89 91 80 90")
    live = compile_rule(replace(DIPS.rule, id="live", basis=Basis.TICK), SCOPE)
    (event, _), *_ = happened(panel, DIPS)
    trade = replace(event, rule="live", at=int(panel.clock.closes[5]) + 3_600, provisional=True)
    found = recounted([(trade, live)], {live.calendar: panel}, Beside(INSTRUMENTS))
    assert "2 by closes since 2019" in alert(trade, live, records=found)


def test_only_what_fired_is_told_of() -> None:
    """The end of an alert, and a correction, say nothing of it even where it is known."""
    panel = written(RUT="100 90 99 99 89 91 80 90")
    fired = next(event for event, _ in happened(panel, DIPS) if event.edge is Edge.FIRED)
    known = recounted([(fired, DIPS)], {DIPS.calendar: panel}, BESIDE)[fired.key]
    ended = replace(fired, edge=Edge.RESOLVED, since=fired.at)
    assert recounted([(ended, DIPS)], {DIPS.calendar: panel}, BESIDE) == {}
    assert "since 2019" not in alert(ended, DIPS, records={ended.key: known})


def test_days_of_a_coin_are_days() -> None:
    panel = market(2, 300)
    events = [each for each in happened(panel, COINS) if each[0].edge is Edge.FIRED]
    found = recounted(events, {COINS.calendar: panel}, BESIDE)
    last = found[events[-1][0].key]
    assert last.instrument == "BTC"
    assert record_lines(last.evidence, "BTC", "24/7")[0].endswith("BTC next 20 days:")
