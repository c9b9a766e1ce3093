"""Every form of /corr names the session that its numbers are of, whenever it is asked, and they are that session's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from bot.app import App, Options, open_app
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import Folder, at, hours, utc_days, weekdays

FORMS = ["/corr RUT SOL", "/corr RUT", "/corr", "/corr BTC"]
SATURDAY = "2025-11-29T15:00Z"

Opens = Callable[[str], App]
"""The market as somebody finds it at a moment."""


@pytest.fixture(scope="module")
def opens(tmp_path_factory: pytest.TempPathFactory) -> Opens:
    """Over files that know more than the moment: days of an index for holidays too, hours of coins without a pause."""
    folder = Folder(tmp_path_factory.mktemp("prices"))
    for seed, name in enumerate(("RUT", "SPX", "QQQ")):
        folder.holds(f"{name}_1d.csv", *weekdays("2025-01-01", "2025-12-31", seed))
    for seed, name in enumerate(("BTC", "ETH", "SOL"), start=10):
        folder.holds(f"{name}_1d.csv", *utc_days("2025-01-01", "2025-12-31", seed))
        folder.holds(f"{name}_1h.csv", *hours("2025-01-01", "2025-12-31", seed))
    found: dict[str, App] = {}

    def opened(moment: str) -> App:
        if moment not in found:
            found[moment] = open_app(Options(data=folder.path), at=at(moment))
        return found[moment]

    return opened


def lines(app: App, form: str, as_of: str | None = None) -> list[str]:
    view = app.view(dt.date.fromisoformat(as_of) if as_of else None)
    return ask_offline(view, form).html.split("\n")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("moment", "session", "next_open"),
    [
        pytest.param("2025-11-27T18:00Z", "Wed 2025-11-26", "Fri 2025-11-28", id="on a holiday"),
        pytest.param("2025-11-28T14:00Z", "Wed 2025-11-26", "Fri 2025-11-28", id="on a half day before it opens"),
        pytest.param("2025-11-28T18:00Z", "Fri 2025-11-28", "Mon 2025-12-01", id="at a half day's close"),
        pytest.param("2025-11-28T20:30Z", "Fri 2025-11-28", "Mon 2025-12-01", id="on a half day at the usual hour"),
        pytest.param(SATURDAY, "Fri 2025-11-28", "Mon 2025-12-01", id="on a Saturday"),
        pytest.param("2025-11-30T23:59Z", "Fri 2025-11-28", "Mon 2025-12-01", id="on a Sunday"),
        pytest.param("2025-12-01T14:00Z", "Fri 2025-11-28", "Mon 2025-12-01", id="on a Monday before it opens"),
        pytest.param("2025-12-01T21:00Z", "Mon 2025-12-01", "Tue 2025-12-02", id="at a close"),
    ],
)
def test_an_answer_names_the_last_session_that_has_closed_and_the_next_that_opens(
    opens: Opens, form: str, moment: str, session: str, next_open: str
) -> None:
    found = lines(opens(moment), form)
    assert f"Close of {session}" in found
    assert f"Next open {next_open} 14:30Z" in found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("moment", "session"),
    [
        pytest.param("2025-12-01T20:59Z", "Fri 2025-11-28", id="a minute before a close"),
        pytest.param("2025-11-28T17:59Z", "Wed 2025-11-26", id="a minute before a half day's close"),
    ],
)
def test_an_answer_before_the_close_is_of_the_session_before(
    opens: Opens, form: str, moment: str, session: str
) -> None:
    assert f"Close of {session}" in lines(opens(moment), form)


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_on_a_saturday_is_the_fridays_and_stays_what_is_answered_of_it(opens: Opens, form: str) -> None:
    """Coins traded on since; no line of the answer has seen that."""
    at_the_close = lines(opens("2025-11-28T18:00Z"), form)
    assert lines(opens(SATURDAY), form) == at_the_close
    assert lines(opens("2025-12-01T21:00Z"), form, as_of="2025-11-28") == at_the_close
    assert lines(opens("2025-12-01T21:00Z"), form, as_of="2025-11-29") == at_the_close


@pytest.mark.parametrize(
    ("moment", "day"),
    [(SATURDAY, "Fri 2025-11-28"), ("2025-11-30T23:59Z", "Sat 2025-11-29"), ("2025-12-01T00:00Z", "Sun 2025-11-30")],
)
def test_two_coins_are_as_of_the_last_utc_day_that_is_over_and_wait_for_no_open(
    opens: Opens, moment: str, day: str
) -> None:
    found = lines(opens(moment), "/corr BTC ETH")
    assert f"UTC day {day}" in found
    assert not any(line.startswith("Next open") for line in found)
