"""Messages about how a chat is told, and digests, with fixed numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.answers import Emerging
from bot.answers.brief import Ahead, Brief, Moved, Near
from bot.answers.preferences import EVERYTHING, NEW_CHAT, Mode, Mute, Preferences
from bot.render.brief import digest
from bot.render.quiet import (
    UNKEPT,
    budget_spent,
    choices,
    chosen_of,
    digests,
    how_long,
    limited,
    muted,
    mutes,
    quiet_hours,
    unmuted,
    while_quiet,
    zone_answer,
)
from rules.bars import DAY
from rules.model import AlertEvent, Severity
from tests.bot.markets import at
from tests.bot.render.events import CLOSE, MADE_UP, NEXT_OPEN, SESSION, event
from tests.bot.render.regimes import NEUTRAL, OFF, regime_of

BERLIN = "Europe/Berlin"
EIGHT = at("2025-12-11T07:00Z")
CHOSEN = Preferences(
    zone=BERLIN,
    quiet=(22 * 60, 7 * 60),
    budget=3,
    digests=(8 * 60, 17 * 60 + 30),
    severities={Severity.NOTICE: Mode.DIGEST},
    tags={"crypto": Mode.OFF, "russell": Mode.ON},
)
MUTES = (Mute("vix-25", EIGHT + 30 * DAY, EIGHT), Mute("#12.3", EIGHT + DAY, EIGHT), Mute("#crypto", None, EIGHT))
BRIEF = Brief(
    regime=regime_of(emerging=Emerging(OFF, 2, NEUTRAL, 0.61, 0.45, rises=False)),
    happened=(event("vix-25"), replace(event("rut-lags-spx"), at=CLOSE - 2 * DAY)),
    near=(
        Near("rut-record-close", "Russell 2000 closes at a record", 0.42),
        Near("#12.3", "SOL below 120", 1.31),
        Near("rut-eth-coupled", "RUT and ETH coupled at 0.6", 2.04),
    ),
    moved=(Moved("RUT", "SOL", 0.52, (0.31, 0.69), 0.21, 21), Moved("RUT", "ADA", 0.12, (-0.13, 0.36), 0.41, 5)),
    ahead=(Ahead(dt.date(2025, 12, 24), at("2025-12-24T18:00Z")), Ahead(dt.date(2025, 12, 25), None)),
    as_of=SESSION,
    next_open=NEXT_OPEN,
    simulated=False,
)
BARE = Brief(None, (), (), (), (), None, None, simulated=False)


def gathered(count: int = 2, origins: tuple[str, ...] = ("files USD",)) -> list[AlertEvent]:
    """What was kept for a digest."""
    rules = ("rut-sol-coupled-50", "rut-lags-spx", "rut-eth-shift")
    days = [CLOSE - back * DAY for back in range(count, 0, -1)]
    return [
        replace(event(rules[index % 3], origins=origins), at=when, session=SESSION - dt.timedelta(days=count - index))
        for index, when in enumerate(days)
    ]


QUIETS: Mapping[str, Callable[[], str]] = {
    "quiet": lambda: quiet_hours(CHOSEN),
    "quiet-none": lambda: quiet_hours(NEW_CHAT),
    "quiet-over": lambda: while_quiet(gathered()),
    "quiet-over-simulated": lambda: while_quiet(gathered(1, MADE_UP)),
    "quiet-over-many": lambda: while_quiet(gathered(14)),
    "quiet-unkept": lambda: UNKEPT,
    "timezone": lambda: zone_answer(CHOSEN, EIGHT),
    "mute": lambda: muted(MUTES[2], BERLIN),
    "mute-rule": lambda: muted(MUTES[0], BERLIN),
    "mute-own": lambda: muted(MUTES[1], BERLIN),
    "mute-all": lambda: muted(Mute(EVERYTHING, EIGHT + DAY, EIGHT), BERLIN),
    "mute-off": lambda: unmuted("#12.3"),
    "mute-list": lambda: mutes(MUTES, BERLIN),
    "mute-list-none": lambda: mutes((), BERLIN),
    "snooze": lambda: how_long("vix-25"),
    "subscribe": lambda: choices(NEW_CHAT),
    "subscribe-chosen": lambda: f"{chosen_of('notice', Mode.DIGEST)}\n{choices(CHOSEN)}",
    "subscribe-limit": lambda: f"{limited(None)}\n{limited(1)}",
    "subscribe-spent": budget_spent,
    "digest-times": lambda: digests(CHOSEN, at("2025-12-11T16:30Z")),
    "digest-off": lambda: digests(NEW_CHAT, at("2025-12-13T09:00Z")),
    "digest": lambda: digest(BRIEF, gathered(), EIGHT - DAY, BERLIN, EIGHT),
    "digest-most": lambda: digest(
        replace(BRIEF, happened=tuple(replace(event("vix-25"), at=CLOSE + n) for n in range(9))),
        gathered(12), EIGHT - DAY, BERLIN, EIGHT,
    ),
    "digest-nothing-new": lambda: digest(replace(BRIEF, happened=()), (), EIGHT - DAY, BERLIN, EIGHT),
    "digest-simulated": lambda: digest(replace(BRIEF, simulated=True), (), EIGHT - DAY, BERLIN, EIGHT),
    "digest-without-prices": lambda: digest(BARE, (), EIGHT - DAY, BERLIN, EIGHT),
    "digest-gathered-alone": lambda: digest(None, gathered(), EIGHT - DAY, BERLIN, EIGHT),
}  # fmt: skip
