"""What every feed promises. A feed is found by being a file of bot/feeds, and tried with RUT's days and BTC's days and
hours over what stands in for its source (holding.py). One without sessions is tried with what it holds.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.quality import Fault
from bot.feeds.contract import Feed, NoSuchBars, Request
from rules.bars import DAY, HOUR, Bars, Interval
from rules.model import ALWAYS, Instant, Instrument, Kind, Source
from tests.bot import markets
from tests.bot.feeds.holding import FEEDS, stand_in
from tests.bot.markets import NOW, SESSIONS, at

STAND_INS = {name: stand_in(name) for name in FEEDS}


def known(instrument: Instrument, place: int) -> Instrument:
    """An instrument that every source knows by its own symbol; an exchange first, as for coins."""
    symbols = [Source(name, each.symbols[place]) for name, each in STAND_INS.items() if place or not each.coins_only]
    return replace(instrument, sources=tuple(symbols))


RUT, BTC = known(markets.RUT, 0), known(markets.BTC, 1)
GONE = known(Instrument("GONE", "Delisted", Kind.COIN, ALWAYS), 2)
BEGINNING = at("2025-03-01T00:00Z")
HELD = [(RUT, Interval.DAY), (BTC, Interval.DAY), (BTC, Interval.HOUR)]
COLUMNS = ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin")
PRINTED = tuple(name for name in COLUMNS if name != "known_at")
"""What the source printed; when it was known may be when it was asked."""
LOOPS: dict[Feed, asyncio.Runner] = {}
"""A feed lives in one event loop, as in the service: its connections belong to it."""
WHOLE: dict[tuple[Feed, tuple[Instrument, Interval]], Bars] = {}


def holdings(name: str) -> list[tuple[Instrument, Interval]]:
    """What the feed of this name is tried with."""
    return [held for held in HELD if held[0] is BTC or not STAND_INS[name].coins_only]


with_all_it_holds = pytest.mark.parametrize(
    ("feed", "held"),
    [pytest.param(name, held, id=f"{name}-{held[0].id}_{held[1]}") for name in FEEDS for held in holdings(name)],
    indirect=["feed"],
    scope="module",
)
with_sessions = pytest.mark.parametrize(
    "feed", [name for name, each in STAND_INS.items() if not each.coins_only], indirect=True, scope="module"
)


@pytest.fixture(params=FEEDS, scope="module")
def feed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    with ExitStack() as opened, asyncio.Runner() as loop:
        feed = STAND_INS[request.param].opened(tmp_path_factory.mktemp("prices"), opened)
        LOOPS[feed] = loop
        yield feed
        loop.run(feed.close())
        del LOOPS[feed]


def ask(feed: Feed, held: tuple[Instrument, Interval], after: Instant = BEGINNING, until: Instant = NOW) -> Bars:
    return LOOPS[feed].run(feed.bars(Request(*held, after, until)))


def whole(feed: Feed, held: tuple[Instrument, Interval]) -> Bars:
    """All that a feed holds of something, asked once for every example that is compared with it."""
    if (feed, held) not in WHOLE:
        bars = WHOLE[feed, held] = ask(feed, held)
        for name in COLUMNS:
            getattr(bars, name).flags.writeable = False
    return WHOLE[feed, held]


def rows_of(bars: Bars) -> list[tuple[object, ...]]:
    """Every bar as it was printed, in plain values, NaN as text so that it equals itself."""
    books = [bars.origins[index] for index in bars.origin]
    values = (getattr(bars, name).tolist() for name in PRINTED[:-1])
    return [tuple(map(repr, row)) for row in zip(*values, books, strict=True)]


@with_all_it_holds
def test_every_feed_is_tried_with_bars_to_speak_of(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    assert len(ask(feed, held)) > 200


def test_a_feed_is_a_feed_and_says_its_name(feed: Feed) -> None:
    assert isinstance(feed, Feed)
    assert feed.name in FEEDS


@with_all_it_holds
def test_columns_are_int64_and_float64_and_of_one_length(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    for bars in (ask(feed, held), ask(feed, held, NOW, NOW)):
        for name in COLUMNS:
            wanted = np.int64 if name in ("start", "end", "known_at", "origin") else np.float64
            column = getattr(bars, name)
            assert (column.dtype, column.ndim, len(column)) == (wanted, 1, len(bars)), name


@with_all_it_holds
def test_bars_say_their_interval_and_who_printed_them(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    bars = ask(feed, held)
    assert bars.interval is held[1]
    assert set(bars.origin.tolist()) <= set(range(len(bars.origins)))
    assert {origin.feed for origin in bars.origins} == {feed.name}
    assert len(set(bars.origins)) == len(bars.origins)


@with_all_it_holds
def test_bars_are_sorted_by_end_then_origin(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    bars = ask(feed, held)
    keys = list(zip(bars.end.tolist(), bars.origin.tolist(), strict=True))
    assert keys == sorted(keys)


@with_all_it_holds
def test_a_book_prints_one_bar_an_end(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    bars = ask(feed, held)
    keys = [(end, bars.origins[index].book) for end, index in zip(bars.end.tolist(), bars.origin, strict=True)]
    assert len(set(keys)) == len(keys)


@with_all_it_holds
def test_a_bar_starts_before_it_ends_and_is_known_once_it_has(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    bars = ask(feed, held)
    assert (bars.start < bars.end).all()
    assert (bars.end <= bars.known_at).all()


@with_all_it_holds
def test_closes_are_finite_and_prices_positive(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    bars = ask(feed, held)
    assert np.isfinite(bars.close).all()
    for name in ("open", "high", "low", "close"):
        column = getattr(bars, name)
        known = column[~np.isnan(column)]
        assert np.isfinite(known).all(), name
        assert (known > 0).all(), name


@with_all_it_holds
def test_a_high_is_no_lower_and_a_low_no_higher_than_any_other_price(
    feed: Feed, held: tuple[Instrument, Interval]
) -> None:
    bars = ask(feed, held)
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()


@given(data=st.data())
def test_no_bar_ends_outside_of_what_was_asked(feed: Feed, data: st.DataObject) -> None:
    held = data.draw(st.sampled_from(holdings(feed.name)))
    ends = whole(feed, held).end.tolist()
    instants = st.one_of(st.integers(0, 2 * NOW), st.sampled_from(ends), st.sampled_from(ends).map(lambda end: end - 1))
    after, until = data.draw(instants), data.draw(instants)
    asked = ask(feed, held, after, until).end
    assert ((asked > after) & (asked <= until)).all()


@given(data=st.data())
def test_two_adjacent_requests_give_what_one_would(feed: Feed, data: st.DataObject) -> None:
    held = data.draw(st.sampled_from(holdings(feed.name)))
    everything = whole(feed, held)
    ends = everything.end.tolist()
    between = data.draw(st.one_of(st.integers(BEGINNING, NOW), st.sampled_from(ends)))
    halves = ask(feed, held, BEGINNING, between), ask(feed, held, between, NOW)
    for name in PRINTED:
        joined = np.concatenate([getattr(half, name) for half in halves])
        assert joined.tobytes() == getattr(everything, name).tobytes(), name
    assert {half.origins for half in halves} == {everything.origins}


@with_all_it_holds
def test_asking_twice_gives_the_same_even_if_the_first_answer_was_written_on(
    feed: Feed, held: tuple[Instrument, Interval]
) -> None:
    first = ask(feed, held)
    before = rows_of(first)
    first.close[:] = 1.0
    first.end[:] = 1
    assert rows_of(ask(feed, held)) == before


@with_all_it_holds
def test_the_feed_knows_nothing_more_when_asked_about_the_future(feed: Feed, held: tuple[Instrument, Interval]) -> None:
    assert rows_of(ask(feed, held, until=NOW + 400 * DAY)) == rows_of(ask(feed, held))


@pytest.mark.parametrize(
    ("instrument", "interval"),
    [
        pytest.param(Instrument("NOPE", "Nothing", Kind.INDEX), Interval.DAY, id="no such instrument"),
        pytest.param(Instrument("NOPE", "Nothing", Kind.COIN, ALWAYS), Interval.HOUR, id="no such coin"),
        pytest.param(RUT, Interval.FIVE_MINUTES, id="no such interval"),
    ],
)
def test_what_it_does_not_hold_is_refused_in_one_sentence(
    feed: Feed, instrument: Instrument, interval: Interval
) -> None:
    with pytest.raises(NoSuchBars) as refused:
        ask(feed, (instrument, interval))
    sentence = str(refused.value)
    assert instrument.id in sentence
    assert str(interval) in sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")


@with_sessions
@pytest.mark.parametrize(
    ("session", "close"),
    [
        pytest.param("2025-03-07", "2025-03-07T21:00Z", id="the last winter close"),
        pytest.param("2025-03-10", "2025-03-10T20:00Z", id="the first summer close"),
        pytest.param("2025-07-03", "2025-07-03T17:00Z", id="a half day in summer"),
        pytest.param("2025-10-31", "2025-10-31T20:00Z", id="the last summer close"),
        pytest.param("2025-11-03", "2025-11-03T21:00Z", id="the first winter close"),
        pytest.param("2025-11-28", "2025-11-28T18:00Z", id="a half day in winter"),
        pytest.param("2025-12-24", "2025-12-24T18:00Z", id="Christmas Eve"),
    ],
)
def test_a_session_ends_at_its_close(feed: Feed, session: str, close: str) -> None:
    bars = ask(feed, (RUT, Interval.DAY))
    label = at(f"{session}T00:00Z")
    assert bars.end[bars.start == label].tolist() == [at(close)]


@with_sessions
def test_every_bar_of_a_session_belongs_to_one(feed: Feed) -> None:
    bars = ask(feed, (RUT, Interval.DAY))
    dates = (bars.start // DAY).astype("datetime64[D]")
    assert SESSIONS.closes_of(RUT.calendar, dates).tolist() == bars.end.tolist()
    assert dt.date(2025, 11, 27) not in dates.tolist()


def test_the_hours_of_a_coin_tile_without_a_gap(feed: Feed) -> None:
    bars = ask(feed, (BTC, Interval.HOUR))
    assert (bars.end - bars.start == HOUR).all()
    assert (bars.end % HOUR == 0).all()
    assert (bars.start[1:] == bars.end[:-1]).all()


def test_the_days_of_a_coin_run_from_midnight_to_midnight(feed: Feed) -> None:
    bars = ask(feed, (BTC, Interval.DAY))
    assert (bars.start % DAY == 0).all()
    assert (bars.end - bars.start == DAY).all()
    assert (np.diff(bars.end) == DAY).all()


@with_all_it_holds
def test_what_a_feed_remarks_is_how_many_rows_have_a_fault_and_changes_nothing(
    feed: Feed, held: tuple[Instrument, Interval]
) -> None:
    """Some sources of these tests hold rows of holidays, which are of no session; all else is sound."""
    heard: list[tuple[Fault, int]] = []
    wanted = Request(*held, BEGINNING, NOW, lambda fault, rows: heard.append((fault, rows)))
    bars = LOOPS[feed].run(feed.bars(wanted))
    assert rows_of(bars) == rows_of(ask(feed, held))
    away = [(Fault.OFF_CALENDAR, HOLIDAYS)] if held[0] is RUT and STAND_INS[feed.name].holidays else []
    assert heard == away


HOLIDAYS = 7
"""Weekdays without a session since March 2025: from Good Friday to Christmas Day."""


def test_trades_are_of_instruments_that_were_asked_for_and_have_happened(feed: Feed) -> None:
    ticks = LOOPS[feed].run(feed.ticks([RUT, BTC]))
    assert set(ticks) <= {"RUT", "BTC"}
    assert bool(ticks) == STAND_INS[feed.name].trades
    for name, tick in ticks.items():
        assert (tick.instrument, tick.origin.feed, tick.origin.quote) == (name, feed.name, "USD")
        assert 0 < tick.price < np.inf
        assert tick.at <= NOW
        assert tick.low <= tick.high or np.isnan([tick.low, tick.high]).any()


def test_a_source_that_has_a_clock_tells_the_time_with_each_answer_and_the_others_never(feed: Feed) -> None:
    told = []
    for question in (feed.bars(Request(BTC, Interval.DAY, BEGINNING, NOW)), feed.ticks([BTC]), feed.ticks([])):
        LOOPS[feed].run(question)
        told.append(feed.told_at)
    assert told == ([NOW, NOW, None] if STAND_INS[feed.name].clock else [None] * 3), (
        "that nothing was asked tells nothing"
    )


def test_an_instrument_that_is_not_known_costs_no_other_its_trade(feed: Feed) -> None:
    asked = [Instrument("NOPE", "Nothing", Kind.INDEX), GONE, RUT, BTC]
    assert set(LOOPS[feed].run(feed.ticks(asked))) == set(LOOPS[feed].run(feed.ticks([RUT, BTC])))
    assert LOOPS[feed].run(feed.ticks([])) == {}


def test_its_notes_are_sentences(feed: Feed) -> None:
    for note in feed.notes(["RUT", "BTC"]):
        assert note
        assert "\n" not in note
