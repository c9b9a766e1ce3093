"""So many lines in any minute, and who is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.allowance import MINUTE, Allowance, writer
from bot.telegram.incoming import Incoming

TIMES = st.lists(
    st.tuples(st.sampled_from("abc"), st.floats(min_value=0.0, max_value=30.0, allow_subnormal=False)), max_size=60
)
"""Who writes, and how many seconds after the line before."""


def test_more_than_so_many_in_a_minute_have_to_wait() -> None:
    allowance = Allowance(2)
    said = [allowance.wait("ann", number, now) for number, now in enumerate([0.0, 10.0, 20.0, 59.0, 60.0, 61.0, 70.0])]
    assert said == [None, None, 40.0, 1.0, None, 9.0, None]


def test_nobody_waits_for_somebody_else() -> None:
    allowance = Allowance(1)
    assert [allowance.wait(who, 0, 5.0) for who in ("ann", "bob", "ann", "cyd")] == [None, None, None, None]
    assert [allowance.wait(who, 1, 6.0) for who in ("ann", "bob")] == [59.0, 59.0]


def test_a_line_that_comes_again_counts_once() -> None:
    """The database was down for a minute: it came a hundred times."""
    allowance = Allowance(2)
    assert [allowance.wait("ann", 7, now / 10) for now in range(100)] == [None] * 100
    assert allowance.wait("ann", 8, 11.0) is None
    assert allowance.wait("ann", 9, 12.0) is not None


@given(TIMES, st.integers(1, 5))
def test_no_minute_holds_more_and_nobody_is_refused_without_reason(lines: list[tuple[str, float]], most: int) -> None:
    allowance, now = Allowance(most), 0.0
    said: dict[str, list[float]] = {}
    for number, (who, after) in enumerate(lines):
        now += after
        recent = [at for at in said.get(who, []) if at > now - MINUTE]
        wait = allowance.wait(who, number, now)
        assert (wait is None) == (len(recent) < most)
        if wait is None:
            said.setdefault(who, []).append(now)
        else:
            assert 0.0 <= wait <= MINUTE
            assert recent[0] + MINUTE == pytest.approx(now + wait)
    assert len(allowance) <= sum(map(len, said.values()))


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 20))
def test_it_remembers_no_more_than_it_may(people: list[int], most: int) -> None:
    allowance = Allowance(5, most)
    for number, person in enumerate(people):
        allowance.wait(str(person), number, float(number) / 10)
        assert len(allowance) <= max(most, 5)


def test_a_crowd_is_forgotten_after_a_minute() -> None:
    allowance = Allowance(20)
    for person in range(10_000):
        allowance.wait(str(person), person, 0.0)
    assert len(allowance) == 10_000
    allowance.wait("ann", 1, MINUTE)
    assert len(allowance) == 1


def test_who_has_been_silent_for_longest_is_forgotten_first() -> None:
    allowance = Allowance(1, most=2)
    for now, who in enumerate(["ann", "bob", "cyd"]):
        allowance.wait(who, now, float(now))
    assert [allowance.wait(who, 9, 3.0) is None for who in ("cyd", "bob", "ann")] == [False, False, True]


@pytest.mark.parametrize(
    ("user", "chat", "counted"),
    [
        pytest.param(1001, "1001", "user 1001", id="a person"),
        pytest.param(1001, "-4242", "user 1001", id="a person in a group"),
        pytest.param(1_087_968_824, "-4242", "chat -4242", id="an anonymous administrator"),
        pytest.param(136_817_688, "-4242", "chat -4242", id="a channel in a group"),
        pytest.param(777_000, "-4242", "chat -4242", id="a post of the linked channel"),
    ],
)
def test_the_person_is_counted_or_the_chat_where_persons_are_one(user: int, chat: str, counted: str) -> None:
    kind = "private" if int(chat) > 0 else "group"
    assert writer(Incoming(chat, kind, user, "/corr")) == counted  # type: ignore[arg-type]
