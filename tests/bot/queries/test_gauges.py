"""The panel beside the label: each gauge is a number of the language, and says so where it has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.answers import Gauge, RegimePanel
from bot.queries.explain import explain
from bot.queries.gauges import MONTH, regime_panel
from bot.queries.regime import regime
from bot.queries.view import View
from bot.render.regime import panel_answer
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS, Label
from rules.panel import Panel
from tests.bot.markets import seen, simulated
from tests.bot.queries.panels import PanelView, without
from tests.rules.markets import INSTRUMENTS, columns_of, instrument, tape
from tests.rules.regimes import restless

ON, NEUTRAL, OFF = Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF
HIGH = {
    "RUT/SPX": ON, "RUT off record": OFF, "RUT-altcoins": OFF, "Mean corr": OFF, "Altcoins/BTC": ON, "HYG/TLT": ON,
    "Dollar": OFF, "VIX": OFF,
}  # fmt: skip
"""What each leans to when it is high."""

NAMES = ("RUT", "HYG", "TLT", "UUP", "ETH", "SOL")
EVERYTHING = Scope({**INSTRUMENTS, **{name: instrument(name) for name in ("HYG", "TLT", "UUP")}},
                   {"ALTS": ("ETH", "SOL"), "RISK": ("RUT", "SPX", "BTC")})  # fmt: skip


def market(seed: int = 1, rows: int = 700, *names: str) -> Panel:
    """A market with all that the gauges read."""
    panel, rng = restless(seed, rows), np.random.default_rng(seed)
    paths = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, (len(NAMES), rows)), axis=1))
    beside = {name: columns_of(path) for name, path in zip(NAMES, paths, strict=True)}
    origins = {**panel.origins, **dict.fromkeys(NAMES, (tape("BESIDE"),))}
    return replace(panel, columns={**panel.columns, **beside}, origins=origins)


def asked(panel: Panel, scope: Scope = EVERYTHING) -> dict[str, Gauge]:
    view = PanelView(panel, scope)
    return {each.name: each for each in regime_panel(view, regime(view)).gauges}


@pytest.fixture(scope="module")
def view() -> View:
    return seen()


@pytest.mark.parametrize("back", [0, 1, 100, 700])
def test_every_gauge_is_what_explain_says_of_its_text_and_its_rank_that_of_its_percentile(back: int) -> None:
    app = simulated()
    panel = app.view().panel(XNYS)
    view = app.view(panel.clock.session(len(panel) - 1 - back))
    answer = regime_panel(view, regime(view))
    assert [each.name for each in answer.gauges] == list(HIGH)
    for each in answer.gauges:
        typed, ranked = (read(text, view.scope, XNYS) for text in (each.text, f"percentile({each.text}, 504)"))
        found = evaluate([typed.column, ranked.column], view.panel(XNYS)).columns
        assert (each.value, each.percentile) == (found[typed.column][-1], found[ranked.column][-1])
        if each.name != "Altcoins/BTC":  # a rule on coins alone is judged at midnights, not at closes
            told, rank = explain(view, each.text), explain(view, f"percentile({each.text}, 504)")
            assert (each.value, each.percentile, answer.as_of) == (told.value, rank.value, told.as_of)


def test_the_panel_is_of_the_regimes_own_close_and_label(view: View) -> None:
    answer = regime(view)
    beside = regime_panel(view, answer)
    assert (beside.label, beside.as_of, beside.at) == (answer.label, answer.as_of, answer.at)
    assert beside.origins == ("SIMULATED",)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_gauge_leans_by_its_rank_and_rises_by_its_value_of_a_month_before(seed: int) -> None:
    panel = market(seed)
    for name, each in asked(panel).items():
        assert each.percentile is not None
        assert each.value is not None
        low = OFF if HIGH[name] is ON else ON
        assert each.leans is (HIGH[name] if each.percentile >= 2 / 3 else low if each.percentile <= 1 / 3 else NEUTRAL)
        node = read(each.text, EVERYTHING, XNYS).column
        before = evaluate([node], panel[:-MONTH]).columns[node][-1]
        assert each.rising == (None if each.value == before else each.value > before)


def test_what_stands_where_it_stood_a_month_before_neither_rises_nor_falls() -> None:
    panel = market()
    climbing = replace(panel, columns={**panel.columns, "RUT": columns_of(np.arange(1.0, 701.0))})
    found = asked(climbing)["RUT off record"]
    assert (found.value, found.rising) == (0.0, None)


@pytest.mark.parametrize(
    ("name", "silent"),
    [
        ("UUP", {"Dollar"}),
        ("TLT", {"HYG/TLT"}),
        ("SOL", {"RUT-altcoins", "Altcoins/BTC"}),
        ("BTC", {"Altcoins/BTC", "Mean corr"}),
        ("VIX", {"VIX"}),
        ("RUT", {"RUT/SPX", "RUT off record", "RUT-altcoins", "Mean corr"}),
    ],
)
def test_a_gauge_without_a_price_says_which_and_the_others_speak(name: str, silent: set[str]) -> None:
    for rows in (slice(-1, None), slice(None)):
        found = asked(without(market(), name, rows))
        assert {each.name for each in found.values() if each.leans is None} == silent
        assert {each.missing for each in found.values()} == {(name,), ()}


def test_what_is_too_young_to_be_ranked_has_a_value_and_leans_nowhere() -> None:
    found = asked(market(1, 90))
    assert (found["Dollar"].leans, found["Dollar"].missing, found["Dollar"].value is None) == (None, (), False)
    assert found["VIX"].leans is not None
    young = panel_answer(RegimePanel(NEUTRAL, tuple(found.values()), regime(PanelView(market(1, 90))).as_of, 0, ()))
    assert "n/a: too little of its past is known" in young


def scope_without(*names: str, **baskets: tuple[str, ...]) -> Scope:
    """A configuration that knows less."""
    known = {name: each for name, each in EVERYTHING.instruments.items() if name not in names}
    of = {name: tuple(each for each in members if each in known) for name, members in EVERYTHING.baskets.items()}
    return Scope(known, {name: members for name, members in {**of, **baskets}.items() if name not in names})


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        (scope_without("UUP"), {"Dollar": ("UUP",)}),
        (scope_without("ALTS"), {"RUT-altcoins": ("ALTS",), "Altcoins/BTC": ("ALTS",)}),
        (scope_without("RISK"), {"Mean corr": ("RISK",)}),
        (scope_without(ALTS=("SOL",)), {}),
        (scope_without(RISK=("RUT",)), {"Mean corr": ("RISK",)}),
        (scope_without(ALTS=()), {"RUT-altcoins": ("ALTS",), "Altcoins/BTC": ("ALTS",)}),
        (scope_without("HYG", "TLT"), {"HYG/TLT": ("HYG", "TLT")}),
        (scope_without("VIX"), {"VIX": ("VIX",)}),
        (scope_without("BTC"), {"Altcoins/BTC": ("BTC",)}),
        (scope_without("SPX"), {"RUT/SPX": ("SPX",)}),
        (scope_without(ALTS=("RUT", "SOL")), {"RUT-altcoins": ("RUT", "SOL")}),
    ],
)
def test_what_is_not_configured_leaves_its_gauges_out_and_is_named(
    scope: Scope, missing: dict[str, tuple[str, ...]]
) -> None:
    found = asked(market(), scope)
    assert {name: each.missing for name, each in found.items() if each.leans is None} == missing


@pytest.mark.parametrize("count", [3, 12, 40])
def test_a_basket_of_many_coins_is_a_gauge_like_any_other(count: int) -> None:
    names = tuple(f"COIN{i}" for i in range(count))
    panel, rng = market(1, 400), np.random.default_rng(1)
    coins = {name: columns_of(100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.03, 400)))) for name in names}
    wide = replace(
        panel, columns={**panel.columns, **coins}, origins={**panel.origins, **dict.fromkeys(names, (tape("BESIDE"),))}
    )
    scope = Scope({**EVERYTHING.instruments, **{name: instrument(name, ALWAYS) for name in names}}, {"ALTS": names})
    found = asked(wide, scope)
    assert found["RUT-altcoins"].leans is not None, found["RUT-altcoins"]
    assert found["Altcoins/BTC"].leans is not None


def test_the_vix_alone_is_heard_by_the_filter_too_whether_it_is_known_or_not() -> None:
    for scope in (EVERYTHING, scope_without("VIX")):
        assert [each.name for each in asked(market(), scope).values() if each.heard] == ["VIX"]
