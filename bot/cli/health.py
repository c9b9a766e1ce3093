"""Ask the running service whether it lives, or with --ready whether it does its work.

Prints what is wrong; exits 0 when nothing keeps it, 1 when something does or nobody answers. It is what a container
calls as its health check: it loads nothing of the service.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.cli._listening import address, listening
from bot.cli._options import add_json

PATIENCE = 5.0
"""Seconds that an answer is waited for: a loop that is later than that is not well."""

LONGEST = 65_536
"""Bytes of an answer that are read."""

FAILURE, USAGE_FAULT = 1, 2


def configure(parser: argparse.ArgumentParser) -> None:
    """--ready, --url, --config, --json."""
    parser.add_argument("--ready", action="store_true", help="whether it does its work, not only whether it lives")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", metavar="URL", help="where it listens, such as http://127.0.0.1:8719")
    where.add_argument("--config", type=Path, metavar="FILE", help="the configuration whose web.listen is asked")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Ask once."""
    try:
        host, port = _place(arguments.url, arguments.config)
    except ValueError as error:
        print(f"bellwether: {error}", file=sys.stderr)
        return USAGE_FAULT
    try:
        good, told = _asked(host, port, "/readyz" if arguments.ready else "/healthz")
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        print(f"bellwether: nobody answers at {host}:{port}: {why.lower()}", file=sys.stderr)
        return FAILURE
    except (ValueError, RecursionError):
        print(f"bellwether: who answers at {host}:{port} is not bellwether", file=sys.stderr)
        return FAILURE
    print(json.dumps(told, ensure_ascii=False) if arguments.json else "\n".join([told["status"], *told["reasons"]]))
    return 0 if good else FAILURE


def _place(url: str | None, config: Path | None) -> tuple[str, int]:
    """Raises ValueError in a sentence."""
    if url is None:
        return address(listening(config))
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port or http.client.HTTP_PORT
    except ValueError:
        scheme, host, port = "", None, 0
    if scheme != "http" or not host:
        raise ValueError(f"--url must be such as http://127.0.0.1:8719, not {url!r}")
    return host, port


def _asked(host: str, port: int, path: str) -> tuple[bool, dict[str, Any]]:
    """Whether it is well, and what it says. Raises ValueError for an answer that is none of ours."""
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        told = json.loads(answer.read(LONGEST))
    finally:
        connection.close()
    if (
        not isinstance(told, dict)
        or not isinstance(told.get("status"), str)
        or not isinstance(told.get("reasons"), list)
    ):
        raise ValueError("no answer of bellwether's")
    return answer.status == http.client.OK, told
