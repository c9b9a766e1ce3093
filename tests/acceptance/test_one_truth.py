"""One number, wherever it is shown: a command, the command line, a rule's expression, an alert's evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import permutations

import numpy as np
import pytest

from bot.answers import Correlation
from bot.app import App, Options, open_app
from bot.cli.main import run
from bot.queries.correlation import correlation
from bot.queries.correlations import against_all, matrix
from bot.queries.explain import explain
from bot.queries.regime import regime
from bot.queries.view import View
from rules.bars import Floats
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.evaluation import evaluate
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import read
from rules.model import XNYS, AlertEvent, Label, Rule

END = 1_766_000_000
INSTRUMENTS = ["RUT", "SPX", "VIX", "IWM", "SPY", "QQQ", "HYG", "TLT", "UUP", "GLD"]
INSTRUMENTS += ["IBIT", "ETHA", "BTC", "ETH", "SOL", "ADA", "XRP"]


@pytest.fixture(scope="module")
def app() -> App:
    return open_app(Options(seed=11), at=END)


def shown(view: View, answer: Correlation) -> dict[str, float | None]:
    """The numbers of an answer, each under the expression that a rule would be written with, spelled as in an alert."""
    a, b, n = answer.a, answer.b, answer.window
    assert answer.ci90 is not None
    assert answer.posterior90 is not None
    numbers = {
        f"corr({a}, {b}, {n})": answer.r,
        f"corr_low({a}, {b}, {n})": answer.ci90[0],
        f"corr_high({a}, {b}, {n})": answer.ci90[1],
        f"percentile(corr({a}, {b}, {n}), 504)": answer.percentile[0],
        f"beta({a}, {b}, {n})": answer.beta,
        f"ewcorr({a}, {b})": answer.ewma,
        f"rho({a}, {b})": answer.posterior_mean,
        f"rho_low({a}, {b})": answer.posterior90[0],
        f"rho_high({a}, {b})": answer.posterior90[1],
        **{f"p_corr({a}, {b}, above={level})": p for level, p in answer.p_above.items()},
    }
    if answer.clock == XNYS:  # an index has no price at midnight
        numbers |= {f"shared({a}, {b}, {n})": float(answer.shared)}
        numbers |= {
            f"pcorr({a}, {b}, {', also='.join(controls.split('+'))}, n={n})": left
            for controls, left in answer.partial.items()
            if not {a, b} & set(controls.split("+"))
        }
    return {read(text, view.scope, answer.clock).text: number for text, number in numbers.items()}


def columns(view: View, texts: Iterable[str], calendar: str) -> dict[str, Floats]:
    """The columns of expressions, computed together and by themselves."""
    nodes = {text: read(text, view.scope, calendar).column for text in texts}
    found = evaluate(nodes.values(), view.panel(calendar)).columns
    return {text: found[node] for text, node in nodes.items()}


def known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def asked(view: View, a: str, b: str) -> CompiledRule:
    """A rule that fires once, on the first row on which its numbers are known."""
    p = f"p_corr({a}, {b}, above=0.6) >= 0 and corr_shift({a}, {b}) >= 0"
    return compile_rule(Rule(f"{a}-{b}", f"{p} and corr({a}, {b}, 60) > -2", f"corr({a}, {b}, 60) > 2"), view.scope)


def evidence(event: AlertEvent) -> dict[str, float | None]:
    """All numbers of an alert."""
    return {**event.context, **event.values}


@pytest.mark.parametrize(
    "a", [a if a in ("RUT", "VIX", "SOL") else pytest.param(a, marks=pytest.mark.soak) for a in INSTRUMENTS[:-1]]
)
def test_every_pairs_numbers_are_the_same_bits_in_answers_rules_and_evidence(app: App, a: str) -> None:
    """The rules name a pair the other way round, and are judged side by side."""
    view = app.view()
    others = INSTRUMENTS[INSTRUMENTS.index(a) + 1 :]
    rules = [asked(view, b, a) for b in others]
    panels = {rule.calendar: view.panel(rule.calendar) for rule in rules}
    alerts = {event.rule: event for event in judge(rules, panels, opened(rules), END).events}
    answers = {f"{b}-{a}": correlation(view, a, b, 60) for b in others}
    assert alerts.keys() == answers.keys()
    for calendar, panel in panels.items():
        here = [rule.rule.id for rule in rules if rule.calendar == calendar]
        found = columns(
            view, (text for pair in here for text in (*evidence(alerts[pair]), *shown(view, answers[pair]))), calendar
        )
        for pair in here:
            alert, answer = alerts[pair], answers[pair]
            row = int(np.searchsorted(panel.clock.closes, alert.at))
            assert evidence(alert) == {text: known(found[text][row]) for text in evidence(alert)}
            row = panel.clock.row_of(answer.as_of)
            assert shown(view, answer) == {text: known(found[text][row]) for text in shown(view, answer)}


@pytest.mark.parametrize(("b", "numbers"), [("SPX", 10), ("BTC", 11), ("SOL", 12)])
def test_an_alerts_evidence_is_what_was_answered_at_its_close(app: App, b: str, numbers: int) -> None:
    """Ten numbers that both show, and r given those of SPX and BTC that are none of the two."""
    view = app.view()
    rule = asked(view, "RUT", b)
    [alert] = judge([rule], {XNYS: view.panel(XNYS)}, opened([rule]), END).events
    answered, told = shown(view, correlation(app.view(alert.session), "RUT", b, 60)), evidence(alert)
    both = told.keys() & answered.keys()
    assert {text: told[text] for text in both} == {text: answered[text] for text in both}
    assert len(both) == numbers


def test_a_list_and_a_matrix_are_the_bits_of_a_rule_on_the_clock_of_closes(app: App) -> None:
    view = app.view()
    for line in against_all(view, "BTC", 60).lines:
        texts = [
            template.format(line.b)
            for template in (
                "corr(BTC, {}, 60)",
                "corr_low(BTC, {}, 60)",
                "corr_high(BTC, {}, 60)",
                "p_corr(BTC, {}, above=0.6)",
                "percentile(corr(BTC, {}, 60), 504)",
            )
        ]
        row = view.panel(XNYS).clock.row_of(line.as_of)
        found = [known(column[row]) for column in columns(view, texts, XNYS).values()]
        assert [line.r, *(line.ci90 or (None, None)), line.p_above, line.percentile] == found
    table = matrix(view, "RISK", 60)
    for (i, one), (j, other) in permutations(enumerate(table.instruments), 2):
        [column] = columns(view, [f"corr({one}, {other}, 60)"], XNYS).values()
        assert table.r[i, j] == column[-1]
    [mean] = columns(view, ["avg_corr(RISK, 60)"], XNYS).values()
    assert table.average == pytest.approx(mean[-1], rel=1e-15)


@pytest.mark.parametrize(("a", "b"), [("RUT", "SOL"), ("SOL", "ADA"), ("VIX", "BTC")])
def test_the_command_line_prints_the_bits_that_explain_finds(
    app: App, a: str, b: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--json", "--as-of", "2025-06-30", "--seed", "11"]
    assert run(["corr", a, b, *asked]) == 0
    printed = json.loads(capsys.readouterr().out)
    told = {
        f"corr({b}, {a}, 60)": printed["r"],
        f"corr_low({b}, {a}, 60)": printed["ci90"][0],
        f"beta({a}, {b}, 60)": printed["beta"],
        f"rho({b}, {a})": printed["posterior_mean"],
        f"p_corr({b}, {a}, above=0.5)": printed["p_above"]["0.5"],
        f"percentile(corr({b}, {a}, 60), 504)": printed["percentile"]["r_504"],
    }
    for text, value in told.items():
        assert run(["explain", text, *asked]) == 0
        explained = json.loads(capsys.readouterr().out)
        assert (explained["value"], explained["as_of"]) == (value, printed["as_of"])


def test_the_regimes_probability_is_the_rules_probability(app: App) -> None:
    view = app.view()
    answer = regime(view)
    assert answer.probabilities[Label.RISK_OFF] == explain(view, "p_risk_off()").value
    assert answer.probabilities[Label.RISK_ON] == explain(view, "p_risk_on()").value
    assert explain(view, f"regime_is({answer.label})").value == 1.0


@pytest.mark.parametrize("back", [0, 1, 30, 200, 500])
def test_a_regimes_life_and_what_it_hears_are_those_of_a_rule(app: App, back: int) -> None:
    panel = app.view().panel(XNYS)
    view = app.view(panel.clock.session(len(panel) - 1 - back))
    answer = regime(view)
    before = answer.spells[-2]
    assert explain(view, "regime_age()").value == answer.sessions
    assert explain(view, "regime_lasted()").value == before.sessions
    assert explain(view, f"regime_was({before.label})").value == 1.0
    for name, found in answer.drivers.items():
        assert found is not None
        heard = explain(view, f"regime_{name.lower()}()")
        assert heard.value is not None
        assert (abs(heard.value), heard.as_of) == (found.size, answer.as_of)
