"""Faults of which rows there are: none, old ones, the same ones, of another time, of something else."""

from __future__ import annotations

from rules.bars import DAY, HOUR
from tests.faults.cells import HARMLESS, NEXT_DAY, by_feed, everywhere, rows
from tests.faults.deeds import EXCHANGE, YAHOO, Lies
from tests.faults.play import FAULT
from tests.faults.questions import NOT_AN_ANSWER
from tests.servers import market_lies as told
from tests.servers import wire_lies as wires
from tests.servers.liars import Row

NOT_YET = "in progress|off the calendar|future"
LACKING = "not there|answered without"


def _on_sunday(row: Row) -> Row:
    """The newest row once more, thirty per cent lower, on the Sunday before it."""
    monday = int(row.stamp) // DAY - (int(row.stamp) // DAY + 3) % 7
    stamp = (monday - 1) * DAY + int(row.stamp) % DAY
    new = row.times(0.7)
    return Row(stamp, stamp, new.values)


COURSE = (
    everywhere("no rows", told.rows(lambda found, now: []), f"{LACKING}|{NOT_AN_ANSWER}"),
    rows("no rows of the target", told.rows(lambda found, now: []), f"{LACKING}|{NOT_AN_ANSWER}"),
    everywhere("the newest bar is not there yet", told.no_newest(), LACKING),
    everywhere("an old answer for ever", told.none_after(FAULT), LACKING),
    rows("an old answer of the target", told.none_after(FAULT), LACKING),
    rows("the same bar again and again", told.repeats_after(FAULT), "repeats|frozen"),
    everywhere("the same bars again and again", told.repeats_after(FAULT), "repeats|frozen"),
    rows("each time the bar before", told.repeats_the_row_before(FAULT), "repeats|frozen", by=NEXT_DAY),
    by_feed(
        "the newest row twice",
        {
            YAHOO: Lies(YAHOO, wires.of("RUT", told.twice(told.flat, told.same))),
            EXCHANGE: Lies(EXCHANGE, wires.of("SOL", told.twice(told.same, told.flat))),  # the newest comes first there
        },
        "told twice",
    ),
    rows("rows of the future", told.extra(lambda last: [told.two_days_later(last)]), NOT_YET),
    rows("rows backwards", told.backwards(), {YAHOO: "out of order", EXCHANGE: HARMLESS}),
    rows("rows in no order", told.shuffled(), {YAHOO: "out of order", EXCHANGE: HARMLESS}),
    rows("every stamp a day early", told.shifted(-DAY), "off the calendar|rewrites the past|restated"),
    rows("every stamp a day late", told.shifted(DAY), "off the calendar|rewrites the past|restated|in progress"),
    rows(
        "every stamp three hours late",
        told.shifted(3 * HOUR),
        "rewrites the past|restated|in progress|off the",
        feeds=(EXCHANGE,),
        why="a day of Yahoo is known by its date alone",
    ),
    rows("stamps off the grid", told.shifted(17 * 60), "off the grid", feeds=(EXCHANGE,), why="as above"),
    rows("stamps in milliseconds", told.in_milliseconds(), f"off the|in progress|{LACKING}|{NOT_AN_ANSWER}"),
    rows(
        "a row of a Sunday",
        told.extra(lambda last: [_on_sunday(last)]),
        "off the calendar",
        feeds=(YAHOO,),
        why="coins are traded on Sundays",
    ),
    rows("half a bar as a whole one", told.half_done(FAULT), HARMLESS, by=NEXT_DAY),
    by_feed(
        "two symbols swapped",
        {
            YAHOO: Lies(YAHOO, wires.swapped({"RUT": "SPX", "SPX": "RUT"})),
            EXCHANGE: Lies(EXCHANGE, wires.swapped({"SOL": "BTC", "BTC": "SOL"})),
        },
        "rewrites the past|answered for",
    ),
    by_feed(
        "another symbol under this one's name",
        {
            YAHOO: Lies(YAHOO, wires.replaced('"symbol": "IWM"', '"symbol": "^RUT"', wires.swapped({"RUT": "IWM"}))),
            EXCHANGE: Lies(EXCHANGE, wires.swapped({"SOL": "ETH"})),
        },
        "rewrites the past|power of ten",
    ),
    by_feed(
        "another time zone",
        {YAHOO: Lies(YAHOO, wires.of("RUT", wires.replaced("America/New_York", "Asia/Tokyo")))},
        "time of another place",
        why="coinbase tells instants",
    ),
    by_feed(
        "another currency",
        {
            YAHOO: Lies(YAHOO, wires.of("RUT", wires.replaced('"currency": "USD"', '"currency": "EUR"'))),
            EXCHANGE: Lies(EXCHANGE, wires.of("SOL", told.each(told.scaled(0.86)))),
        },
        {YAHOO: "EUR", EXCHANGE: "rewrites the past|restated"},
        by=NEXT_DAY,
    ),
)  # fmt: skip
