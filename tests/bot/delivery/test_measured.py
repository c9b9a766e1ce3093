"""How sendings are counted, and from which instant on a reader waits."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.delivery.channel import RetryLater, Sent
from bot.delivery.measured import OUTCOMES, Availability, Measured
from bot.delivery.settle import Closed, Ended
from bot.meters import Meters
from bot.store.outbox import Owed
from rules.model import Basis, Delivery, Instant
from tests.bot.market.stations import rule
from tests.bot.markets import at

CLOSE = at("2025-12-03T21:00Z")
SETTLE = {"RUT": 1_800, "SPX": 1_800, "BTC": 120, "ETH": 120}
AVAILABLE = Availability(
    [
        rule("close", "RUT > 100"),
        rule("coin", "BTC > 1"),
        rule("both", "BTC > RUT"),
        rule("quick", "RUT > 1", basis=Basis.TICK),
        *(rule(name, "RUT > 2") for name in ("away", "notice", "service")),
    ],
    SETTLE,
)


@pytest.mark.parametrize(
    ("event", "since"),
    [
        (f"close/fired/{CLOSE}", CLOSE + 1_800),
        (f"coin/no_data/{CLOSE}", CLOSE + 120),
        (f"both/fired/{CLOSE}", CLOSE + 1_800),
        (f"quick/fired/{CLOSE}", CLOSE),
        (f"close/corrected/{CLOSE}/{CLOSE + 90_000}", CLOSE + 90_000),
        (f"away/{CLOSE}", None),
        ("notice/Telegram/stopped/1764795600", None),
        (f"@service/started/{CLOSE}/9", None),
        (f"service/started/{CLOSE}/9", None),
        (f"notice/fired/{CLOSE}", CLOSE + 1_800),
        ("away", None),
        ("", None),
    ],
    ids=[
        "a close",
        "a coin",
        "the last of both",
        "a tick",
        "judged again",
        "a summary",
        "a notice",
        "a start",
        "a start as it was once",
        "an alert called a notice",
        "half a key",
        "nothing",
    ],
)
def test_a_reader_waits_from_when_the_last_bar_of_the_rule_counts_as_closed(event: str, since: Instant | None) -> None:
    assert AVAILABLE(event, CLOSE) == since


def owed(event: str) -> Owed:
    return Owed(
        id=1, chat=1, address="7", html="", policy=Delivery.AT_LEAST_ONCE, silent=False, digest=False, plain=False,
        repeat=False, attempts=1, owner="me", claimed_at=CLOSE, at=CLOSE, late_after=CLOSE, expires_at=CLOSE,
        event=event,
    )  # fmt: skip


def told(event: str, ended: Ended, now: Instant) -> list[str]:
    """The counters that are not nothing, after one sending."""
    meters = Meters()
    Measured(meters, AVAILABLE, lambda: now)("telegram", owed(event), ended)
    names = (
        "bellwether_deliveries_total{",
        "bellwether_alert_latency_seconds_count",
        "bellwether_alert_latency_seconds_sum",
    )
    return [line for line in meters.told()[0].decode().splitlines() if line.startswith(names)]


def test_an_alert_that_was_accepted_is_measured() -> None:
    assert told(f"close/fired/{CLOSE}", Sent("12"), CLOSE + 1_842) == [
        'bellwether_deliveries_total{channel="telegram",outcome="sent"} 1.0',
        'bellwether_alert_latency_seconds_count{channel="telegram"} 1.0',
        'bellwether_alert_latency_seconds_sum{channel="telegram"} 42.0',
    ]


@pytest.mark.parametrize(
    ("event", "ended", "outcome"),
    [
        (f"close/fired/{CLOSE}", RetryLater("no network"), "retry"),
        (f"close/fired/{CLOSE}", Closed("expired", "no longer news"), "expired"),
        (f"away/{CLOSE}", Sent("12"), "sent"),
    ],
    ids=["not accepted", "not tried", "a summary"],
)
def test_what_is_no_alert_or_was_not_accepted_is_only_counted(event: str, ended: Ended, outcome: str) -> None:
    assert told(event, ended, CLOSE + 2_000) == [
        f'bellwether_deliveries_total{{channel="telegram",outcome="{outcome}"}} 1.0'
    ]


def test_a_clock_that_was_set_back_measures_nothing_below_nothing() -> None:
    assert told(f"close/fired/{CLOSE}", Sent("12"), CLOSE)[-1].endswith('sum{channel="telegram"} 0.0')


def test_every_way_in_which_a_sending_ends_has_a_name() -> None:
    ways = {each.__name__ for each in get_args(Ended)} - {"Closed"}
    assert ways == set(OUTCOMES)
