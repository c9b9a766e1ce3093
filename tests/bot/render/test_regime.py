"""Texts about the regime of whole markets: whatever there is to say, it fits a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest

from bot.answers import Flip
from bot.app import Options, open_app
from bot.queries.gauges import regime_panel
from bot.queries.regime import regime
from bot.queries.view import View
from bot.render.regime import panel_answer, regime_answer, spells_answer
from rules.bars import Floats
from rules.columns import Node
from rules.functions.registry import Scope
from rules.model import XNYS, Instant, Label
from rules.panel import Panel
from tests.bot.markets import NOW, simulated
from tests.bot.queries.panels import PanelView, without
from tests.bot.render.html import TelegramReader, assert_telegram_accepts
from tests.bot.render.regimes import regime_of, told
from tests.rules.markets import SCOPE, market
from tests.rules.regimes import VIX, restless

LINES, COLUMNS = 15, 40


class Growing(PanelView):
    """What was known at each close of a market, whose columns are computed once: a row never sees those behind it."""

    def __init__(self, view: View) -> None:
        super().__init__(view.panel(XNYS), view.scope)
        self._whole, self._rows = view, len(self._only)

    def at(self, row: int) -> Growing:
        """As of a row."""
        self._rows = row + 1
        return self

    def panel(self, calendar: str, *, approximate: bool = False) -> Panel:
        return self._only[: self._rows]

    def columns(self, nodes: Iterable[Node], calendar: str, *, approximate: bool = False) -> dict[Node, Floats]:
        return self._whole.columns(nodes, calendar)


def texts(view: View, next_open: Instant | None) -> Iterator[str]:
    """All three answers, as a reader sees them."""
    answer = regime(view)
    panel = regime_panel(view, answer)
    for html in (regime_answer(answer, panel, next_open), panel_answer(panel), spells_answer(answer)):
        assert_telegram_accepts(html)
        yield TelegramReader(html).text


def fit(view: View, rows: Iterable[int]) -> None:
    """Every answer of these rows fits; fails and shows the first that does not."""
    growing = Growing(view)
    for row in rows:
        for text in texts(growing.at(row), NOW):
            lines = text.split("\n")
            assert len(lines) <= LINES, text
            assert max(map(len, lines)) <= COLUMNS, text
            assert not {"nan", "None", "inf", "-inf"} & set(text.replace(",", " ").split()), text


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_answers_of_a_restless_market_fit_a_phone(seed: int) -> None:
    fit(PanelView(restless(seed)), range(61, 1_000, 20))


@pytest.mark.parametrize("seed", range(1, 7))
def test_the_answers_of_a_market_with_gaps_and_spikes_fit_a_phone(seed: int) -> None:
    fit(PanelView(market(seed, 420)), range(330, 420, 10))


def test_the_answers_of_the_simulated_market_fit_a_phone() -> None:
    fit(simulated().view(), range(61, 1_000, 15))


@pytest.mark.shared_data
@pytest.mark.parametrize("step", [75, pytest.param(25, marks=pytest.mark.soak)])
def test_the_answers_of_many_sessions_since_1990_fit_a_phone(shared_data: Path, step: int) -> None:
    view = open_app(Options(data=shared_data), at=NOW).view()
    fit(view, range(61, len(view.panel(XNYS)), step))


def test_a_market_that_says_nothing_of_what_stands_beside_it_says_so() -> None:
    """Nothing is configured but what the filter reads."""
    scope = Scope({name: SCOPE.instruments[name] for name in ("SPX", "BTC")}, {})
    panel = without(restless(1, 400), VIX)
    answer, beside, _ = texts(PanelView(panel, scope), None)
    assert "Beside it: nothing known (/regime panel)" in answer
    assert "0 of 0 agree: ON 0, neither 0, OFF 0" in beside
    assert "n/a without RUT, ALTS, RISK and 4 more" in beside
    fit(PanelView(panel, scope), [399])


# Which flips are shown

ON, NEUTRAL, OFF = Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF
OF: Mapping[str, Flip] = {
    "still": Flip(OFF, None, 5_000.0, 0.0),
    "spx": Flip(OFF, "SPX", 4_850.0, -0.03),
    "both": Flip(OFF, "SPX", 4_900.0, -0.02, 23.5),
    "up": Flip(OFF, "VIX", 24.1, 0.2),
    "down": Flip(ON, "VIX", 14.2, -0.29),
    "btc": Flip(OFF, "BTC", 80_000.0, -0.08),
    "crash": Flip(OFF, "SPX", 5_000.0, -0.15, 44.0),
    "panic": Flip(OFF, "SPX", 6_000.0, -0.09, 84.0),
    "peak": Flip(OFF, "VIX", 96.78, 3.1),
    "trough": Flip(NEUTRAL, "VIX", 5.7, -0.9),
}
LINE = {
    "still": "   RISK_OFF if nothing moves",
    "spx": "   RISK_OFF at SPX -3.00%",
    "both": "   RISK_OFF at SPX -2.00% (VIX ~23.50)",
    "up": "   RISK_OFF at VIX 24.10",
    "down": "   RISK_ON at VIX 14.20",
    "btc": "   RISK_OFF at BTC -8.00%",
}


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        ("", ""),
        ("spx", "spx"),
        ("spx both", "both"),
        ("spx both up down btc", "both up"),
        ("still spx both up", "still both"),
        ("up down", "up"),
        ("down", "down"),
        ("spx btc", "spx btc"),
        ("up btc", "up btc"),
        ("still down btc", "still down"),
        ("btc", "btc"),
        ("crash peak trough", ""),
        ("panic btc", "btc"),
    ],
)
def test_the_two_flips_are_shown_that_tell_most(found: str, shown: str) -> None:
    lines = TelegramReader(told(flips=tuple(OF[name] for name in found.split()))).text.split("\n")
    assert [line for line in lines if line.startswith("   ")] == [LINE[name] for name in shown.split()]
    assert ("No likely price flips it at one close" in lines) is not bool(shown)


def test_the_history_and_the_answer_agree_on_what_is_usual() -> None:
    """One left the first spell out and the other did not: medians of 18 and 19."""
    answer = regime_of()
    assert answer.usual is not None
    assert f"usual {answer.usual:.0f}" in told()
    assert f"{answer.label}: 5x, 3 to 52, median {answer.usual:.0f}" in spells_answer(answer)
