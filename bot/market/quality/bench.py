"""Where one row after the other is judged, oldest first: each check says what is wrong, the first that does decides.
A row that is believed is what the next one is held against."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.answers.quality import Fault, Ruling
from bot.market.quality.checks import Remark
from bot.market.quality.closes import Closes, Jump
from bot.market.quality.jumps import (
    is_far,
    is_large,
    is_torn,
    power_of_ten,
    reaches,
    returns,
    split_ratio,
    stays,
    told,
    told_as_ratio,
)
from bot.market.quality.stretch import Stretch, completes, row_at
from bot.market.quality.witnesses import Said, Witnesses
from bot.render.numbers import price
from rules.bars import Origin
from rules.model import Instant, Kind


@dataclass(frozen=True, slots=True)
class Case:
    """A row: its close at its end, and how it stands to the last close that is believed; None without one."""

    row: int
    end: Instant
    close: float
    jump: Jump | None


class Bench:
    """Judges the rows of one stretch. `again` says whether a row is told for the second time, `heard` whether other
    sources were asked: until then nothing is believed because nobody speaks against it."""

    def __init__(
        self,
        stretch: Stretch,
        closes: Closes,
        origin: Origin,
        witnesses: Witnesses,
        again: Callable[[int], bool],
        *,
        heard: bool,
    ) -> None:
        self._stretch, self._closes, self._book, self._witnesses = stretch, closes, origin.book, witnesses
        self._again, self._heard = again, heard
        self._doubted: Case | None = None
        self._instrument, self._interval = closes.ruler.instrument, closes.ruler.interval
        self._limit = closes.ruler.limit

    def verdict(self, row: int) -> Remark | None:
        """What is wrong with a row; None believes it, and what comes later is held against it."""
        end, close = int(self._stretch.bars.end[row]), float(self._stretch.bars.close[row])
        case = Case(row, end, close, self._closes.jump(end, close))
        for check in (self._standing, self._scale, self._split, self._far, self._stray, self._restated):
            if (remark := check(case)) is not None:
                if remark.fault is Fault.OUTLIER:
                    self._doubted = case
                return remark
        self._closes, self._doubted = self._closes.beside(end, close), None
        return None

    def _goes_on(self, case: Case) -> bool:
        """Whether a row is nearer to one that is held than to the last believed: a lie grows no truer with time."""
        if self._doubted is None or case.jump is None:
            return False
        return abs(math.log(case.close / self._doubted.close)) < abs(case.jump.move)

    def _standing(self, case: Case) -> Remark | None:
        """A copy of the bar before, or none at all, until another source says it too."""
        copied, frozen = self._stretch.copies[case.row], self._stretch.frozen[case.row]
        key = self._instrument.id, self._interval
        if not (copied or frozen) or self._witnesses.of_stillness(key, self._book, case.end, case.close):
            return None
        if copied:
            said = f"open, high, low and close are those of the bar before: {price(case.close)}"
            return Remark(case.row, Fault.REPEATED, Ruling.HELD, said)
        said = f"it never moved from the close before, {price(case.close)}"
        return Remark(case.row, Fault.FROZEN, Ruling.HELD, said)

    def _scale(self, case: Case) -> Remark | None:
        jump = case.jump
        if jump is None or not (power := power_of_ten(jump, self._limit)):
            return None
        return Remark(case.row, Fault.SCALE, Ruling.REJECTED, told_as_ratio(case.close, jump.was, power))

    def _split(self, case: Case) -> Remark | None:
        """A fund's price as after a split, while its past is told as before: until the past follows, or it fell."""
        jump = case.jump
        if jump is None or self._instrument.kind is not Kind.ETF or not (ratio := split_ratio(jump.move)):
            return None
        if self._proxies(case, jump).agreed:
            return None
        return Remark(case.row, Fault.SPLIT, Ruling.HELD, told_as_ratio(case.close, jump.was, ratio))

    def _far(self, case: Case) -> Remark | None:
        """A move that is too large, until somebody speaks for it; where nobody speaks against it, until the next bar
        stays there; where nobody can speak, until it is told again. A lie that lasts is still one."""
        jump = case.jump
        if jump is None:
            return None
        odd = self._is_torn(case, jump) or self._is_apart(case, jump) or self._goes_on(case)
        if not odd and not is_far(jump, self._limit):
            return None
        others, proxies = self._others(case, jump), self._proxies(case, jump)
        if others.agreed or (proxies.agreed and not odd):
            return None
        after = self._after(case.row)
        against = others.against or (not proxies.agreed and self._is_apart(case, jump))
        if self._heard and not against and (stays(jump, case.close, after) or self._reached(case, jump)):
            return None
        if returns(jump, after):
            said = f"{told(case.close, jump)}, then {price(after)}"
            return Remark(case.row, Fault.OUTLIER, Ruling.REJECTED, said)
        if self._heard and not (others.heard or proxies.heard) and self._again(case.row):
            return None
        return Remark(case.row, Fault.OUTLIER, Ruling.HELD, told(case.close, jump))

    def _is_apart(self, case: Case, jump: Jump) -> bool:
        by_the_less_usual = self._closes.jump(case.end, case.close, min)
        if by_the_less_usual is None or not is_large(by_the_less_usual, self._limit):
            return False
        return self._witnesses.are_apart(self._closes.beside(case.end, case.close), jump, case.end)

    def _is_torn(self, case: Case, jump: Jump) -> bool:
        return is_torn(jump, float(self._stretch.bars.open[case.row]), self._closes.ruler)

    def _stray(self, case: Case) -> Remark | None:
        """A close far from the bar's own range, while the range goes on from the bar before."""
        if not self._stretch.strays[case.row]:
            return None
        others = self._others(case, case.jump)
        if others.agreed or (self._heard and self._again(case.row) and not others.against):
            return None
        was = f" after {price(case.jump.was)}" if case.jump is not None else ""
        said = f"close {price(case.close)}{was} is far from the bar's own range"
        return Remark(case.row, Fault.RANGE, Ruling.HELD, said)

    def _restated(self, case: Case) -> Remark | None:
        """Another value for a bar that is known, until two polls say it and no other source stands by what was known;
        the servers of a source disagree at times."""
        said = self._stretch.said
        at = row_at(said.end, case.end)
        if at < 0 or completes(self._stretch.bars, case.row, said, at):
            return None
        key, was = (self._instrument.id, self._interval), float(said.close[at])
        if (
            self._heard
            and self._again(case.row)
            and not self._witnesses.stand_by(key, self._book, case.end, was, case.close)
        ):
            return None
        words = f"{price(case.close)} in place of {price(float(said.close[at]))}"
        if said.close[at] == case.close:
            words = f"open, high or low of a bar that closes at {price(case.close)}"
        return Remark(case.row, Fault.RESTATED, Ruling.HELD, words)

    def _others(self, case: Case, jump: Jump | None) -> Said:
        key = self._instrument.id, self._interval
        return self._witnesses.of_close(key, self._book, case.end, case.close, jump)

    def _proxies(self, case: Case, jump: Jump) -> Said:
        return self._witnesses.of_move(self._closes.beside(case.end, case.close), jump, case.end)

    def _reached(self, case: Case, jump: Jump) -> bool:
        """Whether the range of the next bar goes to this close."""
        bars, after = self._stretch.bars, case.row + 1
        return after < len(bars) and reaches(jump, case.close, float(bars.low[after]), float(bars.high[after]))

    def _after(self, row: int) -> float:
        """The close of the next bar; NaN where there is none."""
        closes = self._stretch.bars.close
        after = float(closes[row + 1]) if row + 1 < len(closes) else math.nan
        return after if 0 < after < math.inf else math.nan
