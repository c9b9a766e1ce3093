"""Who may speak for a move: other sources of the same bar, and proxies over the same time. Everything that is held, and
what one poll offers of it, so that two that fall together speak for each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bot.market.quality.closes import Closes, Jump, Ruler
from bot.market.quality.jumps import agrees, are_opposite, is_apart, is_far, may_speak, outweighs, speaks_for
from bot.market.quality.limits import SAME, TWIN
from bot.market.quality.offers import Key
from bot.market.quality.stretch import row_at
from bot.market.sessions import Sessions
from rules.bars import Bars, Bools, Interval
from rules.model import Instant, Instrument

Held = Mapping[str, Mapping[Interval, Bars]]


@dataclass(frozen=True, slots=True)
class Said:
    """What the witnesses say: whether one of them speaks for it, and whether any could speak at all."""

    agreed: bool
    heard: bool

    @property
    def against(self) -> bool:
        """Whether some could speak, and none speaks for it."""
        return self.heard and not self.agreed


class Witnesses:
    """The closes of every instrument that somebody may ask for. `offered` are the bars of this poll that may speak,
    `still` those that may do so only for a bar that stands still as well."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        sessions: Sessions,
        held: Held,
        offered: Iterable[tuple[Key, Bars]],
        still: Iterable[tuple[Key, Bars]] = (),
    ) -> None:
        self._instruments, self._sessions, self._held = instruments, sessions, held
        self._offered, self._still = _by_key(offered), _by_key(still)
        self._known: dict[Key, Closes | None] = {}

    def of_move(self, own: Closes, jump: Jump, end: Instant) -> Said:
        """What the proxies of an instrument say of a move. `own` holds the close in question."""
        voices = [self._voice(own, each, jump, end) for each in self._proxies(own.ruler.instrument)]
        return Said(any(voices), any(each is not None for each in voices))

    def of_close(self, key: Key, book: tuple[str, str], end: Instant, close: float, jump: Jump | None) -> Said:
        """What other sources say of a bar's close; where `jump` is None, that it did not move."""
        others = self._others(key, book, end)
        return Said(any(agrees(each, close, jump) for each in others), bool(others))

    def of_stillness(self, key: Key, book: tuple[str, str], end: Instant, close: float) -> bool:
        """Whether another source says too that a bar stands still at `close`."""
        still = [each for bars in self._still.get(key, ()) for each in _closes_at(bars, end, book)]
        return any(agrees(each, close, None) for each in (*self._others(key, book, end), *still))

    def stand_by(self, key: Key, book: tuple[str, str], end: Instant, was: float, close: float) -> bool:
        """Whether every other source that knows a bar is nearer to what was known of it than to what is said now. Not
        of a change so small that two sources always differ by more."""
        others = [math.log(each) for each in self._others(key, book, end)]
        then, now = math.log(was), math.log(close)
        return abs(now - then) > SAME and bool(others) and all(abs(o - then) < abs(o - now) for o in others)

    def are_apart(self, own: Closes, jump: Jump, end: Instant) -> bool:
        """Whether a twin speaks against a move that would not need a witness by its size. One that is not believed
        itself is outweighed by another proxy that moved as `own` did."""
        mine = own.ruler.instrument
        known = [self._closes(each, own.ruler.interval) for each in self._proxies(mine)]
        proxies = [each for each in known if each is not None and self._may_speak(each, jump, end)]
        twins = [each for each in proxies if not are_opposite(mine.kind, each.ruler.instrument.kind)]
        return any(
            is_apart(jump, end, own, twin) and not self._is_outweighed(twin, own, jump, end, proxies) for twin in twins
        )

    def differences(self, own: Closes) -> Bools:
        """Which closes moved otherwise than a proxy did, far enough for a twin to speak against them; a quick look."""
        mine, found = own.ruler.instrument, np.zeros(len(own.end), dtype=bool)
        least = TWIN * own.ruler.limit.least
        for proxy in self._proxies(mine):
            closes = self._closes(proxy, own.ruler.interval)
            if closes is None or are_opposite(mine.kind, proxy.kind):
                continue
            _, here, there = np.intersect1d(own.end, closes.end, assume_unique=True, return_indices=True)
            moves = np.diff(np.log(own.close[here]))
            differ, moves = np.abs(moves - np.diff(np.log(closes.close[there]))), np.abs(moves)
            if len(differ) and np.median(differ) <= TWIN * np.median(moves):
                found[here[1:][(differ > least) & (moves > own.ruler.limit.least / 2)]] = True
        return found

    def _voice(self, own: Closes, proxy: Instrument, jump: Jump, end: Instant) -> bool | None:
        closes = self._closes(proxy, own.ruler.interval)
        if closes is None or not self._may_speak(closes, jump, end):
            return None
        return speaks_for(jump, end, own, closes)

    def _proxies(self, instrument: Instrument) -> list[Instrument]:
        return [self._instruments[name] for name in instrument.proxies if name in self._instruments]

    def _may_speak(self, proxy: Closes, jump: Jump, end: Instant) -> bool:
        return may_speak(jump, self._doubtful(proxy, end), proxy.ruler.instrument.kind)

    def _is_outweighed(self, twin: Closes, own: Closes, jump: Jump, end: Instant, proxies: Iterable[Closes]) -> bool:
        """Whether a twin's own move needs a witness too, and a proxy sides with `own`."""
        other = self._doubtful(twin, end)
        if other is None or not is_far(other, twin.ruler.limit):
            return False
        return any(outweighs(jump, end, own, twin, third) for third in proxies if third is not twin)

    def _doubtful(self, proxy: Closes, end: Instant) -> Jump | None:
        """A proxy's own move to `end`; None where that is believed already, or not known."""
        held = self._held.get(proxy.ruler.instrument.id, {}).get(proxy.ruler.interval)
        believed = held is not None and row_at(held.end, end) >= 0
        return None if believed or math.isnan(close := proxy.at(end)) else proxy.jump(end, close)

    def _others(self, key: Key, book: tuple[str, str], end: Instant) -> list[float]:
        held = self._held.get(key[0], {}).get(key[1])
        tables = [*((held,) if held is not None else ()), *self._offered.get(key, ())]
        return [close for bars in tables for close in _closes_at(bars, end, book)]

    def _closes(self, instrument: Instrument, interval: Interval) -> Closes | None:
        """What is held of a proxy and, where it has none, what is offered."""
        key = instrument.id, interval
        if key not in self._known:
            self._known[key] = self._gathered(key, Ruler(instrument, interval, self._sessions))
        return self._known[key]

    def _gathered(self, key: Key, ruler: Ruler) -> Closes | None:
        offered = self._offered.get(key, ())
        held = self._held.get(key[0], {}).get(key[1])
        if held is None and not offered:
            return None
        parts = [] if held is None else [Closes.of(held, ruler)]
        parts += [Closes.of(each, ruler) for each in offered]
        end = np.concatenate([each.end for each in parts])
        close = np.concatenate([each.close for each in parts])
        order = np.argsort(end, kind="stable")
        kept = order[np.append(True, np.diff(end[order]) != 0)[: len(order)]]
        return Closes(ruler, end[kept], close[kept])


def _by_key(parts: Iterable[tuple[Key, Bars]]) -> dict[Key, list[Bars]]:
    found: dict[Key, list[Bars]] = {}
    for key, bars in parts:
        found.setdefault(key, []).append(bars)
    return found


def _closes_at(bars: Bars, end: Instant, book: tuple[str, str]) -> list[float]:
    """The closes at `end` of other books than this one."""
    there = range(*np.searchsorted(bars.end, [end, end + 1]).tolist())
    rows = [row for row in there if bars.origins[bars.origin[row]].book != book]
    return [float(bars.close[row]) for row in rows if bars.close[row] > 0]
