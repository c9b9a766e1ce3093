"""The texts of answers about the regime: at most 15 lines of 40 columns each, so that a phone shows one whole."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from statistics import median

from bot.answers import Contribution, Emerging, Flip, Gauge, Provisional, Regime, RegimePanel, Spell
from bot.render.alerts import RISK_LINE, SIMULATED, SIMULATED_LINE
from bot.render.lines import PHONE, fitting, some
from bot.render.numbers import by_unit, closing, instant, percent, probability, times
from rules.model import XNYS, Instant, Label
from rules.regime.filter import READS, STATES

SHORT = {Label.RISK_ON: "ON", Label.NEUTRAL: "NEUTRAL", Label.RISK_OFF: "OFF"}
LARGEST_POWER = 700.0
"""Of e, that a float holds."""

LITTLE = 1.1
"""How much likelier a state makes a price than another does, below which the price says little."""

LIKELY_FALL, LOWEST_SEEN, HIGHEST_SEEN = 0.10, 9.0, 83.0
"""What is told of what would flip the label: falls up to this, and levels of the VIX at which it has closed."""

SHOWN_FLIPS, SHOWN_SPELLS = 2, 8


def regime_answer(answer: Regime, panel: RegimePanel, next_open: Instant | None) -> str:
    """The label and its life, how probable each state is, what speaks for and against it, and what would flip it."""
    lines = [
        f"Regime: <b>{answer.label}</b> since {answer.since.isoformat()}",
        _stay(answer),
        ", ".join(f"{SHORT[state]} {escape(probability(p))}" for state, p in answer.probabilities.items()),
        *([_emerging(answer.emerging)] if answer.emerging else []),
        *(_speaks(name, found) for name, found in answer.drivers.items()),
        *(_flips(answer.flips, answer.label) if answer.flips is not None else ()),
        _beside(answer, panel),
        RISK_LINE,
    ]
    return _dated(lines, answer.as_of, _outlook(answer, next_open), answer.origins)


def panel_answer(answer: RegimePanel) -> str:
    """A line a gauge: value, rank, direction, what it leans to and whether the label is that."""
    known = [each for each in answer.gauges if each.leans is not None and not each.heard]
    heard = ", ".join(each.name for each in answer.gauges if each.heard)
    lines = [
        f"Regime: <b>{answer.label}</b>; beside it",
        f"<pre>{escape(chr(10).join(_gauge(each, answer.label) for each in answer.gauges))}</pre>",
        _count(answer.label, known),
        f"{heard} is in the label, and not counted",
        "%: rank of 504; ↑↓: over a month",
    ]
    lines += _unknown([each for each in answer.gauges if each.leans is None])
    return _dated(lines, answer.as_of, "", answer.origins)


def spells_answer(answer: Regime) -> str:
    """The last labels, the newest first, and how long each label stays."""
    shown = answer.spells[: -SHOWN_SPELLS - 1 : -1]
    lines = ["<b>Regimes</b>, the newest first", *(_spell(each, open_=each is answer.spells[-1]) for each in shown)]
    lines += dwells(answer.spells)
    return _dated(lines, answer.as_of, "", answer.origins)


def _stay(answer: Regime) -> str:
    """How long the label is in force, how long it usually is, what was before."""
    told = [_closes(answer.sessions)]
    if answer.usual is not None:
        told.append(f"usual {answer.usual:.0f}")
    if len(answer.spells) > 1:
        told.append(f"after {SHORT[answer.spells[-2].label]} {answer.spells[-2].sessions}")
    return fitting(*told)


def _emerging(answer: Emerging) -> str:
    path = f"{SHORT[answer.of]} {probability(answer.probability)}→{probability(answer.threshold)}"
    return escape(fitting(f"Emerging {SHORT[answer.label]}: {path}", _closes(answer.closes)))


def _speaks(name: str, found: Contribution | None) -> str:
    """Which state a price speaks for, and how many times as likely that makes the price as the worst one does."""
    if found is None:
        return f"{name}: no number, left out"
    moved = f"{found.price:,.2f}" if name == READS.vix else percent(found.move, signed=True)
    best, worst = max(found.terms, key=found.terms.__getitem__), min(found.terms, key=found.terms.__getitem__)
    factor = math.exp(min(found.terms[best] - found.terms[worst], LARGEST_POWER))
    size = f"{name} {moved}, {times(found.size)} usual"
    if factor < LITTLE:
        return f"{size}: says little"
    odds = f"{size}: {SHORT[best]} {times(factor)} {SHORT[worst]}"
    return odds if len(odds) <= PHONE else f"{size}: {SHORT[best]}"


def _flips(found: Sequence[Flip], label: Label) -> Iterator[str]:
    """The most telling two: the S&P 500 with the VIX as they usually move, or alone, and the nearer way of the VIX."""
    likely = [each for each in found if each.instrument is None or _is_likely(each)]
    still = [each for each in likely if each.instrument is None]
    spx = sorted((each for each in likely if each.instrument == READS.spx), key=lambda each: each.vix is None)[:1]
    rest = sorted((each for each in likely if each.instrument == READS.vix), key=lambda each: abs(each.move))[:1]
    coin = [each for each in likely if each.instrument == READS.btc]
    shown = [*still, *spx, *rest, *coin][:SHOWN_FLIPS]
    if not shown:
        yield "No likely price flips it at one close"
        return
    yield "At the next close, the rest unmoved:"
    yield from (f"   {'no change' if each.to is label else each.to} {_at(each)}" for each in shown)


def _is_likely(flip: Flip) -> bool:
    """What has not been seen in a day is in the JSON, and no news to a trader."""
    if flip.instrument == READS.vix:
        return LOWEST_SEEN <= flip.price <= HIGHEST_SEEN
    return -flip.move <= LIKELY_FALL and (flip.vix is None or flip.vix <= HIGHEST_SEEN)


def _at(flip: Flip) -> str:
    if flip.instrument is None:
        return "if nothing moves"
    if flip.instrument == READS.vix:
        return f"at VIX {flip.price:.2f}"
    answered = f" (VIX ~{flip.vix:.2f})" if flip.vix is not None else ""
    fall = math.floor(flip.move * 1e4) / 100  # a little more than it takes
    return f"at {flip.instrument} {fall:+.2f}%{answered}"


def _beside(answer: Regime, panel: RegimePanel) -> str:
    """How the panel stands to the label; while the filter is young, that it is."""
    if answer.seen <= answer.needed:
        return f"Young: alerts after {answer.needed} closes, {answer.seen} seen"
    known = [each for each in panel.gauges if each.leans is not None and not each.heard]
    if not known:
        return "Beside it: nothing known (/regime panel)"
    agree = sum(each.leans is answer.label for each in known)
    return f"Beside it: {agree} of {len(known)} agree (/regime panel)"


def _outlook(answer: Regime, next_open: Instant | None) -> str:
    if answer.waiting is not None:
        return f"Waiting for {', '.join(answer.late)} of {answer.waiting.isoformat()}"
    if answer.gap is not None:
        return f"No return of {READS.spx} on {answer.gap.isoformat()}"
    if answer.provisional is not None:
        return _provisional(answer.provisional)
    if answer.trading:
        return f"Exchange open, no price of {READS.spx} yet"
    return f"Next open {instant(next_open)}" if next_open else ""


def _provisional(answer: Provisional) -> str:
    time = dt.datetime.fromtimestamp(answer.at, dt.UTC)
    without = {0: "", 1: f", no {''.join(answer.missing)}"}.get(len(answer.missing), f", by {READS.spx}")
    likeliest = max(answer.probabilities, key=answer.probabilities.__getitem__)
    said = f"{SHORT[answer.label]}{'' if likeliest is answer.label else f', {SHORT[likeliest]}'}"
    line = f"Provisional {time:%H:%M}Z{without}: {said} {probability(answer.probabilities[likeliest])}"
    return escape(line if len(line) <= PHONE else line.replace("Provisional", "Prov."))


def _gauge(gauge: Gauge, label: Label) -> str:
    rank = f"{gauge.percentile * 100:.0f}%" if gauge.percentile is not None else "n/a"
    arrow = " " if gauge.rising is None else "↑" if gauge.rising else "↓"
    leans = "" if gauge.leans is None else f"{'✓' if gauge.leans is label else '✗'} {_LEANS[gauge.leans]}"
    return f"{gauge.name:14} {by_unit(gauge.value, gauge.unit):>6} {rank:>4} {arrow} {leans}".rstrip()


_LEANS = {Label.RISK_ON: "ON", Label.NEUTRAL: "neither", Label.RISK_OFF: "OFF"}


def _count(label: Label, known: Sequence[Gauge]) -> str:
    leans = Counter(each.leans for each in known)
    told = ", ".join(f"{_LEANS[state]} {leans[state]}" for state in STATES)
    return f"{leans[label]} of {len(known)} agree: {told}"


def _unknown(gauges: Sequence[Gauge]) -> Iterator[str]:
    """Why some lean nowhere."""
    missing = list(dict.fromkeys(name for each in gauges for name in each.missing))
    if missing:
        yield escape(some(missing, "n/a without "))
    elif gauges:
        yield "n/a: too little of its past is known"


def _spell(spell: Spell, *, open_: bool) -> str:
    return f"{spell.since.isoformat()} {spell.label}, {_closes(spell.sessions)}{' so far' * open_}"


def dwells(spells: Sequence[Spell]) -> Iterator[str]:
    """How long each label stayed: how often, the shortest, the longest and the median of the spells that are over.

    The first one began before the prices did, and is left out.
    """
    for state in STATES:
        lengths = sorted(each.sessions for each in spells[1:-1] if each.label is state)
        told = (
            f"{len(lengths)}x, {lengths[0]} to {lengths[-1]}, median {median(lengths):.0f}"
            if lengths
            else "none over yet"
        )
        yield f"{state}: {told}"


def _dated(lines: list[str], as_of: dt.date, outlook: str, origins: Sequence[str]) -> str:
    simulated = SIMULATED in origins
    source = [escape(some(origins, "Source: "))] if origins and not simulated else []
    first = [SIMULATED_LINE] if simulated else []
    return "\n".join([*first, *lines, closing(as_of, XNYS), *([outlook] if outlook else []), *source])


def _closes(count: int) -> str:
    return f"{count} close{'s' * (count != 1)}"
