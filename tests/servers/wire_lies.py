"""What befalls a request to a market server: what a network, a proxy and a tired server have been seen to do.

Each is a `Lie` of tests/servers/liars, or makes one.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from aiohttp import web

from tests.servers.liars import Give, Lie, Market

Answering = Callable[[web.Request, Give, Market], Awaitable[web.Response]]
"""A lie that is an answer, which may be changed further."""

STEP = 0.05
"""Seconds between two looks of a lie that keeps a client waiting."""


def status(code: int, text: str = "<html><body>Sorry</body></html>", **headers: str) -> Lie:
    """A status; text that begins with a brace is JSON."""
    kind = "application/json" if text[:1] in "{[n" and text else "text/html"

    async def lie(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        market.is_noticed()
        return web.Response(status=code, text=text, content_type=kind, headers=headers)

    return lie


def text(body: str) -> Lie:
    """This text, with status 200."""
    return status(200, body)


def raw(body: bytes, **headers: str) -> Lie:
    """These bytes, with status 200."""

    async def lie(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        market.is_noticed()
        return web.Response(body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return lie


def moved(to: str) -> Lie:
    """A redirection, to a place that has moved as well."""

    async def lie(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        market.is_noticed()
        return web.Response(status=302, headers={"Location": to})

    return lie


async def silence(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """No answer at all, until the client has gone or the lie is over."""
    market.is_noticed()
    await _while_it_waits(request, 30)
    return web.Response(status=504)


async def a_cut(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """The connection is reset."""
    market.is_noticed()
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def a_cut_halfway(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """The connection is reset in the middle of an answer that promised to be longer."""
    market.is_noticed()
    honest = await give()
    body = honest.body if isinstance(honest.body, bytes) else b"{}"
    response = web.StreamResponse(headers={"Date": honest.headers["Date"], "Content-Length": str(len(body))})
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


async def drops(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """The honest answer, byte after byte: no single read waits long, and the whole would take minutes."""
    market.is_noticed()
    honest = await give()
    response = web.StreamResponse(headers={"Date": honest.headers["Date"]})
    await response.prepare(request)
    for byte in honest.body if isinstance(honest.body, bytes) else b"":
        if await _while_it_waits(request, 2 * STEP):
            break
        with suppress(ConnectionError):
            await response.write(bytes([byte]))
    return response


async def _while_it_waits(request: web.Request, seconds: float) -> bool:
    """Whether the client has gone meanwhile."""
    for _ in range(round(seconds / STEP)):
        if request.transport is None or request.transport.is_closing():
            return True
        await asyncio.sleep(STEP)
    return False


async def half(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
    """The first half of the honest answer, which is no JSON any more, as if it were the whole."""
    market.is_noticed()
    told = (await give()).text or ""
    return web.Response(text=told[: len(told) // 2], content_type="application/json")


def every_other(lie: Lie) -> Lie:
    """One question is answered honestly, the next is not."""
    turns = itertools.count()

    async def lies(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        return await (lie(request, give, market) if next(turns) % 2 else give())

    return lies


def only(ending: str, lie: Lie) -> Lie:
    """The lie where the path ends like this; honest answers elsewhere."""

    async def lies(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        return await (lie(request, give, market) if request.path.endswith(ending) else give())

    return lies


def of(name: str, lie: Lie) -> Lie:
    """The lie of one instrument; honest answers of the others."""

    async def lies(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        return await (lie(request, give, market) if market.name_of(request) == name else give())

    return lies


def swapped(others: Mapping[str, str]) -> Answering:
    """Each of `others` is answered with the rows of its other."""

    async def lie(request: web.Request, give: Give, market: Market) -> web.Response:
        if (asked := market.name_of(request)) in others:
            market.is_noticed()
            market.asks_for(request, others[asked])
        return await give()

    return lie


async def honest(request: web.Request, give: Give, market: Market) -> web.Response:
    """No lie."""
    return await give()


def replaced(old: str, new: str, lie: Answering = honest) -> Lie:
    """An answer with other words in it."""

    async def lies(request: web.Request, give: Give, market: Market) -> web.StreamResponse:
        answer = await lie(request, give, market)
        if old in (told := answer.text or ""):
            market.is_noticed()
            return web.Response(text=told.replace(old, new), status=answer.status, content_type="application/json")
        return answer

    return lies
