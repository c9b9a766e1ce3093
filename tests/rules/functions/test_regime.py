"""The regime, against a plain loop over the definition STATS D5."""

from __future__ import annotations

import math
from statistics import median

import numpy as np
import pytest

from rules.evaluation import Checkpoints, evaluate
from rules.panel import Panel
from rules.regime.filter import probabilities
from rules.regime.label import RegimeLife, label, life
from rules.scan import run
from tests.rules.functions.test_laws import through_json
from tests.rules.functions.test_trend import linked_returns
from tests.rules.markets import column, columns_of, market, same_bits
from tests.rules.regimes import restless

STAY = (1 - 1 / 200, 1 - 1 / 100, 1 - 1 / 40)
EXIT = ({1: 0.75, 2: 0.25}, {0: 0.6, 2: 0.4}, {0: 0.25, 1: 0.75})


def log_returns(panel: Panel, name: str) -> list[float]:
    close, link = panel.field(name, "close"), panel.field(name, "link")
    returns: list[float] = np.log1p(linked_returns(close, link, 1)).tolist()
    return returns


def scales(returns: list[float]) -> list[float]:
    """The trailing median over 756 rows of an EWMA volatility with half-life 20, after 60 rows."""
    decay, variance, vols, out = 0.5 ** (1 / 20), None, [], []
    for r in returns:
        if not math.isnan(r):
            variance = r * r if variance is None else decay * variance + (1 - decay) * r * r
        vols.append(math.nan if variance is None else math.sqrt(variance))
        known = [v for v in vols[-756:] if not math.isnan(v)]
        out.append(median(known) if len(known) >= 60 else math.nan)
    return out


def student(x: float, m: float) -> float:
    return -math.log(m) - 3 * math.log(1 + (x / m) ** 2 / 3)


def regime(panel: Panel) -> tuple[np.ndarray, list[str | None]]:
    """Probabilities and labels of each row; NaN and None where there are none."""
    spx, btc = log_returns(panel, "SPX"), log_returns(panel, "BTC")
    log_vix = np.log(panel.field("VIX", "close")).tolist()
    spx_scale, btc_scale = scales(spx), scales(btc)
    p, label = [1 / 3] * 3, "NEUTRAL"
    out = np.full((len(panel), 3), np.nan)
    labels: list[str | None] = []
    for t in range(len(panel)):
        before = spx_scale[t - 1] if t else math.nan
        if math.isnan(spx[t]) or not before > 0:
            labels.append(None)
            continue
        a = spx[t] / math.exp(0.8 * math.log(before) + 0.2 * math.log(0.155 / math.sqrt(252)))
        b = btc[t] / btc_scale[t - 1] if btc_scale[t - 1] else math.nan
        past = [x for x in log_vix[max(0, t - 755) : t + 1] if not math.isnan(x)]
        v = log_vix[t] - (0.25 * math.log(18.5) + 0.75 * median(past)) if len(past) >= 60 else math.nan
        weight = []
        for k, (m, c, mu) in enumerate(zip((0.7, 1, 2), (0.85, 1, 1.5), (-0.22, 0, 0.45), strict=True)):
            loglik = student(a, m)
            loglik += 0.0 if math.isnan(b) else 0.3 * student(b, c)
            loglik += 0.0 if math.isnan(v) else 0.2 * (-0.5 * ((v - mu) / 0.17) ** 2)
            moved = sum(p[i] * (STAY[i] if i == k else (1 - STAY[i]) * EXIT[i].get(k, 0)) for i in range(3))
            weight.append(moved * math.exp(loglik))
        p = [w / sum(weight) for w in weight]
        if (label == "RISK_OFF" and p[2] <= 0.2) or (label == "RISK_ON" and p[0] <= 0.4):
            label = "NEUTRAL"
        if label == "NEUTRAL" and p[0] >= 0.7:
            label = "RISK_ON"
        if p[2] >= 0.8:
            label = "RISK_OFF"
        out[t] = p
        labels.append(label)
    return out, labels


def storm(seed: int, *, scars: bool = True) -> Panel:
    """A market of 420 rows that turns wild and calm again."""
    panel = market(seed, 420, scars=scars)
    wild = dict(panel.columns)
    for name, times in (("SPX", 4.0), ("BTC", 3.0), ("VIX", 2.5)):
        close = panel.field(name, "close")
        steps = np.diff(np.log(close), prepend=np.nan)
        extra = np.where((np.arange(420) >= 270) & (np.arange(420) < 310) & ~np.isnan(steps), steps * (times - 1), 0.0)
        lift = 0.5 * ((np.arange(420) >= 270) & (np.arange(420) < 320)) if name == "VIX" else np.cumsum(extra)
        wild[name] = columns_of(close * np.exp(lift), panel.field(name, "link"))
    return Panel(panel.clock, wild, panel.origins)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_the_regime_agrees_with_a_plain_loop_over_the_definition(seed: int) -> None:
    panel = storm(seed)
    expected, labels = regime(panel)
    node = probabilities()
    np.testing.assert_allclose(evaluate([node], panel).columns[node], expected, rtol=1e-8, atol=1e-12)
    returns = np.cumsum(~np.isnan(log_returns(panel, "SPX")))
    late = (returns > 250) & ~np.isnan(expected[:, 0])
    np.testing.assert_allclose(column("p_risk_on()", panel), np.where(late, expected[:, 0], np.nan), rtol=1e-8)
    np.testing.assert_allclose(column("p_risk_off()", panel), np.where(late, expected[:, 2], np.nan), rtol=1e-8)
    for name in ("RISK_ON", "NEUTRAL", "RISK_OFF"):
        wanted = [float(label == name) if spoken else np.nan for label, spoken in zip(labels, late, strict=True)]
        np.testing.assert_array_equal(column(f"regime_is({name})", panel), wanted)


def test_the_storms_of_these_tests_reach_every_label() -> None:
    seen = {label for seed in range(1, 7) for label in regime(storm(seed))[1]}
    assert seen >= {"RISK_ON", "NEUTRAL", "RISK_OFF"}


@pytest.mark.parametrize("absent", ["BTC", "VIX"])
def test_a_missing_coin_or_vix_only_drops_its_term(absent: str) -> None:
    panel = storm(3, scars=False)
    without = Panel(panel.clock, {k: v for k, v in panel.columns.items() if k != absent}, panel.origins)
    gone = Panel(panel.clock, {**panel.columns, absent: columns_of(np.full(len(panel), np.nan))}, panel.origins)
    known = column("p_risk_off()", without)
    np.testing.assert_allclose(known, regime(gone)[0][:, 2] + _late(panel), rtol=1e-8)
    assert not np.isnan(known[251:]).any()


def _late(panel: Panel) -> np.ndarray:
    """0 where rules may use the regime on a gapless panel, NaN before."""
    return np.where(np.arange(len(panel)) >= 251, 0.0, np.nan)


def test_without_the_index_there_is_no_regime() -> None:
    panel = market(1, scars=False)
    without = Panel(panel.clock, {k: v for k, v in panel.columns.items() if k != "SPX"}, panel.origins)
    assert np.isnan(column("p_risk_on()", without)).all()
    assert np.isnan(column("regime_is(NEUTRAL)", without)).all()


# The life of a label


def lives(labels: list[str | None]) -> list[tuple[str, float, float] | None]:
    """The label before, rows in the label, rows of the one before; of each row with a label."""
    spells: list[list[str]] = []
    out: list[tuple[str, float, float] | None] = []
    for name in labels:
        if name is None:
            out.append(None)
            continue
        if not spells or spells[-1][0] != name:
            spells.append([])
        spells[-1].append(name)
        before = spells[-2] if len(spells) > 1 else []
        out.append((before[0] if before else "NEUTRAL", len(spells[-1]), len(before) or math.nan))
    return out


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_the_life_of_a_label_agrees_with_a_plain_loop(seed: int) -> None:
    panel = storm(seed)
    _, labels = regime(panel)
    told = lives(labels)
    late = np.cumsum(~np.isnan(log_returns(panel, "SPX"))) > 250
    for k, text in ((1, "regime_age()"), (2, "regime_lasted()")):
        wanted = [each[k] if each and spoken else np.nan for each, spoken in zip(told, late, strict=True)]
        np.testing.assert_array_equal(column(text, panel), wanted)
    for name in ("RISK_ON", "NEUTRAL", "RISK_OFF"):
        wanted = [
            float(each[0] == name) if each and spoken else np.nan for each, spoken in zip(told, late, strict=True)
        ]
        np.testing.assert_array_equal(column(f"regime_was({name})", panel), wanted)


def lived(text: str) -> list[tuple[float, ...]]:
    """What RegimeLife says of labels written as letters, a dot for none: `lived("NN.F")`."""
    values = np.array(["ONF.".index(letter) for letter in text], dtype=np.float64)
    labels = np.where(values == 3, np.nan, values)[:, None]
    fold = RegimeLife()
    _, out = run(fold, [labels], fold.initial(1))
    return [tuple(row) for row in np.nan_to_num(out[:, 0], nan=-1.0).tolist()]


def test_a_life_is_told_by_hand() -> None:
    """On is 0, neutral 1, off 2; -1 stands for what is unknown."""
    assert lived("N") == [(1, 1, -1)]
    assert lived("OO") == [(1, 1, -1), (1, 2, -1)]
    assert lived("NNF") == [(1, 1, -1), (1, 2, -1), (1, 1, 2)]
    assert lived(".N.F.F") == [(-1, -1, -1), (1, 1, -1), (-1, -1, -1), (1, 1, 1), (-1, -1, -1), (1, 2, 1)]
    assert lived("ONOF")[-1] == (0, 1, 1)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6])
def test_what_the_regime_hears_of_each_price_agrees_with_a_plain_loop(seed: int) -> None:
    panel = storm(seed)
    sizes = {}
    for name, shrunk in (("SPX", True), ("BTC", False)):
        returns = log_returns(panel, name)
        usual = [math.nan, *scales(returns)[:-1]]
        if shrunk:
            usual = [x**0.8 * (0.155 / math.sqrt(252)) ** 0.2 for x in usual]
        sizes[name] = [r / x if x > 0 else math.nan for r, x in zip(returns, usual, strict=True)]
    np.testing.assert_allclose(column("regime_spx()", panel), sizes["SPX"], rtol=1e-9)
    np.testing.assert_allclose(column("regime_btc()", panel), sizes["BTC"], rtol=1e-9)
    vix = panel.field("VIX", "close")
    ratios = np.full(len(panel), np.nan)
    for row in range(len(panel)):
        known = vix[: row + 1][~np.isnan(vix[: row + 1])]
        if len(known) >= 60 and not np.isnan(vix[row]):
            ratios[row] = vix[row] / (18.5**0.25 * np.exp(np.median(np.log(known))) ** 0.75)
    np.testing.assert_allclose(column("regime_vix()", panel), ratios, rtol=1e-9)


@pytest.mark.parametrize("absent", ["BTC", "VIX"])
def test_of_a_price_that_is_not_there_the_regime_hears_nothing(absent: str) -> None:
    panel = storm(3, scars=False)
    without = Panel(panel.clock, {k: v for k, v in panel.columns.items() if k != absent}, panel.origins)
    assert np.isnan(column(f"regime_{absent.lower()}()", without)).all()
    assert not np.isnan(column("regime_spx()", without)[61:]).any()


@pytest.mark.parametrize("seed", [1, 2])
def test_row_by_row_with_save_and_load_the_regime_and_its_life_are_those_of_a_replay(seed: int) -> None:
    """A prefix knows nothing of what follows, and a memory written down forgets nothing."""
    panel = restless(seed, 400, gaps=True)
    nodes = [probabilities(), label(), life()]
    whole = evaluate(nodes, panel).columns
    saved: Checkpoints = {}
    for row in range(len(panel)):
        done = evaluate(nodes, panel[: row + 1], row, saved)
        saved = through_json(done.checkpoints)
        assert all(same_bits(done.columns[node][0], whole[node][row]) for node in nodes)
