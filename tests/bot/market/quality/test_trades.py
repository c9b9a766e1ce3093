"""Latest trades: a bad print is left out until something else says it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from rules.bars import Tick
from tests.bot.market.quality.desk import DAY, ENDS, YAHOO, Desk, told, twins, walk


class Floor:
    """A desk whose sources tell of trades; `trade(RUT=0.9)` is at 0.9 times the last close."""

    def __init__(self, *names: str, desk: Desk | None = None) -> None:
        self.desk = desk or Desk(*names)
        for name in names:
            self.desk.poll(**{name: self.desk.truth(name)})
        self.at = ENDS[self.desk.today + 1] - 3_600

    def trade(self, **factors: float) -> tuple[Mapping[str, Tick], list[str]]:
        """A minute later: what is believed, and what is told."""
        self.at += 60
        return self.repeat(**factors)

    def repeat(self, **factors: float) -> tuple[Mapping[str, Tick], list[str]]:
        """At the same instant as before."""
        trades = {name: self._tick(name, factor) for name, factor in factors.items()}
        believed, findings = self.desk.gate.judge_trades(trades, self.desk.history.held, self.at)
        assert all(believed[name] is trades[name] for name in believed)
        return believed, told(findings)

    def _tick(self, name: str, factor: float, ago: int = 0) -> Tick:
        return Tick(name, self.at - ago, factor * self.desk.believes(name), math.nan, math.nan, math.nan, YAHOO)


def test_a_usual_trade_is_believed() -> None:
    believed, findings = Floor("RUT", "IWM").trade(RUT=1.01, IWM=0.99)
    assert (set(believed), findings) == ({"RUT", "IWM"}, [])


@pytest.mark.parametrize("factor", [0.0, -1.0, math.nan, math.inf])
def test_what_is_no_price_is_rejected(factor: float) -> None:
    assert Floor("RUT").trade(RUT=factor) == ({}, ["RUT not a price: rejected"])


@pytest.mark.parametrize("factor", [10, 0.01])
def test_a_power_of_ten_is_rejected_however_often_it_comes(factor: float) -> None:
    floor = Floor("RUT")
    for _ in range(3):
        assert floor.trade(RUT=factor) == ({}, ["RUT off by a power of ten: rejected"])


def test_a_bad_print_is_left_out_and_forgotten() -> None:
    floor = Floor("RUT", "IWM")
    for _ in range(2):
        believed, findings = floor.trade(RUT=0.85, IWM=1.0)
        assert (set(believed), findings) == ({"IWM"}, ["RUT far from the price before: held"])
        believed, findings = floor.trade(RUT=1.0, IWM=1.0)
        assert (set(believed), findings) == ({"RUT", "IWM"}, [])


def test_a_crash_that_a_proxy_trades_too_is_believed_at_once() -> None:
    believed, findings = Floor("RUT", "IWM").trade(RUT=0.90, IWM=0.91)
    assert (set(believed), findings) == ({"RUT", "IWM"}, [])


def test_a_crash_alone_is_believed_at_the_next_trade_near_it() -> None:
    floor = Floor("HYG")
    assert floor.trade(HYG=0.93)[0] == {}
    assert floor.repeat(HYG=0.93)[0] == {}, "the same trade told again is no second one"
    assert set(floor.trade(HYG=0.928)[0]) == {"HYG"}


def test_prints_that_jump_about_are_never_near_each_other() -> None:
    floor = Floor("HYG")
    for factor in (0.93, 1.07, 0.90, 1.12):
        assert floor.trade(HYG=factor)[0] == {}


def test_a_trade_of_what_has_no_history_is_believed() -> None:
    desk = Desk()
    tick = Tick("SOL", desk.now, 140.0, math.nan, math.nan, math.nan, YAHOO)
    assert desk.gate.judge_trades({"SOL": tick}, {}, desk.now) == ({"SOL": tick}, ())


# Who speaks against it


def judged(floor: Floor, opinions: dict[str, float] | None, **factors: float) -> list[str]:
    """What is told of trades a minute later; `opinions` are those of other sources, None if they were not asked yet."""
    floor.at += 60
    trades = {name: floor._tick(name, factor) for name, factor in factors.items()}
    others = None if opinions is None else {name: floor._tick(name, factor) for name, factor in opinions.items()}
    held = floor.desk.history.held
    return told(floor.desk.gate.judge_trades(trades, held, floor.at, opinions=others)[1])


FAR = ["RUT far from the price before: held"]


def test_another_sources_trade_settles_it() -> None:
    assert judged(Floor("RUT"), {"RUT": 0.851}, RUT=0.85) == []


def test_as_long_as_another_source_trades_elsewhere_no_further_print_is_believed() -> None:
    floor = Floor("RUT")
    assert [judged(floor, {"RUT": 1.0}, RUT=factor) for factor in (0.85, 0.851, 0.85)] == [FAR] * 3
    assert judged(floor, {}, RUT=0.85) == [], "nobody objects any more"


def test_before_others_are_asked_a_second_print_is_not_believed_and_none_is_remembered() -> None:
    floor = Floor("RUT")
    assert [judged(floor, None, RUT=0.85) for _ in range(3)] == [FAR] * 3
    assert judged(floor, {}, RUT=0.85) == FAR, "it is the first that counts"
    assert judged(floor, {}, RUT=0.85) == []


def test_a_twin_that_trades_elsewhere_keeps_it_waiting_also_where_it_moves_a_little_the_same_way() -> None:
    floor = Floor("RUT")
    floor.desk = twins()
    for name in ("RUT", "IWM"):
        floor.desk.poll(**{name: floor.desk.truth(name)})
    assert [judged(floor, {}, RUT=1.14, IWM=1.03) for _ in range(3)] == [FAR] * 3
    assert judged(floor, {}, RUT=1.14, IWM=1.14) == []


def test_a_proxy_that_nobody_has_asked_for_speaks_from_the_side() -> None:
    floor = Floor("RUT", "IWM")
    trades, beside = {"RUT": floor._tick("RUT", 0.85)}, {"IWM": floor._tick("IWM", 0.85)}
    believed, findings = floor.desk.gate.judge_trades(trades, floor.desk.history.held, floor.at, beside)
    assert (list(believed), findings) == (["RUT"], ())


# Of which time a witness speaks


@pytest.mark.parametrize(("ago", "believed"), [(0, False), (20 * 60, False), (20 * 60 + 1, True), (86_400, True)])
def test_a_twins_trade_of_another_time_speaks_against_nothing(ago: int, believed: bool) -> None:
    floor = Floor("RUT", "IWM", desk=twins())
    fall = floor._tick("RUT", 0.96)
    judged, _ = floor.desk.gate.judge_trades(
        {"RUT": fall}, floor.desk.history.held, floor.at, {"IWM": floor._tick("IWM", 1.0, ago)}
    )
    assert ("RUT" in judged) is believed


def test_a_proxys_crash_of_yesterday_speaks_for_no_print_of_today() -> None:
    floor = Floor("RUT", "IWM")
    trades, beside = {"RUT": floor._tick("RUT", 0.85)}, {"IWM": floor._tick("IWM", 0.85, 7_200)}
    assert told(floor.desk.gate.judge_trades(trades, floor.desk.history.held, floor.at, beside)[1]) == FAR


def test_another_sources_trade_of_yesterday_speaks_against_nothing() -> None:
    floor, found = Floor("RUT"), []
    for _ in range(2):
        floor.at += 60
        trades, others = {"RUT": floor._tick("RUT", 0.85)}, {"RUT": floor._tick("RUT", 1.0, 86_400)}
        found.append(told(floor.desk.gate.judge_trades(trades, floor.desk.history.held, floor.at, opinions=others)[1]))
    assert found == [FAR, []]


@pytest.mark.parametrize("factor", [10, 0.5, 1.2])
def test_a_twins_trade_that_is_at_fault_itself_does_not_stop_a_fall_that_another_proxy_shares(factor: float) -> None:
    floor = Floor("RUT", "IWM", "SPX", desk=crowd())
    believed, findings = floor.trade(RUT=0.95, IWM=factor, SPX=0.95)
    assert "RUT" in believed
    assert [each for each in findings if each.startswith("RUT")] == []


def crowd() -> Desk:
    """RUT, its twin, and SPX."""
    desk = twins()
    desk.knows("SPX", walk("SPX", ENDS, DAY, YAHOO))
    return desk


# Chats ask too


def test_a_chats_question_is_no_second_poll() -> None:
    floor = Floor("HYG")
    assert floor.trade(HYG=0.93)[0] == {}
    for _ in range(3):
        floor.at += 15
        assert floor.repeat(HYG=0.929)[0] == {}, "a chat asked sooner than the next poll"
    floor.at += 15
    assert set(floor.repeat(HYG=0.928)[0]) == {"HYG"}


def test_the_gates_own_clock_counts_and_not_the_trades() -> None:
    """Two late prints, an hour apart by their stamps, told within seconds."""
    floor = Floor("HYG")
    for ago, later in ((7_200, 0), (3_600, 10)):
        trades = {"HYG": floor._tick("HYG", 0.93, ago)}
        assert floor.desk.gate.judge_trades(trades, floor.desk.history.held, floor.at + later)[0] == {}


def test_the_same_trade_told_again_does_not_put_off_the_next() -> None:
    floor = Floor("HYG")
    first = floor._tick("HYG", 0.93)
    for later in (0, 60, 120):
        assert floor.desk.gate.judge_trades({"HYG": first}, floor.desk.history.held, floor.at + later)[0] == {}
    floor.at += 130
    assert set(floor.repeat(HYG=0.93)[0]) == {"HYG"}
