"""Options that several commands share, and a parser that complains in one sentence."""

from __future__ import annotations

import argparse
import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from rules.model import Instant


class Parser(argparse.ArgumentParser):
    """argparse without the usage block in front of an error."""

    def __init__(self, prog: str, description: str) -> None:
        super().__init__(prog=prog, description=description, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def add_market(parser: argparse.ArgumentParser, *, store: bool = True) -> None:
    """--config, --data, --store, --seed: which market a command works on."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    prices = parser.add_mutually_exclusive_group()
    prices.add_argument("--data", type=Path, metavar="DIR", help="read prices from this folder (docs/data-files.md)")
    if store:
        prices.add_argument("--store", action="store_true", help="read the prices that `bellwether run` has gathered")
        text = "with --store: the prices as they were known then, before what came later or was restated"
        parser.add_argument("--known-at", type=instant, metavar="INSTANT", help=text)
    prices.add_argument(
        "--seed", type=whole_number(0, 2**32), metavar="N", help="without either: which simulated market"
    )


def add_as_of(parser: argparse.ArgumentParser) -> None:
    """--as-of: nothing later than the close of this session is seen."""
    text = "see nothing later than the close of this session"
    parser.add_argument("--as-of", type=date, metavar="DATE", help=text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """--json: one object, or one a line."""
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")


def date(text: str) -> dt.date:
    """A session's date."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a date such as 2025-12-10, not {text!r}") from None


def instant(text: str) -> Instant:
    """A moment as 2025-12-04T21:30Z; without a zone it is UTC."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be an instant such as 2025-12-04T21:30Z, not {text!r}") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A reader of counts from `low` to `high`."""

    def read(text: str) -> int:
        fits = re.fullmatch("[0-9]{1,12}", text) is not None and low <= int(text) <= high
        if not fits:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return read
