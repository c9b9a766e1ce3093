"""Keeps secrets out of everything the program prints: every log record, every uncaught error, every warning.

Three nets, because a library may log whatever it likes, through any logger, at any level: records are cleaned where
they are made, so that every handler gets them clean; our handler cleans what was put into a record later; its formatter
cleans the finished text. Uncaught errors and warnings become records, and so pass the same nets.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

HIDDEN = "<secret>"

_SHORTEST_TAIL = 16
_UNCAUGHT = logging.getLogger("bot.uncaught")
_LOUDEST = {
    **dict.fromkeys(("alembic", "httpx", "httpcore"), logging.WARNING),
    "apscheduler": logging.CRITICAL,
    "telegram": logging.CRITICAL,
}
"""Loggers that say too much. Those of `telegram` tell each failed request as an error: we tell it once, as a state.
A tick tells its own faults. To be cancelled when the service stops is none, but `apscheduler` would print a traceback.
"""


class Redaction(logging.Filter):
    """Knows secrets in every spelling in which they are printed, and replaces them.

    A bot's token is `<id>:<key>`. The key alone is a secret as well: so it is found whatever became of the colon.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        spelled = sorted({each for secret in secrets for each in _spellings(secret)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, spelled)), re.IGNORECASE) if spelled else None

    def redact(self, text: str) -> str:
        """`text` without its secrets."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place, all of it: message, arguments, traceback, extra fields. It is never dropped."""
        self._clean_message(record)
        self._clean_traceback(record)
        for name, value in record.__dict__.items():
            if isinstance(value, str) and name not in ("msg", "exc_text"):
                record.__dict__[name] = self.redact(value)
        return True

    def _clean_message(self, record: logging.LogRecord) -> None:
        """Arguments are kept where they hide nothing: handlers that group by message need them."""
        try:
            message = record.getMessage()
        except Exception:  # logging would print the raw arguments to stderr
            message = f"{record.msg!r} {record.args!r}"
            clean = self.redact(message)
        else:
            clean = self.redact(message)
            if clean == message and self._harmless(record.msg) and self._harmless(record.args):
                return
        record.msg, record.args = clean, ()

    def _harmless(self, value: object) -> bool:
        """Whether nothing is hidden in an argument that the message itself does not show."""
        text = str(value)
        return self.redact(text) == text

    def _clean_traceback(self, record: logging.LogRecord) -> None:
        if isinstance(record.exc_info, tuple):
            text = record.exc_text or _PLAIN.formatException(record.exc_info)
            clean = self.redact(text)
            if clean != text:  # the exception itself would be formatted again by the next handler
                record.exc_info, record.exc_text = None, clean
        elif record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self.redact(record.stack_info)


class _UtcFormatter(logging.Formatter):
    """`2025-12-04 21:31:02Z INFO watch: text`; the instant is the one that logging noted."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(room)s: %(message)s", "%Y-%m-%d %H:%M:%SZ")
        self.converter = time.gmtime
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        record.room = str(record.name).removeprefix("bot.")
        return self._redaction.redact(super().format(record))


_PLAIN = logging.Formatter()


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, percent-encoded, and without what stands before its last colon."""
    if not secret.strip():
        return
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), repr(secret)[1:-1])
    tail = secret.rpartition(":")[2]
    if len(tail) >= _SHORTEST_TAIL and tail != secret:
        yield from _spellings(tail)


def install(secrets: Iterable[str], stream: TextIO, *, level: int = logging.INFO) -> ExitStack:
    """Log to `stream`, without `secrets`, and uncaught errors and warnings too.

    Closing what is returned puts everything back as it was.
    """
    redaction = Redaction(secrets)
    undo = ExitStack()
    _clean_records_where_they_are_made(redaction, undo)
    handler = logging.StreamHandler(stream)
    handler.addFilter(redaction)
    handler.setFormatter(_UtcFormatter(redaction))
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
