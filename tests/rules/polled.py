"""Markets that are polled: alerts on trades and closes, and stories of polls, closes and corrections, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from rules.alerting import Firing
from rules.bars import HOUR, Tick
from rules.book import Book, Record
from rules.engine import Outcome, evaluate
from rules.language.compile import CompiledRule, compile_rule
from rules.model import XNYS, Basis, Instant, Rule, Timing
from rules.panel import Panel
from rules.provisional import with_provisional
from tests.rules.markets import SCOPE, TAPE, columns_of, weekdays

TRACK = f"{XNYS}/personal/tick"

PRICES = [94.0, 98.0, 99.0, 100.0, 101.0, 102.0, 106.0]
LINES = ["RUT", "SPX", "RUT - SPX", "sma(RUT, 2)", "ret(SPX, 1)", "ema(RUT, 2)", "record(RUT)", "drawdown(SPX)"]
WHOLE = [
    ("RUT > record(RUT)", "drawdown(RUT) > 3%"),
    ("RUT > 100 and SPX > 100", "RUT < 98"),
    ("RUT > SPX", None),
    ("not (RUT == 100)", None),
    ("up_turn(RUT, 3%)", "SPX < 100"),
]
START = weekdays(40)


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str | None]:
    """A level of an expression, with or without a band; now and then a condition of another kind."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(WHOLE))
    what = draw(st.sampled_from(LINES))
    is_share, is_gap = what.startswith(("ret", "drawdown")), "-" in what
    level = draw(st.sampled_from([0.0, 0.02] if is_share else [-1.0, 0.0, 2.0] if is_gap else [98.0, 100.0, 102.0]))
    band = draw(st.sampled_from([0.0, 0.01, 0.03])) * (1 if is_share else 100)
    if draw(st.booleans()):
        return f"{what} >= {level!r}", draw(st.sampled_from([None, f"{what} < {level - band!r}"]))
    return f"{what} < {level!r}", draw(st.sampled_from([None, f"{what} >= {level + band!r}"]))


@st.composite
def alerts(draw: st.DrawFn, bases: Sequence[Basis] = (Basis.TICK,)) -> list[CompiledRule]:
    """Alerts on trades, or also on closes; made before the market begins, within it, or without a beginning."""
    made = []
    for number in range(draw(st.integers(1, 7))):
        when, clear = draw(lines())
        counts = st.sampled_from([1, 1, 1, 2])
        pause, end = draw(st.sampled_from([0, 0, 0, 3])), draw(st.sampled_from([None, None, None, 3]))
        timing = Timing(draw(counts), draw(counts), pause, end)
        row = draw(st.sampled_from([None, 0, 2, 5]))
        since = None if row is None else int(START.closes[row]) - draw(st.sampled_from([0, 6 * HOUR]))
        rule = Rule(
            f"#1.{number}", when, clear, Basis.TICK, timing, personal=True, since=since, held=draw(st.booleans())
        )
        made.append(compile_rule(rule, SCOPE))
    return made


@dataclass(frozen=True)
class Poll:
    """Trades so many minutes after the last ones: earlier ones too, and of none, one or both instruments."""

    minutes: int
    rut: float | None
    spx: float | None


@dataclass(frozen=True)
class Close:
    """The session closes, with a gap or without."""

    rut: float
    spx: float


@dataclass(frozen=True)
class Restated:
    """A close so many rows ago was another one."""

    back: int
    price: float


trades = st.one_of(st.none(), st.sampled_from(PRICES), st.sampled_from(PRICES))
closing = st.one_of(st.sampled_from(PRICES), st.sampled_from(PRICES), st.just(np.nan))
polls = st.builds(Poll, st.sampled_from([1, 1, 2, 0, -3]), trades, trades)
closes, corrections = st.builds(Close, closing, closing), st.builds(Restated, st.integers(0, 4), closing)
steps = st.lists(st.one_of(polls, polls, polls, polls, closes, corrections), min_size=4, max_size=24)


class Market:
    """Sessions that have closed, and the one in progress. A panel of closes is made anew only when one has changed."""

    def __init__(self) -> None:
        self._closes = {"RUT": [99.0, 100.0, 99.0], "SPX": [100.0, 99.0, 100.0]}
        self._last: dict[str, tuple[Instant, float]] = {}
        self._minute = 0
        self.closed = self._panel()

    def goes_on(self, step: Poll | Close | Restated) -> tuple[Panel, Instant]:
        """What is to be judged, and when."""
        if isinstance(step, Poll):
            return self._polled(step)
        if isinstance(step, Close):
            self._closes["RUT"].append(step.rut)
            self._closes["SPX"].append(step.spx)
            self._last, self._minute = {}, 0
        else:
            self._closes["RUT"][max(0, len(self._closes["RUT"]) - 1 - step.back)] = step.price
        self.closed = self._panel()
        return self._with_trades(), int(self.closed.clock.closes[-1]) + HOUR

    def _polled(self, step: Poll) -> tuple[Panel, Instant]:
        self._minute = max(1, self._minute + step.minutes)
        at = int(START.closes[len(self.closed)]) - 6 * HOUR + 60 * self._minute
        for name, price in (("RUT", step.rut), ("SPX", step.spx)):
            if price is not None:
                self._last[name] = (at, price)
        return self._with_trades(), at + 5

    def _with_trades(self) -> Panel:
        ticks = {name: Tick(name, at, price, np.nan, np.nan, np.nan, TAPE) for name, (at, price) in self._last.items()}
        session = START.session(len(self.closed))
        return with_provisional(self.closed, session, ticks) if ticks else self.closed

    def _panel(self) -> Panel:
        columns = {name: columns_of(np.array(closes)) for name, closes in self._closes.items()}
        return Panel(START[: len(self._closes["RUT"])], columns, dict.fromkeys(columns, (TAPE,)))


def judged(rules: Sequence[CompiledRule], panel: Panel, closed: Panel, book: Book, now: Instant) -> Outcome:
    return evaluate(rules, {XNYS: closed, TRACK: panel}, book, now)


def what_counts(rule: CompiledRule, record: Record) -> object:
    """Where an alert stands, without the last row that it was judged on."""
    alert, coverage = record.alert, record.coverage
    if isinstance(alert, Firing) and rule.rule.timing.expires is None:
        alert = replace(alert, age=min(alert.age, rule.rule.timing.cooldown))
    return replace(alert, bar=0), replace(coverage, bar=0), record.adopted, record.digest
