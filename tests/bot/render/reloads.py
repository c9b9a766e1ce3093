"""What /reload answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.answers.reload import Changes, Faulty, Reloaded
from bot.render.notices import not_taken
from bot.render.reload import reload_answer

TAKEN = Reloaded(
    Changes(("doge-up", "doge-down"), ("vix-25",), ("rut-record-close",)), Changes(("DOGE",)), ("telegram", "baskets")
)
SKETCHED = (
    "my.toml line 9, rules[0].when: unknown function recrd; did you mean record?\n"
    "  close(RUT) > recrd(RUT)\n               ^^^^^"
)
FAULTS = (SKETCHED, *(f"my.toml line {n}, market.a{n}: unknown key <a{n}>" for n in range(10, 20)))

RELOADS: Mapping[str, Callable[[], str]] = {
    "reload-taken": lambda: reload_answer(TAKEN),
    "reload-the-same": lambda: reload_answer(Reloaded()),
    "reload-needs-a-restart": lambda: reload_answer(
        Reloaded(sections=("store", "log"), restart=("store.url", "log.format"))
    ),
    "reload-one-fault": lambda: reload_answer(Faulty(FAULTS[:1])),
    "reload-many-faults": lambda: reload_answer(Faulty(FAULTS)),
    "notice-configuration-not-taken": lambda: not_taken("OSError: [Errno 98] error while attempting to bind <address>"),
}
