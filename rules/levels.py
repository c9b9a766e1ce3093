"""Many alerts at once: which of them can a row change at all?

Every condition is `sign * expression > bound` of some expression, to the last bit: `RUT <= 90` is `-RUT > b` with the
number before -90 for b, and a condition of another kind is its own column above one half. So an alert that is at rest
waits for one comparison: an inactive one for `when`, a firing one for `clear`. A million of them are two arrays, and a
row is one vectorised comparison with them; only those that it finds are judged. The engine stays the one truth: what is
found may come to nothing, what is left out is what it would have left where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rules.alerting import BEFORE, Coverage, Firing, Inactive
from rules.bars import Bools, Floats
from rules.book import Record
from rules.columns import Constant, Node, Window
from rules.elementwise import greater, greater_or_equal, invert, less, less_or_equal
from rules.evaluation import Checkpoints, evaluate
from rules.language.compile import CompiledRule
from rules.model import Instant
from rules.panel import Panel

Indices = NDArray[np.int64]
Keys = NDArray[np.int32]

ALWAYS_JUDGED = -np.inf
"""The bound of an alert that is not at rest: every row may change it."""

LOWEST = -np.finfo(np.float64).max
"""What a row without a value reaches: it changes what is not at rest alone."""

NO_ROW = -np.inf
"""What is reached where there is no row to judge: nothing changes."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A condition: TRUE where `sign * expression > bound`, UNKNOWN where the expression is NaN, else FALSE."""

    expression: Node
    sign: int
    bound: float

    @property
    def opposite(self) -> Threshold:
        """`not` of it."""
        return Threshold(self.expression, -self.sign, _before(-self.bound))


def threshold(condition: Node) -> Threshold:
    """A condition of any kind as one."""
    if isinstance(condition, Window) and condition.apply is invert:
        return threshold(condition.inputs[0]).opposite
    if isinstance(condition, Window) and condition.apply in _RELATIONS:
        sign, is_reached = _RELATIONS[condition.apply]
        left, right = condition.inputs
        if isinstance(left, Constant):
            left, right, sign = right, left, -sign
        if isinstance(right, Constant):
            bound = sign * right.value
            return Threshold(left, sign, _before(bound) if is_reached else bound)
    return Threshold(condition, 1, 0.5)


_RELATIONS: Mapping[Callable[..., Floats], tuple[int, bool]] = {
    greater: (1, False),
    greater_or_equal: (1, True),
    less: (-1, False),
    less_or_equal: (-1, True),
}
"""Of comparisons the sign that makes more of what stands on the left, and whether the level itself is enough."""


def _before(number: float) -> float:
    """The greatest number below one."""
    return float(np.nextafter(number, -np.inf))


@dataclass(frozen=True, slots=True)
class Levels:
    """Alerts by their bounds. `key` says which value an alert waits for: 2 i for the one of expression i, 2 i + 1 for
    that with the other sign.
    """

    key: Keys
    bound: Floats

    def moving(self, reached: Floats) -> Indices:
        """Those that may change on rows on which so much was `reached`, by key."""
        return np.flatnonzero(reached[self.key] > self.bound)

    @property
    def nbytes(self) -> int:
        """What they take of memory."""
        return self.key.nbytes + self.bound.nbytes


def reached(values: Floats, is_due: Bools) -> Floats:
    """By key what each expression has reached on a row, and with the other sign; only where the row is to be judged."""
    both = np.stack([values, -values], axis=1)
    known = np.where(np.isnan(both), LOWEST, np.maximum(both, LOWEST))
    return np.where(is_due[:, None], known, NO_ROW).ravel()


def awaits(rule: CompiledRule, record: Record | None) -> Node | None:
    """The condition that alone can move an alert from where it stands; None where it is not at rest.

    At rest is what counts nothing: inactive and free to fire, or firing with no row that said clear, no end by itself
    and no pause after it that is not over; and with its data there.
    """
    if record is None or record.digest != rule.digest or record.coverage != Coverage(record.coverage.bar, ever=True):
        return None
    alert, timing = record.alert, rule.rule.timing
    if isinstance(alert, Inactive):
        return rule.when if alert.rest == 0 and not alert.spent else None
    is_firm = isinstance(alert, Firing) and alert.clearing == 0 and alert.age >= timing.cooldown
    return rule.clear if is_firm and timing.expires is None else None


Due = Callable[[CompiledRule, int], int]
"""The first of a rule's rows from one on that may not be judged yet."""

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The `rules` that a poll may change, and with them as many as it takes to name every instrument of their track: a
    book tells its past by the prices of all of them. `through` is, by what is traded, the newest trade there was.
    """

    rules: tuple[CompiledRule, ...] = ()
    through: Mapping[Names, Instant] = field(default_factory=dict)


class Screen:
    """The rules on trades of one track, between one panel of closes and the next: which of them a poll can change.

    Made of `records` as they are when all rows that have closed were judged; `through` is, by what is traded, the
    newest trade that was. A record of an alert at rest is left where it was: with `through` it is `caught_up`.
    """

    def __init__(
        self, rules: Sequence[CompiledRule], records: Mapping[str, Record], through: Mapping[Names, Instant]
    ) -> None:
        self._rules = tuple(rules)
        self._row_of = {rule.rule.id: row for row, rule in enumerate(rules)}
        self._seats: dict[tuple[Node, Names], int] = {}
        self._firsts: dict[Names, CompiledRule] = {}
        self._bounds: dict[tuple[Node, Names], tuple[int, float]] = {}
        self._levels = Levels(np.empty(len(rules), dtype=np.int32), np.empty(len(rules)))
        for row, rule in enumerate(rules):
            self._firsts.setdefault(rule.instruments, rule)
            self._settle(row, records.get(rule.rule.id))
        self._company = _company(rules)
        self.through = through

    @property
    def levels(self) -> Levels:
        """The alerts as arrays, in the order of the rules."""
        return self._levels

    def asked(self, panel: Panel, checkpoints: Checkpoints, due: Due) -> Asked:
        """Who is to be judged on the session in progress, the last row of a panel. Changes nothing."""
        row = len(panel) - 1
        newest = {names: _newest(panel, names) for names in self._firsts}
        through = {
            names: at
            for names, at in newest.items()
            if at > self.through.get(names, BEFORE) and due(self._firsts[names], row) > row
        }
        if not through:
            return Asked()
        columns = evaluate([node for node, _ in self._seats], panel, row, checkpoints).columns
        values = np.array([columns[node][0] for node, _ in self._seats])
        is_due = np.array([names in through for _, names in self._seats])
        found = [self._rules[index] for index in self._levels.moving(reached(values, is_due))]
        return Asked((*found, *self._beside(found)), through)

    def learn(self, asked: Asked, records: Mapping[str, Record]) -> None:
        """Those who were asked stand as in `records`, and that is written down."""
        self.through = {**self.through, **asked.through}
        for rule in asked.rules:
            self._settle(self._row_of[rule.rule.id], records.get(rule.rule.id))

    def _settle(self, row: int, record: Record | None) -> None:
        """What one rule waits for from where it stands."""
        rule = self._rules[row]
        condition = awaits(rule, record)
        key, bound = self._bound_of(rule.when if condition is None else condition, rule.instruments)
        self._levels.key[row], self._levels.bound[row] = key, ALWAYS_JUDGED if condition is None else bound

    def _bound_of(self, condition: Node, names: Names) -> tuple[int, float]:
        """The key and the bound of a condition of a rule on some instruments."""
        known = self._bounds.get((condition, names))
        if known is None:
            found = threshold(condition)
            seat = self._seats.setdefault((found.expression, names), len(self._seats))
            known = self._bounds[condition, names] = 2 * seat + (found.sign < 0), found.bound
        return known

    def _beside(self, found: Sequence[CompiledRule]) -> Iterator[CompiledRule]:
        """Rules that name what is not named by those that were found."""
        named = {name for rule in found for name in _names(rule)}
        ids = {rule.rule.id for rule in found}
        for rule in self._company if found else ():
            if rule.rule.id not in ids and not named.issuperset(_names(rule)):
                named.update(_names(rule))
                yield rule


def caught_up(
    rules: Sequence[CompiledRule], records: Mapping[str, Record], through: Mapping[Names, Instant]
) -> Iterator[tuple[str, Record]]:
    """The records of rules that have come further than they say: as if each trade had been judged."""
    for rule in rules:
        record, at = records.get(rule.rule.id), through.get(rule.instruments, BEFORE)
        if record is not None and record.digest == rule.digest and record.through < at:
            yield rule.rule.id, replace(record, through=at)


def _newest(panel: Panel, names: Names) -> Instant:
    """When the session in progress ends for who looks at some instruments: with the newest trade of theirs."""
    trades = [panel.trades[name] for name in names if name in panel.trades]
    return max(trades, default=int(panel.clock.closes[-1]))


def _names(rule: CompiledRule) -> Names:
    return (*rule.instruments, *rule.companions)


def _company(rules: Sequence[CompiledRule]) -> tuple[CompiledRule, ...]:
    """Few rules that name every instrument."""
    few, named = list[CompiledRule](), set[str]()
    for names, rule in {_names(rule): rule for rule in rules}.items():
        if not named.issuperset(names):
            named.update(names)
            few.append(rule)
    return tuple(few)
