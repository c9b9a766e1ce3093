"""Whatever happens to the outbox, in whatever order: nothing is lost, nothing overtakes, what is shown twice says so.

A state machine (machine.py) beside a ledger (ledger.py), on both back ends; tests/soak tries it longer.
"""

from __future__ import annotations

from tests.bot.store.machine import tries
from tests.bot.store.stores import Place

STORIES = 15


def test_whatever_happens_the_outbox_holds_what_is_owed(place: Place) -> None:
    tries(place, STORIES)
