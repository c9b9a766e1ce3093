"""The figures of real history that the engine must reproduce, and independent loops that confirm its price rules."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bot.app import App
from bot.cli.main import run
from bot.queries.correlation import correlation
from bot.queries.regime import regime, regime_changes
from bot.queries.view import View
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.evaluation import evaluate
from rules.language.compile import compile_rule
from rules.language.meaning import read
from rules.model import XNYS, Edge, Rule, Timing
from tests.acceptance.real import END, real_app, real_view

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def app() -> App:
    return real_app()


@pytest.fixture(scope="module")
def view() -> View:
    return real_view()


@cache
def as_of(date: str) -> View:
    return real_app().view(dt.date.fromisoformat(date))


def sessions(view: View, rule: str, edge: Edge = Edge.FIRED) -> list[str]:
    return [event.session.isoformat() for event in view.events(rule) if event.edge is edge]


def spells(app: App, when: str, clear: str) -> list[tuple[str, str]]:
    """(edge, session) of a rule confirmed on two closes, over all of history."""
    compiled = compile_rule(Rule("asked", when, clear, timing=Timing(confirm=2)), app.settings.scope)
    events = judge([compiled], {XNYS: app.view().panel(XNYS)}, opened([compiled]), END).events
    return [(str(event.edge), event.session.isoformat()) for event in events]


def test_the_record_rule_fires_on_the_three_sessions_of_autumn_2025_and_at_no_other(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["replay", "--data", str(shared_data), "--from", "2025-09-01", "--to", "2025-12-31", "--json"]
    assert run(arguments) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    fired = [each["session"] for each in events if (each["rule"], each["event"]) == ("rut-record-close", "fired")]
    assert fired == ["2025-09-18", "2025-10-14", "2025-12-04"]


@pytest.mark.parametrize(
    ("b", "window", "session", "r"),
    [("SOL", 60, "2025-12-10", 0.500660), ("ADA", 60, "2025-12-10", 0.396589), ("SOL", 20, "2025-10-31", 0.655932)],
)
def test_correlations_at_the_close_are_the_published_ones(b: str, window: int, session: str, r: float) -> None:
    answer = correlation(as_of(session), "RUT", b, window)
    assert answer.r == pytest.approx(r, abs=5e-7)
    assert not answer.approximate
    assert (answer.n, answer.as_of.isoformat()) == (window, session)


def test_the_filters_mean_for_bitcoin_is_the_published_one() -> None:
    answer = correlation(as_of("2025-12-10"), "RUT", "BTC", 60)
    assert answer.posterior_mean == pytest.approx(0.414478, abs=1e-6)


@pytest.mark.parametrize(
    ("coin", "above", "spell"),
    [
        ("ETH", 0.5, ["2022-04-27", "2023-05-02", "2025-05-07", "2025-07-24", "2025-11-14"]),
        ("SOL", 0.6, ["2022-08-24", "2022-12-29"]),
    ],
)
def test_couplings_begin_and_end_on_the_published_sessions(app: App, coin: str, above: float, spell: list[str]) -> None:
    p = f"p_corr(RUT, {coin}, above={above})"
    found = spells(app, f"{p} >= 50%", f"{p} <= 5%")
    edges = ["fired", "resolved"] * len(spell)
    assert found == list(zip(edges, spell, strict=False))


def test_the_regime_of_december_2025_is_neutral_with_the_published_probabilities() -> None:
    answer = regime(as_of("2025-12-10"))
    assert answer.label == "NEUTRAL"
    assert list(answer.probabilities.values()) == pytest.approx([0.0973, 0.9014, 0.0013], abs=5e-5)


@pytest.mark.parametrize("session", ["2025-04-08", "2020-03-16"])
def test_the_regime_was_risk_off_in_a_crash(session: str) -> None:
    assert regime(as_of(session)).label == "RISK_OFF"


def test_the_label_changed_nine_times_in_2025(view: View) -> None:
    changes = [(c.session.isoformat()[5:], str(c.label)) for c in regime_changes(view) if c.session.year == 2025]
    assert changes == [
        ("01-07", "NEUTRAL"),
        ("03-10", "RISK_OFF"),
        ("03-25", "NEUTRAL"),
        ("04-04", "RISK_OFF"),
        ("05-14", "NEUTRAL"),
        ("07-30", "RISK_ON"),
        ("08-04", "NEUTRAL"),
        ("08-28", "RISK_ON"),
        ("10-13", "NEUTRAL"),
    ]


def table(shared_data: Path, name: str) -> pd.DataFrame:
    rows = pd.read_csv(shared_data / f"{name}_1d.csv.gz")
    return rows.set_index(pd.to_datetime(rows["timestamp"]).dt.tz_localize(None))


def daily(shared_data: Path, name: str, calendar: pd.Index) -> pd.Series[float]:
    return table(shared_data, name)["close"].reindex(calendar)


@pytest.fixture(scope="module")
def closes(shared_data: Path) -> pd.DataFrame:
    """Closes of the three indices by session since 1990, read and aligned without a line of ours."""
    days = table(shared_data, "SPX").loc["1990":].index
    return pd.DataFrame({name: daily(shared_data, name, days) for name in ("RUT", "SPX", "VIX")})


def loop(enter: pd.Series[bool], leave: pd.Series[bool]) -> list[str]:
    """Sessions on which a rule fires: enters when quiet, leaves when firing."""
    fired, firing = [], False
    for session, (enters, leaves) in zip(enter.index, zip(enter, leave, strict=True), strict=True):
        if firing:
            firing = not leaves
        elif enters and not leaves:
            firing = True
            fired.append(session.date().isoformat())
    return fired


def plain_turns(x: pd.Series[float], share: float) -> list[str]:
    """Sessions of up-turns by a loop over prices."""
    found, low, high, side = [], x.iloc[0], x.iloc[0], 0
    for session, price in x.items():
        low, high = min(low, price), max(high, price)
        if side <= 0 and price >= low * (1 + share):
            side, high = 1, price
            found.append(pd.Timestamp(str(session)).date().isoformat())
        elif side >= 0 and price <= high * (1 - share):
            side, low = -1, price
    return found


def test_an_independent_loop_finds_the_same_sessions_since_1990_for_every_price_rule(
    view: View, closes: pd.DataFrame
) -> None:
    rut, spx, vix = closes["RUT"], closes["SPX"], closes["VIX"]
    drawdown = 1 - rut / rut.cummax()
    lag = rut.pct_change(21, fill_method=None) - spx.pct_change(21, fill_method=None)
    calm = 1 - spx / spx.cummax() <= 0.10
    expected = {
        "rut-record-close": loop(rut > rut.cummax().shift(1), drawdown > 0.03),
        "rut-rally-10": plain_turns(rut, 0.10),
        "rut-drawdown-10": loop(drawdown >= 0.10, drawdown < 0.05),
        "rut-lags-spx": loop((lag < -0.05) & calm, lag > -0.02),
        "vix-25": loop(vix >= 25, vix <= 20),
    }
    found = {rule: sessions(view, rule) for rule in expected}
    assert found == expected
    assert {rule: len(dates) for rule, dates in found.items()} == {
        "rut-record-close": 59,
        "rut-rally-10": 55,
        "rut-drawdown-10": 26,
        "rut-lags-spx": 34,
        "vix-25": 50,
    }


COINS = ("BTC", "ETH", "SOL", "ADA", "XRP")
PAIRS = [
    *(("RUT", coin) for coin in COINS),
    ("SPX", "BTC"),
    ("QQQ", "SOL"),
    ("SOL", "ADA"),
    ("RUT", "SPX"),
    ("BTC", "ETH"),
]
OTHERS = [(a, coin) for a in ("SPX", "QQQ") for coin in COINS if (a, coin) not in PAIRS]


@pytest.mark.parametrize(("a", "b"), [*PAIRS, *(pytest.param(*pair, marks=pytest.mark.soak) for pair in OTHERS)])
def test_a_pairs_numbers_are_the_same_bits_wherever_they_are_shown(app: App, a: str, b: str) -> None:
    view = as_of("2025-12-10")
    answer = correlation(view, a, b, 60)
    scope = app.settings.scope
    corr, p, mean = (
        read(f"corr({a}, {b}, 60)", scope).column,
        read(f"p_corr({b}, {a}, above=0.6)", scope).column,
        read(f"rho({b}, {a})", scope).column,
    )
    rule = compile_rule(Rule("asked", f"corr({a}, {b}, 60) > -2", None), scope)
    panel = view.panel(rule.calendar)
    alone = evaluate([corr], panel).columns[corr]
    together = evaluate([mean, p, corr], panel).columns
    event = judge([rule], {rule.calendar: panel}, opened([rule]), END).events
    assert answer.r == alone[-1] == together[corr][-1]
    assert answer.p_above[0.6] == together[p][-1]
    assert answer.posterior_mean == together[mean][-1]
    row = int(np.flatnonzero(~np.isnan(alone))[0])
    assert event[0].values == {f"corr({a}, {b}, 60)": alone[row]}


def test_on_2025_10_10_cardano_lost_five_percent_between_closes_not_the_days_twenty_two(app: App) -> None:
    view = as_of("2025-10-10")
    node = read("ret(ADA)", app.settings.scope, XNYS).column
    assert evaluate([node], view.panel(XNYS)).columns[node][-1] == pytest.approx(-0.052, abs=5e-4)
