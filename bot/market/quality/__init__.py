"""The gate between what sources give and what rules see: which prices can be believed, and what is wrong with the rest.

Pure: no clock, no store, no network. docs/data-quality.md explains the checks and how their limits were measured.
"""

from bot.market.quality.checkup import Checkup, examine
from bot.market.quality.gate import Gate
from bot.market.quality.offers import Judged, Offer
from bot.market.quality.screening import screened

__all__ = ["Checkup", "Gate", "Judged", "Offer", "examine", "screened"]
