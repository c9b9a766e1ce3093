"""Latest trades: asked of the sources, put before the gate, and written up where they are wrong, old or missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bot.answers.quality import Finding, Ruling
from bot.market.backfill import Shelf
from bot.market.ledger import Complaint, Subject, of_no_trade, of_old_trade, of_trades
from bot.market.progress import STALE
from bot.market.sources import Trades
from rules.bars import Tick
from rules.model import Instant, Instrument


class Latest:
    """Remembers who tells whose trades at all: a source of bars alone owes none."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._traded: set[tuple[str, str]] = set()
        self._asked: dict[str, Instant] = {}

    async def of(self, instruments: Iterable[Instrument], now: Instant) -> dict[str, Tick]:
        """The latest trades of instruments, of those that have one that is believed."""
        wanted = list(instruments)
        told = await self._shelf.sources.ticks([*wanted, *self._proxies_of(wanted)], now)
        believed, findings = await self._judged({each.id for each in wanted}, told.ticks, now)
        self._traded |= {(name, tick.origin.venue) for name, tick in told.ticks.items()}
        for each in wanted:
            self._asked[each.id] = now
            wrong = of_trades(finding for finding in findings if finding.instrument == each.id)
            self._shelf.ledger.note(_subject(each.id), [*wrong, *self._lacking(each, told, now)], now)
        return believed

    def _proxies_of(self, wanted: Collection[Instrument]) -> list[Instrument]:
        """Who may speak for a trade far from the last close, or against it: they are asked in the same breath."""
        names = {name for each in wanted for name in each.proxies} - {each.id for each in wanted}
        return [each for each in self._shelf.schedule.instruments if each.id in names]

    async def _judged(
        self, wanted: Collection[str], told: Mapping[str, Tick], now: Instant
    ) -> tuple[dict[str, Tick], tuple[Finding, ...]]:
        """The trades that are believed; of what is held other sources are asked first."""
        gate, held = self._shelf.gate, self._shelf.archive.history.held
        trades = {name: tick for name, tick in told.items() if name in wanted}
        beside = {name: tick for name, tick in told.items() if name not in wanted}
        _, findings = gate.judge_trades(trades, held, now, beside, None)
        doubted = {each.instrument: each.source for each in findings if each.ruling is Ruling.HELD}
        asked = [each for each in self._shelf.schedule.instruments if each.id in doubted]
        others = (await self._shelf.sources.ticks(asked, now, besides=doubted)).ticks if asked else {}
        return gate.judge_trades(trades, held, now, beside, others)

    def forget(self, now: Instant) -> None:
        """What was wrong with trades that nobody has asked for lately is not wrong now: a session has ended."""
        for name, at in list(self._asked.items()):
            if not 0 <= now - at <= STALE:
                del self._asked[name]
                self._shelf.ledger.note(_subject(name), [], now)

    def _lacking(self, instrument: Instrument, told: Trades, now: Instant) -> list[Complaint]:
        """That sources have no trade of what trades by their clocks, or only an old one."""
        tick, name = told.ticks.get(instrument.id), instrument.id
        stand_in = tick.origin.venue if tick is not None else ""
        lacking = [
            of_no_trade(str(source), name, fault, stand_in)
            for (each, source), fault in told.lacking.items()
            if each == name and self._is_trading(instrument, self._there(str(source), now))
            if fault is not None or (name, str(source)) in self._traded
        ]
        if tick is not None:
            there = self._there(tick.origin.venue, now)
            lacking += [of_old_trade(tick)] if there - tick.at > STALE and self._is_trading(instrument, there) else []
        return lacking

    def _there(self, venue: str, now: Instant) -> Instant:
        """What time it is where a source is."""
        return now - self._shelf.sources.clocks.ahead_of(venue)

    def _is_trading(self, instrument: Instrument, now: Instant) -> bool:
        """Whether it trades, and has for long enough to have a trade that is not old."""
        schedule = self._shelf.schedule
        return schedule.is_trading(instrument, now) and schedule.is_trading(instrument, now - STALE)


def _subject(name: str) -> Subject:
    return name, "trades"
