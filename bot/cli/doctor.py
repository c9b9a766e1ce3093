"""Look through price files or the store for what is wrong with them; without either, at what works here.

What works here: the network, the token, the clock, the database, further channels, calendars and sources; with --send
also whether a message arrives.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from bot.answers.quality import Finding
from bot.app import settings_of
from bot.cli._channels import channels, listener, send_trial, token
from bot.cli._database import database
from bot.cli._network import network
from bot.cli._options import add_json
from bot.cli._output import iso, print_json
from bot.cli._patients import Ward, from_files, from_store
from bot.cli._signs import Sign
from bot.cli._surroundings import calendars, sources
from bot.clock import now
from bot.market.quality import Checkup
from bot.market.sessions import Sessions
from bot.settings import Settings
from bot.settings.service import Prices
from rules.bars import Interval
from rules.model import Instant

WORKED, FAILED = 0, 1

SHOWN = 100
"""Findings of one fault that a reader is shown."""


def configure(parser: argparse.ArgumentParser) -> None:
    """--config, --data, --store, --send, --json."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    prices = parser.add_mutually_exclusive_group()
    prices.add_argument("--data", type=Path, metavar="DIR", help="look through every price file of this folder")
    text = "look through the prices that `bellwether run` has gathered"
    prices.add_argument("--store", action="store_true", help=text)
    text = "send one message, marked as a test, to each of telegram.admins and to each further channel"
    prices.add_argument("--send", action="store_true", help=text)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what was found. Findings are no failure; what does not work is one."""
    moment = now()
    sessions = Sessions(moment)
    settings = settings_of(arguments.config, sessions)
    if arguments.data is not None:
        return _report(asyncio.run(from_files(arguments.data, settings, sessions, moment)), as_json=arguments.json)
    if arguments.store:
        return _report(asyncio.run(from_store(settings, sessions)), as_json=arguments.json)
    signs = asyncio.run(_signs(settings, sessions, moment, send=arguments.send))
    for sign in signs:
        _print_sign(sign, as_json=arguments.json)
    return WORKED if all(sign.works for sign in signs) else FAILED


async def _signs(settings: Settings, sessions: Sessions, moment: Instant, *, send: bool) -> list[Sign]:
    """Everything that works here or does not, what others depend on first."""
    return [
        *await network(settings, now),
        await token(settings),
        *await database(settings),
        channels(settings),
        listener(settings),
        *calendars(settings, sessions, moment),
        *(await sources(settings, sessions, moment) if settings.run.source is Prices.LIVE else ()),
        *(await send_trial(settings, moment) if send else ()),
    ]


def _print_sign(sign: Sign, *, as_json: bool) -> None:
    if as_json:
        print_json({"subject": sign.subject, "works": sign.works, "detail": sign.told}, simulated=False)
    else:
        print(f"{'ok' if sign.works else 'NO':<3}{sign.subject}: {sign.told}")


def _report(ward: Ward, *, as_json: bool) -> int:
    """Series by series, then the sum of all."""
    if as_json:
        _print_as_json(ward)
        return WORKED
    for checkup in ward.checkups:
        print("\n".join(_lines(ward, checkup)))
    rows = sum(len(each.bars) for each in ward.checkups)
    rejected = sum(each.rejected for each in ward.checkups)
    others = sum(len(each.findings) for each in ward.checkups) - rejected
    share = f" ({rejected / rows:.4%})" if rows else ""
    print(f"{rows:,} rows in {len(ward.checkups)} series: {rejected} left out{share}, {others} trimmed or noted")
    return WORKED


def _lines(ward: Ward, checkup: Checkup) -> Iterator[str]:
    """A series: its extent, its faults with what is wrong, and what is not there."""
    series = checkup.instrument.id, checkup.interval
    yield f"{_name(checkup)}: {len(checkup.bars):,} rows{_extent(checkup)}, {checkup.rejected} left out"
    for fault, count in checkup.left_out.items():
        yield f"  {fault}, not read ({count})"
    ordered = sorted(checkup.findings, key=lambda each: (each.fault, each.ruling, each.end))
    for (fault, ruling), group in groupby(ordered, key=lambda each: (each.fault, each.ruling)):
        found = list(group)
        yield f"  {fault}, {ruling} ({len(found)})"
        yield from (f"    {_when(each.end, checkup.interval)}  {each.detail}" for each in found[:SHOWN])
        if len(found) > SHOWN:
            yield f"    and {len(found) - SHOWN:,} more; --json lists them all"
    if len(checkup.missing):
        first, last = (_when(int(each), checkup.interval) for each in (checkup.missing[0], checkup.missing[-1]))
        yield f"  not there ({len(checkup.missing)}), from {first} to {last}"
    if count := ward.known_holes.get(series, 0):
        yield f"  asked for in vain ({count})"
    if count := ward.revisions.get(series, 0):
        yield f"  restated since they came ({count})"


def _print_as_json(ward: Ward) -> None:
    """A line a finding, and after those of a series one about the series."""
    for checkup in ward.checkups:
        series = checkup.instrument.id, checkup.interval
        for finding in checkup.findings:
            print_json(_finding_values(finding), simulated=False)
        missing = checkup.missing
        ends = [iso(int(each)) for each in (*missing[:1], *missing[-1:])]
        values = {
            "series": _name(checkup),
            "rows": len(checkup.bars),
            "rejected": checkup.rejected,
            "not_read": {str(fault): count for fault, count in checkup.left_out.items()},
            "missing": {"count": len(missing), "first": ends[0] if ends else None, "last": ends[-1] if ends else None},
            "asked_in_vain": ward.known_holes.get(series, 0),
            "restated": ward.revisions.get(series, 0),
        }
        print_json(values, simulated=_is_simulated([checkup]))


def _finding_values(finding: Finding) -> dict[str, object]:
    return {
        "instrument": finding.instrument,
        "interval": str(finding.interval),
        "end": iso(finding.end),
        "source": finding.source,
        "fault": str(finding.fault),
        "ruling": str(finding.ruling),
        "detail": finding.detail,
    }


def _is_simulated(checkups: Iterable[Checkup]) -> bool:
    return any(origin.simulated for each in checkups for origin in each.bars.origins)


def _name(checkup: Checkup) -> str:
    return f"{checkup.instrument.id} {checkup.interval}"


def _extent(checkup: Checkup) -> str:
    if not len(checkup.bars):
        return ""
    first, last = (_when(int(each), checkup.interval) for each in (checkup.bars.end[0], checkup.bars.end[-1]))
    return f" from {first} to {last}"


def _when(end: Instant, interval: Interval) -> str:
    """The date of a session; of anything shorter the minute at which it ends."""
    return iso(end)[:10] if interval is Interval.DAY else f"{iso(end)[:16]}Z"
