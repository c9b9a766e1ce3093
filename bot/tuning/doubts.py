"""What is to be doubted about the best of a surface, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bot.render.numbers import percent
from bot.tuning.measure import SHIFTS
from bot.tuning.surface import Plateau, Point
from bot.tuning.tune import Tuning
from rules.evidence import LEAST, Finding
from rules.language.errors import listing


def doubts(tuning: Tuning) -> list[str]:
    """Reasons not to believe the best of the surface, the gravest first; none where nothing speaks against it."""
    if tuning.best is None:
        return [
            f"No variant has {LEAST} firings that share no session and whose outcome is known: nothing can be chosen."
        ]
    found = [*_no_better(tuning.best), *_chance(tuning, tuning.best), *_forward(tuning)]
    spike = _spike(tuning.plateau, tuning.best) if tuning.plateau is not None else []
    edges = [f"The best lies at the edge of {name}: what is beyond has not been looked at." for name in tuning.edges]
    return [*found, *spike, *edges]


def chance_line(tuning: Tuning) -> str:
    """How well the best of so many does where nothing follows from anything."""
    if tuning.best is None or not tuning.chance:
        return f"{_variants(tuning)} tried."
    middle = percent(tuning.chance[len(tuning.chance) // 2], signed=True)
    most = percent(tuning.chance[-1], signed=True)
    told = f"{_variants(tuning)} tried. With outcomes shifted in time, so that nothing follows from anything,"
    count = len(tuning.chance)
    return f"{told} the best of them scores {middle} in the middle of {count} such histories and {most} in the best."


def _variants(tuning: Tuning) -> str:
    return f"{tuning.tried} variant{'s were' if tuning.tried != 1 else ' was'}"


def _no_better(best: Point) -> Iterator[str]:
    if best.score <= 0:
        yield "Even the best is not clear of what followed all sessions: its score is not above zero."


def _chance(tuning: Tuning, best: Point) -> Iterator[str]:
    as_well = sum(each >= best.score for each in tuning.chance)
    if as_well:
        yield f"Chance does as well: in {as_well} of {SHIFTS} shifted histories the best scores as much or more."


def _forward(tuning: Tuning) -> Iterator[str]:
    pooled = tuning.walk.pooled
    if pooled is None:
        yield "No training had firings enough to choose by: nothing is known of how a choice would have done."
        return
    wanted, opposite = (Finding.ABOVE, Finding.BELOW) if tuning.request.up else (Finding.BELOW, Finding.ABOVE)
    if pooled.finding is Finding.TOO_FEW:
        yield "Out of sample too few firings were left to say anything."
    elif pooled.finding is opposite:
        yield "Out of sample the best of the past did worse than all sessions: what followed is the other way."
    elif pooled.finding is not wanted:
        yield "Out of sample the best of the past has shown no edge."
    changes = [step.chosen.variant.at for step in tuning.walk.steps if step.chosen is not None]
    if len(set(changes)) > (len(changes) + 1) // 2:
        yield f"The best of the past was another one again and again: {len(set(changes))} in {len(changes)} steps."


def _spike(plateau: Plateau, best: Point) -> Iterator[str]:
    if not plateau.is_spike:
        return
    if 2 * plateau.scored < plateau.neighbours or math.isnan(plateau.median):
        few = plateau.neighbours - plateau.scored
        yield f"The best is a spike: of its {plateau.neighbours} neighbours {few} had too few firings."
        return
    score, median, ahead, error = (
        percent(share, signed=True) for share in (best.score, plateau.median, plateau.advantage, plateau.error)
    )
    yield (
        f"The best is a spike: it scores {score}, its {plateau.neighbours} neighbours {median} in the median; the "
        f"difference of {ahead[1:]} is more than its standard error of {error[1:]}."
    )


def left_out(tuning: Tuning) -> str:
    """Which variants of the grid were not tried; empty where all were."""
    parts = [f"{count} left out ({reason})" for reason, count in tuning.grid.skipped]
    return listing(parts, 3)
