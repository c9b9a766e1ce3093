"""Faults of who could speak for a true event: its twin, the other venue, a proxy's trade. What happens is told in time,
as if nothing were wrong, for nothing is wrong with what tells of it."""

from __future__ import annotations

import json

from aiohttp import web

from rules.bars import DAY
from tests.bot.markets import at
from tests.faults.cells import HARMLESS, Fault, by_feed
from tests.faults.course import LACKING
from tests.faults.deeds import EXCHANGE, YAHOO, Both, Lies
from tests.faults.market import EQUITY_EVENT
from tests.faults.play import FAULT
from tests.servers import market_lies as told
from tests.servers import wire_lies as wires
from tests.servers.liars import Give, Lie, Market

ON_TIME = at("2025-12-03T21:31Z")
"""The poll that tells of the index where nothing is wrong."""

THAT_DAY = EQUITY_EVENT - DAY // 2
"""The twin is well until the day of the event: what it says of the day before is believed."""

ALONE = "it befalls one whose word is asked of others"


def _twin(name: str, lie: Lie, named: str) -> Fault:
    return by_feed(name, {YAHOO: Lies(YAHOO, wires.of("IWM", lie))}, named, ALONE, by=ON_TIME)


async def _stands_still(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """Of SOL the last row of before the fault, again and again."""
    answer = await give()
    chart = json.loads(answer.text or "{}").get("chart", {}).get("result") or [{}]
    stamps = chart[0].get("timestamp", [])
    last = sum(stamp < FAULT for stamp in stamps) - 1
    if request.match_info.get("symbol") != "SOL-USD" or not 0 <= last < len(stamps) - 1:
        return answer
    for column in chart[0]["indicators"]["quote"][0].values():
        column[last + 1 :] = [column[last]] * (len(stamps) - last - 1)
    market.is_noticed()
    return web.json_response({"chart": {"result": chart, "error": None}})


WITNESSES = (
    _twin("a twin that is frozen", told.repeats_after(THAT_DAY), "repeats|frozen"),
    _twin("a twin that is stale", told.none_after(THAT_DAY), LACKING),
    _twin("a twin at 10 times its price", told.each(told.scaled(10), THAT_DAY), "power of ten"),
    _twin("a twin at a sixth of its price", told.each(told.scaled(1 / 6), THAT_DAY), "split"),
    _twin("a twin that falls by 12 %", told.each(told.scaled(0.88), THAT_DAY), "far from"),
    by_feed(
        "a proxy's trade that is frozen",
        {YAHOO: Lies(YAHOO, told.trade("IWM", told.frozen()))},
        HARMLESS,
        ALONE,
        by=ON_TIME,
    ),
    by_feed(
        "a bar that is late, and the other venue frozen",
        {EXCHANGE: Both(Lies(EXCHANGE, wires.of("SOL", told.no_newest())), Lies(YAHOO, _stands_still))},
        LACKING,
        ALONE,
        backed=True,
    ),
    by_feed(
        "a spike down, and the other venue frozen",
        {EXCHANGE: Both(Lies(EXCHANGE, wires.of("SOL", told.newest(told.scaled(0.7)))), Lies(YAHOO, _stands_still))},
        "far from",
        ALONE,
        backed=True,
    ),
)
