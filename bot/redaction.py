"""Secrets, in every spelling in which they are printed, and records of the log without them. `bot.logs` puts the nets
where records pass.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

HIDDEN = "<secret>"

_SHORTEST_TAIL = 16


class Redaction(logging.Filter):
    """Knows secrets in every spelling in which they are printed, and replaces them.

    A bot's token is `<id>:<key>`. The key alone is a secret as well: so it is found whatever became of the colon.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._spelled: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Hide these as well from now on. What was a secret once is never shown again."""
        self._spelled.update(each for secret in secrets for each in _spellings(secret))
        spelled = sorted(self._spelled, key=len, reverse=True)
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


_PLAIN = logging.Formatter()


def _spellings(secret: str) -> Iterator[str]:
    """A secret as it is, percent-encoded, and without what stands before its last colon."""
    if not secret.strip():
        return
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))
    yield from (repr(secret)[1:-1], json.dumps(secret)[1:-1])
    tail = secret.rpartition(":")[2]
    if len(tail) >= _SHORTEST_TAIL and tail != secret:
        yield from _spellings(tail)
