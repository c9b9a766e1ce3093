"""Volumes of two venues: what looks back over them sees rows of the last row's tape alone."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from rules.bars import Origin, VolumeUnit
from rules.columns import Field, Node, warmup
from rules.evaluation import evaluate
from rules.language.meaning import read
from rules.panel import Panel
from rules.scan import Checkpoint
from rules.venues import by_tape
from tests.rules.markets import SCOPE, column, prices, same_bits, tape, written

SPOT, PERPETUAL = tape("SPOT"), tape("PERPETUAL")
LOOKS_BACK = [
    "sma(volume(SOL), 5)", "ret(volume(SOL), 2)", "record(volume(SOL))", "ema(volume(SOL), 4)", "adv(SOL, 5)",
    "sma(sma(volume(SOL), 3), 3)", "percentile(turnover(SOL), 60)", "tier(SOL)", "amihud(SOL, 5)",
]  # fmt: skip
ROWS = 90


def traded(volumes: str | np.ndarray, tapes: str, origins: tuple[Origin, ...] = (SPOT, PERPETUAL)) -> Panel:
    """SOL at a price of 10, its volumes and for each row the number of who printed it; a dot is a gap."""
    volume = prices(volumes) if isinstance(volumes, str) else volumes
    words = tapes.split()
    close = " ".join("." if word == "." else str(10 + k % 3) for k, word in enumerate(words))
    panel = written(SOL=close, ETH=" ".join(["5"] * len(words)))
    origin = np.array([0 if word == "." else int(word) for word in words])
    sol = panel.columns["SOL"]
    sol = replace(sol, volume=volume + 0 * sol.close, turnover=volume * sol.close, origin=origin)
    return replace(panel, columns={**panel.columns, "SOL": sol}, origins={**panel.origins, "SOL": origins})


def drawn(tapes: str, seed: int = 1) -> Panel:
    """Volumes that are 17 times as large where 1 stands."""
    volume = np.exp(np.random.default_rng(seed).normal(10, 0.5, len(tapes.split())))
    times = np.array([17.0 if word == "1" else 1.0 for word in tapes.split()])
    return traded(volume * times, tapes)


ONE_DAY_AWAY = " ".join(["0"] * 70 + ["1"] + ["0"] * (ROWS - 71))
FOR_GOOD = " ".join(["0"] * 70 + ["1"] * (ROWS - 70))


def test_a_window_is_made_of_rows_of_the_last_rows_tape() -> None:
    found = column("sma(volume(SOL), 2)", traded("1 2 40 3 50 60 7 8", "0 0 1 0 1 1 0 0"))
    np.testing.assert_equal(found, prices(". 1.5 . 2.5 45 55 . 7.5"))


def test_a_fold_begins_anew_with_each_tape() -> None:
    found = column("record(volume(SOL))", traded("1 2 40 50 3 4 5", "0 0 1 1 0 0 0"))
    np.testing.assert_equal(found, prices(". 1 . 40 . 3 4"))


def test_a_gap_is_no_change_of_tape() -> None:
    found = column("drawdown(volume(SOL))", traded("10 . 5 . 8", "0 . 0 . 1"))
    np.testing.assert_allclose(found, prices("0 . 0.5 . 0"))


@pytest.mark.parametrize("text", ["sma(volume(SOL), 30)", "adv(SOL, 30)", "amihud(SOL, 30)"])
def test_one_day_at_another_venue_does_not_blind_a_window_for_thirty_rows(text: str) -> None:
    """A source that was down for a day stood in for another: every volume would be unknown for six weeks."""
    panel, whole = drawn(ONE_DAY_AWAY), drawn(" ".join(["0"] * ROWS))
    known = ~np.isnan(column(text, panel))
    assert np.flatnonzero(known != ~np.isnan(column(text, whole))).tolist() == [70]


def test_one_day_at_another_venue_leaves_the_memory_of_what_has_no_value_on_it() -> None:
    """A tier was left because its source had been down for a day, and that was an alert."""
    volumes = " ".join(["60e6"] * 35 + ["45e6"] * (ROWS - 35))
    panel = traded(volumes, ONE_DAY_AWAY)
    found = column("tier(SOL)", panel)
    assert found[60] == found[69] == found[71] == found[-1] == 3
    assert np.isnan(found[70])


def test_a_window_over_one_day_away_is_the_one_in_which_that_day_is_missing() -> None:
    away, missing = drawn(ONE_DAY_AWAY), drawn(ONE_DAY_AWAY.replace("1", "."))
    for text in ("sma(volume(SOL), 5)", "adv(SOL, 5)", "ret(volume(SOL), 2)"):
        found = column(text, away)
        found[70] = np.nan
        assert same_bits(found, column(text, missing)), text


@pytest.mark.parametrize("text", LOOKS_BACK)
def test_after_a_change_for_good_it_is_what_it_would_be_had_nothing_been_before(text: str) -> None:
    panel = drawn(FOR_GOOD)
    price_before = panel[69:]  # the return of the first row needs the close before it
    blank = np.where(np.arange(len(price_before)) < 1, np.nan, 1.0)
    sol = price_before.columns["SOL"]
    sol = replace(sol, volume=sol.volume * blank, turnover=sol.turnover * blank)
    alone = replace(price_before, columns={**price_before.columns, "SOL": sol}, whole=True)
    assert same_bits(column(text, panel)[70:], column(text, alone)[1:])


@pytest.mark.parametrize("text", LOOKS_BACK)
@pytest.mark.parametrize("tapes", [ONE_DAY_AWAY, FOR_GOOD])
def test_resumed_at_any_row_it_is_the_full_one(text: str, tapes: str) -> None:
    node, panel = read(text, SCOPE).column, drawn(tapes)
    full = evaluate([node], panel)
    for row in (1, 69, 70, 71, 72, 80):
        saved = evaluate([node], panel[:row]).checkpoints
        kept = {name: Checkpoint.load(json.loads(json.dumps(each.dump()))) for name, each in saved.items()}
        resumed = evaluate([node], panel, row, kept)
        assert same_bits(resumed.columns[node], full.columns[node][row:])
        assert [each.dump() for each in resumed.checkpoints.values()] == [
            each.dump() for each in full.checkpoints.values()
        ]


def test_of_two_instruments_a_change_of_either_parts_the_rows() -> None:
    panel = traded("1 2 3 4 5 6", "0 0 1 1 1 1")
    eth = replace(panel.columns["ETH"], volume=np.ones(6), origin=np.array([0, 0, 0, 0, 1, 1]))
    panel = replace(
        panel, columns={**panel.columns, "ETH": eth}, origins={**panel.origins, "ETH": (SPOT, PERPETUAL)}
    )  # fmt: skip
    found = column("sma(volume(SOL) / volume(ETH), 2)", panel)
    np.testing.assert_equal(found, prices(". 1.5 . 3.5 . 5.5"))


@pytest.mark.parametrize(
    ("second", "apart"),
    [
        (tape("ELSEWHERE"), True),
        (Origin("test", "SPOT", "USDT", VolumeUnit.BASE), True),
        (Origin("test", "SPOT", "USD", VolumeUnit.QUOTE), True),
        (Origin("another feed", "SPOT", "USD", VolumeUnit.BASE), False),
    ],
)
def test_a_tape_is_a_venue_a_quote_and_a_unit_whichever_feed_tells_it(second: Origin, apart: bool) -> None:
    found = column("sma(volume(SOL), 3)", traded("1 2 3 4 5", "0 0 0 1 1", (SPOT, second)))
    np.testing.assert_equal(found, prices(". . 2 . ." if apart else ". . 2 3 4"))


# What is rewritten


def node_of(text: str) -> Node:
    return read(text, SCOPE).column


@pytest.mark.parametrize("text", ["sma(SOL, 20)", "ema(RUT, 5) / record(SPX)", "p_corr(RUT, SOL)", "spread(SOL)"])
def test_what_is_made_of_prices_stays_as_it_is(text: str) -> None:
    node = node_of(text)
    assert by_tape(node) is node


@pytest.mark.parametrize("text", [*LOOKS_BACK, "volume(SOL) > 2 * sma(volume(SOL), 20)"])
def test_what_is_kept_to_one_tape_is_not_kept_twice(text: str) -> None:
    node = node_of(text)
    assert str(by_tape(node)) == str(node)


def test_a_row_by_itself_and_a_constant_are_not_parted() -> None:
    assert by_tape(Field("SOL", "volume")) == Field("SOL", "volume")
    found = column("volume(SOL) * 2", traded("1 20 3", "0 1 0"))
    np.testing.assert_equal(found, prices("2 40 6"))


@pytest.mark.parametrize(("text", "rows"), [("sma(volume(SOL), 20)", 19), ("amihud(SOL, 5)", 5), ("adv(SOL)", 29)])
def test_the_warm_up_stays_what_it_was(text: str, rows: int) -> None:
    assert warmup(node_of(text)) == rows
