"""Turns come at the pace that the channel bears, replies before alerts before digests; nobody waits for another."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.channel import Rank
from bot.delivery.pacing import MOST_PASSED, OnHold, Pace, Pacer, ToRest

SLACK = 1e-9


class Afternoon:
    """A pacer on a clock that only its own sleep moves, and what it let through."""

    def __init__(self, pace: Pace | None = None, late: float = 0.0) -> None:
        self.now = 1_000.0
        self._late = late
        self.turns: list[tuple[str, float]] = []
        self.served: list[tuple[str, Rank]] = []
        self.refused: list[tuple[str, float]] = []
        self.pacer = Pacer(pace, clock=lambda: self.now, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)  # whoever has a turn notes when, before time goes on
        self.now += seconds + self._late

    async def sends(self, address: str, *, group: bool = False, rank: Rank = Rank.ALERT) -> None:
        try:
            await self.pacer.turn(address, group=group, rank=rank)
        except OnHold as hold:
            self.refused.append((address, hold.seconds))
        else:
            self.turns.append((address, self.now))
            self.served.append((address, rank))

    async def sends_all(self, addresses: list[str], *, group: bool = False) -> None:
        await asyncio.gather(*(self.sends(each, group=group) for each in addresses))

    def times(self, address: str | None = None) -> list[float]:
        return [at for each, at in self.turns if address in (None, each)]


def play(story: Callable[[Afternoon], Awaitable[None]], pace: Pace | None = None) -> Afternoon:
    async def told() -> Afternoon:
        afternoon = Afternoon(pace)
        await asyncio.wait_for(story(afternoon), 60)
        return afternoon

    return asyncio.run(told())


def most_within(times: list[float], window: float) -> int:
    """The most turns in any stretch of `window` seconds."""
    return max(sum(start <= each < start + window - SLACK for each in times) for start in times)


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(times)]


def assert_refused(day: Afternoon, *told: tuple[str, float]) -> None:
    assert [address for address, _ in day.refused] == [address for address, _ in told]
    assert [seconds for _, seconds in day.refused] == pytest.approx([seconds for _, seconds in told], abs=0.05)


# The pace


def test_the_first_message_goes_at_once() -> None:
    assert play(lambda day: day.sends("1")).turns == [("1", 1_000.0)]


def test_many_chats_get_28_messages_a_second_and_never_two_at_once() -> None:
    times = play(lambda day: day.sends_all([str(each) for each in range(280)])).times()
    assert len(times) == 280
    assert times[-1] - times[0] == pytest.approx(279 / 28)
    assert min(gaps(times)) >= 1 / 28 - SLACK
    assert most_within(times, 1.0) == 28


def test_a_quiet_hour_is_not_saved_up_for_a_burst() -> None:
    async def story(day: Afternoon) -> None:
        await day.sends("0")
        day.now += 3_600
        await day.sends_all([str(each) for each in range(60)])

    assert min(gaps(play(story).times())) >= 1 / 28 - SLACK


def test_one_chat_gets_a_message_a_second() -> None:
    times = play(lambda day: day.sends_all(["7"] * 5)).times()
    assert min(gaps(times)) >= 1.05 - SLACK
    assert times[-1] - times[0] < 4 * 1.05 + 5 / 28


def test_a_group_gets_18_messages_in_any_minute() -> None:
    times = play(lambda day: day.sends_all(["-100"] * 60, group=True)).times()
    assert len(times) == 60
    assert most_within(times, 60.0) == 18
    assert min(gaps(times)) >= 1.05 - SLACK


def test_a_chat_that_was_a_group_once_is_one_for_whoever_does_not_say_so() -> None:
    async def story(day: Afternoon) -> None:
        await day.sends("-100", group=True)
        await day.sends_all(["-100"] * 30)

    assert most_within(play(story).times(), 60.0) == 18


def test_a_private_chat_has_no_limit_by_the_minute() -> None:
    assert most_within(play(lambda day: day.sends_all(["7"] * 60)).times(), 60.0) > 50


def test_a_chat_that_must_rest_holds_up_nobody() -> None:
    day = play(lambda day: day.sends_all(["7"] * 20 + ["8", "9"]))
    assert day.times("8")[0] - 1_000 < 3 / 28 + SLACK
    assert day.times("9")[0] - 1_000 < 3 / 28 + SLACK


def test_a_chat_is_served_in_the_order_of_asking() -> None:
    order: list[int] = []

    async def story(day: Afternoon) -> None:
        async def one(number: int) -> None:
            await day.sends("7")
            order.append(number)

        await asyncio.gather(*map(one, range(6)))

    play(story)
    assert order == list(range(6))


def test_who_is_impatient_is_told_how_long_a_chat_has_to_rest_and_takes_nobodys_turn() -> None:
    async def story(day: Afternoon) -> None:
        for _ in range(2):
            await day.sends("-7", group=True)
        with pytest.raises(ToRest) as told:
            await day.pacer.turn("-7", group=True, patience=30.0)
        assert told.value.seconds == 1_000 + 60 - day.now
        await day.pacer.turn("-7", group=True, patience=told.value.seconds)
        assert day.now >= 1_000 + 60

    play(story, Pace(in_group=2))


def test_a_pacer_that_wakes_up_late_keeps_its_pace_on_the_average() -> None:
    """The machine is busy: each sleep takes five milliseconds more."""

    async def story(day: Afternoon) -> None:
        await day.sends_all([str(each) for each in range(500)])

    day = Afternoon(late=0.005)
    asyncio.run(story(day))
    times = day.times()
    assert 499 / (times[-1] - times[0]) > 27.9
    assert most_within(times, 1.0) <= 29


def test_lateness_beyond_the_slack_is_not_made_good_by_a_burst() -> None:
    async def story(day: Afternoon) -> None:
        alerts = asyncio.gather(*(day.sends(str(each)) for each in range(100)))
        while len(day.turns) < 50:
            await asyncio.sleep(0)
        day.now += 30
        await alerts

    assert min(gaps(play(story).times())) >= 1 / 28 - 0.02 - SLACK
    assert most_within(play(story).times(), 1.0) <= 29


# Replies first


def test_a_reply_overtakes_5_000_alerts() -> None:
    async def story(day: Afternoon) -> None:
        alerts = asyncio.gather(*(day.sends(str(each)) for each in range(5_000)))
        while len(day.turns) < 100:
            await asyncio.sleep(0)
        asked = day.now
        await day.sends("me", rank=Rank.REPLY)
        assert day.times("me")[0] - asked <= 2 / 28 + SLACK
        await alerts

    assert len(play(story).turns) == 5_001


def test_a_reply_overtakes_the_alerts_of_its_own_chat_too() -> None:
    async def story(day: Afternoon) -> None:
        alerts = [asyncio.create_task(day.sends("7")) for _ in range(50)]
        while len(day.turns) < 2:
            await asyncio.sleep(0)
        asked = day.now
        await day.sends("7", rank=Rank.REPLY)
        assert day.now - asked <= 1.05 + 2 / 28
        await asyncio.gather(*alerts)

    assert min(gaps(play(story).times("7"))) >= 1.05 - SLACK


def test_replies_keep_the_pace_as_well() -> None:
    async def story(day: Afternoon) -> None:
        await asyncio.gather(*(day.sends(str(each), rank=Rank.REPLY) for each in range(100)))

    assert min(gaps(play(story).times())) >= 1 / 28 - SLACK


def test_a_digest_waits_until_every_alert_has_gone() -> None:
    async def story(day: Afternoon) -> None:
        digests = asyncio.gather(*(day.sends(f"digest {each}", rank=Rank.DIGEST) for each in range(50)))
        await asyncio.sleep(0)
        await asyncio.gather(*(day.sends(f"alert {each}") for each in range(50)))
        await digests

    kinds = [address.split()[0] for address, _ in play(story).turns]
    assert kinds == ["digest", *["alert"] * 50, *["digest"] * 49]


def test_of_one_chat_too_the_alerts_go_first_and_replies_pass_both_but_not_for_ever() -> None:
    async def story(day: Afternoon) -> None:
        waiting = [asyncio.create_task(day.sends("7", rank=rank)) for rank in (Rank.DIGEST, Rank.ALERT)]
        waiting += [asyncio.create_task(day.sends("7", rank=Rank.REPLY)) for _ in range(MOST_PASSED + 1)]
        await asyncio.gather(*waiting)

    ranks = [rank for _, rank in play(story).served]
    assert ranks == [*[Rank.REPLY] * MOST_PASSED, Rank.ALERT, Rank.REPLY, Rank.DIGEST]


def test_replies_that_passed_nobody_are_not_counted_when_an_alert_comes() -> None:
    async def story(day: Afternoon) -> None:
        for _ in range(MOST_PASSED):
            await day.sends("7", rank=Rank.REPLY)
        await asyncio.gather(day.sends("7"), day.sends("7", rank=Rank.REPLY))

    assert [rank for _, rank in play(story).served[MOST_PASSED:]] == [Rank.REPLY, Rank.ALERT]


# When the channel asks to wait


def test_a_hold_of_a_chat_is_told_to_those_who_wait_for_it_and_to_nobody_else() -> None:
    async def story(day: Afternoon) -> None:
        await day.sends("7")
        waiting = [asyncio.create_task(day.sends(each)) for each in ("7", "7", "8")]
        await asyncio.sleep(0)
        day.pacer.hold(30, "7")
        await asyncio.gather(*waiting)
        await day.sends("7", rank=Rank.REPLY)

    day = play(story)
    assert_refused(day, ("7", 30), ("7", 30), ("7", 30 - 1 / 28))
    assert [address for address, _ in day.turns] == ["7", "8"]


def test_a_hold_of_all_is_a_hold_of_every_chat() -> None:
    async def story(day: Afternoon) -> None:
        day.pacer.hold(5)
        await day.sends_all(["7", "8"])

    assert_refused(play(story), ("7", 5), ("8", 5))


def test_a_second_chat_on_hold_means_the_token() -> None:
    async def story(day: Afternoon) -> None:
        day.pacer.hold(5, "7")
        await day.sends("9")
        day.pacer.hold(3, "8")
        await day.sends("9")

    day = play(story)
    assert_refused(day, ("9", 3))
    assert [address for address, _ in day.turns] == ["9"]


def test_a_second_hold_of_the_same_chat_is_still_of_that_chat() -> None:
    async def story(day: Afternoon) -> None:
        day.pacer.hold(5, "7")
        day.pacer.hold(2, "7")
        await day.sends("7")
        await day.sends("9")

    day = play(story)
    assert_refused(day, ("7", 5))
    assert len(day.turns) == 1


def test_a_hold_ends_on_time() -> None:
    async def story(day: Afternoon) -> None:
        day.pacer.hold(5, "7")
        day.now += 4.999
        await day.sends("7")
        day.now += 0.001
        await day.sends("7")

    day = play(story)
    assert len(day.refused) == len(day.turns) == 1


# Callers that go away


@pytest.mark.parametrize("rank", Rank)
def test_a_cancelled_caller_leaves_its_place_and_nothing_else(rank: Rank) -> None:
    async def story(day: Afternoon) -> None:
        tasks = [asyncio.create_task(day.sends("7", rank=rank)) for _ in range(10)]
        tasks += [asyncio.create_task(day.sends(str(each), rank=rank)) for each in range(100, 150)]
        await asyncio.sleep(0)
        for task in (*tasks[2:8], *tasks[10:40]):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    day = play(story)
    assert Counter(address for address, _ in day.turns)["7"] == 4
    assert len(day.turns) == 24
    assert day.times()[-1] - 1_000 < 4 * 1.1


def test_at_the_end_alerts_and_digests_are_told_that_their_turn_does_not_come_and_replies_go_out() -> None:
    async def story(day: Afternoon) -> None:
        waiting = [asyncio.create_task(day.pacer.turn("7", rank=rank)) for rank in Rank for _ in range(2)]
        await asyncio.sleep(0)
        day.pacer.turn_away()
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in ended] == [type(None)] * 2 + [ToRest] * 4

    play(story)


def test_who_is_cancelled_just_as_its_turn_comes_takes_it_along_and_the_next_is_served() -> None:
    async def story(day: Afternoon) -> None:
        first = asyncio.create_task(day.sends("7"))
        second = asyncio.create_task(day.sends("8"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # the usher has run; the first caller has not yet woken
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)

    assert [address for address, _ in play(story).turns] == ["8"]


def test_it_works_on_after_all_callers_left() -> None:
    async def story(day: Afternoon) -> None:
        tasks = [asyncio.create_task(day.sends("7")) for _ in range(10)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await day.sends("7")

    assert len(play(story).turns) == 1


def test_chats_at_rest_are_forgotten() -> None:
    async def story(day: Afternoon) -> None:
        for number in range(2_000):
            await day.sends(str(number), group=number % 2 == 0)
        assert day.pacer.remembered < 28 * 60
        day.now += 61
        await day.sends("last")
        assert day.pacer.remembered == 1

    play(story)


def test_a_chat_that_is_looked_at_before_its_time_is_forgotten_once() -> None:
    async def story(day: Afternoon) -> None:
        for _ in range(2):
            await day.sends("-100", group=True)  # is to be forgotten a minute after the first, then after the second
        for later, address in ((59.5, "8"), (61.5, "9")):
            day.now = 1_001 + later
            await day.sends(address)
        assert day.pacer.remembered == 1

    play(story)


def test_callers_that_all_left_are_forgotten() -> None:
    async def story(day: Afternoon) -> None:
        for number in range(500):
            task = asyncio.create_task(day.sends(str(number)))
            await asyncio.sleep(0)
            task.cancel()
        day.now += 61
        await day.sends("last")
        assert day.pacer.remembered <= 2

    play(story)


# Whatever happens


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", "-4", "-5"]),
            st.sampled_from(Rank),
            st.sampled_from([0, 0, 1, 2]),
            st.booleans(),
        ),
        max_size=60,
    )
)
def test_the_pace_is_kept_and_everybody_served_in_any_crowd(crowd: list[tuple[str, Rank, int, bool]]) -> None:
    """Callers come in bunches, some in a hurry, some leave."""

    async def story(day: Afternoon) -> None:
        tasks: list[asyncio.Task[None]] = []
        for address, rank, pause, leaves in crowd:
            tasks.append(asyncio.create_task(day.sends(address, group=address.startswith("-"), rank=rank)))
            for _ in range(pause):
                await asyncio.sleep(0)
            if leaves:
                tasks[-1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    pace = Pace(in_group=5, group_window=20.0)
    day = play(story, pace)
    served = Counter(address for address, _ in day.turns)
    for address in {each for each, *_ in crowd}:
        stay = sum(not leaves for each, _, _, leaves in crowd if each == address)
        assert served[address] >= stay
        times = day.times(address)
        assert all(gap >= pace.between_in_chat - SLACK for gap in gaps(times))
        if address.startswith("-") and times:
            assert most_within(times, pace.group_window) <= pace.in_group
    assert all(gap >= pace.between - SLACK for gap in gaps(day.times()))


def test_on_the_real_clock_a_reply_is_quick_among_5_000_alerts() -> None:
    async def story() -> float:
        pacer, loop = Pacer(), asyncio.get_running_loop()
        alerts = [asyncio.create_task(pacer.turn(str(each))) for each in range(5_000)]
        await asyncio.sleep(0.2)
        asked = loop.time()
        await pacer.turn("me", rank=Rank.REPLY)
        waited = loop.time() - asked
        for each in alerts:
            each.cancel()
        await asyncio.gather(*alerts, return_exceptions=True)
        return waited

    assert asyncio.run(story()) < 0.5


def test_who_asks_without_a_pause_still_gets_their_alerts() -> None:
    """Four alerts waited for seven hours of market time behind the replies of a reader who never stopped asking."""

    async def story(day: Afternoon) -> None:
        alerts = [asyncio.create_task(day.sends("1")) for _ in range(4)]
        for _ in range(40):
            await asyncio.gather(day.sends("1", rank=Rank.REPLY), day.sends("1", rank=Rank.REPLY))
            if all(each.done() for each in alerts):
                return
        raise AssertionError("an alert never got its turn")

    day = play(story)
    assert min(gaps(day.times("1"))) >= 1.05 - SLACK
    assert len(day.turns) <= 4 * (MOST_PASSED + 1) + 4
