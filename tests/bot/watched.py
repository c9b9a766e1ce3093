"""What the tests of the watch share: two indices, three rules on them, and a Wednesday morning."""

from __future__ import annotations

from bot.render.alerts import MARKS
from bot.store import schema
from rules.alerting import AlertState
from rules.bars import Interval
from rules.model import Basis, Instant
from tests.bot.market.stations import MINUTE, FakeFeed, Station, closes, rule
from tests.bot.markets import at

DAYS = closes("2025-11-03", "2025-12-31")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = closes("2025-12-01", "2025-12-05")
MORNING = at("2025-12-03T12:00Z")

HIGH = rule("high", "RUT > 100", "RUT < 95")
BOTH = rule("both", "RUT > 100 or SPX > 100", "RUT < 95 and SPX < 95")
SPREAD = rule("spread", "RUT > SPX", "RUT < SPX")
QUICK = rule("quick", "RUT > 100", "RUT < 95", Basis.TICK)


def indices(**prices: dict[Instant, float]) -> FakeFeed:
    """A source of both indices: 99 but where another price is given."""
    feed = FakeFeed()
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, 99.0) | prices.get(name, {}))
    return feed


def after(end: Instant, minutes: int = 60) -> Instant:
    return end + minutes * MINUTE


def alert(station: Station, name: str) -> AlertState:
    """Where the alert of a rule stands."""
    return station.watch.book.records[name].alert


def owed(station: Station) -> list[tuple[str, int]]:
    """Of every delivery what leads it, and how many lines with a mark it has."""
    return [
        (row.event.partition("/")[0], sum(line[:1] in MARKS.values() for line in row.html.split("\n")))
        for row in station.rows(schema.deliveries)
    ]
