"""One number, wherever it is shown: a command, the command line, a rule's expression, an alert's evidence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bot.app import App, Options, open_app
from bot.cli.main import run
from bot.queries.correlation import correlation
from bot.queries.explain import explain
from bot.queries.regime import regime
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.evaluation import evaluate
from rules.functions.correlation import posterior_mean
from rules.language.compile import compile_rule
from rules.language.meaning import read
from rules.model import Label, Rule

END = 1_766_000_000
INSTRUMENTS = ["RUT", "SPX", "VIX", "IWM", "SPY", "QQQ", "HYG", "TLT", "UUP", "GLD"]
INSTRUMENTS += ["IBIT", "ETHA", "BTC", "ETH", "SOL", "ADA", "XRP"]


@pytest.fixture(scope="module")
def app() -> App:
    return open_app(Options(seed=11), at=END)


@pytest.mark.parametrize("a", INSTRUMENTS[:-1])
def test_every_pairs_numbers_are_the_same_bits_in_answers_rules_and_evidence(app: App, a: str) -> None:
    view, scope = app.view(), app.settings.scope
    for b in INSTRUMENTS[INSTRUMENTS.index(a) + 1 :]:
        answer = correlation(view, a, b, 60)
        p_text = f"p_corr({b}, {a}, above=0.6)"
        rule = compile_rule(
            Rule("asked", f"corr({b}, {a}, 60) > -2 and {p_text} >= 0", f"corr({a}, {b}, 60) > 2"), scope
        )
        panel = view.panel(rule.calendar)
        [fired] = judge([rule], {rule.calendar: panel}, opened([rule]), END).events
        corr, p = (read(text, scope, rule.calendar).column for text in (f"corr({a}, {b}, 60)", p_text))
        mean = posterior_mean(b, a)
        columns = evaluate([corr, p, mean], panel).columns
        row = int(np.searchsorted(panel.clock.closes, fired.at))
        evidence = {"corr": fired.values[f"corr({b}, {a}, 60)"], "p": fired.values[p_text]}
        assert evidence == {"corr": columns[corr][row], "p": columns[p][row]}
        if answer.as_of == panel.clock.session(len(panel) - 1):
            shown = (answer.r, answer.p_above[0.6], answer.posterior_mean)
            assert shown == (columns[corr][-1], columns[p][-1], columns[mean][-1])


@pytest.mark.parametrize(("a", "b"), [("RUT", "SOL"), ("SOL", "ADA"), ("VIX", "BTC")])
def test_the_command_line_prints_the_bits_that_explain_finds(
    app: App, a: str, b: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["corr", a, b, "--json", "--as-of", "2025-06-30", "--seed", "11"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert run(["explain", f"corr({b}, {a}, 60)", "--json", "--as-of", "2025-06-30", "--seed", "11"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert printed["r"] == explained["value"]
    assert printed["as_of"] == explained["as_of"]


def test_the_regimes_probability_is_the_rules_probability(app: App) -> None:
    view = app.view()
    answer = regime(view)
    assert answer.probabilities[Label.RISK_OFF] == explain(view, "p_risk_off()").value
    assert answer.probabilities[Label.RISK_ON] == explain(view, "p_risk_on()").value
    assert explain(view, f"regime_is({answer.label})").value == 1.0
