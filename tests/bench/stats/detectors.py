"""Who judges, as rules that anyone could type: the correlation filter, the shift, and what others alert on.

Nothing is computed here: columns are the rule language's, an alert's life is `rules.alerting`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from rules.alerting import AlertState, Firing, Inactive, step
from rules.bars import Bools, Floats
from rules.model import Rule, Timing, Verdict
from rules.panel import Panel
from tests.bench.stats.prices import columns

THETA = 0.7
"""The correlation from which a pair is coupled: the level of every crossing here."""


class Detector(enum.StrEnum):
    """Who judges. The naive ones and the EWMA cross THETA with nothing to hold them."""

    OURS = "ours"
    NAIVE_30 = "naive 30"
    NAIVE_60 = "naive 60"
    EWMA = "EWMA 40"
    CLASSIC = "classic 60"


class Alarm(enum.StrEnum):
    """What is told of a pair: that it is coupled (a state), or that its correlation shifted (an instant)."""

    COUPLED = "coupled"
    ROSE = "rose"
    FELL = "fell"
    SHIFTED = "shifted"


RULES: Mapping[Alarm, Mapping[Detector, Rule]] = {
    Alarm.COUPLED: {
        Detector.OURS: Rule(
            "ours",
            when=f"p_corr({{pair}}, above={THETA}) >= 50%",
            clear=f"p_corr({{pair}}, above={THETA}) <= 5%",
            timing=Timing(confirm=2),
        ),
        Detector.NAIVE_30: Rule("naive-30", when=f"corr({{pair}}, 30) >= {THETA}"),
        Detector.NAIVE_60: Rule("naive-60", when=f"corr({{pair}}, 60) >= {THETA}"),
        Detector.EWMA: Rule("ewma-40", when=f"ewcorr({{pair}}, 40) >= {THETA}"),
        Detector.CLASSIC: Rule("classic-60", when=f"classic({{pair}}, 60, enter={THETA}, leave=0.5, closes=3)"),
    },
    Alarm.ROSE: {Detector.OURS: Rule("rose", when="corr_shift({pair}) > 90% and rho({pair}) > rho_ref({pair})")},
    Alarm.FELL: {Detector.OURS: Rule("fell", when="corr_shift({pair}) > 90% and rho({pair}) < rho_ref({pair})")},
    Alarm.SHIFTED: {Detector.OURS: Rule("shifted", when="corr_shift({pair}) > 90%")},
}

Fires = Mapping[Alarm, Mapping[Detector, Bools]]
"""Of each alarm and detector the rows of returns on which it fires, (rows, paths)."""


Columns = Callable[[Sequence[str], Panel], list[Floats]]
"""Gives of each expression its columns for all paths of a panel: by default those of pairs."""


def judge(panel: Panel) -> Fires:
    """Every alarm of every detector on all paths of a panel."""
    fires = fires_of([rule for of_alarm in RULES.values() for rule in of_alarm.values()], panel)
    return {
        alarm: {detector: fires[rule.id] for detector, rule in of_alarm.items()} for alarm, of_alarm in RULES.items()
    }


def fires_of(rules: Collection[Rule], panel: Panel, columns: Columns = columns) -> dict[str, Bools]:
    """Of each rule, by its id, the rows of returns on which it fires on all paths of a panel, (rows, paths)."""
    texts = [text for rule in rules for text in (rule.when, clear_of(rule))]
    verdicts = dict(zip(texts, columns(texts, panel), strict=True))
    return {rule.id: firing(verdicts[rule.when], verdicts[clear_of(rule)], rule.timing) for rule in rules}


def clear_of(rule: Rule) -> str:
    """When a rule clears; by default when it would not fire."""
    return rule.clear or f"not ({rule.when})"


def firing(when: Floats, clear: Floats, timing: Timing) -> Bools:
    """On which rows an alert with these verdicts, (rows, paths), is firing."""
    columns = [_life(timing, enters, leaves) for enters, leaves in zip(when.T.tolist(), clear.T.tolist(), strict=True)]
    return np.array(columns, dtype=bool).T


def _life(timing: Timing, when: list[float], clear: list[float]) -> list[bool]:
    state: AlertState = Inactive()
    fires = []
    for bar, (enters, leaves) in enumerate(zip(when, clear, strict=True)):
        state, _ = step(timing, state, _verdict(enters), _verdict(leaves), bar)
        fires.append(isinstance(state, Firing))
    return fires


def _verdict(value: float) -> Verdict:
    return _VERDICTS.get(value, Verdict.UNKNOWN)


_VERDICTS = {1.0: Verdict.TRUE, 0.0: Verdict.FALSE}
