"""Prices from a folder of CSV or Parquet files: `{ID}_{1d|1h|5m}.csv`, `.csv.gz` or `.parquet`.

Columns `timestamp,open,high,low,close,volume`, and if one file holds several venues also `venue`, `quote`,
`volume_unit`; what those would say the configuration may say instead. `timestamp` is UTC: of a session's day its date
at 00:00Z, of everything else the instant the bar opens. Empty cells are unknown. `{ID}_adj_1d` holds dividend-adjusted
prices, used where there is no `{ID}_1d`. See docs/data-files.md.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from bot.answers.quality import Fault
from bot.feeds._printed import counts_unsaid, printed_by, unknown_units
from bot.feeds.contract import FeedError, NoSuchBars, OfFile, Request, Setup, TradeRemark, TradingHours, untold
from rules.bars import DAY, Bars, Bools, Floats, Interval, Ints, Tick, VolumeUnit
from rules.model import ALWAYS, Instrument, Kind
from rules.panel import Dates

PRICES = ("open", "high", "low", "close", "volume")
_NAME = re.compile(r"(?P<id>[A-Z0-9]+?)(?P<adjusted>_adj)?_(?P<interval>1d|1h|5m)\.(csv|csv\.gz|parquet)")


def build(setup: Setup) -> FilesFeed:
    """A feed over `setup.folder`."""
    if setup.folder is None:
        raise FeedError("the files feed needs a folder: --data DIR")
    return FilesFeed(setup.folder, setup.hours, setup.files)


@dataclass(frozen=True)
class _Content:
    """What a file holds. `left_out`: when the rows that are no bars end; where they start if they are of no session."""

    bars: Bars
    left_out: Mapping[Fault, Ints]


class FilesFeed:
    """Bars from the files of one folder, read when first asked for."""

    name = "files"
    told_at = None

    def __init__(self, folder: Path, hours: TradingHours, said: Mapping[str, OfFile] | None = None) -> None:
        self.folder, self._hours, self._said = folder, hours, said or {}
        self._files = _files_in(folder)
        self._read: dict[Path, _Content] = {}
        self._unsaid: set[str] = set()

    def notes(self, known: Iterable[str]) -> list[str]:
        """The files that are of no configured instrument, those spoken of and not there, and of those read so far the
        ones of coins whose volume nobody can use."""
        ids, told = set(known), []
        if names := sorted(path.name for (name, _), path in self._files.items() if name not in ids):
            told.append(f"not read, because no instrument has this id: {', '.join(names)}")
        if names := sorted(set(self._said) - {_stem(path) for path in self._files.values()}):
            told.append(f"[files] speaks of what is not read from {self.folder}: {', '.join(names)}")
        if names := sorted(self._unsaid):
            said = f"it is not said what it counts (volume_unit in [files.{_stem(Path(names[0]))}])"
            told.append(f"volume not used, because {said}: {', '.join(names)}")
        return told

    async def bars(self, request: Request) -> Bars:
        """The asked bars. Raises NoSuchBars without a file, FeedError for a file that cannot be read as prices."""
        path = self._files.get((request.instrument.id, request.interval))
        if path is None:
            name = f"{request.instrument.id}_{request.interval}"
            raise NoSuchBars(f"{self.folder} holds no {name}.csv, .csv.gz or .parquet")
        if path not in self._read:
            self._read[path] = self._content(path, request.instrument, request.interval)
        content = self._read[path]
        for fault, instants in content.left_out.items():
            request.remarks(fault, _asked(request, instants))
        return content.bars.take(_asked(request, content.bars.end))

    async def ticks(
        self,
        instruments: Sequence[Instrument],  # noqa: ARG002 - files hold only bars
        remark: TradeRemark = untold,  # noqa: ARG002 - as above
    ) -> dict[str, Tick]:
        """None: a file holds what has happened."""
        return {}

    async def close(self) -> None:
        """Nothing is held open."""

    def _content(self, path: Path, instrument: Instrument, interval: Interval) -> _Content:
        table = _table(path)
        start = _instants(path, table)
        _check_units(path, table)
        said = self._said.get(_stem(path))
        book, origins = printed_by(table, start, instrument, said, "_adj_" in path.name)
        _check_order(path, start, book)
        end = self._ends(start, instrument, interval)
        _check_once(path, end, book)
        prices = {name: _numbers(path, table, name) for name in PRICES}
        bars = Bars(interval, start, end, **prices, known_at=end, origin=book, origins=origins)
        bars = bars.take(np.lexsort((book, end)))
        away, empty = bars.end <= 0, (bars.end > 0) & np.isnan(bars.close)
        if instrument.kind is Kind.COIN and counts_unsaid(table, said):
            self._unsaid.add(path.name)
        left_out = {Fault.OFF_CALENDAR: bars.start[away], Fault.NO_PRICE: bars.end[empty]}
        return _Content(bars.take(~away & ~empty), left_out)

    def _ends(self, start: Ints, instrument: Instrument, interval: Interval) -> Ints:
        """When each bar completes; -1 for a bar outside the sessions of its calendar."""
        if instrument.calendar == ALWAYS:
            return start + interval.seconds
        dates: Dates = (start // DAY).astype("datetime64[D]")
        closes = self._hours.closes_of(instrument.calendar, dates)
        if interval is Interval.DAY:
            return closes
        grid_end = (start // interval.seconds + 1) * interval.seconds
        inside = (start >= self._hours.opens_of(instrument.calendar, dates)) & (start < closes)
        return np.where(inside, np.minimum(grid_end, closes), -1)


def _asked(request: Request, instants: Ints) -> Bools:
    return np.asarray((instants > request.after) & (instants <= request.until))


def _stem(path: Path) -> str:
    """SOL_1h of SOL_1h.csv.gz."""
    return path.name.partition(".")[0]


def _files_in(folder: Path) -> dict[tuple[str, Interval], Path]:
    """The price files of a folder by instrument and interval; adjusted prices only where there are no others."""
    try:
        names = sorted(folder.iterdir())
    except OSError:
        raise FeedError(f"{folder} is not a folder; --data takes a folder of files such as RUT_1d.csv") from None
    found: dict[tuple[str, Interval], tuple[bool, Path]] = {}
    for path in names:
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        key, adjusted = (match["id"], Interval(match["interval"])), match["adjusted"] is not None
        if key in found and found[key][0] == adjusted:
            raise FeedError(f"{folder} holds both {found[key][1].name} and {path.name}; keep one of them")
        if key not in found or not adjusted:
            found[key] = (adjusted, path)
    if not found:
        raise FeedError(f"{folder} holds no price files; they are named like RUT_1d.csv, SOL_1h.csv.gz, SPX_1d.parquet")
    return {key: path for key, (_, path) in found.items()}


def _table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"timestamp": str})
    except ImportError:
        raise FeedError(f"{path}: reading Parquet needs pyarrow; pip install 'bellwether-bot[parquet]'") from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FeedError(f"{path} cannot be read as a table of prices: {reason}") from None
    if not isinstance(table.index, pd.RangeIndex):
        raise FeedError(f"{path} line 2: the row has more cells than the header")
    if missing := [name for name in ("timestamp", *PRICES) if name not in table.columns]:
        columns = "timestamp,open,high,low,close,volume"
        raise FeedError(f"{path} has no column {' and no column '.join(missing)}; it needs {columns}")
    return table


def _instants(path: Path, table: pd.DataFrame) -> Ints:
    column = table["timestamp"]
    if not pd.api.types.is_datetime64_any_dtype(column):
        column = column.astype("str")
    stamps = pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601")
    if stamps.isna().any():
        line = _first_line(stamps.isna())
        shown = column.iloc[line - 2]
        bad = "is missing" if pd.isna(shown) else f"{str(shown)!r} is not an instant such as 2025-12-31T15:00:00Z"
        raise FeedError(f"{path} line {line}: timestamp {bad}")
    return pd.DatetimeIndex(stamps).as_unit("s").asi8


def _numbers(path: Path, table: pd.DataFrame, name: str) -> Floats:
    column = table[name]
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = numbers.isna() & column.notna()
    if wrong.any():
        line = _first_line(wrong)
        raise FeedError(f"{path} line {line}: {name} {column.iloc[line - 2]!r} is not a number")
    if name != "volume" and (absurd := ~(numbers.isna() | ((numbers > 0) & (numbers < np.inf)))).any():
        line = _first_line(absurd)
        raise FeedError(f"{path} line {line}: {name} {column.iloc[line - 2]} is not a price; prices are above zero")
    return numbers.to_numpy(dtype=np.float64, copy=True)


def _check_units(path: Path, table: pd.DataFrame) -> None:
    """A misspelt unit would be a volume that nobody uses, without a word."""
    if (wrong := unknown_units(table)).any():
        line = _first_line(wrong)
        shown = str(table["volume_unit"].iloc[line - 2])
        raise FeedError(f"{path} line {line}: volume_unit {shown!r} is none of {', '.join(VolumeUnit)}")


def _check_order(path: Path, start: Ints, book: Ints) -> None:
    """Rows must run forward in time, each instant once a venue."""
    for each in np.unique(book):
        rows = np.flatnonzero(book == each)
        steps = np.diff(start[rows])
        if (steps <= 0).any():
            row = rows[int(np.argmax(steps <= 0)) + 1]
            stamp = pd.Timestamp(int(start[row]), unit="s").isoformat() + "Z"
            wrong = "stands twice" if steps[np.argmax(steps <= 0)] == 0 else "comes after a later one"
            raise FeedError(f"{path} line {row + 2}: {stamp} {wrong}; rows must run from the oldest to the newest")


def _check_once(path: Path, end: Ints, book: Ints) -> None:
    """Stamps that differ may still mean one session."""
    keys = pd.DataFrame({"end": end, "book": book})
    if (twice := (keys["end"] > 0) & keys.duplicated()).any():
        raise FeedError(f"{path} line {_first_line(twice)}: a second row of one session; each has one row a venue")


def _first_line(wrong: pd.Series[bool]) -> int:
    """The line of the file that holds the first wrong row; the header is line 1."""
    return int(np.argmax(wrong.to_numpy())) + 2
