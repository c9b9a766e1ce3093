"""The three addresses that an operator's tools ask: /healthz, /readyz, /metrics. Nothing here reads a request's body, a
parameter or a cookie, and nothing waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.answers.condition import Condition
from bot.web.health import Verdict, liveness, readiness
from bot.web.presence import Presence

FRESH = {"Cache-Control": "no-store"}


def site(presence: Presence) -> Starlette:
    """What is served of a process."""

    def answer(judge: Callable[[Condition], Verdict]) -> Response:
        verdict = judge(presence.condition())
        code = HTTPStatus.OK if verdict.good else HTTPStatus.SERVICE_UNAVAILABLE
        told = {
            "status": str(verdict.state),
            "reasons": verdict.reasons,
            "version": presence.version,
            "since": f"{dt.datetime.fromtimestamp(presence.since, dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        return JSONResponse(told, code, FRESH)

    async def healthz(_request: Request) -> Response:
        return answer(liveness)

    async def readyz(_request: Request) -> Response:
        return answer(readiness)

    async def metrics(request: Request) -> Response:
        figures, content_type = presence.meters.told(request.headers.get("accept", ""))
        return Response(figures, headers={**FRESH, "Content-Type": content_type})

    app = Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
    app.router.redirect_slashes = False  # it would send whoever asks to the host that he named himself
    return app
