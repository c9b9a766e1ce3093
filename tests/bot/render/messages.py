"""Every kind of message with fixed numbers, real and simulated: what the golden files hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.answers import NO_TOKEN, POLLING, Chat, Miss, Quote, SourceStatus, Status
from bot.queries.explain import explain
from bot.render.alerts import alert, as_sent
from bot.render.answers import (
    explained_answer,
    history_answer,
    quote_answer,
    quotes_answer,
    rule_answer,
)
from bot.render.chats import UNKEPT, asks_to_forget, forgotten, greeting, ids, subscribed, unsubscribed
from bot.render.rules import page_answer, rules_answer
from bot.render.status import NOT_WATCHING, status_answer
from bot.settings import load_settings
from rules.alerting import AlertState, Coverage, Firing, Inactive, Pending
from rules.book import Record
from rules.functions.registry import Scope
from rules.language.compile import compile_rule
from rules.model import ALWAYS, XNYS, AlertEvent, Edge, Instrument, Kind, Rule, Severity, Timing
from tests.bot.markets import BTC, RUT, at, simulated
from tests.bot.render.again import AGAIN
from tests.bot.render.correlations import CORRELATIONS
from tests.bot.render.events import CLOSE, MADE_UP, NEXT_OPEN, REAL, SESSION, event, pack, told
from tests.bot.render.evidences import EVIDENCES
from tests.bot.render.groups import ALIKES, CHANGES
from tests.bot.render.healths import HEALTHS
from tests.bot.render.notices import NOTICES
from tests.bot.render.quiets import QUIETS
from tests.bot.render.regimes import REGIMES
from tests.bot.render.reloads import RELOADS
from tests.bot.render.services import WRONG_PRICES
from tests.bot.render.whys import WHYS

OLIVE = Instrument("OLIVE", "Oil & <Olives>", Kind.INDEX)


def record(origins: tuple[str, ...] = REAL, edge: Edge = Edge.FIRED) -> str:
    if edge is Edge.RESOLVED:
        return told(event("rut-record-close", edge, {"drawdown(RUT)": 0.0312}, origins=origins))
    values = {"close(RUT)": 2559.61, "record(RUT)": 2531.16}
    return told(event("rut-record-close", edge, values, {"ret(RUT, 21)": 0.0423}, origins))


def vix() -> str:
    return told(event("vix-25", values={"close(VIX)": 25.31}))


def intraday() -> str:
    values = {"close(RUT)": 2541.67, "record(RUT)": 2531.16}
    happened = event("rut-record-intraday", values=values, context={"ret(RUT, 21)": 0.0351}, origins=("yahoo USD",))
    return told(replace(happened, at=at("2025-12-10T15:31Z"), provisional=True))


def lag() -> str:
    values = {"ret(RUT, 21) - ret(SPX, 21)": -0.0552, "drawdown(SPX)": 0.0003}
    return told(event("rut-lags-spx", values=values))


def turn(edge: Edge = Edge.FIRED) -> str:
    return told(event("rut-rally-10", edge, {"RUT": 2559.61}))


def quiet(edge: Edge) -> str:
    return told(event("rut-sol-coupled", edge, origins=()))


def own_rule() -> str:
    """A rule without a title, with signs that HTML means otherwise."""
    scope = Scope({"RUT": RUT}, {})
    compiled = compile_rule(Rule("a-b", "close(RUT) > 5 and close(RUT) < 9", severity=Severity.INFO), scope)
    happened = AlertEvent(
        "a-b", Edge.FIRED, CLOSE, SESSION, Severity.INFO, compiled.when_text, XNYS, {"close(RUT)": 7.0}
    )
    return alert(happened, compiled)


def removed_rule() -> str:
    """A rule that is no longer configured: expressions stand in for words."""
    values = {"p_corr(RUT, SOL, above=0.6)": 0.5123, "a < b & c": 1.0}
    return alert(event("rut-sol-coupled", values=values), None)


def around_the_clock() -> str:
    """A rule of coins alone: its row is a UTC day."""
    scope = Scope({"BTC": BTC}, {})
    compiled = compile_rule(
        Rule("btc-100k", "close(BTC) > 100k", "close(BTC) < 90k", title="Bitcoin above 100k"), scope
    )
    happened = AlertEvent(
        "btc-100k", Edge.FIRED, at("2025-12-11T00:00Z"), SESSION, Severity.NOTICE, "Bitcoin above 100k", ALWAYS,
        {"close(BTC)": 101_234.5}, {}, ("binance USDT",),
    )  # fmt: skip
    return alert(happened, compiled)


def quote_of(name: str = "RUT", origin: str = "files USD", **changes: object) -> Quote:
    """RUT on 2025-12-10, or something near it."""
    values: dict[str, object] = {
        "instrument": name,
        "close": 2559.61,
        "change": 0.0132,
        "record": 2531.16,
        "drawdown": 0.0,
        "as_of": SESSION,
        "at": CLOSE,
        "clock": XNYS,
        "origin": origin,
    }
    return Quote(**{**values, **changes})  # type: ignore[arg-type]


def prices(origin: str) -> str:
    coin = quote_of(
        "BTC", origin, close=92_020.95, change=-0.0072, record=124_752.53, drawdown=0.262, clock=ALWAYS,
        at=at("2025-12-11T00:00Z"),
    )  # fmt: skip
    return quotes_answer([quote_of(origin=origin), quote_of("VIX", origin, close=15.77, change=-0.0685), coin])


def rules_standing() -> str:
    states: list[AlertState] = [Firing(CLOSE, CLOSE), Pending(CLOSE, 1), Inactive(CLOSE)]
    names = ["rut-record-close", "rut-sol-coupled", "rut-lags-spx"]
    return rules_answer(
        [(pack()[name], Record("", state, Coverage(ever=True))) for name, state in zip(names, states, strict=True)],
        simulated=False,
    )


def rules_high() -> str:
    """Those of a severity, one of which is firing."""
    names = ["rut-record-close", "rut-rally-10", "vix-25"]
    states: list[AlertState] = [Firing(CLOSE, CLOSE), Inactive(CLOSE), Inactive(CLOSE)]
    high = [(pack()[name], Record("", state, Coverage(ever=True))) for name, state in zip(names, states, strict=True)]
    return page_answer(Severity.HIGH, high, 1, simulated=True)


def rules_in_pages() -> str:
    """The second page of many, none of which was judged."""
    return page_answer(Severity.HIGH, [(pack()["vix-25"], None)] * 22, 2, simulated=False)


def rules_tagged() -> str:
    """Those with a tag, in the order in which they are written."""
    names = ["rut-record-close", "rut-rally-10", "rut-lags-spx"]
    states: list[AlertState] = [Firing(CLOSE, CLOSE), Inactive(CLOSE), Pending(CLOSE, 1)]
    tagged = [(pack()[name], Record("", state, Coverage(ever=True))) for name, state in zip(names, states, strict=True)]
    return page_answer("russell", tagged, 1, simulated=False)


def rule_standing(
    name: str,
    record: Record | None,
    *events: AlertEvent,
    miss: Miss | None = None,
    simulated: bool = False,
    **changes: object,
) -> str:
    """A rule of the pack in full, or what it would be with `changes`."""
    compiled = compile_rule(replace(pack()[name].rule, **changes), load_settings().scope)  # type: ignore[arg-type]
    fired = any(each.edge is Edge.FIRED for each in events)
    return rule_answer(compiled, record, events, miss, fired=fired, simulated=simulated)


def rule_in_full(*, simulated: bool = False) -> str:
    origins = MADE_UP if simulated else REAL
    events = [event("rut-sol-coupled", edge, origins=origins) for edge in (Edge.FIRED, Edge.RESOLVED, Edge.FIRED)]
    known = Record("", Firing(CLOSE, CLOSE), Coverage(ever=True))
    return rule_standing("rut-sol-coupled", known, *events, simulated=simulated)


def rule_missed(held: int = 0) -> str:
    """A rule that has never fired, and how near it came."""
    rule = "rut-sol-coupled"
    p = 0.5301 if held else 0.4983
    miss = Miss(dt.date(2022, 6, 13), ((pack()[rule].values[0], p),), held, needed=2)
    return rule_standing(rule, Record("", coverage=Coverage(ever=True)), miss=miss)


def rule_of_every_timing() -> str:
    timing = Timing(confirm=3, confirm_clear=11, cooldown=1, expires=21)
    return rule_standing("rut-lags-spx", Record(""), clear=None, timing=timing, title="")


CHAT = Chat("telegram", "71", "private", subscribed_since=None, user="71")


def service(**changes: object) -> Status:
    """A service that is well on the evening of 2025-12-10, or something near it."""
    now = at("2025-12-10T21:45Z")
    values: dict[str, object] = {
        "started": now - 3 * 86_400,
        "now": now,
        "sources": (SourceStatus("yahoo", now - 12, None, ""), SourceStatus("coinbase", now - 200, None, "")),
        "waiting": {},
        "rules": 29,
        "rules_waiting": 0,
        "owed": 0,
        "oldest_owed": None,
        "failed": 0,
        "chats": 2,
        "last_judged": at("2025-12-10T21:30Z"),
        "telegram": POLLING,
        "database": "bellwether.db",
        "size": 214_300_000,
    }
    return Status(**{**values, **changes})  # type: ignore[arg-type]


def service_in_trouble() -> Status:
    """All that can be wrong at once, in the words of servers."""
    now = service().now
    return service(
        sources=(
            SourceStatus("yahoo", now - 900, now - 840, "429 <b>Too Many Requests</b>\n" + "x" * 200),
            SourceStatus("coinbase", None, now - 7, "no answer & no reason"),
            SourceStatus("kraken", now - 3, None, ""),
        ),
        waiting=dict.fromkeys(("RUT", "SPX", "VIX", "IWM", "SPY"), "yahoo fails") | {"SOL": "backfill 43%"},
        rules_waiting=9, owed=5, oldest_owed=now - 1_320, failed=1, telegram="connecting: <no route>",
        size=1_430_000_000,
    )  # fmt: skip


def service_just_started() -> Status:
    now = service().now
    return service(
        started=now - 20, sources=(SourceStatus("yahoo", None, None, ""),), waiting={"RUT": "backfill 12%"},
        rules_waiting=29, last_judged=None, chats=1, telegram=NO_TOKEN, size=40_960,
    )  # fmt: skip


def history(origins: tuple[str, ...]) -> str:
    events = [
        event("rut-record-close", origins=origins),
        event("rut-record-close", Edge.RESOLVED, origins=origins),
        event("rut-sol-coupled", Edge.NO_DATA, origins=()),
        event("rut-sol-coupled", Edge.DATA_BACK, origins=origins),
        event("regime-risk-off", origins=origins),
    ]
    return history_answer(events, simulated=origins == MADE_UP)


def explained(text: str) -> str:
    return explained_answer(explain(simulated().view(), text), simulated=True)


MESSAGES: Mapping[str, Callable[[], str]] = {
    "alert-record": record,
    "alert-record-simulated": lambda: record(MADE_UP),
    "alert-record-resolved": lambda: record(edge=Edge.RESOLVED),
    **CORRELATIONS,
    **CHANGES,
    **ALIKES,
    **AGAIN,
    **EVIDENCES,
    "alert-vix": vix,
    "alert-intraday": intraday,
    "alert-late-and-again": lambda: as_sent(vix(), late=3 * 3_600 + 300, repeat=True),
    "alert-lag": lag,
    "alert-turn": turn,
    "alert-turn-resolved": lambda: turn(Edge.RESOLVED),
    "alert-no-data": lambda: quiet(Edge.NO_DATA),
    "alert-data-back": lambda: quiet(Edge.DATA_BACK),
    "alert-own-rule": own_rule,
    "alert-removed-rule": removed_rule,
    "alert-around-the-clock": around_the_clock,
    **RELOADS,
    **HEALTHS,
    **REGIMES,
    **NOTICES,
    **WHYS,
    **QUIETS,
    "price": lambda: quote_answer(quote_of(), RUT, NEXT_OPEN),
    "price-simulated": lambda: quote_answer(quote_of(origin="SIMULATED"), RUT, NEXT_OPEN),
    "price-first-day": lambda: quote_answer(quote_of(change=None, record=None), OLIVE, NEXT_OPEN),
    "price-around-the-clock": lambda: quote_answer(quote_of("BTC", clock=ALWAYS), BTC, None),
    "prices": lambda: prices("files USD"),
    "prices-simulated": lambda: prices("SIMULATED"),
    "rules": rules_standing,
    "rules-live-only": lambda: rules_answer([(pack()["rut-record-intraday"], None)], simulated=False),
    "rules-high-simulated": rules_high,
    "rules-pages": rules_in_pages,
    "rules-tagged": rules_tagged,
    "rule": rule_in_full,
    "rule-simulated": lambda: rule_in_full(simulated=True),
    "rule-live-only": lambda: rule_standing("rut-record-intraday", None),
    "rule-timing": rule_of_every_timing,
    "rule-missed": rule_missed,
    "rule-missed-unconfirmed": lambda: rule_missed(1),
    "start": lambda: greeting(subscribed(None), simulated=False),
    "start-again": lambda: greeting(subscribed(CLOSE), simulated=False),
    "start-unkept": lambda: greeting(UNKEPT, simulated=False),
    "stop": lambda: unsubscribed(before=True),
    "stop-again": lambda: unsubscribed(before=False),
    "forget": asks_to_forget,
    "forget-yes": forgotten,
    "id": lambda: ids(CHAT),
    "id-group": lambda: ids(replace(CHAT, address="-1001234567890", kind="group")),
    "status": lambda: status_answer(service(), simulated=False),
    "status-simulated": lambda: status_answer(service(), simulated=True),
    "status-trouble": lambda: status_answer(service_in_trouble(), simulated=False),
    "status-lost": lambda: status_answer(replace(service(), lost=True), simulated=False),
    "status-started": lambda: status_answer(service_just_started(), simulated=False),
    "status-prices": lambda: status_answer(service(**WRONG_PRICES), simulated=False),
    "status-none": lambda: NOT_WATCHING,
    "rules-none": lambda: rules_answer([], simulated=False),
    "history": lambda: history(REAL),
    "history-simulated": lambda: history(MADE_UP),
    "history-empty": lambda: history_answer([], simulated=False),
    "explain-condition": lambda: explained("close(RUT) > record(RUT) and not (drawdown(SPX) > 10%)"),
    "explain-series": lambda: explained("vol(BTC, 20)"),
    "explain-anchored": lambda: explained("ytd(BTC) > 20% and BTC > sma(BTC, 200)"),
    "explain-number": lambda: explained("10%"),
    "explain-basket": lambda: explained("ALTS"),
    "explain-label": lambda: explained("RISK_OFF"),
}
