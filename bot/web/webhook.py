"""Takes what Telegram pushes. Who does not know the secret is sent away before a byte of the body is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

SECRET = "x-telegram-bot-api-secret-token"

LARGEST = 2**20
"""Bytes of an update at most; those of Telegram are a few thousand."""

READING = 5.0
"""Seconds that a body may take to arrive."""


class Taker(Protocol):
    """Who takes what is pushed."""

    def knows(self, secret: str) -> bool:
        """Whether this is the secret."""
        ...

    def take(self, body: bytes) -> Awaitable[HTTPStatus]:
        """What is answered, once what came is kept or cannot be."""
        ...


def webhook_app(url: str, taker: Taker) -> ASGIApp:
    """Takes POSTs to exactly the path of `url`. Nothing it is asked is answered with words."""
    path = unquote(urlsplit(url).path) or "/"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            response = await _answer(Request(scope, receive), path, taker)
            await response(scope, receive, send)

    return app


async def _answer(request: Request, path: str, taker: Taker) -> Response:
    if request.scope["path"] != path:
        return _refusal(HTTPStatus.NOT_FOUND)
    if request.method != "POST":
        return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, allow="POST")
    if not taker.knows(request.headers.get(SECRET, "")):
        return _refusal(HTTPStatus.FORBIDDEN)
    try:
        async with asyncio.timeout(READING):
            body = await _body(request)
    except TimeoutError:
        return _refusal(HTTPStatus.REQUEST_TIMEOUT)
    except ClientDisconnect:
        return _refusal(HTTPStatus.BAD_REQUEST)
    if body is None:
        return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return Response(status_code=await taker.take(body))


async def _body(request: Request) -> bytes | None:
    """What was sent; None if it is too large, whatever its header says."""
    if int(request.headers.get("content-length", "0")) > LARGEST:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _refusal(status: HTTPStatus, **headers: str) -> Response:
    """The connection ends: nobody reads the rest of what was sent."""
    return Response(status_code=status, headers={**headers, "connection": "close"})
