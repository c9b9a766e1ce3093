"""A gate that believes what it is given, and doubts what its verbs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.live import Arrival
from bot.market.quality import Judged, Offer
from rules.bars import Bars, Interval, Tick
from rules.model import Instant, Instrument


class FakeGate:
    """Believes whatever it is given, but for what its verbs say."""

    def __init__(self) -> None:
        self._doubts: dict[tuple[str, Instant], Ruling] = {}
        self._splits: set[str] = set()
        self._waiting: set[tuple[str, Interval]] = set()
        self._held: dict[tuple[str, Interval], set[Instant]] = {}
        self._told: set[Finding] = set()

    def holds(self, name: str, *ends: Instant) -> FakeGate:
        """Bars that end then are believed when another source says the same."""
        self._doubts |= {(name, end): Ruling.HELD for end in ends}
        return self

    def rejects(self, name: str, *ends: Instant) -> FakeGate:
        """Bars that end then are never believed."""
        self._doubts |= {(name, end): Ruling.REJECTED for end in ends}
        return self

    def believes_everything(self) -> None:
        """Again, from now on."""
        self._doubts.clear()

    def sees_a_split(self, name: str) -> None:
        """The next answer on an instrument is in another unit than what is held."""
        self._splits.add(name)

    # The gate, as the intake calls it

    def judge(
        self, offers: Sequence[Offer], held: object, now: Instant, opinions: Sequence[Offer] | None = ()
    ) -> Judged:
        arrivals, findings, rebased = list[tuple[str, Arrival]](), list[Finding](), set[tuple[str, Interval]]()
        for offer in offers:
            if offer.instrument.id in self._splits:
                self._splits.discard(offer.instrument.id)
                rebased.add(offer.key)
                continue
            doubted = self._doubted(offer, opinions or ())
            self._held[offer.key] = {each.end for each in doubted if each.ruling is Ruling.HELD}
            written, replaced = offer.arrival.written, offer.arrival.replaced
            written = written.take(~np.isin(written.end, [each.end for each in doubted]))
            if len(written):
                arrivals.append(
                    (offer.instrument.id, Arrival(written, replaced.take(np.isin(replaced.end, written.end))))
                )
            findings += [each for each in doubted if each not in self._told]
            self._waiting.discard(offer.key)
            if any(each.ruling is Ruling.HELD for each in doubted):
                self._waiting.add(offer.key)
        self._told |= set(findings)
        return Judged(tuple(arrivals), tuple(findings), frozenset(rebased))

    def _doubted(self, offer: Offer, opinions: Sequence[Offer]) -> list[Finding]:
        found = [self._finding(offer, end) for end in offer.arrival.written.end.tolist()]
        return [each for each in found if each is not None and not self._is_seconded(each, offer, opinions)]

    def _finding(self, offer: Offer, end: Instant) -> Finding | None:
        ruling = self._doubts.get((offer.instrument.id, end))
        if ruling is None:
            return None
        return Finding(offer.instrument.id, offer.bars.interval, end, offer.source, Fault.OUTLIER, ruling, "much more")

    def _is_seconded(self, finding: Finding, offer: Offer, opinions: Sequence[Offer]) -> bool:
        """Whether another source says the same to a hundredth."""
        mine = float(offer.bars.close[offer.bars.end == finding.end][0])
        others = [each.bars for each in opinions if each.key == offer.key and each.source != offer.source]
        said = [float(close) for bars in others for close in bars.close[bars.end == finding.end]]
        return finding.ruling is Ruling.HELD and any(abs(close / mine - 1) < 0.01 for close in said)

    def held(self, instrument: str, interval: Interval) -> frozenset[Instant]:
        return frozenset(self._held.get((instrument, interval), ()))

    def waiting(self) -> frozenset[tuple[str, Interval]]:
        return frozenset(self._waiting)

    def judge_trades(
        self,
        trades: Mapping[str, Tick],
        held: object,
        now: Instant,
        beside: Mapping[str, Tick] | None = None,
        opinions: Mapping[str, Tick] | None = None,
    ) -> tuple[dict[str, Tick], tuple[Finding, ...]]:
        doubted = {
            name: self._doubts[name, tick.at] for name, tick in trades.items() if (name, tick.at) in self._doubts
        }
        findings = [
            Finding(name, Interval.DAY, trades[name].at, trades[name].origin.venue, Fault.OUTLIER, ruling, "much more")
            for name, ruling in doubted.items()
        ]
        return {name: tick for name, tick in trades.items() if name not in doubted}, tuple(findings)

    def screen(self, instrument: Instrument, bars: Bars, beside: object) -> tuple[Bars, tuple[Finding, ...]]:
        doubted = [end for end in bars.end.tolist() if (instrument.id, end) in self._doubts]
        findings = [
            Finding(
                instrument.id, bars.interval, end, bars.origins[0].venue, Fault.OUTLIER, Ruling.REJECTED, "much more"
            )
            for end in doubted
        ]
        return bars.take(~np.isin(bars.end, doubted)), tuple(findings)
