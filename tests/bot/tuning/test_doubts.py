"""Doubts are sentences, each of them told when it is so and only then."""

from __future__ import annotations

from dataclasses import replace

from bot.tuning.doubts import doubts, left_out
from bot.tuning.surface import Plateau
from bot.tuning.tune import Tuning
from tests.bot.tuning.tuned import market, tuned


def planted() -> Tuning:
    return tuned(market(1500, drift=0.012))


def test_a_plateau_is_not_doubted_and_a_spike_is() -> None:
    found = planted()
    broad, narrow, alone = (
        Plateau(4, 4, 0.010, 0.02, 0.005),
        Plateau(4, 4, -0.010, 0.02, 0.035),
        Plateau(4, 1, 0.010, 0.02, 0.005),
    )
    assert "spike" not in " ".join(doubts(replace(found, plateau=broad, edges=())))
    (told,) = (each for each in doubts(replace(found, plateau=narrow)) if "spike" in each)
    assert told.endswith(
        "its 4 neighbours -1.0% in the median; the difference of 3.5% is more than its standard error of 2.0%."
    )
    assert "The best is a spike: of its 4 neighbours 3 had too few firings." in doubts(replace(found, plateau=alone))


def test_an_edge_is_told_by_the_name_of_its_parameter() -> None:
    told = doubts(replace(planted(), edges=("enter", "vol.n")))
    assert told[-2:] == [
        "The best lies at the edge of enter: what is beyond has not been looked at.",
        "The best lies at the edge of vol.n: what is beyond has not been looked at.",
    ]


def test_chance_is_told_as_soon_as_one_history_does_as_well() -> None:
    found = planted()
    assert found.best is not None
    told = doubts(replace(found, chance=(*found.chance[1:], found.best.score)))
    assert "Chance does as well: in 1 of 19 shifted histories the best scores as much or more." in told


def test_out_of_sample_no_edge_is_not_the_opposite_of_one() -> None:
    found = planted()
    assert found.walk.pooled is not None
    sides = {0.0: "has shown no edge.", 1.0: "did worse than all sessions: what followed is the other way."}
    for base, told in sides.items():
        beside = replace(found.walk.pooled.base, median=base)
        pooled = replace(found.walk.pooled, base=beside, low=-0.01, high=0.01, same=None)
        doubted = doubts(replace(found, walk=replace(found.walk, pooled=pooled)))
        assert f"Out of sample the best of the past {told}" in doubted


def test_what_was_left_out_is_told_with_its_reason() -> None:
    found = tuned(market(400), "leave=-3%,0%")
    assert left_out(found) == "1 left out (it would clear on the side of its level on which it fires)"
    assert left_out(planted()) == ""
