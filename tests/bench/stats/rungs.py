"""How often the built-in rules of a pair fire where the correlation stands still, beside a crossing that nothing holds.

The rules are those of config.example.toml, word for word: what is counted is what a trader would be sent. Near a level
none of them is silent; docs/correlation.md says so with these numbers. There is nothing here that could fail.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from bot.tuning.worlds.pairs import LADDER, World, draw
from rules.model import Rule
from tests.acceptance.coupled import COINS, pack
from tests.bench.stats.campaign import Job, jobs_of, side_by_side
from tests.bench.stats.detectors import fires_of
from tests.bench.stats.figures import Told, entries_a_year, pooled, share_firing, share_silent
from tests.bench.stats.gates import Unit
from tests.bench.stats.markdown import table
from tests.bench.stats.prices import panel_of

PATHS = 400
CLOSEST = 0.45
"""The truth next to the lowest level, where the rules are looked at more closely."""

PACK = {
    "coupled-50": "`coupled-50`",
    "coupled": "`coupled` (.60)",
    "coupled-70": "`coupled-70`",
    "shift": "`shift`",
}
"""The built-in rules of every coin by the end of their id, and how the documentation calls them."""

PLAIN = Rule("plain", when="corr({pair}, 30) >= 0.5")
TITLES = {**PACK, PLAIN.id: "r of 30 crosses .50"}

Heard = Mapping[float, Mapping[str, Told]]
"""By the true correlation what each rule tells. It tells no truth, for nothing ever begins."""


def measure(seed: int, paths: int, processes: int = 1) -> Heard:
    """What the rules tell on the first `paths` paths of every world of the ladder under a seed."""
    jobs = jobs_of(seed, paths, LADDER.values())
    return by_truth(zip(jobs, side_by_side(hear, jobs, processes), strict=True))


def by_truth(told: Iterable[tuple[Job, Mapping[str, Told]]]) -> Heard:
    """The paths of all jobs of a world as one; the worlds in the order of the ladder."""
    parts: dict[World, dict[str, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for job, of_job in told:
        for kind, each in of_job.items():
            parts[job.world][kind].append(each)
    return {
        rho: {kind: pooled(each) for kind, each in parts[world].items()}
        for rho, world in LADDER.items()
        if world in parts
    }


def hear(job: Job) -> dict[str, Told]:
    """What each rule tells on the paths of a job."""
    rules = rules_of_a_pair()
    fires = fires_of(rules.values(), panel_of(draw(job.world, job.seed, job.paths)))
    return {kind: Told(fires[rule.id], np.zeros_like(fires[rule.id])) for kind, rule in rules.items()}


@cache
def rules_of_a_pair() -> Mapping[str, Rule]:
    """The built-in rules of a coin, with `{pair}` for its two instruments, and PLAIN."""
    coin, built_in = COINS[0], {each.rule.id: each.rule for each in pack()}
    of_coin = {kind: built_in[f"rut-{coin.lower()}-{kind}"] for kind in PACK}
    return {**{kind: of_any(f"RUT, {coin}", rule) for kind, rule in of_coin.items()}, PLAIN.id: PLAIN}


def of_any(pair: str, rule: Rule) -> Rule:
    """A rule of this pair with `{pair}` in its place."""
    clear = None if rule.clear is None else rule.clear.replace(pair, "{pair}")
    return replace(rule, when=rule.when.replace(pair, "{pair}"), clear=clear)


def tables(heard: Heard) -> str:
    """All that the documentation says of the rules where nothing changes, in Markdown."""
    return (
        f"Alerts a year and pair where the truth stands still:\n\n{rates(heard)}\n\n"
        f"Alerts a year of the {len(PACK)} rules of {len(COINS)} coins together: {together(heard)}.\n\n"
        f"Where the truth is {written(CLOSEST)}, after the warm-up:\n\n{shares(heard[CLOSEST])}"
    )


def rates(heard: Heard) -> str:
    """How often each rule fires, a row for each truth."""
    rows = [[written(rho), *(written(entries_a_year(told[kind])) for kind in TITLES)] for rho, told in heard.items()]
    return table(["truth", *TITLES.values()], rows)


def together(heard: Heard) -> str:
    """How often any built-in rule of any coin fires where this is the truth of all."""
    sums = {rho: len(COINS) * sum(entries_a_year(told[kind]) for kind in PACK) for rho, told in heard.items()}
    return ", ".join(f"{written(rate)} at {written(rho)}" for rho, rate in sums.items())


def shares(told: Mapping[str, Told]) -> str:
    """How many paths hear nothing of a rule, and how much of the time it is firing."""
    figures: dict[str, Callable[[Told], float]] = {
        "paths on which it never fires": share_silent,
        "rows on which it is firing": share_firing,
    }
    rows = [[words, *(Unit.SHARE.write(figure(told[kind])) for kind in TITLES)] for words, figure in figures.items()]
    return table(["share of", *TITLES.values()], rows)


def written(value: float) -> str:
    """A correlation or a rate as the documentation writes it: .05, .45, 1.0, 12.3."""
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else f"{value:.1f}"
