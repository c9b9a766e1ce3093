"""Twenty seconds of everything that stops the bot from hearing, with the pauses and time-outs of `run`.

That it hears again is asserted; how soon is printed beside what is promised.
"""

from __future__ import annotations

import pytest

from tests.reliability.polling import AS_RUN, PROMISED, cases
from tests.reliability.polling_faults import Fault
from tests.reliability.polling_roads import ROADS
from tests.reliability.polling_run import survives

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(("road", "fault"), [pytest.param(*case, id=f"{case[1].name}, {case[0]}") for case in cases()])
def test_the_bot_hears_again_when_it_is_over(road: str, fault: Fault, capsys: pytest.CaptureFixture[str]) -> None:
    with ROADS[road]() as way:
        back = survives(fault, way, AS_RUN)
    with capsys.disabled():
        print(f"\n{fault.name}, {road}: back after {max(back.seconds, 0.0):.1f} s, promised within {PROMISED:g} s")
