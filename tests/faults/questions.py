"""Faults that befall a question: what a network, a proxy and a tired server do."""

from __future__ import annotations

from tests.faults.cells import HARMLESS, NEXT_DAY, TARGET, Fault, by_feed, wire
from tests.faults.deeds import EXCHANGE, YAHOO, Lies, Stops
from tests.servers import wire_lies as wires

SHORT = 0.6
"""Seconds that a request may take where the fault is that it takes for ever."""

NO_SUCH = '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}'
NO_PRODUCT = '{"error":"NOT_FOUND","error_details":"valid product_id is required"}'
NULL_CHART = '{"chart":{"result":null,"error":null}}'

CODES = (400, 401, 403, 404, 408, 422, 500, 502, 503, 504)
BUSY = "429|fewer requests"
BARRED = "location|451"
NO_ANSWER = "in time|within"
NOT_AN_ANSWER = "no chart|cannot read|not an answer|something that"
UNREACHABLE = "connection|cannot be reached|in time"

REQUESTS = (
    *(wire(f"HTTP {code}", wires.status(code), str(code)) for code in CODES),
    wire("HTTP 418, banned", wires.status(418), f"418|{BUSY}"),
    wire("HTTP 429 as text", wires.status(429, "Too Many Requests\r\n"), BUSY),
    wire("HTTP 429 as JSON", wires.status(429, '{"error":"Too Many Requests"}'), BUSY),
    wire("HTTP 429 with Retry-After", wires.status(429, "slow down", **{"Retry-After": "120"}), BUSY),
    wire("HTTP 451, not in this country", wires.status(451, "Unavailable For Legal Reasons"), BARRED, by=NEXT_DAY),
    wire("HTTP 204 without a word", wires.status(204, ""), f"204|{NOT_AN_ANSWER}"),
    wire("a redirection for ever", wires.moved("/"), f"30[12]|redirect|{NOT_AN_ANSWER}|{UNREACHABLE}|404"),
    wire("a page for people", wires.text("<html><body>We will be right back</body></html>"), NOT_AN_ANSWER),
    wire("an empty answer", wires.text(""), NOT_AN_ANSWER),
    wire("half an answer", wires.half, NOT_AN_ANSWER),
    wire("JSON of another shape", wires.text('{"status":"ok","data":{"rows":[1,2,3]}}'), NOT_AN_ANSWER),
    by_feed(
        "a null where the result is",
        {
            YAHOO: Lies(YAHOO, wires.text(NULL_CHART)),
            EXCHANGE: Lies(EXCHANGE, wires.text('{"candles":null,"trades":null,"products":null}')),
        },
        NOT_AN_ANSWER,
    ),
    wire("an empty list", wires.text("[]"), NOT_AN_ANSWER),
    wire("the word null", wires.text("null"), NOT_AN_ANSWER),
    wire("brackets without an end", wires.text("[" * 100_000), NOT_AN_ANSWER),
    wire("bytes that are no text", wires.raw(b"\xff\xfe\x00{" * 50, Content_Type="application/json"), NOT_AN_ANSWER),
    wire(
        "gzip that is none",
        wires.raw(b"\x1f\x8b\x08 nothing packed", Content_Encoding="gzip", Content_Type="application/json"),
        f"{NOT_AN_ANSWER}|{UNREACHABLE}|400",
    ),
    wire("no answer at all", wires.silence, NO_ANSWER, timeout=SHORT),
    wire("an answer drop by drop", wires.drops, f"{NO_ANSWER}|{UNREACHABLE}", timeout=SHORT),
    wire("a cut connection", wires.a_cut, UNREACHABLE),
    wire("a connection cut halfway", wires.a_cut_halfway, f"{UNREACHABLE}|{NOT_AN_ANSWER}"),
    Fault("a refused connection", Stops, UNREACHABLE),
    wire("every other request fails", wires.every_other(wires.status(500)), "500"),
    by_feed(
        "only the target fails",
        {feed: Lies(feed, wires.of(TARGET[feed], wires.status(500))) for feed in TARGET},
        "500",
    ),
    by_feed(
        "delisted",
        {
            YAHOO: Lies(YAHOO, wires.of("RUT", wires.status(404, NO_SUCH))),
            EXCHANGE: Lies(EXCHANGE, wires.of("SOL", wires.status(404, NO_PRODUCT))),
        },
        {YAHOO: "delisted", EXCHANGE: "404|no such market|delisted"},
        by=NEXT_DAY,
    ),
    by_feed(
        "what comes before prices is broken",
        {
            YAHOO: Lies(YAHOO, wires.only("getcrumb", wires.status(500))),
            EXCHANGE: Lies(EXCHANGE, wires.only("/market/products", wires.status(500))),
        },
        {YAHOO: HARMLESS, EXCHANGE: "500"},
        restarts=True,
    ),
)  # fmt: skip
