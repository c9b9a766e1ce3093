"""Answers of /why, /test, /chart and /help with fixed numbers, for messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.answers.personal import PersonalAlert
from bot.answers.why import After, Later, Number, Part, Step, Telling, Told, UsedBar, WhyEvent, WhyRule
from bot.queries.condition import condition_picture
from bot.queries.price import price_picture
from bot.queries.quote import quote
from bot.queries.words import word
from bot.render.help import command_help, overview, word_help, words_help
from bot.render.pictures import condition_caption, price_caption
from bot.render.trial import trial_answer
from bot.render.why import unwatched, why_event_answer, why_rule_answer
from rules.alerting import AlertState, Firing, Inactive, Pending
from rules.functions.registry import Unit, vocabulary
from rules.model import XNYS, Basis, Edge, Verdict
from tests.bot.markets import at, seen
from tests.bot.render.events import CLOSE, MADE_UP, NEXT_OPEN, SESSION, event, pack
from tests.bot.render.evidences import outcome, record

NEXT_CLOSE = at("2025-12-11T21:00Z")
RUT_BAR = UsedBar("RUT", 2559.61, "yahoo USD", CLOSE, CLOSE + 1_860, SESSION)
SPX_BAR = UsedBar("SPX", 6886.68, "yahoo USD", CLOSE, CLOSE + 1_860, SESSION)
SOL_BAR = UsedBar("SOL", 138.21, "coinbase USD", CLOSE, CLOSE + 130, SESSION)
NO_SOL = UsedBar("SOL", None, "", CLOSE, None, dt.date(2025, 12, 8))

COUPLED = Part("P(RUT-SOL corr ≥ 0.6)", Unit.PROBABILITY, 0.5123, "≥", 0.5, "", 0.0123, Verdict.TRUE, either=False)
NOT_COUPLED = replace(COUPLED, value=0.4983, distance=0.0017, verdict=Verdict.FALSE)
RECORD = Part("RUT close", Unit.PRICE, 2559.61, ">", 2531.16, "RUT record before", 28.45, Verdict.TRUE, either=False)
NO_RECORD = replace(RECORD, value=2510.2, distance=20.96, verdict=Verdict.FALSE)
LAGS = Part(
    "RUT return (21) - SPX return (21)", Unit.PERCENT, -0.0552, "<", -0.05, "", 0.0052, Verdict.TRUE, either=False
)
NO_FALL = Part("SPX below record", Unit.PERCENT, 0.0003, "≤", 0.1, "", 0.0997, Verdict.TRUE, either=False)
UNKNOWN = Part(
    "RUT-SOL corr (60)", Unit.CORRELATION, None, ">", 0.6, "", None, Verdict.UNKNOWN, either=False,
    reason="no bar of SOL since 2025-12-08",
)  # fmt: skip
REGIME = Part(
    "the regime is RISK_OFF", Unit.TRUTH, 1.0, "", None, "", None, Verdict.TRUE, either=False,
    numbers=(
        Number("before it was NEUTRAL", Unit.TRUTH, 1.0), Number("before it was RISK_ON", Unit.TRUTH, 0.0),
        Number("P(RISK_ON)", Unit.PROBABILITY, 0.004), Number("P(RISK_OFF)", Unit.PROBABILITY, 0.86),
        Number("VIX, of its usual level", Unit.TIMES, 1.62),
    ),
)  # fmt: skip

STEP = Step(Pending(CLOSE - 86_400, 1), Firing(CLOSE, CLOSE), 2)
AT_ONCE = Step(Inactive(CLOSE - 86_400), Firing(CLOSE, CLOSE), 1)
MOVED = Later("RUT", 5, 0.0312)
OWN = PersonalAlert(3, "close(SOL) < 120", None, Basis.CLOSE, "sol < 120", "SOL below 120", CLOSE)


def of_event(name: str, edge: Edge = Edge.FIRED, origins: tuple[str, ...] = ("yahoo USD",), **changes: object) -> str:
    """Why something happened to a rule of the pack."""
    happened = event(name, edge, origins=origins)
    known = WhyEvent(happened, name, (), (RUT_BAR,), step=AT_ONCE, clears=pack()[name].clear_words)
    return why_event_answer(replace(known, **changes))  # type: ignore[arg-type]


def of_rule(name: str, state: AlertState | None, *parts: Part, note: str = "", **changes: object) -> str:
    """Why a rule of the pack stands as it does."""
    known = WhyRule(
        name, pack()[name].rule.title, parts, (RUT_BAR, SOL_BAR), state, 2, False, dt.date(2025, 6, 16), SESSION, XNYS,
        NEXT_CLOSE,
    )  # fmt: skip
    return why_rule_answer(replace(known, **changes), note)  # type: ignore[arg-type]


def of_told(telling: Telling) -> str:
    """An event, and what became of its message."""
    known = WhyEvent(event("vix-25", origins=("yahoo USD",)), "vix-25", (), (), closes=2, clears="VIX close <= 20")
    return why_event_answer(known, telling)


def corrected() -> str:
    happened = replace(
        event("rut-record-close", Edge.CORRECTED, origins=("yahoo USD",)), undone=Edge.FIRED, rejudged_at=NEXT_OPEN
    )
    by_now = (Number("RUT close", Unit.PRICE, 2529.5),)
    return why_event_answer(WhyEvent(happened, "rut-record-close", (RECORD,), (RUT_BAR,), changed=by_now))


def over() -> str:
    ended = replace(event("rut-sol-coupled", Edge.RESOLVED, origins=("yahoo USD",)), since=at("2025-09-11T20:00Z"))
    low = replace(COUPLED, value=0.031, relation="≤", level=0.05, distance=0.019)
    step = Step(Firing(CLOSE - 86_400, at("2025-09-11T20:00Z")), Inactive(CLOSE), 2)
    return why_event_answer(WhyEvent(ended, "rut-sol-coupled", (low,), (RUT_BAR, SOL_BAR), step=step))


def provisional() -> str:
    happened = replace(
        event("rut-record-intraday", origins=("yahoo USD",)), at=at("2025-12-10T15:31Z"), provisional=True
    )
    clears = pack()["rut-record-intraday"].clear_words
    return why_event_answer(WhyEvent(happened, "rut-record-intraday", (RECORD,), (), clears=clears))


def chart_of_price() -> str:
    view = seen()
    return price_caption(price_picture(view, "RUT"), quote(view, "RUT"), NEXT_OPEN)


def chart_of_rule(name: str) -> str:
    view = seen()
    rule = next(each for each in view.rules if each.rule.id == name)
    return condition_caption(condition_picture(view, rule), rule)


def trial(*, real: bool) -> str:
    values = {"close(RUT)": 2559.61, "record(RUT)": 2531.16}
    happened = event("rut-record-close", values=values, context={"ret(RUT, 21)": 0.0423})
    return trial_answer(happened, pack()["rut-record-close"], {happened.key: record(9, outcome())}, real=real)


def help_of(name: str) -> str:
    return word_help(word(seen(), vocabulary()[name]), simulated=True)


def commands() -> str:
    """Summaries of every length."""
    market = [("corr", "how two instruments move together; one with all; a basket"), ("price", "the last close")]
    return overview({"Market": market, "Chat": [("forget", "delete all that is stored about this chat")]}, words=50)


WHYS: Mapping[str, Callable[[], str]] = {
    "why-coupled": lambda: of_event(
        "rut-sol-coupled", parts=(COUPLED,), bars=(RUT_BAR, SOL_BAR), step=STEP, closes=12, later=MOVED
    ),
    "why-record": lambda: of_event(
        "rut-record-close", parts=(RECORD,), after=After(Edge.RESOLVED, dt.date(2026, 1, 5), 17)
    ),
    "why-record-simulated": lambda: of_event(
        "rut-record-close", origins=MADE_UP, parts=(RECORD,), bars=(replace(RUT_BAR, origin="SIMULATED"),), closes=1
    ),
    "why-lag": lambda: of_event("rut-lags-spx", parts=(LAGS, NO_FALL), bars=(RUT_BAR, SPX_BAR), closes=3),
    "why-regime": lambda: of_event("regime-risk-off", parts=(REGIME,), bars=(SPX_BAR,), closes=3),
    "why-over": over,
    "why-expired": lambda: of_event(
        "rut-sol-coupled", Edge.RESOLVED, expired=True, step=Step(STEP.after, Inactive(CLOSE, spent=True), 2)
    ),
    "why-corrected": corrected,
    "why-provisional": provisional,
    "why-no-data": lambda: of_event("rut-sol-coupled", Edge.NO_DATA, origins=(), bars=(RUT_BAR, NO_SOL), step=None),
    "why-removed-rule": lambda: of_event("rut-sol-coupled", bars=(), step=None, clears=""),
    "why-told": lambda: of_told(Telling(Told.SENT, CLOSE + 1_900)),
    "why-told-perhaps": lambda: of_told(Telling(Told.PERHAPS, CLOSE + 1_900)),
    "why-told-later": lambda: of_told(Telling(Told.OWED, why="429 <Too Many Requests>")),
    "why-told-held": lambda: of_told(Telling(Told.HELD)),
    "why-told-gathered": lambda: of_told(Telling(Told.GATHERED)),
    "why-told-withheld": lambda: of_told(Telling(Told.WITHHELD, CLOSE + 60, "muted: #correlation")),
    "why-told-not": lambda: of_told(Telling(Told.NOT, CLOSE + 60, "it was no news any more")),
    "why-not": lambda: of_rule("rut-sol-coupled", Inactive(CLOSE), NOT_COUPLED),
    "why-not-simulated": lambda: of_rule(
        "rut-sol-coupled", Inactive(CLOSE), NOT_COUPLED, simulated=True, bars=(replace(RUT_BAR, origin="SIMULATED"),)
    ),
    "why-not-record": lambda: of_rule("rut-record-close", Inactive(CLOSE, rest=4), NO_RECORD, bars=(RUT_BAR,)),
    "why-not-known": lambda: of_rule(
        "rut-sol-coupled",
        Inactive(CLOSE),
        UNKNOWN,
        bars=(RUT_BAR, NO_SOL),
        last_fired=None,
        waiting=("SOL",),
        waits_for=dt.date(2025, 12, 11),
    ),
    "why-not-one-of-two": lambda: of_rule(
        "rut-lags-spx", Inactive(CLOSE), replace(NO_RECORD, either=True), replace(UNKNOWN, either=True)
    ),
    "why-pending": lambda: of_rule("rut-sol-coupled", Pending(CLOSE, 1), COUPLED),
    "why-firing": lambda: of_rule("regime-risk-off", Firing(CLOSE, CLOSE), replace(REGIME, verdict=Verdict.FALSE)),
    "why-live-only": lambda: of_rule("rut-record-intraday", None, NO_RECORD, bars=(RUT_BAR,), last_fired=None),
    "why-own-paused": lambda: of_rule(
        "rut-record-close", Inactive(CLOSE), NO_RECORD, rule="#3", note=unwatched(replace(OWN, paused=True), CLOSE)
    ),
    "test": lambda: trial(real=True),
    "test-never-fired": lambda: trial(real=False),
    "chart-price-simulated": chart_of_price,
    "chart-rule-simulated": lambda: chart_of_rule("rut-record-close"),
    "chart-rule-by-trades-simulated": lambda: chart_of_rule("rut-record-intraday"),
    "help": commands,
    "help-command": lambda: command_help("/corr [A [B]] [N]", "how two instruments move together", "/corr RUT SOL 60"),
    "help-word-simulated": lambda: help_of("drawdown"),
    "help-condition-simulated": lambda: help_of("regime_is"),
    "help-words": lambda: words_help(vocabulary().values()),
}
