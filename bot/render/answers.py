"""The texts of answers: correlation, regime, price, rules, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from bot.answers import Correlation, Explained, Quote, Regime
from bot.render.alerts import MARKS, SIMULATED, summary
from bot.render.numbers import by_unit, closing, correlation, date, instant, percent, plain, price, probability
from rules.alerting import AlertState, Firing, Pending
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, AlertEvent, Instant, Instrument, Label


def correlation_answer(answer: Correlation, next_open: Instant | None) -> str:
    """Correlation of a pair: the number with its interval, the filter's view, the context."""
    lines = [
        f"<b>{answer.a} and {answer.b}</b>, {answer.window} returns",
        _interval(answer),
        f"P at least .5 / .6 / .7: {' / '.join(probability(p) for p in answer.p_above.values())}",
        f"Filter's mean: {correlation(answer.posterior_mean)}",
        f"Percentile, 504 / all: {' / '.join(_rank(share) for share in answer.percentile)}",
        *(f"Given {controls.replace('+', ' and ')}: {correlation(r)}" for controls, r in answer.partial.items()),
        f"Beta of {answer.b} on {answer.a}: {plain(answer.beta)}",
        f"Coupled at .5 / .6 / .7: {' / '.join('yes' if each else 'no' for each in answer.coupled.values())}",
    ]
    if answer.approximate:
        lines.append("<b>approximate</b>: UTC days, not the equity close")
    return _signed(lines, f"the close of {date(answer.as_of)}", next_open, answer.origins)


def _interval(answer: Correlation) -> str:
    if answer.r is None:
        return f"r: n/a, only {answer.n} of {answer.window} returns, or no movement"
    if answer.ci90 is None:
        return f"r: <b>{correlation(answer.r)}</b>, interval undefined"
    low, high = answer.ci90
    return f"r: <b>{correlation(answer.r)}</b>, 90 % in {correlation(low)} to {correlation(high)}"


def _rank(share: float | None) -> str:
    return "n/a" if share is None else f"{share * 100:.0f}"


def regime_answer(answer: Regime, next_open: Instant | None) -> str:
    """The label, since when, how probable each state is, and what speaks for it."""
    sessions = f"{answer.sessions} session{'s' * (answer.sessions != 1)}"
    lines = [
        f"Regime: <b>{answer.label}</b>",
        f"since {answer.since.isoformat()}, {sessions}",
        *(f"P({label}): {probability(p)}" for label, p in answer.probabilities.items()),
    ]
    if answer.raw is not answer.label:
        lines.append(f"Likeliest now: {answer.raw}")
    lines += [_driver(name, terms) for name, terms in answer.drivers.items()]
    lines.append("Labels describe risk, not direction.")
    return _signed(lines, f"the close of {date(answer.as_of)}", next_open, answer.origins)


def _driver(name: str, terms: Mapping[Label, float] | None) -> str:
    """Which state a price speaks for, and by what factor against the least likely one."""
    if terms is None:
        return f"{name}: no price, left out"
    best, worst = max(terms, key=lambda label: terms[label]), min(terms, key=lambda label: terms[label])
    factor = 2.718281828459045 ** (terms[best] - terms[worst])
    return f"{name} speaks for {best} ({factor:.1f}x {worst})"


def quote_answer(answer: Quote, instrument: Instrument, next_open: Instant | None) -> str:
    """Last close, change, distance to the record."""
    change = answer.close / answer.previous - 1 if answer.previous else None
    lines = [
        f"<b>{instrument.id}</b> {escape(instrument.name)}",
        f"<b>{price(answer.close)}</b> ({percent(change, signed=True)})",
        f"Record before: {price(answer.record)}",
        f"Below its record: {percent(answer.drawdown)}",
    ]
    return _signed(lines, closing(answer.as_of, answer.clock), next_open, (answer.origin,))


def quotes_answer(quotes: Sequence[Quote]) -> str:
    """One line an instrument."""
    lines = [f"<b>{each.instrument}</b> {price(each.close)} ({percent(_change(each), signed=True)})" for each in quotes]
    simulated = any(each.origin == SIMULATED for each in quotes)
    last = max(quotes, key=lambda each: each.at)
    return "\n".join(
        [*([f"<b>{SIMULATED}</b>: not real prices"] if simulated else []), *lines, f"to {instant(last.at)}"]
    )


def _change(quote: Quote) -> float | None:
    return quote.close / quote.previous - 1 if quote.previous else None


def rules_answer(rules: Sequence[tuple[CompiledRule, AlertState]]) -> str:
    """Every rule, where its alert stands, and when it fires."""
    lines = []
    for rule, state in rules:
        standing = _standing(state)
        lines.append(f"{MARKS[rule.rule.severity]} <b>{escape(rule.rule.id)}</b>{standing}")
        lines.append(f"   <code>{escape(rule.when_text)}</code>")
    return "\n".join(lines) if lines else "No rules are configured."


def _standing(state: AlertState) -> str:
    if isinstance(state, Firing):
        return f": firing since {instant(state.since)[4:14]}"
    return f": pending, {state.seen} seen" if isinstance(state, Pending) else ""


def history_answer(events: Sequence[AlertEvent], simulated: bool) -> str:
    """One line an event, newest last."""
    if not events:
        return "Nothing has fired here."
    return "\n".join([*([f"<b>{SIMULATED}</b>: not real prices"] if simulated else []), *map(summary, events)])


def explained_answer(answer: Explained) -> str:
    """How the engine reads an expression, and what it is now."""
    typed = answer.typed
    clock = "UTC days" if answer.calendar == ALWAYS else f"closes of {answer.calendar}"
    lines = [f"<code>{escape(typed.text)}</code>", f"is {typed.type}: {escape(typed.spoken)}"]
    if typed.node is not None:
        lines += [f"Clock: {clock}", f"Reads: {', '.join(answer.instruments) or 'no prices'}"]
        lines.append(f"First known after {answer.warmup} rows, looks back {answer.lookback} beside its memory")
        as_of = f" as of {closing(answer.as_of, answer.calendar)}" if answer.as_of else ", nothing is known yet"
        lines.append(f"Now: <b>{by_unit(answer.value, typed.unit)}</b>{as_of}")
    lines += [f"   {escape(each.text)} = {by_unit(value, each.unit)}" for each, value in answer.parts]
    return "\n".join(lines)


def _signed(lines: list[str], close: str, next_open: Instant | None, origins: Sequence[str]) -> str:
    """With what every answer says: as of when, the next open, the source."""
    opens = f"; next open {instant(next_open)}" if next_open else ""
    head = [f"<b>{SIMULATED}</b>: not real prices"] if SIMULATED in origins else []
    source = [] if SIMULATED in origins or not origins else [f"Source: {escape(', '.join(origins))}"]
    return "\n".join([*head, *lines, f"As of {close}{opens}", *source])
