"""What administrators are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.render.notices import (
    Beginning,
    back,
    directly,
    ending,
    gave_up,
    restored,
    said_good_bye,
    said_nothing,
    started,
    stopped,
    stopping,
    trial,
)
from tests.bot.markets import at

SINCE, NOW = at("2025-12-10T21:30Z"), at("2025-12-10T21:34Z")
REJECTED = "token rejected: Telegram does not know <the> bot's token"
FULL = "0 MB left for bellwether.db, fewer than 200"
FIRST = Beginning("0.2.0", "<b>ox", 4711, 29, 17, "bellwether.db", 0)
NEXT = replace(FIRST, owed=2, before="0.1.0", moved_from="0003")

NOTICES: Mapping[str, Callable[[], str]] = {
    "notice-stopped": lambda: stopped("the scheduler", SINCE, NOW, restarts=1),
    "notice-stopped-why": lambda: stopped("Telegram", SINCE, NOW, REJECTED),
    "notice-back": lambda: back("the scheduler", SINCE, NOW, restarts=2),
    "notice-back-unaided": lambda: back("Telegram", SINCE, NOW),
    "notice-direct": lambda: directly(stopped("free disk space", SINCE, NOW, FULL)),
    "notice-started": lambda: started(FIRST),
    "notice-started-after-a-stop": lambda: started(replace(NEXT, ended=said_good_bye(SINCE, NOW))),
    "notice-started-after-a-kill": lambda: started(replace(NEXT, before="0.2.0", moved_from="", ended=said_nothing())),
    "notice-started-after-a-watchdog": lambda: started(replace(NEXT, ended=gave_up(SINCE))),
    "notice-started-from-a-backup": lambda: started(replace(NEXT, ended=restored(SINCE))),
    "notice-trial": lambda: trial(NOW),
    "notice-stopping": lambda: stopping("0.2.0", "<b>ox", 4711, NOW, 2),
    "notice-ending": lambda: ending("the scheduler", SINCE, NOW, restarts=3),
}
