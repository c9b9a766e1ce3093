"""What would flip the label: it does where it has happened, and a hair less does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.answers import Flip
from bot.app import Options, open_app
from bot.queries.flips import HIGHEST_VIX, LOWEST_VIX, USUAL_ANSWER, flips
from bot.queries.view import View
from rules.functions.registry import Scope
from rules.language.meaning import read
from rules.model import XNYS, Label
from rules.panel import Panel
from rules.regime.filter import STATES
from rules.regime.label import label
from tests.bot.markets import NOW, simulated
from tests.bot.queries.panels import PanelView, Prices, ahead, closes, whole, without
from tests.rules.markets import SCOPE, columns_of
from tests.rules.regimes import BTC, SPX, VIX, restless

TICK, STEP = 0.01, 0.0001
"""Prices are quoted in the one; the way to a flip is first looked at in steps of the other, as a share of the close."""

EVERY = {"still", "SPX", "SPX with VIX", "VIX up", "VIX down", "BTC"}


def kind(flip: Flip) -> str:
    if flip.instrument == VIX:
        return "VIX up" if flip.move > 0 else "VIX down"
    return f"{flip.instrument or 'still'}{' with VIX' if flip.vix is not None else ''}"


def slope(view: View, row: int) -> float:
    """How the VIX usually answers, as far as was known within a week."""
    node = read(USUAL_ANSWER, view.scope, XNYS).column
    known = [value for value in view.columns([node], XNYS)[node][max(0, row - 4) : row + 1].tolist() if value == value]
    return known[-1] if known else float("nan")


def at(flip: Flip, start: Prices) -> Prices:
    """The next close as it is told."""
    if flip.instrument is None:
        return start
    answered = {VIX: flip.vix} if flip.vix is not None else {}
    return {**start, flip.instrument: flip.price, **answered}


def a_hair_less(flip: Flip, start: Prices, answer: float) -> Prices:
    """The next close one quote nearer to this one."""
    name = flip.instrument
    assert name is not None
    quotes = flip.price / TICK
    nearer = round((np.ceil(quotes - 1e-6) - 1 if flip.move > 0 else np.floor(quotes + 1e-6) + 1) * TICK, 2)
    if (nearer - start[name]) * flip.move <= 0:
        return start
    answered = {VIX: round(start[VIX] * (nearer / start[SPX]) ** answer, 2)} if flip.vix is not None else {}
    return {**start, name: nearer, **answered}


def unmoved(panel: Panel, row: int) -> Prices:
    """The closes of a row; a VIX that is missing for less than a week stays where it was."""
    levels = [float(level) for level in panel.field(VIX, "close")[max(0, row - 4) : row + 1] if level == level]
    return {**closes(panel, row), **({VIX: levels[-1]} if levels else {})}


def held(view: View, row: int, engine: Callable[[Prices], float]) -> list[tuple[str, Label]]:
    """The kinds and labels of the flips on a row; fails unless each happens at its price and not before."""
    start, told = unmoved(view.panel(XNYS), row), flips(view, row)
    assert told is not None
    labels = view.columns([label()], XNYS)[label()][: row + 1]
    now, still = labels[~np.isnan(labels)][-1], engine(start)
    for flip in told:
        assert STATES[int(engine(at(flip, start)))] is flip.to, (row, flip)
        if flip.instrument is not None:
            assert engine(a_hair_less(flip, start, slope(view, row))) == still, (row, flip)
            assert STATES[int(still)] is not flip.to
    assert ([flip.to for flip in told if flip.instrument is None] == [STATES[int(still)]]) == (still != now)
    return [(kind(flip), flip.to) for flip in told]


@pytest.mark.parametrize("seed", [1, 2, *(pytest.param(seed, marks=pytest.mark.soak) for seed in (3, 4, 5))])
def test_what_is_said_to_flip_the_label_does_and_a_hair_less_does_not(seed: int) -> None:
    """Judged by the engine as one close more: at random, and before each change, in a market of every label."""
    panel = restless(seed)
    view = PanelView(panel)
    changes = np.flatnonzero(np.diff(view.columns([label()], XNYS)[label()][61:])) + 61
    rows = {*np.random.default_rng(seed).integers(61, 999, 12).tolist(), *changes.tolist()}
    seen = {each for row, engine in ahead(panel, sorted(rows)) for each in held(view, row, engine)}
    assert {each for each, _ in seen} == EVERY
    assert {to for _, to in seen} == set(Label)


def test_it_does_in_a_market_with_gaps_where_what_is_missing_stays_so() -> None:
    panel = restless(4, gaps=True)
    view = PanelView(panel)
    priced = np.flatnonzero(~np.isnan(panel.field(SPX, "close")) & (np.arange(1_000) > 70))
    holes = np.isnan(panel.field(VIX, "close")) | np.isnan(panel.field(BTC, "close"))
    unlabelled = np.isnan(view.columns([label()], XNYS)[label()])
    rows = sorted({*priced[(holes | unlabelled)[priced]].tolist(), *priced[::40].tolist()})
    assert sum(bool(held(view, row, engine)) for row, engine in ahead(panel, rows)) > 5


def test_a_vix_that_is_missing_for_a_week_is_not_taken_for_its_next_level() -> None:
    panel = restless(2)
    for gone, kept in ((4, True), (5, False)):
        holed = without(panel, VIX, slice(301 - gone, 301))
        [(row, engine)] = ahead(holed, [300])
        told = held(PanelView(holed), row, engine)
        assert any("VIX" in each for each, _ in told) is kept


@pytest.fixture(scope="module")
def usual() -> tuple[View, list[int]]:
    """A market, and rows on which a fall with the VIX's answer is told."""
    market = simulated(13).view()
    last = len(market.panel(XNYS))
    return market, [row for row in range(last - 2_000, last, 8) if answered(market, row)]


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_the_usual_answer_of_the_vix_outlives_a_hole_in_it(usual: tuple[View, list[int]], gone: int) -> None:
    """A return over the hole is unknown, and with it was every slope on that row and the next."""
    market, rows = usual
    panel = market.panel(XNYS)
    holed = [without(panel, VIX, slice(row - gone, row - gone + 1)) for row in rows]
    kept = [row for row, each in zip(rows, holed, strict=True) if answered(PanelView(each, market.scope), row)]
    assert len(kept) >= 0.6 * len(rows) > 4


def answered(view: View, row: int) -> bool:
    """Whether a fall with the VIX's answer is told on a row."""
    return any(flip.vix is not None for flip in flips(view, row) or ())


@pytest.mark.parametrize("row", [61, 300, 640, 998])
def test_it_does_in_a_judgement_from_the_first_row_on_too(row: int) -> None:
    panel = restless(3)
    held(PanelView(panel), row, lambda prices: whole(panel, row, prices))


def test_before_the_change_nothing_that_was_tried_on_the_way_changes_it() -> None:
    """A label need not stay changed beyond its flip, but it must not have changed before."""
    panel, rng = restless(2), np.random.default_rng(1)
    view = PanelView(panel)
    for row, engine in ahead(panel, list(range(100, 990, 60))):
        start = closes(panel, row)
        for flip in flips(view, row) or ():
            if flip.instrument not in (SPX, BTC) or flip.vix is not None:
                continue
            for steps in rng.integers(0, int(-flip.move / STEP) + 1, 3):
                price = start[flip.instrument] * (1.0 - steps * STEP)
                assert engine({**start, flip.instrument: price}) == engine(start)


@pytest.mark.shared_data
@pytest.mark.parametrize("every", [249, pytest.param(50, marks=pytest.mark.soak)])
def test_sessions_since_1990_are_flipped_by_what_is_said_to_flip_them(shared_data: Path, every: int) -> None:
    view = open_app(Options(data=shared_data), at=NOW).view()
    panel = view.panel(XNYS)
    judges = ahead(panel, list(range(61, len(panel), every)))
    assert {each for row, engine in judges for each, _ in held(view, row, engine)} == EVERY


def vix_at(price: float) -> Panel:
    """A market whose VIX closes at `price` in the end."""
    panel = restless(5, 400)
    close = panel.field(VIX, "close").copy()
    close[-1] = price
    return Panel(panel.clock, {**panel.columns, VIX: columns_of(close)}, panel.origins)


@pytest.mark.parametrize("price", [LOWEST_VIX, HIGHEST_VIX, 3.2, 150.0, 20.004, 20.0049, 19.9951])
def test_a_vix_beyond_what_is_tried_or_between_two_quotes_is_moved_away_from_its_close_only(price: float) -> None:
    panel = vix_at(price)
    view = PanelView(panel)
    [(row, engine)] = ahead(panel, [399])
    held(view, row, engine)
    moved = [flip for flip in flips(view, row) or () if flip.instrument == VIX]
    assert len({np.sign(flip.move) for flip in moved}) == len(moved)
    assert all(LOWEST_VIX <= flip.price <= HIGHEST_VIX for flip in moved)


@pytest.mark.parametrize("absent", [BTC, VIX])
def test_what_has_no_price_does_not_move(absent: str) -> None:
    both = restless(2)
    panel = Panel(both.clock, {k: v for k, v in both.columns.items() if k != absent}, both.origins)
    view = PanelView(panel)
    kinds = {each for row, engine in ahead(panel, list(range(70, 1_000, 20))) for each, _ in held(view, row, engine)}
    assert "SPX" in kinds
    assert not [each for each in kinds if absent in each]


def test_where_the_vix_is_not_configured_it_gives_no_answer_to_the_sp_500() -> None:
    scope = Scope({name: each for name, each in SCOPE.instruments.items() if name != VIX}, {})
    panel = restless(2)
    for row in range(100, 990, 60):
        assert [flip.vix for flip in flips(PanelView(panel, scope), row) or () if flip.vix is not None] == []


def test_without_a_label_or_a_close_to_start_from_nothing_can_be_said() -> None:
    panel = restless(1)
    assert flips(PanelView(panel), 60) is None
    holed = PanelView(without(panel, SPX, slice(300, 301)))
    assert flips(holed, 300) is None
    assert flips(holed, 301) is not None
