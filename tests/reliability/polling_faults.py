"""What polling must survive, as verbs: how each begins and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from tests.reliability.polling_roads import Rival, Road

FOR_EVER = float("inf")
POLL = "getUpdates"

Verb = Callable[[Road], None]


@dataclass(frozen=True)
class Fault:
    """`strikes` while all is well; `clears`, and Telegram can be reached again."""

    name: str
    strikes: Verb
    clears: Verb


def _recovers(road: Road) -> None:
    road.server.recovers()


def _refuses(status: int, road: Road) -> None:
    road.server.fails_with(status, method=POLL, times=FOR_EVER)


def _answers(content: bytes, road: Road) -> None:
    road.server.answers_with(content, method=POLL, times=FOR_EVER)


def _quotes(status: int, road: Road) -> None:
    road.server.answers_html(status, method=POLL, times=FOR_EVER)


def _redirects(road: Road) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/elsewhere"})

    road.server.breaks(POLL, FOR_EVER, act)


def _hangs(road: Road) -> None:
    road.server.hangs(3_600, method=POLL, times=FOR_EVER)


def _poisons(road: Road) -> None:
    for _ in range(3):
        road.server.poisons()


def _nothing(road: Road) -> None:
    """There is nothing that has to end."""


def _comes_back(road: Road) -> None:
    road.network.comes_back()


def conflict() -> Fault:
    """Another process polls."""
    rival = Rival()
    return Fault("a second poller", lambda road: rival.begins(road.server), lambda road: rival.ends())


def of_telegram() -> list[Fault]:
    """What Telegram, or what answers in its place, does to a poll."""
    return [
        *(Fault(f"{status}", partial(_refuses, status), _recovers) for status in (401, 404, 500, 502)),
        Fault("a page instead of JSON", partial(_answers, b"<html>Welcome to our hotel</html>"), _recovers),
        Fault("JSON that breaks off", partial(_answers, b'{"ok": true, "result": [{"upd'), _recovers),
        Fault("502 with a page", partial(_quotes, 502), _recovers),
        Fault("a redirect", _redirects, _recovers),
        Fault("polls that are never answered", _hangs, _recovers),
        Fault("three poison updates", _poisons, _nothing),
        conflict(),
    ]


def of_the_network() -> list[Fault]:
    """What happens on the way, whatever the way is."""
    return [
        Fault("a black hole", lambda road: road.network.swallows(), _comes_back),
        Fault("a hole that shakes hands only", lambda road: road.network.freezes(), _comes_back),
        Fault("refused", lambda road: road.network.refuses(), _comes_back),
        Fault("port closed", lambda road: road.network.goes_down(), _comes_back),
    ]


def of_names() -> list[Fault]:
    """Names that cannot be looked up, and a closed line, so that somebody has to."""

    def strikes(road: Road) -> None:
        road.names.fail()
        road.network.refuses()

    def clears(road: Road) -> None:
        road.names.come_back()
        road.network.comes_back()

    return [Fault("no name is known", strikes, clears)]
