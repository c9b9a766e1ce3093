"""The ways to people: the bot's token, further channels, where the service answers about itself; and a message by which
to try them.
"""

from __future__ import annotations

import asyncio
import errno
import http.client
import socket

from bot.cli._signs import Sign
from bot.delivery.channel import Ambiguous, ChatGone, ChatMoved, Outcome, Sent
from bot.further.roll import urls_of
from bot.render.notices import trial
from bot.settings import Settings
from bot.settings.operations import host_and_port
from rules.model import Instant

PATIENCE = 5.0
"""Seconds that whoever listens at our port has to say who it is."""


async def token(settings: Settings) -> Sign:
    """Whether Telegram knows the bot."""
    if not settings.telegram.given:
        return Sign("token", works=True, told="none given: alerts go to the terminal of `bellwether run`")
    from bot.telegram.trial import NoBot, Trial  # takes a while to load

    try:
        async with Trial(settings.telegram.token.get_secret_value(), settings.telegram.base_url) as bot:
            return Sign("token", works=True, told=f"it is {await bot.name()}")
    except NoBot as why:
        return Sign("token", works=False, told=str(why))


def channels(settings: Settings) -> Sign:
    """Which further channels there are; what is wrong with a URL is told when the configuration is read."""
    named = [f"{name} ({each.role.value})" for name, each in settings.channels.items()]
    return Sign("channels", works=True, told=", ".join(named) or "none beside Telegram")


def listener(settings: Settings) -> Sign:
    """Whether the port for health and figures is free, or ours."""
    if not settings.web.listen:
        return Sign("web.listen", works=True, told="empty: nobody is told how the service is")
    host, port = host_and_port(settings.web.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as place:
            place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            place.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _who_listens(settings.web.listen, host, port)
        why = (error.strerror or str(error)).lower()
        return Sign("web.listen", works=False, told=f"{settings.web.listen}: {why}")
    return Sign("web.listen", works=True, told=f"{settings.web.listen} is free")


def _who_listens(listen: str, host: str, port: int) -> Sign:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", "/healthz")
        ours = b'"version"' in connection.getresponse().read(65_536)
    except (OSError, http.client.HTTPException):
        ours = False
    finally:
        connection.close()
    return Sign(
        "web.listen", works=ours, told=f"{listen} is taken by {'a running Bellwether' if ours else 'another program'}"
    )


async def send_trial(settings: Settings, now: Instant) -> list[Sign]:
    """One message to each administrator and each further channel, marked as a trial, and what became of it."""
    return [*await _send_to_admins(settings, now), *await _send_to_channels(settings, now)]


async def _send_to_admins(settings: Settings, now: Instant) -> list[Sign]:
    admins = [str(each) for each in settings.telegram.admins]
    if not admins and not settings.telegram.given and settings.channels:
        return []
    if not admins:
        return [Sign("trial", works=False, told="it goes to telegram.admins, and nobody is named there")]
    if not settings.telegram.given:
        return [
            Sign("trial", works=False, told=f"without a token it reaches nobody; it would go to {', '.join(admins)}")
        ]
    from bot.telegram.trial import Trial

    async with Trial(settings.telegram.token.get_secret_value(), settings.telegram.base_url) as bot:
        return [_outcome(each, await bot.send(each, trial(now))) for each in admins]


async def _send_to_channels(settings: Settings, now: Instant) -> list[Sign]:
    """All at once: each has a thread of its own, and a slow one its time."""
    if not settings.channels:
        return []
    from bot.further.channel import open_channel  # takes a while to load

    secrets = tuple(secret for each in settings.channels.values() for secret in each.secrets)
    channel = open_channel(urls_of(settings.channels), secrets)
    try:
        ended = await asyncio.gather(*(channel.send(name, trial(now)) for name in settings.channels))
    finally:
        channel.close()
    return [_outcome(name, outcome, "it was accepted") for name, outcome in zip(settings.channels, ended, strict=True)]


def _outcome(address: str, outcome: Outcome, sent: str = "it arrived") -> Sign:
    match outcome:
        case Sent():
            told = sent
        case Ambiguous():
            told = f"it may have arrived or not: {outcome.reason}"
        case ChatGone():
            told = f"this chat cannot be written to: {outcome.reason}; write to the bot first"
        case ChatMoved():
            told = f"this group is {outcome.address} now; name that in telegram.admins"
        case _:
            told = f"it did not arrive: {getattr(outcome, 'reason', outcome)}"
    return Sign(f"trial to {address}", works=isinstance(outcome, Sent), told=told)
