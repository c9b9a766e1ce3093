"""How the log is written: a line for people or an object for machines, and never a secret.

Three nets, because a library may log whatever it likes, through any logger, at any level: records are cleaned where
they are made, so that every handler gets them clean; our handler cleans what was put into a record later; its formatter
cleans the finished text. Uncaught errors and warnings become records, and so pass the same nets.

One line an effect. Where a line tells of something with a number or a name, these also stand in the record by
themselves (`extra=`): people read the sentence, machines the fields.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TextIO

from bot.redaction import Redaction

_STEERING = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What moves a terminal's cursor, breaks a line, or turns the words behind it round."""

_UNCAUGHT = logging.getLogger("bot.uncaught")
_LOUDEST = {
    **dict.fromkeys(("alembic", "httpx", "httpcore"), logging.WARNING),
    "apprise": logging.CRITICAL,
    "apscheduler": logging.CRITICAL,
    "telegram": logging.CRITICAL,
}
"""Loggers that say too much. Those of `telegram` and `apprise` tell each failed request as an error: we tell it once,
as a state. A tick tells its own faults. To be cancelled when the service stops is none, but `apscheduler` would print a
traceback.
"""


class _Lines(logging.Formatter):
    """`2025-12-04 21:31:02Z INFO watch: text`; the instant is the one that logging noted.

    A text is one line whatever is in it: what comes from outside can begin none of its own. A traceback is indented,
    and no line of it steers a terminal either.
    """

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(room)s: %(message)s", "%Y-%m-%d %H:%M:%SZ")
        self.converter = time.gmtime
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        record.room = _room(record)
        lines = map(_harmless, super().format(record).split("\n"))
        return self._redaction.redact("\n  ".join(lines))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, as logging has it
        record.message = _harmless(record.message)
        return super().formatMessage(record)


def _harmless(text: str) -> str:
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


class _Objects(logging.Formatter):
    """`{"at": "2025-12-04T21:31:02.417Z", "level": "info", "room": "watch", "text": ..., ...}`: a record's own fields
    beside them, where they take none of these names; a traceback, if there is one, in `error`.
    """

    def __init__(self, redaction: Redaction) -> None:
        from structlog.processors import JSONRenderer, StackInfoRenderer  # nothing for who reads lines to load
        from structlog.stdlib import ProcessorFormatter

        super().__init__()
        self._redaction = redaction
        self._objects = ProcessorFormatter(
            foreign_pre_chain=[_told, StackInfoRenderer(), _in_order],
            processors=[ProcessorFormatter.remove_processors_meta, JSONRenderer(default=str)],
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._redaction.redact(self._objects.format(record))


def _told(_logger: object, _method: str, event: Any) -> Any:
    record: logging.LogRecord = event["_record"]
    event.pop("exc_info", None)
    if record.exc_info:
        event["error"] = record.exc_text or _PLAIN.formatException(record.exc_info)
    elif record.exc_text:
        event["error"] = record.exc_text
    return event


def _in_order(_logger: object, _method: str, event: Any) -> Any:
    record: logging.LogRecord = event["_record"]
    at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
    first = {
        "at": at.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "room": _room(record),
        "text": event.pop("event"),
    }
    added = {name: _finite(each) for name, each in record.__dict__.items() if name not in _OURS}
    return {**first, **event, **added}


def _finite(value: Any) -> Any:
    """The same without what is no number, wherever it stands: JSON has none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value


def _room(record: logging.LogRecord) -> str:
    return str(record.name).removeprefix("bot.")


_PLAIN = logging.Formatter()
_OURS = frozenset(
    {
        *logging.makeLogRecord({}).__dict__, "message", "asctime", "room",
        "at", "level", "text", "error", "stack", "event", "_record", "_from_structlog",
    }
)  # fmt: skip
"""What every record has, what formatters of other handlers leave in one, and names under which we tell something else:
no field of a record takes their place.
"""


def install(redaction: Redaction, stream: TextIO, *, level: int = logging.INFO, as_objects: bool = False) -> ExitStack:
    """Log to `stream`, without secrets, and uncaught errors and warnings too.

    Closing what is returned puts everything back as it was.
    """
    undo = ExitStack()
    _clean_records_where_they_are_made(redaction, undo)
    handler = logging.StreamHandler(stream)
    handler.addFilter(redaction)
    handler.setFormatter(_Objects(redaction) if as_objects else _Lines(redaction))
    root = logging.getLogger()
    root.addHandler(handler)
    undo.callback(root.removeHandler, handler)
    for name, loudest in {"": level, **_LOUDEST}.items():
        logger = logging.getLogger(name)
        undo.callback(logger.setLevel, logger.level)
        logger.setLevel(loudest)
    _log_what_nobody_caught(undo)
    return undo


def _clean_records_where_they_are_made(redaction: Redaction, undo: ExitStack) -> None:
    plain = logging.getLogRecordFactory()

    def clean(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = plain(*arguments, **named)
        redaction.filter(record)
        return record

    undo.callback(logging.setLogRecordFactory, plain)
    logging.setLogRecordFactory(clean)


def _log_what_nobody_caught(undo: ExitStack) -> None:
    """asyncio logs what its tasks raise; these are the other ways to the terminal."""

    def set_hook(module: object, name: str, hook: Callable[..., None]) -> None:
        undo.callback(setattr, module, name, getattr(module, name))
        setattr(module, name, hook)

    set_hook(sys, "excepthook", _log_uncaught)
    set_hook(sys, "unraisablehook", _log_unraisable)
    set_hook(threading, "excepthook", _log_thread)
    set_hook(warnings, "showwarning", _log_warning)


def _log_uncaught(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        _UNCAUGHT.critical("interrupted")
    else:
        _UNCAUGHT.critical("the program ends: nobody caught this", exc_info=(kind, error, at))


def _log_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    error = unraisable.exc_value
    what = f"{unraisable.err_msg or 'ignored an exception in'}: {unraisable.object!r}"
    _UNCAUGHT.error("%s", what, exc_info=(type(error), error, unraisable.exc_traceback) if error else None)


def _log_thread(thread: threading.ExceptHookArgs) -> None:
    if thread.exc_value is None or issubclass(thread.exc_type, SystemExit):
        return
    name = thread.thread.name if thread.thread else "unknown"
    _UNCAUGHT.error("thread %s ends", name, exc_info=(thread.exc_type, thread.exc_value, thread.exc_traceback))


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Shaped as `warnings.showwarning`; a warning meant for another file is logged as well."""
    del file, line
    logging.getLogger("bot.warnings").warning("%s: %s (%s:%s)", category.__name__, message, filename, lineno)
