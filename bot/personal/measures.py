"""Short forms about what one instrument is measured by: its year, its average, its range of days, its volume."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

from bot.personal.draft import NotUnderstood
from bot.personal.levels import days_of, near_record, other_side
from bot.personal.made import Made
from bot.personal.said import (
    ABOVE,
    BELOW,
    CLOSES,
    FALLS,
    MEETS,
    MOST_DOWN,
    MOST_UP,
    RECORDS,
    RISES,
    Said,
    one_percentage,
)
from bot.personal.words import Amount, Token
from rules.language.typed import number_text
from rules.model import Basis, Kind

AVERAGES = ("average", "avg", "mean", "sma", "ma", "dma", "moving")
VOLUMES = ("volume", "turnover")
USUAL_DAYS = 60
"""Rows that a volume's usual size is the median of."""

SHORTEST_RANGE = 2
"""Days that have a high: a close is always the highest of one."""

_OF_USUAL = ("times", "x", "usual", "average", "avg", "its")
_TIMES = re.compile(r"(\d+(?:\.\d+)?)x")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TO_DATE = {"ytd": "ytd", "mtd": "mtd", "year": "ytd", "month": "mtd", "year-to-date": "ytd", "month-to-date": "mtd"}
_EXTREMES = {"high": (">=", "highest"), "low": ("<=", "lowest")}


def _since(said: Said) -> Made | None:
    """`RUT +5% since 2025-11-20`."""
    date = next((each for each in said.words if isinstance(each, str) and _DATE.fullmatch(each)), None)
    example = f"{said.instrument.id} +5% since 2025-11-20"
    if date is None and said.says("since"):
        raise NotUnderstood("since which day? write it as a date", example)
    if date is None and said.says("from") and any(map(_may_be_a_year, said.words)):
        raise NotUnderstood("from a year or from a price? write a date, or the level to reach", example)
    if date is None or not said.says("since", "from"):
        return None
    if not said.only(("since", "from", "close", "of", date), FALLS, RISES, ABOVE, BELOW):
        return None
    return _share_of(said, f"rally_since({said.instrument.id}, {date})", f"+5% since {date}")


def _may_be_a_year(word: Token) -> bool:
    """`from 2025`: a price of RUT as well; nobody knows which is meant."""
    return isinstance(word, Amount) and not word.percent and word.value in range(1990, 2031)


def _to_date(said: Said) -> Made | None:
    """`RUT ytd > 10%`, `RUT up 10% this year`."""
    spans = [each for each in said.words if each in _TO_DATE]
    to_date = said.says("ytd", "mtd", "date", "year-to-date", "month-to-date") or any(
        [*pair] == ["this", *spans] for pair in pairwise(said.words)
    )
    known = (*_TO_DATE, "this", *(("to", "date") if said.says("date") else ()))
    if len(spans) != 1 or not to_date or not said.only(known, FALLS, RISES, ABOVE, BELOW):
        return None
    told = _TO_DATE[str(spans[0])]
    return _share_of(said, f"{told}({said.instrument.id})", f"{told} > 10%")


def _share_of(said: Said, of: str, example: str) -> Made:
    """A share that is reached, from the side that is said: a number behind `falls` is how far, behind `below` where."""
    falls, rises, below, above = (said.says(*words) for words in (FALLS, RISES, BELOW, ABOVE))
    amount = said.amounts[0] if said.amounts else Amount(0.0, signed=False, percent=True)
    size = one_percentage(said, example, MOST_DOWN if falls or amount.value <= 0 else MOST_UP)
    contradicts = falls and (not amount.signed if below else amount.signed and amount.value > 0)
    contradicts |= rises and not above and amount.value < 0
    if contradicts or (falls and rises) or (below and above):
        raise NotUnderstood("up or down? write + or - before the percentage", f"{said.instrument.id} {example}")
    share = -size if amount.value < 0 or (falls and not below) else size
    down = falls or below or (share < 0 and not above)
    band = max(size / 2, said.market.usual_move(said.instrument.id))
    return other_side(of, "<=" if down else ">=", share, share + band if down else share - band)


def _average(said: Said) -> Made | None:
    """`BTC above 200 day average`."""
    if not said.says(*AVERAGES) or said.says(*VOLUMES):
        return None
    down, name = said.says(*BELOW, *FALLS), said.instrument.id
    days = _days_of_average(said)
    if down is said.says(*ABOVE, *RISES) or days is None:
        raise NotUnderstood("above or below the average of how many days?", f"{name} above 200 day average")
    of = f"sma({name}, {days})"
    band = min(said.market.usual_move(name), 0.2)
    away = number_text(round(1.0 + band if down else 1.0 - band, 3))
    return Made(
        f"close({name}) {'<' if down else '>'} {of}", f"close({name}) {'>' if down else '<'} {away} * {of}", Basis.CLOSE
    )


def _days_of_average(said: Said) -> int | None:
    """Of `above 200 day average` and `> 200 sma`; a bare number behind `average above` would be a level of it."""
    rest = said.without(AVERAGES, BELOW, ABOVE, FALLS, RISES, MEETS, CLOSES)
    if not rest or not all(_is_plain(each) or _is_span(each) for each in rest):
        return None
    if any(isinstance(each, str) for each in rest):
        return days_of(said.instrument, rest)
    sides = [at for at, each in enumerate(said.words) if each in (*BELOW, *ABOVE, *FALLS, *RISES)]
    averages = [at for at, each in enumerate(said.words) if each in AVERAGES]
    behind = sides[-1:] < [min(averages[0], said.words.index(rest[0]))] and len(rest) == 1
    return days_of(said.instrument, [*rest, "days"]) if behind else None


def _is_plain(word: Token) -> bool:
    """A number that is no move and no share."""
    return isinstance(word, Amount) and not (word.signed or word.percent)


def _extreme(said: Said) -> Made | None:
    """`RUT 52 week high`, `BTC breaks below its 20 day low`."""
    sides = [each for each in said.words if each in _EXTREMES]
    if len(sides) != 1:
        return None
    (side,), name = sides, said.instrument.id
    rest = said.without((str(side), "new", "of"), MEETS, CLOSES, ABOVE if side == "high" else BELOW)
    if not all(_is_plain(each) or _is_span(each) for each in rest) or (side == "high" and not rest):
        return None
    days = days_of(said.instrument, rest) if rest else 0
    if days < SHORTEST_RANGE:
        raise NotUnderstood(f"the {side} of how many days?", f"{name} 20 day {side}")
    symbol, extreme = _EXTREMES[str(side)]
    of, room = f"{extreme}({name}, {days})", float(near_record(said.instrument)[:-1]) / 100.0
    away = number_text(round(1.0 - room if side == "high" else 1.0 + room, 3))
    back = "<" if side == "high" else ">"
    return Made(f"close({name}) {symbol} {of}", f"close({name}) {back} {away} * {of}", Basis.CLOSE)


def _is_span(word: Token) -> bool:
    """A count of days, or what is counted."""
    return re.fullmatch(r"\d*(d|days?|sessions?|w|weeks?|months?|y|years?|yearly)", str(word)) is not None


def _volume(said: Said) -> Made | None:
    """`IBIT volume 3x`: so many times its usual size; `SOL volume > 500M`: in money."""
    if not said.says(*VOLUMES):
        return None
    name = said.instrument.id
    if said.instrument.kind in (Kind.INDEX, Kind.VOLATILITY):
        traded = (each.id for each in said.market.scope.instruments.values() if each.kind in (Kind.ETF, Kind.COIN))
        raise NotUnderstood(f"{name} is an index: it has no volume of its own", f"{next(traded, 'IBIT')} volume 3x")
    rest = said.without(VOLUMES, ABOVE, RISES, _OF_USUAL)
    found = [_TIMES.fullmatch(str(each)) for each in rest]
    times = [float(each[1]) for each in found if each] + [
        each.value for each in rest if isinstance(each, Amount) and said.says("times", "x")
    ]
    if len(rest) == len(times) == 1 and 1 < times[0] <= 100:
        usual = f"adv({name}, {USUAL_DAYS})"
        clear = number_text(round(max(1.0, times[0] / 2), 2))
        when = f"turnover({name}) >= {number_text(times[0])} * {usual}"
        return Made(when, f"turnover({name}) <= {clear} * {usual}", Basis.CLOSE)
    level = rest[0].value if len(rest) == 1 and isinstance(rest[0], Amount) and _is_plain(rest[0]) else 0.0
    if level >= 1_000 and not said.says(*_OF_USUAL):
        when = f"turnover({name}) > {number_text(level)}"
        return Made(when, f"turnover({name}) < {number_text(level / 2)}", Basis.CLOSE)
    raise NotUnderstood("how many times its usual volume, or how much money?", f"{name} volume 3x")


def _fresh(said: Said) -> Made | None:
    """`RUT fresh record`: the first one in a while."""
    if not said.says("fresh", "first") or not said.says(*RECORDS) or not said.only(RECORDS, MEETS, ("fresh", "first")):
        return None
    name = said.instrument.id
    return Made(f"fresh_record({name})", f"not fresh_record({name})", Basis.CLOSE)


def _jump(said: Said) -> Made | None:
    """`VIX jump`, `VIX spikes`: a move of four usual ones in a day."""
    if len(said.words) != 1 or said.words[0] not in ("jump", "jumps", "spike", "spikes"):
        return None
    of = f"jump({said.instrument.id})"
    return Made(f"{of} >= 4", f"{of} < 2", Basis.CLOSE)


MEASURES: tuple[Callable[[Said], Made | None], ...] = (_since, _to_date, _average, _extreme, _volume, _fresh, _jump)
"""Tried in this order, before what is said of the price alone."""
