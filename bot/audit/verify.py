"""Every recorded event recomputed: of each what it was judged on is found again among all that bars have said, and the
rule it names is judged on that.

Most events were judged on what is still so today, and one replay serves them all, because a column never looks ahead.
For the others the store is put back to when the last of them was judged; that serves all before it in which nothing
had changed meanwhile, and so on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from bot.audit.cases import EVER, SEAL, Case, case_of
from bot.audit.findings import Difference, Finding, Standing
from bot.audit.known import Frame, Known
from bot.audit.recomputing import Recomputed, Replayed, differences, recomputed, replayed
from bot.store.proofs import Recorded
from rules.bars import Origin
from rules.inputs import Change, Inputs, origin_of, trades_of
from rules.model import AlertEvent, Instant, Instrument
from rules.panel import Panel
from rules.provisional import with_provisional

Undone = Mapping[str, AlertEvent]
"""Events that corrections take back, by key."""

OTHERWISE = "it says something else than its rule does"


class Audit:
    """Events against bars. What a bar said before `kept_since` may have been forgotten; `told` hears of each event
    that is done."""

    def __init__(self, known: Known, undone: Undone, kept_since: Instant, told: Callable[[], object]) -> None:
        self._known, self._undone, self._kept_since, self._told = known, undone, kept_since, told

    def of(self, recorded: Iterable[Recorded]) -> list[Finding]:
        """What there is to say of each event, in their order."""
        order: dict[str, int] = {}
        found: dict[str, Finding] = {}
        cases = []
        for each in recorded:
            order[each.key] = len(order)
            case = case_of(each)
            if isinstance(case, Finding):
                found[each.key] = case
                self._told()
            else:
                cases.append((each.key, case))
        for group, frame in _grouped(cases):
            found.update(self._of_group(group, frame))
        return sorted(found.values(), key=lambda each: order[each.key])

    def _of_group(self, pending: Sequence[tuple[str, Case]], frame: Frame) -> Iterator[tuple[str, Finding]]:
        """Events of one frame: from what is known today back to what was known first."""
        pending = sorted(pending, key=lambda each: each[1].known_at, reverse=True)
        known_at = EVER
        while pending:
            market = self._market(frame, pending, known_at)
            fitting = [each for each in pending if each[1].known_at <= known_at and _fits(each[1], market)]
            served = {key for key, _ in fitting}
            rest = [each for each in pending if each[0] not in served]
            replay = replayed([case for _, case in fitting], market.panel)
            for key, case in fitting:
                yield key, self._judged(key, case, market.panel, replay)
                self._told()
            if known_at != EVER:
                lost = [each for each in rest if each[1].known_at == known_at]
                for key, case in lost:
                    yield key, self._changed(key, case, market)
                    self._told()
                rest = [each for each in rest if each[1].known_at != known_at]
            pending = rest
            known_at = pending[0][1].known_at if pending else known_at

    def _market(self, frame: Frame, cases: Iterable[tuple[str, Case]], known_at: Instant) -> Inputs:
        """What is known at an instant of all that some cases were judged on."""
        names: dict[str, None] = {}
        until = 0
        for _, case in cases:
            names |= dict.fromkeys(case.inputs["prices"])
            until = max(until, case.recorded_at, case.event.at)
        return Inputs(self._known.panel(frame, names, known_at, until))

    def _judged(self, key: str, case: Case, panel: Panel, replay: Replayed) -> Finding:
        """An event whose inputs are those it was judged on."""
        differ: tuple[Difference, ...] = ()
        try:
            found = self._recomputed(case, panel, replay)
            differ = differences(case.event, found.event) if found.event is not None else ()
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            found = Recomputed(None, f"it cannot be recomputed: {error}")
        reasons = [OTHERWISE] if differ else [found.reason] if found.event is None else []
        standing = Standing.DIFFERS if reasons else Standing.VERIFIED
        if not case.is_sealed:
            standing, reasons = Standing.EVENT_CHANGED, [SEAL, *reasons]
        return replace(_finding(key, case, standing, reasons), differences=differ)

    def _recomputed(self, case: Case, panel: Panel, replay: Replayed) -> Recomputed:
        closed = panel[: case.last + 1]
        if "trades" not in case.inputs:
            return recomputed(case, closed, replay, self._undone.get(case.event.undone_key))
        session = self._known.session(case.rule.calendar, case.inputs["ends"])
        if session is None:
            return Recomputed(None, "no session was in progress then")
        only = {name: closed.columns[name] for name in case.inputs["prices"]}
        live = with_provisional(replace(closed, columns=only), session, trades_of(case.inputs["trades"]))
        ends = np.append(closed.clock.closes, np.int64(case.inputs["ends"]))
        return recomputed(case, replace(live, clock=replace(live.clock, closes=ends)), replay, None)

    def _changed(self, key: str, case: Case, market: Inputs) -> Finding:
        """An event that was judged on something else than what is there now of what was known then."""
        if not case.is_sealed:
            return _finding(key, case, Standing.EVENT_CHANGED, [SEAL])
        if len(market.panel) <= case.last or market.closes(case.last) != case.inputs["closes"]:
            return _finding(
                key, case, Standing.INPUTS_CHANGED, ["the calendar has other sessions than it was judged on"]
            )
        changes = [each for each in _changes(case, market) if each is not None]
        first = min(changes, key=_when)
        standing, reason = self._worded(case, market, first, changes)
        return replace(_finding(key, case, standing, [reason]), instrument=first.instrument, changed=first.session)

    def _worded(self, case: Case, market: Inputs, first: Change, changes: Sequence[Change]) -> tuple[Standing, str]:
        """What has changed, first of all; and whether what was said before has only been forgotten."""
        closes, name = market.panel.clock.closes, first.instrument
        after, until = -1, int(closes[case.last])
        if first.session is not None:
            row = market.panel.clock.row_of(first.session)
            after, until = int(closes[row - 1]) if row else -1, int(closes[row])
        forgotten = any(self._known.lacks(each.instrument, case.known_at, after, until) for each in changes)
        when = f"the bar of {first.session}" if first.session is not None else f"bars in {first.year}"
        when = when if first.year is not None else "bars"
        if forgotten and case.known_at < self._kept_since:
            return Standing.NOT_VERIFIABLE, f"what {when} of {name} said then is not kept any more"
        if forgotten:
            return Standing.INPUTS_CHANGED, f"what {when} of {name} said then is not there any more"
        others = f", and of {len(changes) - 1} more" if len(changes) > 1 else ""
        are = "is not what it was" if first.session is not None else "are not what they were"
        return Standing.INPUTS_CHANGED, f"{when} of {name} {are}{others}"


def _grouped(cases: Iterable[tuple[str, Case]]) -> Iterator[tuple[list[tuple[str, Case]], Frame]]:
    """Cases that one panel can serve, with its frame."""
    groups: list[tuple[_Group, list[tuple[str, Case]]]] = []
    for key, case in cases:
        fitting = next((of_one for group, of_one in groups if group.takes(case)), None)
        if fitting is None:
            group = _Group(case)
            group.takes(case)
            groups.append((group, fitting := []))
        fitting.append((key, case))
    for group, of_one in groups:
        yield of_one, group.frame


class _Group:
    """What the cases of a group have in common: a clock, and of each instrument one order of who printed it."""

    def __init__(self, case: Case) -> None:
        self._key = case.rule.calendar, case.first
        self._instruments: dict[str, Instrument] = {}
        self._orders: dict[str, tuple[Origin, ...] | None] = {}

    def takes(self, case: Case) -> bool:
        """Whether a case is of it; if so, what it adds is noted."""
        prices = case.inputs["prices"]
        orders: dict[str, tuple[Origin, ...] | None] = {
            name: tuple(map(origin_of, each["origins"])) for name, each in prices.items()
        }
        orders |= dict.fromkeys(case.absent)
        instruments = {name: each for name, each in case.instruments.items() if name in prices}
        fits = (
            self._key == (case.rule.calendar, case.first)
            and prices.keys() == instruments.keys()
            and all(self._orders.get(name, each) == each for name, each in orders.items())
            and all(self._instruments.get(name, each) == each for name, each in instruments.items())
        )
        if fits:
            self._orders |= orders
            self._instruments |= instruments
        return fits

    @property
    def frame(self) -> Frame:
        """What panels of it are made on."""
        orders = {name: each for name, each in self._orders.items() if each is not None}
        return Frame(*self._key, self._instruments, orders)


def _fits(case: Case, market: Inputs) -> bool:
    """Whether a panel holds what an event was judged on, up to its row."""
    last, prices = case.last, case.inputs["prices"]
    if len(market.panel) <= last or not prices.keys() <= market.panel.columns.keys():
        return False
    if any(market.total(name, last) != case.totals[name] for name in prices):
        return False
    return market.closes(last) == case.inputs["closes"] and not any(_changes(case, market))


def _changes(case: Case, market: Inputs) -> Iterator[Change | None]:
    """Of each instrument where it has changed; None where it has not."""
    until = case.inputs["ends"] if "ends" in case.inputs else int(market.panel.clock.closes[case.last])
    for name, each in case.inputs["prices"].items():
        if name not in market.panel.columns:
            yield Change(name)
        elif market.digest(name, case.last, until if name in case.inside else None) != each["sha256"]:
            yield market.change(name, case.last, each["checks"])
        else:
            yield None


def _when(change: Change) -> tuple[bool, int, str]:
    """What can be named best goes first, and of that the oldest."""
    return change.year is None, change.year or 0, str(change.session or "")


def _finding(key: str, case: Case, standing: Standing, reasons: Collection[str]) -> Finding:
    event = case.event
    return Finding(key, event.rule, event.edge, event.session, case.recorded_at, standing, tuple(reasons))
