"""A real Chromium, driven over its DevTools: what a page asks the network for, complains of, and looks like."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here (apt-get install chromium)")

_SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
_PATIENCE = 60.0
"""Seconds until an answer that has not come is a fault."""


@dataclass
class Visit:
    """A page that was opened: what it `asked` for besides itself, and what it `complained` of."""

    asked: list[str] = field(default_factory=list)
    complained: list[str] = field(default_factory=list)


class Browser:
    """One tab."""

    def __init__(self, wire: ClientConnection) -> None:
        self._wire, self._last, self._session = wire, 0, ""
        self._listeners: list[Callable[[str, Mapping[str, Any]], None]] = []
        tab = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=tab, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask for something and wait for the answer."""
        self._last += 1
        session = {"sessionId": self._session} if self._session else {}
        self._wire.send(json.dumps({"id": self._last, "method": method, "params": parameters, **session}))
        while True:
            message = self._hear()
            if message.get("id") == self._last:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result

    def opens(self, file: Path, width: int, height: int, *, dark: bool = False) -> Visit:
        """A page in a window of so many pixels, to its end."""
        visit, url, loaded = Visit(), file.as_uri(), []

        def note(method: str, told: Mapping[str, Any]) -> None:
            if method == "Page.loadEventFired":
                loaded.append(True)
            elif method == "Network.requestWillBeSent":
                visit.asked += [each for each in [told["request"]["url"]] if not each.startswith((url, "data:"))]
            elif method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                visit.complained.append(json.dumps(told))

        self._listeners = [note]
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        went = self.call("Page.navigate", url=url)
        assert "errorText" not in went, went
        while not loaded:
            self._hear()
        return visit

    def reads(self, script: str) -> Any:
        """What an expression is on the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def shows(self) -> bytes:
        """What is in the window, as a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def _hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._wire.recv(timeout=_PATIENCE))
        if "method" in message:
            for listener in self._listeners:
                listener(message["method"], message["params"])
        return message


@contextmanager
def chromium(home: Path) -> Iterator[Browser]:
    """A browser without a window, whose profile lies in `home`."""
    with subprocess.Popen(
        [CHROMIUM, *_SWITCHES, f"--user-data-dir={home}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            found = next((line for line in process.stderr if line.startswith("DevTools listening on ")), "")
            assert found, "Chromium did not start"
            with connect(found.split()[-1], max_size=None) as wire:
                yield Browser(wire)
        finally:
            process.terminate()
