"""How a source is doing: how long it is left alone, and that neither years nor clocks make that longer."""

from __future__ import annotations

import pytest

from bot.market.health import Circuit, Health, Trouble, refused
from rules.bars import DAY, HOUR
from tests.bot.markets import NOW


def test_a_source_that_answers_lets_every_question_through() -> None:
    assert Health().circuit(NOW) is Circuit.CLOSED
    assert Health().failed(NOW, "down").answered(NOW + 1) == Health(last_answer=NOW + 1)


def test_what_is_known_of_a_failure_is_kept_until_it_is_over() -> None:
    first = Health(last_answer=NOW - 60).failed(NOW, "down")
    second = first.failed(NOW + 60, "still down")
    assert (second.last_answer, second.failing_since, second.failures) == (NOW - 60, NOW, 2)
    assert (second.reason, second.trouble) == ("still down", Trouble.DOWN)


@pytest.mark.parametrize(("trouble", "longest"), [(Trouble.DOWN, 900), (Trouble.BUSY, HOUR), (Trouble.BARRED, DAY)])
def test_years_of_silence_are_counted_and_do_not_make_the_pause_longer(trouble: Trouble, longest: int) -> None:
    health = Health()
    for _ in range(40_000):
        health = health.failed(NOW, "down", trouble)
    assert health.failures == 40_000
    assert 0.75 * longest <= health.retry_at - NOW <= longest


def test_a_pause_is_the_same_for_the_same_failure_and_another_for_another() -> None:
    """Bots that lose a source together must not come back to it together."""
    assert Health().failed(NOW, "down", name="yahoo") == Health().failed(NOW, "down", name="yahoo")
    health = Health(failures=5)
    pauses = {health.failed(NOW + second, "down", name="yahoo").pause for second in range(60)}
    pauses |= {health.failed(NOW, "down", name=name).pause for name in ("coinbase", "kraken", "okx")}
    assert len(pauses) > 40
    assert all(0.75 * 900 <= pause <= 900 for pause in pauses)


@pytest.mark.parametrize(
    ("wait", "least", "most"),
    [(None, 90, 120), (5, 90, 120), (600, 600, 600), (10**9, DAY, DAY)],
    ids=["not said", "sooner than is wise", "as it says", "a day at most"],
)
def test_one_that_refuses_is_left_alone_as_long_as_it_says(wait: int | None, least: int, most: int) -> None:
    assert least <= Health().failed(NOW, "429", Trouble.BUSY, wait).pause <= most


def test_a_clock_that_was_set_back_a_little_waits_a_little_longer() -> None:
    health = Health().failed(NOW, "down")
    rests = [health.circuit(NOW + seconds) is Circuit.OPEN for seconds in (-30, 0, health.pause - 1, health.pause)]
    assert rests == [True, True, True, False]


@pytest.mark.parametrize("trouble", list(Trouble))
def test_a_clock_that_was_an_hour_ahead_makes_nobody_wait(trouble: Trouble) -> None:
    assert Health().failed(NOW + HOUR, "down", trouble).circuit(NOW) is Circuit.HALF_OPEN


def test_what_is_refused_is_asked_for_after_pauses_that_grow_to_a_day() -> None:
    refusal, now, pauses = None, NOW, []
    for _ in range(8):
        refusal = refused(refusal, now, "no such coin", "coinbase DOGE")
        assert refusal.rests(now)
        pauses.append(refusal.pause)
        now = refusal.retry_at
        assert not refusal.rests(now)
    for pause, whole in zip(pauses, [300, 1_200, 4_800, 19_200, 76_800, DAY, DAY, DAY], strict=True):
        assert 0.75 * whole <= pause <= whole
    assert refusal is not None
    assert (refusal.times, refusal.since) == (8, NOW)
