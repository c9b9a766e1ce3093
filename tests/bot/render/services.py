"""Prices that are found wrong, as /status is told of them."""

from __future__ import annotations

from bot.answers.quality import Fault, Ruling
from bot.answers.service import PriceFault
from rules.model import Instant
from tests.bot.markets import at

EVENING = at("2025-12-10T21:45Z")


def fault(sentence: str, ruling: Ruling | None, source: str = "yahoo", since: Instant = EVENING - 180) -> PriceFault:
    """Something that is wrong since three minutes ago."""
    return PriceFault(source, "RUT", Fault.OUTLIER, ruling, since, sentence)


HELD = fault(
    "yahoo: RUT's close of 2025-12-10 held, far from the price before (2,900.00 <after> 2,510.12)", Ruling.HELD
)
REJECTED = fault("yahoo: SPX's close of 2025-12-10 rejected, off by a power of ten (68.40, not 6,840)", Ruling.REJECTED)
MISSING = fault("coinbase answered without BTC's hour to Wed 2025-12-10 21:00Z; kraken stands in", None, "coinbase")
HOLE = fault("2 hours of SOL are missing (the last to Tue 2025-12-09 14:00Z); asked for again", None, source="")
LEFT_OUT = fault("yahoo: 1 close of VIX left out, off the calendar", Ruling.LEFT_OUT)
TRIMMED = fault("yahoo: HYG's close of 2025-12-09 trimmed, outside its own range", Ruling.TRIMMED)

WRONG_PRICES = {
    "faults": (HELD, REJECTED, MISSING, LEFT_OUT, HOLE),
    "tallies": {
        ("yahoo", Fault.OUTLIER, Ruling.HELD): 3,
        ("coinbase", Fault.SCALE, Ruling.REJECTED): 1,
        ("coinbase", Fault.MISSING, None): 40,
    },
}
"""All of that, as a Status holds it."""
