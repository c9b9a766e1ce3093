"""The texts of correlation answers: of a pair, of one against all, of a matrix. Lines of at most 40 characters."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np

from bot.answers import Against, Change, Correlation, CorrelationList, CorrelationMatrix, Volatility
from bot.render.alerts import SIMULATED_LINE
from bot.render.answers import signed
from bot.render.numbers import closing, correlation, instant, probability, slope
from rules.model import ALWAYS, Instant

NOT_CHANCE = 0.10
"""A change is pointed out below this p; how many would be by chance is said with it."""

HARDLY_CHANCE = 0.01
"""Below this p a change is told without a may."""

HELD = 0.5
"""A pair that is coupled stays so while P is below this, until it is down at the level's own end."""

WIDEST = 40
"""Characters of a table that a phone shows without scrolling."""

RANKED = 504
"""Sessions of the shorter history that r is ranked in."""

EXTREMES = 4
"""Pairs named at either end where a table would be too wide."""


def correlation_answer(answer: Correlation, next_open: Instant | None) -> str:
    """A pair: r with its interval and rank, the filter's view, what lies behind it, what has changed."""
    lines = [f"<b>{answer.a} and {answer.b}</b>, {answer.window} returns", _r(answer)]
    if answer.r is not None:
        lines += _around(answer)
    lines += _by_filter(answer)
    if answer.r is not None:
        lines += _behind(answer)
    if answer.approximate:
        lines.append("<b>approximate</b>: by UTC day, not by close")
    return signed(lines, closing(answer.as_of, answer.clock), next_open, answer.origins)


def _r(answer: Correlation) -> str:
    if answer.r is None:
        return f"r: n/a, {answer.reason}"
    if answer.ci90 is None:
        return f"r <b>{correlation(answer.r)}</b>, interval undefined"
    return f"r <b>{correlation(answer.r)}</b>, 90% {_range(answer.ci90)}"


def _around(answer: Correlation) -> Iterator[str]:
    yield _rank(answer)
    yield f"Kendall {correlation(answer.kendall)}, weighted {correlation(answer.ewma)}"
    yield f"A month ago: {correlation(answer.month_ago)}"
    if answer.change is not None:
        yield f"Window before: {correlation(answer.change.before)} (z {answer.change.z:+.1f}, {_p(answer.change)})"
        yield f"   1 test: {_change(answer.change)}"


def _by_filter(answer: Correlation) -> Iterator[str]:
    mean, between = answer.posterior_mean, answer.posterior90
    yield f"Filtered: {correlation(mean)}{f', 90% {_range(between)}' if between else ''}"
    yield f"P(corr ≥ .5/.6/.7): {'/'.join(escape(probability(p)) for p in answer.p_above.values())}"
    states = (_coupled(state, answer.p_above[level]) for level, state in answer.coupled.items())
    yield f"Coupled at .5/.6/.7: {'/'.join(states)}"


def _behind(answer: Correlation) -> Iterator[str]:
    for controls, r in answer.partial.items():
        unpriced = answer.clock == ALWAYS and r is None  # an index has no price at midnight
        if not unpriced and not {answer.a, answer.b} & set(controls.split("+")):
            yield f"Given {controls.replace('+', ' and ')}: {correlation(r)}"
    if answer.shared:
        yield "Mostly shared with the market"
    yield f"Beta of {answer.b} on {answer.a}: {slope(answer.beta)}"
    if answer.volatility is not None:
        yield from _volatile(answer, answer.volatility)


def _volatile(answer: Correlation, found: Volatility) -> Iterator[str]:
    yield f"Variance of {found.leg}: {found.rise + 1:.1f}x the year before"
    driven = [level for level in answer.coupled if answer.r is not None and found.adjusted < level <= answer.r]
    yield f"   r without that: {correlation(found.adjusted)}"
    if driven:
        yield f"   Above {driven[0]} volatility may explain it"


def _change(change: Change) -> str:
    if change.p < HARDLY_CHANCE:
        return "it has changed"
    return "it may have changed" if change.p < NOT_CHANCE else "no clear change"


def _p(change: Change) -> str:
    return f"p {change.p:.2f}" if change.p >= 0.005 else "p &lt; .01"


def _range(ends: tuple[float, float]) -> str:
    return f"{correlation(ends[0])} to {correlation(ends[1])}"


def _rank(answer: Correlation) -> str:
    recent, ever = answer.percentile
    if recent is None or ever is None:
        return f"Rank: n/a, {answer.ranked} values of r so far"
    if answer.ranked <= RANKED:
        return f"Rank: {ever * 100:.0f}% of {answer.ranked} sessions"
    return f"Rank: {recent * 100:.0f}% of {RANKED} sessions, {ever * 100:.0f}% of all"


def _coupled(state: bool | None, p: float | None) -> str:
    if state and p is not None and p < HELD:
        return "held"
    return "n/a" if state is None else "yes" if state else "no"


def list_answer(answer: CorrelationList, next_open: Instant | None) -> str:
    """One against all: r, interval and the filter's probability a line; then what has changed, of how many."""
    width = max(len(line.b) for line in answer.lines)
    rows = [f"{'':{width}}     r  90%            P≥{answer.level:g}"[: WIDEST + 2]]
    rows += [_row(line, width, answer.window) for line in answer.lines]
    lines = [f"<b>{answer.a} against all</b>, {answer.window} returns", f"<pre>{escape(chr(10).join(rows))}</pre>"]
    lines += _changes(answer)
    late = {line.b: line.as_of for line in answer.lines if line.as_of < answer.as_of}
    lines += [f"{name}: as of {session.isoformat()}" for name, session in late.items()]
    lines += _missing(answer)
    return _dated(lines, answer, next_open)


def _row(line: Against, width: int, window: int) -> str:
    ends = _range(line.ci90) if line.ci90 else f"{line.n} returns" if line.n < window else "n/a"
    return f"{line.b:{width}} {correlation(line.r):>5}  {ends:14}{probability(line.p_above):>5}"


def _changes(answer: CorrelationList) -> Iterator[str]:
    tested = [line for line in answer.lines if line.change is not None]
    if not tested:
        return
    found = [line for line in tested if line.change is not None and line.change.p < NOT_CHANCE]
    seen = [line for line in found if line.change and correlation(line.change.before) != correlation(line.r)]
    yield f"Against the {answer.window} returns before:"
    tests = f"{len(tested)} test{'s' * (len(tested) != 1)}"
    yield f"   {tests}, p &lt; .10 in {len(found)}; by chance {NOT_CHANCE * len(tested):.1f}"
    for line in seen:
        if line.change is not None:
            yield f"   {line.b} {correlation(line.change.before)} → {correlation(line.r)}, {_p(line.change)}"


def matrix_answer(answer: CorrelationMatrix, next_open: Instant | None) -> str:
    """Every pair of a basket; where the table is too wide for a phone, the pairs at either end."""
    members = len(answer.instruments) + len(answer.missing)
    count = members * (members - 1) // 2
    lines = [f"<b>Correlations in {escape(answer.basket)}</b>, {answer.window} returns", *_table(answer)]
    lines.append(f"Mean of {count} pair{'s' * (count != 1)}: {correlation(answer.average)}")
    lines += [f"{name}: last return {session.isoformat()}" for name, session in answer.late.items()]
    lines += _missing(answer)
    lines.append(f"One with its interval: /corr {answer.instruments[0]} {answer.instruments[-1]}")
    return _dated(lines, answer, next_open)


def _table(answer: CorrelationMatrix) -> list[str]:
    names = answer.instruments
    label, cell = 1 + max(map(len, names)), max(5, 1 + max(map(len, names)))
    if label + cell * (len(names) - 1) > WIDEST:
        return _extremes(answer)
    rows = [" " * label + "".join(f"{name:>{cell}}" for name in names[:-1])]
    for i, name in enumerate(names[1:], start=1):
        rows.append(f"{name:{label}}" + "".join(f"{_cell(answer.r[i, j]):>{cell}}" for j in range(i)))
    return [f"<pre>{escape(chr(10).join(rows))}</pre>"]


def _cell(r: float) -> str:
    """.58, -.07: what fits a column of four."""
    if np.isnan(r) or abs(r) > 0.995:
        return "n/a" if np.isnan(r) else f"{r:.1f}"
    return f"{r:.2f}".replace("0.", ".").replace("-.00", ".00")


def _extremes(answer: CorrelationMatrix) -> list[str]:
    names = answer.instruments
    pairs = [(float(answer.r[i, j]), names[j], names[i]) for i in range(len(names)) for j in range(i)]
    known = sorted((pair for pair in pairs if not np.isnan(pair[0])), reverse=True)
    told = [f"   {one}-{other} {correlation(r)}" for r, one, other in known]
    return told if len(told) <= 2 * EXTREMES else ["Highest:", *told[:EXTREMES], "Lowest:", *told[-EXTREMES:]]


def _missing(answer: CorrelationList | CorrelationMatrix) -> list[str]:
    return [f"No prices at these closes: {', '.join(answer.missing)}"] if answer.missing else []


def _dated(lines: list[str], answer: CorrelationList | CorrelationMatrix, next_open: Instant | None) -> str:
    opens = [f"Next open {instant(next_open)}"] if next_open else []
    first = [SIMULATED_LINE] if answer.simulated else []
    return "\n".join([*first, *lines, closing(answer.as_of, answer.clock), *opens])
