"""What the correlation rules of the built-in pack would have sent on real prices, beside the crossing they replace."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from bot.app import App
from bot.cli.main import run
from bot.queries.view import View
from rules.bars import Floats
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.language.compile import compile_rule
from rules.language.meaning import read
from rules.model import XNYS, Edge, Rule
from tests.acceptance.plain import coupled, posteriors, prices_at_closes, shifted
from tests.acceptance.real import END, real_app, real_view
from tests.bot.commands.desks import ask_offline

pytestmark = pytest.mark.shared_data

SENT = {
    "rut-sol-coupled-50": ["2022-08-02", "2023-01-17"],
    "rut-sol-coupled": ["2022-08-24", "2022-12-29"],
    "rut-sol-coupled-70": ["2022-09-20", "2022-09-29"],
    "rut-ada-coupled-50": ["2022-08-04", "2023-05-01"],
    "rut-btc-coupled-50": ["2022-05-06", "2023-06-20"],
    "rut-btc-coupled": ["2022-09-14", "2023-03-17"],
    "rut-eth-coupled-50": ["2022-04-27", "2023-05-02", "2025-05-07", "2025-07-24", "2025-11-14"],
    "rut-eth-coupled": ["2022-05-05", "2023-03-13"],
    "rut-xrp-coupled-50": ["2022-09-12", "2022-09-30"],
    "rut-eth-shift": ["2022-05-11", "2022-05-12"],
    "rut-sol-shift": ["2022-09-19", "2022-09-20"],
}
"""Of each rule that ever fired the sessions on which it fired and resolved, in turn. The shift re-arms on its own."""

NEAREST = {
    "rut-ada-coupled": "2022-09-20",
    "rut-ada-coupled-70": "2022-08-09",
    "rut-ada-shift": "2022-08-11",
    "rut-btc-coupled-70": "2025-03-31",
    "rut-btc-shift": "2022-05-16",
    "rut-eth-coupled-70": "2022-02-22",
    "rut-xrp-coupled": "2022-07-11",
    "rut-xrp-coupled-70": "2022-07-11",
    "rut-xrp-shift": "2022-10-18",
}
"""The rules that never fired, and when they came nearest to it."""


@pytest.fixture(scope="module")
def app() -> App:
    return real_app()


@pytest.fixture(scope="module")
def view() -> View:
    return real_view()


def test_a_replay_of_the_pack_couples_and_shifts_on_the_published_sessions_and_on_no_other(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["replay", "--data", str(shared_data), "--to", "2025-12-31", "--json"]) == 0
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for event in map(json.loads, capsys.readouterr().out.splitlines()):
        if event["rule"].endswith("-shift") or "-coupled" in event["rule"]:
            found[event["rule"]].append((event["event"], event["session"]))
    edges = ["fired", "resolved"] * 3
    assert found == {rule: list(zip(edges, sessions, strict=False)) for rule, sessions in SENT.items()}


def correlations(view: View, coin: str) -> Floats:
    """The rolling 30-session correlation with the Russell 2000."""
    node = read(f"corr(RUT, {coin}, 30)", view.scope).column
    return view.columns([node], XNYS)[node]


@pytest.mark.parametrize(
    ("coin", "flips", "while_filtered"),
    [("ETH", 68, 64), ("BTC", 72, 68), ("SOL", 56, 54), ("ADA", 64, 58), ("XRP", 48, 46)],
)
def test_a_plain_crossing_of_the_thirty_session_correlation_changes_side_ten_times_as_often(
    view: View, coin: str, flips: int, while_filtered: int
) -> None:
    """As a rule without `clear`. Over all rows on which r is known, the first is no flip; or, the smaller figure, over
    those of them on which the filter speaks as well."""
    rule = compile_rule(Rule("plain", f"corr(RUT, {coin}, 30) >= 0.5", None), view.scope)
    panel = view.panel(XNYS)
    r = correlations(view, coin)
    filtered = read(f"rho(RUT, {coin})", view.scope).column
    first = [int(np.flatnonzero(~np.isnan(x))[0]) for x in (r, view.columns([filtered], XNYS)[filtered])]
    events = judge([rule], {XNYS: panel}, opened([rule]), END).events
    rows = np.searchsorted(panel.clock.closes, [event.at for event in events])
    assert [int((rows > row).sum()) for row in first] == [flips, while_filtered]
    above = r[~np.isnan(r)] >= 0.5
    assert int((above[1:] != above[:-1]).sum()) == flips
    assert flips > 10 * len(view.events(f"rut-{coin.lower()}-coupled-50"))


def test_each_rule_of_the_pack_has_fired_or_says_how_near_it_came(view: View) -> None:
    pack = {rule.rule.id for rule in view.rules if "together-coupled" in rule.rule.tags}
    assert pack == {*SENT, *NEAREST}
    assert {rule for rule in pack if any(event.edge is Edge.FIRED for event in view.events(rule))} == {*SENT}


def probabilities(shared_data: Path, view: View, rule: str) -> Floats:
    """What the rule goes by, row by row, from the files without a line of the engine's statistics."""
    _, coin, *kind = rule.split("-")
    p = posteriors(prices_at_closes(shared_data, view.panel(XNYS).clock, coin.upper()))
    return shifted(p) if kind == ["shift"] else coupled(p, 0.7 if kind[-1] == "70" else 0.6)


@pytest.mark.parametrize(("rule", "session"), NEAREST.items())
def test_a_rule_that_never_fired_says_so_with_its_nearest_miss(
    shared_data: Path, view: View, rule: str, session: str
) -> None:
    """None held on two closes in a row: the one that held on one came nearest then, the others at their most."""
    p = probabilities(shared_data, view, rule)
    level = 0.9 if rule.endswith("-shift") else 0.5
    held = np.flatnonzero(p >= level)
    row = int(held[0]) if len(held) else int(np.nanargmax(p))
    assert str(view.panel(XNYS).clock.session(row)) == session
    lines = ask_offline(view, f"/rule {rule}").html.split("\n")
    near = f"held on 1 of 2 closes, {session}" if len(held) else session
    assert lines[-3:-1] == ["It has never fired here.", f"Nearest: {near}"]
    assert lines[-1].endswith(f": {p[row] * 100:.4g}%")
    assert len(held) == (rule == "rut-btc-coupled-70")


@pytest.mark.parametrize("rule", SENT)
def test_a_rule_that_fired_shows_no_miss(view: View, rule: str) -> None:
    answer = ask_offline(view, f"/rule {rule}").html
    assert "Nearest" not in answer
    assert "never fired" not in answer
    last_told = SENT[rule][0 if rule.endswith("-shift") else -1]  # a shift that is over is no news
    assert last_told in answer
