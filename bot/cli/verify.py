"""Recompute every recorded alert from the bars that were known when it was recorded; the service may run meanwhile."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from bot.app import settings_of
from bot.audit.findings import Finding, Standing
from bot.cli._options import add_json, date
from bot.cli._output import iso, print_json
from bot.clock import now
from bot.market.sessions import Sessions
from bot.settings import ConfigurationError, Problem
from rules.bars import DAY
from rules.language.errors import nearest

_SHOWN = 3
"""Numbers of an event that are shown on a line."""


def configure(parser: argparse.ArgumentParser) -> None:
    """--config, --rule, --from, --to, --json."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    parser.add_argument("--rule", metavar="ID", help="only events of this rule, also of one that is not configured now")
    parser.add_argument(
        "--from", dest="first", type=date, metavar="DATE", help="first session of which events are read"
    )
    parser.add_argument("--to", dest="last", type=date, metavar="DATE", help="last session of which events are read")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what does not stand, and how many do. 1: something is not as it was."""
    first, last = arguments.first or dt.date.min, arguments.last or dt.date.max
    if first > last:
        raise ConfigurationError([Problem("--from", f"{first} is after --to {last}")])
    at = now()
    sessions = Sessions(at)
    settings = settings_of(arguments.config, sessions)
    kept_since = at - settings.retention.revisions_days * DAY
    work = _found(settings.store.url.get_secret_value(), sessions, kept_since, (arguments.rule, first, last))
    found, gaps = asyncio.run(work)
    if not found and arguments.rule is not None:
        where = "" if (arguments.first, arguments.last) == (None, None) else " in these sessions"
        _must_be_known(arguments.rule, [rule.rule.id for rule in settings.compiled], where)
    for each in found:
        if arguments.json:
            print_json(_values(each), simulated=False)
        elif each.standing is not Standing.VERIFIED:
            print(_line(each))
    if not arguments.json:
        print(_summary(found, gaps))
    return int(any(each.standing.is_fault for each in found))


def _must_be_known(rule: str, ids: Sequence[str], where: str) -> None:
    """Raises ConfigurationError for a rule that is not configured and of which nothing is recorded."""
    if rule not in ids:
        reason = f"{rule} is not configured, and nothing is recorded of it{where}{nearest(rule, ids)}"
        raise ConfigurationError([Problem("--rule", reason)])


async def _found(
    url: str, sessions: Sessions, kept_since: int, which: tuple[str | None, dt.date, dt.date]
) -> tuple[list[Finding], int]:
    """What there is to say of the events of a store, and how many gaps their chain has. Raises StoreError where there
    is none."""
    from bot.audit.reading import read  # a database is nothing for `--help` to load
    from bot.audit.verify import Audit
    from bot.store.database import look_into

    async with look_into(url) as database, database.read() as connection:
        read_in = await read(connection, sessions, *which)
    with tqdm(
        total=len(read_in.recorded), desc="verify", unit=" events", leave=False, file=sys.stderr,
        disable=not sys.stderr.isatty(),
    ) as bar:  # fmt: skip
        told: Callable[[], object] = bar.update
        return Audit(read_in.known, read_in.undone, kept_since, told).of(read_in.recorded), read_in.gaps


def _values(each: Finding) -> dict[str, object]:
    return {
        "key": each.key,
        "rule": each.rule,
        "edge": each.edge and str(each.edge),
        "session": each.session,
        "recorded_at": iso(each.recorded_at),
        "standing": str(each.standing),
        "reasons": each.reasons,
        "differences": [asdict(difference) for difference in each.differences],
        "instrument": each.instrument or None,
        "changed": each.changed,
    }


def _line(each: Finding) -> str:
    """`high fired 2025-12-03: differs: it says other numbers than its rule does (RUT: 101, now 102)`"""
    what = f"{each.rule} {each.edge} {each.session}" if each.edge is not None else each.key
    shown = [f"{one.what}: {one.then}, now {one.now}" for one in each.differences[:_SHOWN]]
    more = [f"and {len(each.differences) - _SHOWN} more"] if len(each.differences) > _SHOWN else []
    numbers = f" ({'; '.join([*shown, *more])})" if shown else ""
    return f"{what}: {each.standing}: {', and '.join(each.reasons)}{numbers}"


def _summary(found: Sequence[Finding], gaps: int) -> str:
    """`41 events: 40 verified, 1 differs; the chain of seals has 1 gap, where events were forgotten or deleted`"""
    counts = Counter(each.standing for each in found)
    told = [f"{counts[standing]} {standing}" for standing in Standing if counts[standing]]
    events = f"{len(found)} event{'s' * (len(found) != 1)}{': ' if told else ''}{', '.join(told)}"
    chain = f"the chain of seals has {gaps} gap{'s' * (gaps != 1)}, where events were forgotten or deleted"
    return f"{events}; {chain}" if gaps else events
