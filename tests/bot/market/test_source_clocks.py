"""Our clock against the sources': a majority says who is wrong; what was set, has slept or is old says nothing."""

from __future__ import annotations

import pytest

from bot.market.clocks import DIFFERENT, FRESH, KEPT, Clocks, differences
from rules.bars import DAY, HOUR
from rules.model import Instant
from tests.bot.markets import NOW

MINUTE = 60


class Desk:
    """Clocks, a stopwatch that is a number, and our clock, which runs with it until it is set."""

    def __init__(self) -> None:
        self.passed, self.ahead = 0.0, 0
        self.clocks = Clocks(lambda: self.passed)

    def asks(self, source: str, its: int = 0, takes: float = 0.0) -> None:
        """A question whose answer `takes` seconds, of a source whose clock is `its` seconds fast."""
        now = self.now
        self.clocks.hear(now)
        self.passed += takes
        self.clocks.compare(source, NOW + int(self.passed) + its, now)

    @property
    def now(self) -> Instant:
        return NOW + int(self.passed) + self.ahead

    @property
    def says(self) -> list[str]:
        return list(self.clocks.troubles)


@pytest.fixture
def desk() -> Desk:
    return Desk()


# Who is wrong


@pytest.mark.parametrize(
    ("ahead", "sentences"),
    [
        pytest.param({}, [], id="nobody tells"),
        pytest.param({"yahoo": 0}, [], id="one agrees"),
        pytest.param({"yahoo": DIFFERENT}, [], id="nearly"),
        pytest.param({"yahoo": HOUR}, ["Our clock and yahoo's differ by 1 h"], id="one, and it is fast or we slow"),
        pytest.param({"yahoo": -100}, ["Our clock and yahoo's differ by 2 min"], id="little"),
        pytest.param(
            {"yahoo": HOUR, "coinbase": HOUR - 1}, ["Our clock is 1 h ahead of coinbase's and yahoo's"], id="two alike"
        ),
        pytest.param(
            {"yahoo": -HOUR, "coinbase": -HOUR, "okx": -HOUR},
            ["Our clock is 1 h behind coinbase's, okx's and yahoo's"],
            id="three alike",
        ),
        pytest.param({"yahoo": DAY, "coinbase": 2}, ["yahoo's clock is 1 d behind"], id="one of two"),
        pytest.param({"yahoo": -HOUR, "coinbase": 0}, ["yahoo's clock is 1 h ahead"], id="the other way"),
        pytest.param(
            {"yahoo": HOUR, "coinbase": DAY},
            ["Our clock and coinbase's differ by 1 d", "Our clock and yahoo's differ by 1 h"],
            id="three opinions",
        ),
        pytest.param(
            {"yahoo": HOUR, "coinbase": HOUR, "okx": DAY},
            ["Our clock is 1 h ahead of coinbase's and yahoo's", "okx's clock is 23 h behind"],
            id="ours, and another",
        ),
        pytest.param(
            {"yahoo": HOUR, "coinbase": HOUR, "okx": 0},
            ["Our clock and coinbase's and yahoo's differ by 1 h"],
            id="two against two",
        ),
    ],
)
def test_the_majority_says_who_is_wrong(ahead: dict[str, int], sentences: list[str]) -> None:
    assert list(differences(ahead)) == sentences


# What is compared


def test_a_question_that_takes_long_is_no_difference(desk: Desk) -> None:
    desk.asks("yahoo", takes=300)
    assert desk.says == []


def test_the_past_is_filled_for_long_by_the_instant_at_which_that_began(desk: Desk) -> None:
    began = desk.now
    desk.clocks.hear(began)
    for _ in range(3 * KEPT):
        desk.passed += MINUTE
        desk.asks("coinbase")
        desk.clocks.hear(began)
        desk.clocks.compare("yahoo", NOW + int(desk.passed), began)
        assert desk.says == []


def test_it_is_said_within_one_answer_and_over_with_the_first_that_agrees(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The other source has not been asked since our clock was put right; what it said before says nothing now."""
    desk.ahead = HOUR
    for _ in range(3):
        desk.passed += MINUTE
        desk.asks("yahoo")
        desk.asks("coinbase")
        assert desk.says == ["Our clock is 1 h ahead of coinbase's and yahoo's"]
    desk.passed, desk.ahead = desk.passed + MINUTE, 0
    desk.asks("yahoo")
    assert desk.says == []
    assert [record.message for record in caplog.records] == [
        "Our clock and yahoo's differ by 1 h",
        "our clock agrees again with yahoo's",
    ]


def test_a_source_that_was_put_right_is_no_trouble_any_more(desk: Desk) -> None:
    desk.asks("coinbase")
    desk.asks("yahoo", its=-DAY)
    desk.passed += MINUTE
    desk.asks("coinbase")
    assert desk.says == ["yahoo's clock is 1 d behind"]
    desk.asks("yahoo")
    assert desk.says == []


def test_a_source_that_is_not_asked_any_more_is_believed_for_a_while(desk: Desk) -> None:
    desk.asks("coinbase")
    desk.asks("kraken", its=HOUR)
    desk.passed += FRESH
    assert desk.says == ["kraken's clock is 1 h ahead"]
    desk.passed += 1
    assert desk.says == []


def test_how_far_ahead_we_are_is_told_and_nothing_of_who_does_not_say(desk: Desk) -> None:
    desk.asks("yahoo", its=-HOUR)
    desk.clocks.compare("files", None, desk.now)
    assert (desk.clocks.ahead_of("yahoo"), desk.clocks.ahead_of("files")) == (HOUR, 0)
