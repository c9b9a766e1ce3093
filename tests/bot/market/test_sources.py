"""Whom prices are asked of: the preferred source, whoever stands in for it, and who is left alone for how long."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from bot.answers.quality import Fault
from bot.feeds.contract import NoSuchBars, Request, SourceDown
from bot.market.health import Circuit, Health, Trouble
from bot.market.source import SourceId
from bot.market.sources import RUN_UP, Answer, Sources, Trades
from rules.bars import DAY, HOUR, Bars, Interval
from rules.model import Instant, Instrument
from tests.bot.market.stations import FakeFeed
from tests.bot.markets import BTC, ETH, NOW

T = TypeVar("T")
QUARTER = 15 * 60
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
    for pause, whole in zip(pauses, [30, 60, 120, 240, 480, 900, 900, 900], strict=True):
        assert 0.75 * whole <= pause <= whole
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


def test_a_clock_that_was_set_back_does_not_make_a_pause_longer() -> None:
    """An hour ahead, then put right: the source would be left alone for more than an hour."""
    first = feed("first")
    asker = Asker(first)
    first.falls_silent()
    with pytest.raises(SourceDown):
        asker.bars(NOW + HOUR)
    first.comes_back()
    assert asker.bars(NOW).source == first.id


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
    assert run(sources.ticks([lonely], NOW)) == Trades({}, {})
    assert run(sources.opinion(Request(lonely, Interval.DAY, 0, NOW), NOW, SourceId("fake", "fake"))) is None


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
    trades = run(asker.sources.ticks([BTC, ETH], NOW))
    tick = trades.ticks["BTC"]
    assert (tick.price, tick.at, tick.origin.venue) == (105.0, NOW - 3, "with")
    assert set(trades.ticks) == {"BTC"}


def test_who_answers_without_a_trade_is_remembered_and_what_is_wrong_with_it_but_not_who_fails() -> None:
    silent, without, absurd = feed("silent"), feed("without"), feed("absurd")
    silent.falls_silent()
    absurd.trades("BTC", 105.0, NOW)
    absurd.trades_no_more("BTC", absurdly=True)
    trades = run(Asker(silent, without, absurd).sources.ticks([BTC], NOW))
    assert trades == Trades({}, {("BTC", without.id): None, ("BTC", absurd.id): Fault.NOT_A_PRICE})


def test_each_source_is_asked_once_for_the_trades_of_all_and_the_next_for_what_it_lacks() -> None:
    first, second, third = feed("first"), feed("second"), feed("third")
    first.trades("BTC", 105.0, NOW)
    for each in (second, third):
        each.trades("BTC", 1.0, NOW)
        each.trades("ETH", 5.0, NOW)
    ticks = run(Asker(first, second, third).sources.ticks([BTC, ETH], NOW)).ticks
    assert {name: (tick.price, tick.origin.venue) for name, tick in ticks.items()} == {
        "BTC": (105.0, "first"),
        "ETH": (5.0, "second"),
    }
    assert (first.ticked, second.ticked, third.ticked) == ([("BTC", "ETH")], [("ETH",)], [])


# Another opinion


def test_another_opinion_is_that_of_the_first_other_source_that_answers() -> None:
    first, silent, second = feed("first", 100.0), feed("silent"), feed("second", 101.0)
    silent.falls_silent()
    asker = Asker(first, silent, second)
    told = run(asker.sources.opinion(NEWEST, NOW, besides=first.id))
    assert told is not None
    assert (told.source, told.stand_in, float(told.bars.close[-1])) == (second.id, True, 101.0)
    assert [each.after for each in second.asked] == [NEWEST.after - RUN_UP]
    other = run(asker.sources.opinion(NEWEST, NOW, besides=second.id))
    assert other is not None
    assert other.source == first.id


def test_where_nobody_else_answers_there_is_no_other_opinion() -> None:
    first, second, third = feed("first"), feed("second"), feed("third")
    second.falls_silent()
    third.knows_nothing_of("BTC")
    asker = Asker(first, second, third)
    assert run(asker.sources.opinion(NEWEST, NOW, besides=first.id)) is None
    assert run(Asker(first).sources.opinion(NEWEST, NOW, besides=first.id)) is None


def test_behind_those_that_answered_without_the_bar_the_next_down_the_order_is_asked() -> None:
    one, two, three, four = (feed(name, price) for name, price in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)))
    three.falls_silent()
    asker = Asker(one, two, three, four)
    tried, told = [one.id], []
    while (answer := run(asker.sources.after(NEWEST, NOW, tried))) is not None:
        tried.append(answer.source)
        told.append(answer.source.venue)
    assert told == ["b", "d"]
    assert len(one.asked) == 0


class Slow(FakeFeed):
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
    busy = Slow("first")
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
            asker.bars(NOW + failure * QUARTER)
    only.comes_back()
    asker.bars(NOW + 4 * QUARTER)
    asker.bars(NOW + 5 * QUARTER)
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


class Unbuilt(Asker):
    """Of these feeds the first cannot be built, for a while."""

    fault: Exception | None = ImportError("no module named ccxt")

    def _build(self, source: SourceId) -> FakeFeed:
        feed = super()._build(source)
        if self.fault is not None and source == next(iter(self._feeds)):
            raise self.fault
        return feed


@pytest.mark.parametrize("fault", [ImportError("no module named ccxt"), OSError("too many open files")])
def test_a_feed_that_cannot_be_built_costs_that_source_alone_and_is_built_when_it_can_be(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """It stopped every poll, of every other source too."""
    first, second = feed("first"), feed("second")
    asker = Unbuilt(first, second)
    asker.fault = fault
    assert asker.bars().source == second.id
    assert health(asker, first).reason == f"first could not be opened: {type(fault).__name__}"
    assert str(fault) in caplog.text
    asker.bars(NOW + 1)
    assert asker.built == [first.id, second.id]
    asker.fault = None
    assert asker.bars(NOW + QUARTER).source == first.id
    run(asker.sources.close())
    assert first.closed


def test_a_feed_that_cannot_be_built_keeps_no_trade_of_another_from_anybody() -> None:
    first, second = feed("first"), feed("second")
    second.trades("BTC", 9.0, NOW)
    assert set(run(Unbuilt(first, second).sources.ticks([BTC], NOW)).ticks) == {"BTC"}


def test_a_feed_whose_first_question_is_given_up_while_it_is_built_is_built_once_and_closed() -> None:
    only, building, go_on = feed("only"), threading.Event(), threading.Event()

    class Slowly(Asker):
        def _build(self, source: SourceId) -> FakeFeed:
            building.set()
            go_on.wait()
            return super()._build(source)

    asker = Slowly(only)

    async def given_up(*, asked_again: bool) -> None:
        question = asyncio.create_task(asker.sources.bars(NEWEST, NOW))
        await asyncio.to_thread(building.wait)
        question.cancel()
        await asyncio.gather(question, return_exceptions=True)
        go_on.set()
        if asked_again:
            await asker.sources.bars(NEWEST, NOW)
        await asker.sources.close()

    run(given_up(asked_again=True))
    assert (asker.built, only.closed) == ([only.id], True)
    asker, only.closed = Slowly(only), False
    building.clear()
    go_on.clear()
    run(given_up(asked_again=False))
    assert (asker.built, only.closed) == ([only.id], True)


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
    asker.bars(NOW + QUARTER)
    assert set(asker.sources.health) == {first.id}


# The circuit breaker


class Gate(FakeFeed):
    """A venue that keeps whoever asks it waiting until it is let go on."""

    def __init__(self, venue: str) -> None:
        super().__init__("exchange", venue)
        self.open = asyncio.Event()
        for name in ("BTC", "ETH"):
            self.holds(name, Interval.HOUR, {NOW: 1.0})

    async def bars(self, request: Request) -> Bars:
        if not self.open.is_set():
            self.asked.append(request)
            await self.open.wait()
            self.asked.pop()
        return await super().bars(request)


def circuit(asker: Asker, each: FakeFeed, now: Instant) -> Circuit:
    return health(asker, each).circuit(now)


def test_after_its_pause_one_question_probes_a_source_and_the_others_go_to_who_stands_in() -> None:
    first, second = Gate("first"), feed("second")
    asker = Asker(first, second)
    first.falls_silent()
    first.open.set()
    asker.bars()
    assert circuit(asker, first, NOW + 1) is Circuit.OPEN
    assert circuit(asker, first, NOW + 30) is Circuit.HALF_OPEN
    first.comes_back()
    first.open.clear()
    second.asked.clear()

    async def many() -> list[SourceId]:
        asked = [asyncio.ensure_future(asker.sources.bars(NEWEST, NOW + 30)) for _ in range(5)]
        while sum(each.done() for each in asked) < 4:
            await asyncio.sleep(0)
        assert len(first.asked) == 2, "the failure, and one probe"
        first.open.set()
        return [answer.source for answer in await asyncio.gather(*asked)]

    assert run(many()) == [first.id, *[second.id] * 4]
    assert circuit(asker, first, NOW + 30) is Circuit.CLOSED
    assert asker.bars(NOW + 31).source == first.id, "who is preferred is preferred again"


def test_who_has_nobody_else_to_go_to_waits_for_the_probe() -> None:
    """Indices have one source: none of them should wait for another poll because another was asked first."""
    first = Gate("first")
    asker = Asker(first)
    first.falls_silent()
    first.open.set()
    with pytest.raises(SourceDown):
        asker.bars()
    first.comes_back()

    async def many() -> list[Answer]:
        return await asyncio.gather(*(asker.sources.bars(NEWEST, NOW + 30) for _ in range(5)))

    assert {answer.source for answer in run(many())} == {first.id}


def test_a_probe_that_fails_opens_the_circuit_again_for_longer() -> None:
    first, second = feed("first"), feed("second")
    first.falls_silent()
    asker = Asker(first, second)
    asker.bars(NOW)
    asker.bars(NOW + 30)
    assert len(first.asked) == 2
    assert circuit(asker, first, NOW + 30 + 44) is Circuit.OPEN
    assert circuit(asker, first, NOW + 30 + 60) is Circuit.HALF_OPEN


def test_a_probe_that_is_given_up_leaves_the_next_one_free() -> None:
    first, second = Gate("first"), feed("second")
    first.falls_silent()
    first.open.set()
    asker = Asker(first, second)
    asker.bars()
    first.comes_back()
    first.open.clear()

    async def twice() -> Answer:
        probe = asyncio.create_task(asker.sources.bars(NEWEST, NOW + 30))
        while len(first.asked) < 2:
            await asyncio.sleep(0)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        first.open.set()
        return await asker.sources.bars(NEWEST, NOW + 30)

    assert run(twice()).source == first.id


# Kinds of trouble


def test_one_that_refuses_requests_is_left_alone_for_minutes_and_as_long_as_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = feed("first"), feed("second")
    first.is_busy()
    asker = Asker(first, second)
    assert asker.bars().stand_in
    told = health(asker, first)
    assert told.trouble is Trouble.BUSY
    assert 90 <= told.retry_at - NOW <= 120
    first.is_busy(wait=1_000)
    asker.bars(told.retry_at)
    assert health(asker, first).retry_at == told.retry_at + 1_000
    assert [each.getMessage() for each in caplog.records] == ["first refuses requests: exchange wants fewer requests"]


def test_one_that_does_not_serve_this_place_is_asked_once_a_day(caplog: pytest.LogCaptureFixture) -> None:
    first, second = feed("first"), feed("second")
    first.bars_us()
    asker = Asker(first, second)
    for hour in range(50):
        answer = asker.bars(NOW + hour * HOUR)
        assert (answer.source, answer.stand_in) == (second.id, True)
    assert len(first.asked) == 3
    told = health(asker, first)
    assert (told.trouble, told.failing_since) == (Trouble.BARRED, NOW)
    assert told.reason == "exchange does not serve this location (451)"
    assert [each.getMessage() for each in caplog.records] == [
        "first does not serve this place: exchange does not serve this location (451)"
    ]
    first.comes_back()
    assert asker.bars(NOW + 3 * DAY).source == first.id


def test_where_every_source_is_barred_nothing_is_known_of_the_market() -> None:
    first = feed("first")
    first.bars_us()
    asker = Asker(first)
    for reason in (r"^exchange does not serve this location \(451\)$", "^first does not serve this place$"):
        with pytest.raises(SourceDown, match=reason):
            asker.bars()


def test_what_a_source_does_not_have_is_asked_for_again_seldom_and_named() -> None:
    first, second = feed("first"), feed("second")
    first.knows_nothing_of("BTC")
    asker = Asker(first, second)
    asked_at = []
    for hour in range(60):
        before = len(first.asked)
        assert asker.bars(NOW + hour * HOUR).source == second.id
        if len(first.asked) > before:
            asked_at.append(hour)
    assert asked_at[:3] == [0, 1, 2]
    assert 5 <= len(asked_at) <= 7
    assert 16 <= asked_at[-1] - asked_at[-2] <= 24
    assert health(asker, first).trouble is None, "the source itself is well"
    [((name, source), told)] = asker.sources.refusals.items()
    assert (name, source, told.reason, told.since) == ("BTC", first.id, "exchange has no BTC", NOW)
    assert told.times == len(asked_at)
    assert asker.bars(request=Request(ETH, Interval.HOUR, NOW - HOUR, NOW)).source == first.id


def test_what_a_source_has_again_is_no_refusal_any_more() -> None:
    first, second = feed("first"), feed("second")
    first.knows_nothing_of("BTC")
    asker = Asker(first, second)
    asker.bars()
    first.comes_back()
    assert asker.bars(NOW + 299).source in (first.id, second.id)
    assert asker.bars(NOW + 300).source == first.id
    assert asker.sources.refusals == {}


def test_a_refusal_of_hours_is_none_of_days_and_of_one_coin_none_of_another() -> None:
    first, second = feed("first"), feed("second")
    first.holds("BTC", Interval.DAY, {NOW: 1.0})
    only_hours = Request(BTC, Interval.FIVE_MINUTES, NOW - HOUR, NOW)
    asker = Asker(first, second)
    with pytest.raises(NoSuchBars):
        asker.bars(request=only_hours)
    assert asker.bars(request=Request(BTC, Interval.DAY, NOW - DAY, NOW)).source == first.id
    assert asker.bars().source == first.id


def test_what_a_stand_in_lacks_is_no_trouble_once_the_preferred_source_is_back() -> None:
    first, second, third = feed("first"), feed("second"), feed("third")
    first.falls_silent()
    second.knows_nothing_of("BTC")
    asker = Asker(first, second, third)
    asker.bars()
    assert set(asker.sources.refusals) == {("BTC", second.id)}
    first.comes_back()
    asker.bars(NOW + 30)
    assert asker.sources.refusals == {}


# Clocks


def test_a_source_s_time_is_held_against_ours_when_it_answers_and_not_when_it_fails() -> None:
    first, second = feed("first"), feed("second")
    asker = Asker(first, second)
    first.told_at = NOW - HOUR
    asker.bars()
    said = [asker.sources.clocks.troubles]
    first.falls_silent()
    first.told_at, second.told_at = NOW, NOW
    asker.bars()
    said.append(asker.sources.clocks.troubles)
    first.comes_back()
    first.told_at = NOW + 60
    asker.bars(NOW + 60)
    said.append(asker.sources.clocks.troubles)
    assert said == [("Our clock and first's differ by 1 h",), ("first's clock is 1 h behind",), ()]


def test_a_source_without_a_clock_says_nothing_of_ours() -> None:
    asker = Asker(feed("first"))
    asker.bars()
    assert asker.sources.clocks.troubles == ()
