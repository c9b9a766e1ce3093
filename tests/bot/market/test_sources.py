"""Whom prices are asked of: the preferred source, whoever stands in for it, and who is left alone for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from bot.feeds.contract import NoSuchBars, Request, SourceDown
from bot.market.sources import FIRST_PAUSE, LONGEST_PAUSE, RUN_UP, Answer, Health, SourceId, Sources
from rules.bars import DAY, HOUR, Bars, Interval
from rules.model import Instant, Instrument
from tests.bot.market.stations import FakeFeed
from tests.bot.markets import BTC, ETH, NOW

T = TypeVar("T")
HOURS = range(NOW - 20 * DAY, NOW + 1, HOUR)
NEWEST = Request(BTC, Interval.HOUR, NOW - HOUR, NOW)


def feed(venue: str, price: float = 100.0, since: Instant = 0) -> FakeFeed:
    """A venue with hours of both coins."""
    made = FakeFeed("exchange", venue)
    for name in ("BTC", "ETH"):
        made.holds(name, Interval.HOUR, {end: price for end in HOURS if end > since})
    return made


class Asker:
    """Sources of these feeds, asked from outside a loop."""

    def __init__(self, *feeds: FakeFeed) -> None:
        self.built: list[SourceId] = []
        self._feeds = {each.id: each for each in feeds}
        self.sources = Sources(dict.fromkeys(("BTC", "ETH"), tuple(self._feeds)), self._build)

    def _build(self, source: SourceId) -> FakeFeed:
        self.built.append(source)
        return self._feeds[source]

    def bars(self, now: Instant = NOW, request: Request = NEWEST, **options: Any) -> Answer:
        return run(self.sources.bars(request, now, **options))


def run(question: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(question)


def health(asker: Asker, each: FakeFeed) -> Health:
    return asker.sources.health[each.id]


def test_the_preferred_source_is_asked_and_no_other() -> None:
    first, second = feed("first"), feed("second")
    asker = Asker(first, second)
    answer = asker.bars()
    assert (answer.source, len(answer.bars), answer.stand_in) == (first.id, 1, False)
    assert first.asked == [NEWEST]
    assert asker.built == [first.id]


def test_when_it_is_down_the_next_one_stands_in_and_brings_its_own_run_up() -> None:
    first, second = feed("first"), feed("second")
    first.falls_silent()
    answer = Asker(first, second).bars()
    assert (answer.source, answer.stand_in) == (second.id, True)
    assert [each.after for each in second.asked] == [NEWEST.after - RUN_UP]
    assert int(answer.bars.end[0]) == NEWEST.after - RUN_UP + HOUR


def test_a_run_up_does_not_reach_before_1970() -> None:
    first, second = feed("first"), feed("second")
    first.falls_silent()
    Asker(first, second).bars(request=Request(BTC, Interval.HOUR, DAY, NOW))
    assert [each.after for each in second.asked] == [0]


def test_a_source_that_is_down_is_left_alone_for_a_while_that_doubles_up_to_a_quarter_of_an_hour() -> None:
    first = feed("first")
    first.falls_silent()
    asker, now, pauses = Asker(first), NOW, []
    for _ in range(8):
        asked = len(first.asked)
        with pytest.raises(SourceDown, match=r"^exchange did not answer$"):
            asker.bars(now)
        assert len(first.asked) == asked + 1
        pauses.append(health(asker, first).retry_at - now)
        with pytest.raises(SourceDown, match=r"^first does not answer$"):
            asker.bars(now + pauses[-1] - 1)
        assert len(first.asked) == asked + 1
        now += pauses[-1]
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]
    assert (FIRST_PAUSE, LONGEST_PAUSE) == (30, 900)
    assert health(asker, first).failing_since == NOW


def test_an_answer_ends_the_trouble() -> None:
    first = feed("first")
    asker = Asker(first)
    first.falls_silent()
    for now in (NOW, NOW + 30):
        with pytest.raises(SourceDown):
            asker.bars(now)
    first.comes_back()
    assert not asker.bars(NOW + 90).stand_in
    assert health(asker, first) == Health(last_answer=NOW + 90)


def test_years_of_silence_are_counted_and_do_not_make_the_pause_longer() -> None:
    health = Health()
    for _ in range(40_000):
        health = health.failed(NOW, "down")
    assert (health.failures, health.retry_at) == (40_000, NOW + LONGEST_PAUSE)


def test_a_clock_that_was_set_back_does_not_make_a_pause_longer() -> None:
    """An hour ahead, then put right: the source would be left alone for more than an hour."""
    first = feed("first")
    asker = Asker(first)
    first.falls_silent()
    with pytest.raises(SourceDown):
        asker.bars(NOW + HOUR)
    first.comes_back()
    assert asker.bars(NOW).source == first.id


def test_a_clock_that_was_set_back_a_little_waits_a_little_longer() -> None:
    health = Health().failed(NOW, "down")
    assert [health.rests(NOW + seconds) for seconds in (-30, 0, 29, 30)] == [True, True, True, False]


def test_a_source_that_lacks_an_instrument_is_passed_over_and_not_left_alone() -> None:
    first, second = feed("first"), feed("second")
    first.knows_nothing_of("BTC")
    asker = Asker(first, second)
    answer = asker.bars()
    assert (answer.source, answer.stand_in) == (second.id, False)
    assert health(asker, first) == Health(last_answer=NOW)
    assert asker.bars(request=Request(ETH, Interval.HOUR, NOW - HOUR, NOW)).source == first.id


def test_a_question_that_one_source_refuses_keeps_no_other_question_from_it() -> None:
    """One misspelt symbol must not cost every coin its preferred venue."""
    first, second = feed("first"), feed("second")
    first.refuses("BTC")
    asker = Asker(first, second)
    assert asker.bars().source == second.id
    assert asker.bars(request=Request(ETH, Interval.HOUR, NOW - HOUR, NOW)).source == first.id


def test_when_nobody_answers_every_reason_is_told() -> None:
    first, second = FakeFeed("one"), FakeFeed("two")
    first.falls_silent()
    second.falls_silent()
    with pytest.raises(SourceDown, match=r"^one did not answer; two did not answer$"):
        Asker(first, second).bars()


def test_when_nobody_has_such_bars_asking_again_will_not_help() -> None:
    first, second = FakeFeed("one"), FakeFeed("two")
    with pytest.raises(NoSuchBars, match=r"^one has no 1h bars of BTC; two has no 1h bars of BTC$"):
        Asker(first, second).bars()


def test_while_one_is_down_it_may_have_what_the_others_lack() -> None:
    first, second = feed("first"), FakeFeed("two")
    first.falls_silent()
    with pytest.raises(SourceDown):
        Asker(first, second).bars()


def test_an_instrument_without_a_source_is_told() -> None:
    lonely = Instrument("XYZ", "Nobody's", BTC.kind)
    sources = Sources({}, lambda _: FakeFeed())
    with pytest.raises(NoSuchBars, match=r"^no source is configured for XYZ$"):
        run(sources.bars(Request(lonely, Interval.DAY, 0, NOW), NOW))
    assert run(sources.tick(lonely, NOW)) is None


HISTORY = Request(BTC, Interval.HOUR, NOW - 20 * DAY, NOW)


def test_a_shallow_stand_in_is_passed_over_while_others_are_left() -> None:
    first, shallow, deep = feed("first"), feed("shallow", since=NOW - 2 * DAY), feed("deep")
    first.falls_silent()
    answer = Asker(first, shallow, deep).bars(request=HISTORY, deep_enough=NOW - 18 * DAY)
    assert answer.source == deep.id


def test_when_all_stand_ins_are_shallow_the_deepest_is_taken() -> None:
    first, *others = (feed(name, since=NOW - days * DAY) for name, days in (("a", 20), ("b", 3), ("c", 9), ("d", 5)))
    first.falls_silent()
    answer = Asker(first, *others).bars(request=HISTORY, deep_enough=NOW - 18 * DAY)
    assert answer.source.venue == "c"


def test_stand_ins_that_answer_without_bars_do_not_end_the_wait_for_history() -> None:
    first, empty = feed("first"), feed("empty", since=NOW)
    first.falls_silent()
    with pytest.raises(SourceDown):
        Asker(first, empty).bars(request=HISTORY, deep_enough=NOW - 18 * DAY)


def test_the_preferred_source_is_believed_however_shallow_it_is() -> None:
    """A coin that was listed last week has a week of history."""
    first, deep = feed("first", since=NOW - 7 * DAY), feed("deep")
    assert Asker(first, deep).bars(request=HISTORY, deep_enough=NOW - 18 * DAY).source == first.id


def test_the_latest_trade_is_the_first_that_a_source_has() -> None:
    silent, without, with_one = feed("silent"), feed("without"), feed("with")
    silent.falls_silent()
    with_one.trades("BTC", 105.0, NOW - 3)
    asker = Asker(silent, without, with_one)
    tick = run(asker.sources.tick(BTC, NOW))
    assert tick is not None
    assert (tick.price, tick.at, tick.origin.venue) == (105.0, NOW - 3, "with")
    assert run(asker.sources.tick(ETH, NOW)) is None


class Busy(FakeFeed):
    """A source that counts how many questions it answers at once."""

    def __init__(self, venue: str) -> None:
        super().__init__("exchange", venue)
        self.at_once = self.most = 0
        self.holds("BTC", Interval.HOUR, {NOW: 1.0})

    async def bars(self, request: Request) -> Any:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        for _ in range(3):
            await asyncio.sleep(0)
        self.at_once -= 1
        return await super().bars(request)


def test_a_source_is_asked_one_thing_at_a_time() -> None:
    busy = Busy("first")
    asker = Asker(busy)

    async def many() -> None:
        await asyncio.gather(*(asker.sources.bars(NEWEST, NOW) for _ in range(5)))

    run(many())
    assert (busy.most, len(busy.asked)) == (1, 5)


def test_those_who_wait_for_a_source_that_fails_do_not_ask_it_too() -> None:
    first, second = feed("first"), feed("second")
    first.falls_silent()
    asker = Asker(first, second)

    async def many() -> list[Answer]:
        return await asyncio.gather(*(asker.sources.bars(NEWEST, NOW) for _ in range(5)))

    assert {answer.source for answer in run(many())} == {second.id}
    assert (len(first.asked), len(second.asked)) == (1, 5)


def test_a_question_that_is_given_up_leaves_the_source_free_for_the_next() -> None:
    class Hangs(FakeFeed):
        hangs = True

        async def bars(self, request: Request) -> Any:
            if self.hangs:
                await asyncio.Event().wait()
            return await super().bars(request)

    slow = Hangs("exchange", "first")
    slow.holds("BTC", Interval.HOUR, {NOW: 1.0})
    asker = Asker(slow)

    async def twice() -> Answer:
        question = asyncio.create_task(asker.sources.bars(NEWEST, NOW))
        await asyncio.sleep(0)
        question.cancel()
        await asyncio.gather(question, return_exceptions=True)
        slow.hangs = False
        return await asker.sources.bars(NEWEST, NOW)

    assert len(run(twice()).bars) == 1


def test_every_feed_that_was_built_is_closed() -> None:
    first, second = feed("first"), feed("second")
    asker = Asker(first, second)
    asker.bars()
    run(asker.sources.close())
    assert (first.closed, second.closed) == (True, False)


def test_a_source_is_told_of_once_when_it_fails_and_once_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    only = feed("only")
    asker = Asker(only)
    asker.bars()
    only.falls_silent()
    for failure in range(3):
        with pytest.raises(SourceDown):
            asker.bars(NOW + failure * LONGEST_PAUSE)
    only.comes_back()
    asker.bars(NOW + 4 * LONGEST_PAUSE)
    asker.bars(NOW + 5 * LONGEST_PAUSE)
    first, second = [each.getMessage() for each in caplog.records]
    assert first.startswith("only does not answer: ")
    assert second == "only answers again"


class Broken(FakeFeed):
    """A feed with a fault of its own."""

    async def bars(self, request: Request) -> Bars:
        raise KeyError("regularMarketPrice")


def test_a_fault_inside_of_a_feed_costs_that_source_alone(caplog: pytest.LogCaptureFixture) -> None:
    """It failed the whole tick, of every other source too."""
    broken, second = Broken("exchange", "broken"), feed("second")
    asker = Asker(broken, second)
    assert asker.bars().source == second.id
    assert health(asker, broken).reason == "broken failed: KeyError"
    assert "regularMarketPrice" in caplog.text


def test_a_stand_in_that_failed_is_no_trouble_once_the_preferred_source_is_back() -> None:
    """It was not asked again, and so /status complained of it for ever."""
    first, second = feed("first"), feed("second")
    first.falls_silent()
    second.falls_silent()
    asker = Asker(first, second)
    with pytest.raises(SourceDown):
        asker.bars()
    assert set(asker.sources.health) == {first.id, second.id}
    first.comes_back()
    asker.bars(NOW + LONGEST_PAUSE)
    assert set(asker.sources.health) == {first.id}
