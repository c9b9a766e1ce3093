"""In two hundred orders of the real days the rules claim no more than a tenth of wrong intervals allows."""

from __future__ import annotations

import pytest

from tests.acceptance.real import real_view
from tests.acceptance.shuffled import Tally, tally

pytestmark = [pytest.mark.soak, pytest.mark.shared_data]

MOST = 0.12


def test_few_rules_seem_to_say_something_about_days_in_another_order(capsys: pytest.CaptureFixture[str]) -> None:
    counted = Tally()
    for counted in tally(real_view(), range(200)):  # noqa: B007
        pass
    with capsys.disabled():
        print({name: f"{counted.share(name):.1%} of {counted.claimable[name]}" for name in sorted(counted.claimable)})
    assert all(counted.share(name) <= MOST for name in counted.claimable)
