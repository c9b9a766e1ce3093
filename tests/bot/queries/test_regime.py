"""The answer about the regime: its life, what speaks for it, and its picture."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bot.answers import Regime
from bot.queries.regime import SHOWN, regime, regime_changes, regime_picture
from bot.queries.view import NoAnswer
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.model import XNYS, Label
from rules.panel import Panel
from rules.regime.filter import EXITS, STATES, STAY, probabilities
from rules.regime.label import label
from tests.bot.queries.panels import PanelView, closes, without
from tests.rules.markets import columns_of
from tests.rules.regimes import BTC, SPX, VIX, restless

ROWS = 400


def asked(panel: Panel) -> Regime:
    return regime(PanelView(panel))


def columns(panel: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels as the engine finds them."""
    found = evaluate([probabilities(), label()], panel).columns
    return found[probabilities()], found[label()]


# Its life


@pytest.mark.parametrize("row", range(0, 61, 6))
def test_before_sixty_one_returns_there_is_no_answer_but_a_sentence(row: int) -> None:
    with pytest.raises(NoAnswer, match=f"needs 61 returns of the S&P 500, and this market has {row}$"):
        asked(restless(1, row + 1))


def test_from_then_on_there_is_one_and_how_much_it_has_seen() -> None:
    panel = restless(1, 300)
    for row in (61, 62, 99, 249, 250, 251):
        answer = asked(panel[: row + 1])
        assert (answer.as_of, answer.seen, answer.needed) == (panel.clock.session(row), row, 250)
        assert sum(each.sessions for each in answer.spells) == row - 60


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spells_are_the_runs_of_the_label(seed: int) -> None:
    panel = restless(seed, gaps=True)
    _, labels = columns(panel)
    answer = asked(panel)
    written = [spell.label for spell in answer.spells for _ in range(spell.sessions)]
    assert written == [STATES[int(each)] for each in labels if not np.isnan(each)]
    assert all(a.label is not b.label for a, b in zip(answer.spells, answer.spells[1:], strict=False))
    for spell in answer.spells:
        assert STATES[int(labels[panel.clock.row_of(spell.since)])] is spell.label
    changes = regime_changes(PanelView(panel))
    known = [spell for spell in answer.spells if spell.since != answer.spells[0].since or spell.label != Label.NEUTRAL]
    assert [(each.session, each.label) for each in changes] == [(spell.since, spell.label) for spell in known]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_emerges_is_the_likeliest_state_and_counted_by_a_plain_loop(seed: int) -> None:
    panel = restless(seed)
    p, labels = columns(panel)
    raws = np.argmax(p, axis=1)
    unlike = np.flatnonzero(raws[61:] != labels[61:]) + 61
    assert len(unlike) > 5
    for row in unlike.tolist():
        answer, count = asked(panel[: row + 1]), 0
        assert (answer.label, answer.raw) == (STATES[int(labels[row])], STATES[raws[row]])
        while row - count > 60 and raws[row - count] == raws[row] and labels[row - count] == labels[row]:
            count += 1
        found = answer.emerging
        assert found is not None
        assert (found.label, found.closes) == (answer.raw, count)
        assert found.probability == answer.probabilities[found.of]
        assert (found.probability < found.threshold) is found.rises, "it has not got there"


def test_where_the_label_is_the_likeliest_state_nothing_emerges() -> None:
    panel = restless(1)
    p, labels = columns(panel)
    for row in (np.flatnonzero(np.argmax(p[61:], axis=1) == labels[61:]) + 61)[::60]:
        assert asked(panel[: row + 1]).emerging is None


def test_the_usual_length_is_the_median_of_five_spells_that_are_over_and_began_before_our_eyes() -> None:
    answer = asked(restless(5))
    for kept in range(len(answer.spells)):
        part = replace(answer, spells=answer.spells[: kept + 1], label=answer.spells[kept].label)
        over = sorted(each.sessions for each in part.spells[1:-1] if each.label is part.label)
        middle = len(over) // 2
        usual = None if len(over) < 5 else over[middle] if len(over) % 2 else (over[middle - 1] + over[middle]) / 2
        assert part.usual == usual


# What speaks for it


@pytest.mark.parametrize("row", [61, 200, 500, 999])
def test_the_contributions_make_the_probabilities_out_of_those_before(row: int) -> None:
    panel = restless(4)
    before = columns(panel)[0][row - 1] if row > 61 else np.full(3, 1 / 3)
    answer = asked(panel[: row + 1])
    weights = []
    for k, state in enumerate(STATES):
        moved = sum(before[i] * (STAY[i] if i == k else (1 - STAY[i]) * EXITS[i][k]) for i in range(3))
        weights.append(moved * math.exp(sum(each.terms[state] for each in answer.drivers.values() if each)))
    found = [answer.probabilities[state] for state in STATES]
    np.testing.assert_allclose([weight / sum(weights) for weight in weights], found, rtol=1e-12)


def test_a_contribution_has_its_price_its_move_and_its_size() -> None:
    panel = restless(4, ROWS)
    answer, last, before = asked(panel), closes(panel, ROWS - 1), closes(panel, ROWS - 2)
    for name, found in answer.drivers.items():
        assert found is not None
        assert (found.instrument, found.price) == (name, last[name])
        assert found.move == pytest.approx(last[name] / before[name] - 1)
        assert found.size > 0


@pytest.mark.parametrize("name", [BTC, VIX])
def test_a_price_that_is_missing_for_a_week_is_left_out_and_then_back(name: str) -> None:
    panel = without(restless(4, ROWS), name, slice(-9, -2))
    away, back = asked(panel[:-4]), asked(panel)
    assert away.drivers[name] is None
    assert (away.as_of, away.waiting) == (panel.clock.session(ROWS - 5), None)
    assert len([each for each in away.drivers.values() if each]) == 2
    assert back.drivers[name] is not None
    assert away.flips is not None
    assert name not in {flip.instrument for flip in away.flips}


@pytest.mark.parametrize("absent", [(VIX,), (BTC,), (BTC, VIX)])
def test_without_a_coin_or_a_vix_the_sp_500_speaks(absent: tuple[str, ...]) -> None:
    panel = restless(4, ROWS)
    part = replace(panel, columns={name: each for name, each in panel.columns.items() if name not in absent})
    answer = asked(part)
    assert {name for name, found in answer.drivers.items() if found} == {SPX, BTC, VIX} - set(absent)


@pytest.mark.parametrize("scope", [Scope({}, {}), Scope({}, {"ALTS": ()})])
def test_without_an_sp_500_there_is_no_answer_but_a_sentence(scope: Scope) -> None:
    panel = restless(4, ROWS)
    part = replace(panel, columns={BTC: panel.columns[BTC]})
    with pytest.raises(NoAnswer, match=r"this market has 0$"):
        regime(PanelView(part, scope))
    assert regime_changes(PanelView(part, scope)) == []


def test_an_sp_500_that_never_moves_has_no_regime() -> None:
    panel = restless(4, ROWS)
    still = replace(panel, columns={**panel.columns, SPX: columns_of(np.full(ROWS, 5_000.0))})
    with pytest.raises(NoAnswer, match="the S&P 500 does not move here"):
        asked(still)


# The picture


@pytest.mark.parametrize("rows", [62, 252, 400])
def test_a_picture_ends_with_the_answers_own_numbers(rows: int) -> None:
    view = PanelView(restless(2, rows))
    answer = regime(view)
    picture = regime_picture(view, answer)
    assert picture.sessions[-1].item() == answer.as_of == picture.as_of
    assert picture.p[-1].tolist() == list(answer.probabilities.values())
    assert STATES[int(picture.labels[-1])] is answer.label
    assert picture.close[-1] == closes(view.panel(XNYS), rows - 1)[SPX]
    assert {len(picture.sessions), len(picture.close), len(picture.labels), len(picture.p)} == {min(rows, SHOWN)}
