"""The border to Apprise: a URL becomes a service, words are handed to it, and it says in one bit how that ended.

Nothing is read from or written to a disk for it: no plug-ins of others, no configuration files, no attachments, no
store of its own. What it would log goes nowhere: it may name what a URL holds. What it said of a sending that failed is
returned instead, for one line of our own.
"""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass

from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode
from apprise.plugins import N_MGR
from apprise.plugins.base import NotifyBase

_STATUS = re.compile(r"\berror=([0-9]{3})\b")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what its services import is old in places
    N_MGR.load_modules()  # type: ignore[no-untyped-call]

_log = logging.getLogger("apprise")
_log.addHandler(logging.NullHandler())
_log.propagate = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a message was not accepted, as far as Apprise tells: the HTTP status, None where there was none to be had,
    and its own words, which may name what its URL holds.
    """

    status: int | None
    words: str


class Service:
    """One URL. Calls block, and are not for two threads at a time. Raises ValueError, as `check` does."""

    def __init__(self, url: str) -> None:
        self._apprise = Apprise(asset=_asset())
        self._apprise.add(_service(url))

    def send(self, title: str, body: str) -> Failed | None:
        """Hand over one message in plain words; None when it was accepted. Blocks as long as its service does."""
        result = self._apprise.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
        if result:
            return None
        words = " ".join(entry.message for entry in result.logs())
        status = _STATUS.search(words)
        return Failed(int(status[1]) if status else None, " ".join(words.split()))


def check(url: str) -> None:
    """Raise ValueError, in a sentence that does not show it, for a URL that Apprise can do nothing with."""
    _service(url)


def _asset() -> AppriseAsset:
    """Each call in the thread that makes it, without a limit of Apprise's own: a call that it gives up it leaves behind
    in a pool that all services share.
    """
    return AppriseAsset(
        app_id="Bellwether",
        app_desc="Bellwether",
        storage_mode="memory",
        async_mode=False,
        service_timeout=0,
        allow_templates=False,
        interpret_emojis=False,
        default_service_retry=0,
        pgp_autogen=False,
        pem_autogen=False,
    )


def _service(url: str) -> NotifyBase:
    scheme = _SCHEME.match(url)
    name = scheme[1].lower() if scheme else ""
    if name not in N_MGR:
        raise ValueError(f"Apprise knows no service {name}://" if name else "must be an Apprise URL")
    if not N_MGR[name].enabled:
        raise ValueError(f"Apprise cannot use {name}:// here: a package that it needs is not installed")
    service = Apprise.instantiate(url, asset=_asset())
    if service is None:
        raise ValueError(f"Apprise cannot read this {name}:// URL; how one looks: {N_MGR[name].setup_url}")
    if "overflow=" not in url:
        service.overflow_mode = OverflowMode.SPLIT  # what is longer than a service takes would be refused whole
    service.request_rate_per_sec = 0  # its own pause goes by the wall clock: set back an hour, it sleeps an hour
    service.retry = 0  # it is tried again from the outbox, with a mark
    service.optional = False  # or what failed would be told as sent
    return service
