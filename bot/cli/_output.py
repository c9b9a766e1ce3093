"""What commands share: the market opened, JSON without NaN, pictures as files, and notes on the side."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.answers import Picture
from bot.answers.theme import Theme
from bot.app import App, Options, open_app
from bot.render import charts
from bot.settings import ConfigurationError, Problem
from rules.model import AlertEvent, Instant


def opened(arguments: object) -> App:
    """The app that the shared options ask for; its notes go to standard error, once."""
    options = {name: getattr(arguments, name, None) for name in ("config", "data", "seed", "known_at")}
    store = getattr(arguments, "store", False)
    if options["known_at"] is not None and not store:
        raise ConfigurationError(
            [Problem("--known-at", "needs --store: only the service keeps what prices said before")]
        )
    app = open_app(Options(**options, store=store))
    for note in app.notes:
        print(note, file=sys.stderr)
    return app


def before_history(app: App, option: str, day: dt.date | None) -> str:
    """A sentence where prices begin after the day of an option, and else nothing."""
    begins = app.history.begins
    return f"prices begin on {begins}, after {option} {day}" if day is not None and day < begins else ""


def note_before_history(app: App, option: str, day: dt.date | None) -> None:
    """Say so on the side: what is before is not there."""
    if early := before_history(app, option, day):
        print(early, file=sys.stderr)


def print_json(values: Mapping[str, object], *, simulated: bool) -> None:
    """One object on one line; made-up prices say so."""
    marked = {**values, "simulated": True} if simulated else dict(values)
    print(json.dumps(plain(marked), ensure_ascii=False, allow_nan=False))


def draw(picture: Picture, file: Path, theme: Theme) -> None:
    """Write a picture as PNG. Raises ConfigurationError where there is nowhere to put it."""
    try:
        file.write_bytes(charts.draw(picture, theme))
    except OSError as error:
        raise ConfigurationError([Problem("--picture", f"{file} cannot be written: {error.strerror}")]) from None


def iso(at: Instant) -> str:
    """2025-12-10T21:00:00Z"""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def event_values(event: AlertEvent) -> dict[str, object]:
    """An event as `replay --json` prints it."""
    return {
        "event": str(event.edge),
        "rule": event.rule,
        "session": event.session,
        "at": iso(event.at),
        "severity": str(event.severity),
        "title": event.title,
        "values": event.values,
    }


def plain(value: object) -> object:
    """JSON's types; undefined is null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | None):
        return value
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    raise TypeError(f"{value!r} has no form in JSON")
