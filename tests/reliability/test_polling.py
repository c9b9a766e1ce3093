"""Whatever stops the bot from hearing, it hears again when that is over. Its pauses are short here; how soon it is back
with those of `run` says `python -m tests.reliability polling`.
"""

from __future__ import annotations

import pytest

from tests.bot.telegram.service import IMPATIENT, QUICK
from tests.reliability.polling import cases
from tests.reliability.polling_faults import Fault
from tests.reliability.polling_roads import ROADS
from tests.reliability.polling_run import Conditions, survives

SHORTLY = Conditions(QUICK, IMPATIENT, lasts=0.15, given_up=30.0)


@pytest.mark.parametrize(("road", "fault"), [pytest.param(*case, id=f"{case[1].name}, {case[0]}") for case in cases()])
def test_the_bot_hears_again_when_it_is_over(road: str, fault: Fault) -> None:
    with ROADS[road]() as way:
        survives(fault, way, SHORTLY)
        texts = {
            posted.plain.partition("\n")[0] for posted in way.server.sent
        }  # the nudge's may be a repeat, and says so
    assert texts == {"you: /before", "you: /nudge", "you: /meanwhile", "you: /afterwards"}
