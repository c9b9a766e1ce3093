"""How near rules are to firing, on prices written by hand, and what they would have said."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.answers.preview import Nearness
from bot.app import Options, open_app
from bot.queries.footing import Footing
from bot.queries.nearest import how_near, nearest, nearness
from bot.queries.preview import preview
from bot.queries.view import View
from rules.bars import Origin, Tick
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis, Rule
from tests.bot.markets import NOW, Folder, day, utc_days, weekdays

ORIGIN = Origin("exchange", "coinbase")


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    """RUT and BTC since 2024; VIX steps by 1 and stands at 20."""
    path = tmp_path_factory.mktemp("nearest")
    steps = [f"{float(19 + index % 2)}" for index in range(61)]
    dates = [dt.date(2025, 10, 6) + dt.timedelta(days=index) for index in range(87)]
    trading = [date for date in dates if date.weekday() < 5 and date.isoformat() not in ("2025-11-27", "2025-12-25")]
    folder = Folder(path).holds("RUT_1d.csv", *weekdays("2024-01-01", "2025-12-31", 1))
    folder.holds("BTC_1d.csv", *utc_days("2024-01-01", "2025-12-31", 3))
    folder.holds("VIX_1d.csv", *(day(date.isoformat(), close) for date, close in zip(trading, steps, strict=False)))
    return open_app(Options(data=path), at=NOW).view()


def rule(view: View, when: str, clear: str | None = None, basis: Basis = Basis.CLOSE) -> CompiledRule:
    return compile_rule(Rule("asked", when, clear, basis), view.scope)


def near(view: View, when: str) -> Nearness:
    return nearness(view, rule(view, when), {})


def test_a_level_is_so_many_usual_days_away_and_so_much_of_the_price(view: View) -> None:
    """It steps by 1 every day: a usual day is 1."""
    now = Footing(view, {}, NOW).price("VIX")
    assert now is not None
    found = near(view, f"close(VIX) > {now + 3}")
    assert found.holds is False
    assert found.distance == pytest.approx(3.0, abs=0.05)
    assert found.share == pytest.approx(3 / now)
    assert [value for _, value in found.values] == [now]


@pytest.mark.parametrize(
    ("when", "holds", "distance"),
    [
        ("close(VIX) > 1", True, 0.0),
        ("not (close(VIX) > 1)", False, 19.0),
        ("close(VIX) > 1 and close(VIX) > 30", False, 10.0),
        ("close(VIX) > 25 or close(VIX) > 30", False, 5.0),
        ("not (close(VIX) > 1 or close(VIX) > 30)", False, 19.0),
        ("up_turn(VIX, 90%)", False, None),
        ("close(SPX) > 1", None, None),
    ],
)
def test_conditions_are_as_near_as_their_parts(
    view: View, when: str, holds: bool | None, distance: float | None
) -> None:
    found = near(view, when)
    assert (found.holds, found.distance) == (holds, None if distance is None else pytest.approx(distance, abs=1.1))


def test_the_nearest_come_first_and_those_that_nothing_measures_last(view: View) -> None:
    lines = ("up_turn(VIX, 90%)", "close(VIX) > 90", "close(VIX) > 1", "close(VIX) > 22")
    found = nearest(view, [rule(view, line) for line in lines])
    assert [each.rule.when_text for each in found] == [lines[2], lines[3], lines[1], lines[0]]


def test_many_are_as_near_together_as_each_alone(view: View) -> None:
    """What they read is computed at once, closes and trades apart."""
    tick = Tick("BTC", NOW, 1_000_000.0, *(float("nan"),) * 3, ORIGIN)
    bases = [(line, basis) for line in ("close(VIX) > 30", "ret(BTC, 1) > 90%", "RUT > 1") for basis in Basis]
    rules = [rule(view, line, None, basis) for line, basis in bases]
    assert how_near(view, rules, {"BTC": tick}, NOW) == [nearness(view, each, {"BTC": tick}, NOW) for each in rules]


def test_a_rule_on_trades_is_looked_at_with_the_latest_one(view: View) -> None:
    asked = rule(view, "price(BTC) < 10", None, Basis.TICK)
    trades = {"BTC": Tick("BTC", NOW - 60, 11.0, 11.0, 11.0, 11.0, ORIGIN)}
    assert nearness(view, asked, trades, NOW).values[0][1] == 11.0
    assert nearness(view, rule(view, "price(BTC) < 10"), trades, NOW).values[0][1] != 11.0


def test_a_stale_trade_is_no_price_of_now(view: View) -> None:
    old = Tick("BTC", NOW - 3_600, 11.0, 11.0, 11.0, 11.0, ORIGIN)
    assert Footing(view, {"BTC": old}, NOW).price("BTC") != 11.0
    assert Footing(view, {"BTC": Tick("BTC", NOW - 60, 11.0, 11.0, 11.0, 11.0, ORIGIN)}, NOW).price("BTC") == 11.0


def test_what_has_no_history_moves_as_its_kind_does(view: View) -> None:
    footing = Footing(view, {}, NOW)
    assert footing.price("SOL") is None
    assert (footing.usual_move("SOL"), footing.usual_move("SPX")) == (0.04, 0.015)
    assert footing.usual_move("BTC") == pytest.approx(0.01, rel=0.4)
    assert footing.usual_change("close(SOL)") is None
    assert footing.usual_change("not a line") is None


def test_the_past_of_a_rule_is_what_a_replay_says(view: View) -> None:
    app_rule = rule(view, "close(RUT) > record(RUT)", "drawdown(RUT) > 3%")
    found = preview(view, app_rule, {}, NOW)
    assert found.fired > 0
    assert found.like == "rut-record-close"
    assert (found.by_closes, found.since) == (False, dt.date(2024, 1, 3))
    assert found.looks_at is not None
    assert found.looks_at > NOW


def test_a_rule_on_trades_is_played_back_on_closes(view: View) -> None:
    on_trades = preview(view, rule(view, "price(RUT) > 100", "price(RUT) < 98", Basis.TICK), {}, NOW)
    on_closes = preview(view, rule(view, "price(RUT) > 100", "price(RUT) < 98"), {}, NOW)
    assert (on_trades.fired, on_trades.by_closes) == (on_closes.fired, True)
    assert preview(view, rule(view, "price(BTC) > 100", None, Basis.TICK), {}, NOW).looks_at is None
