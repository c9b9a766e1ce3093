"""A condition taken apart: every comparison and every yes-or-no in it, as it is wanted, with how far it is from that.

`not (a or b)` wants that a is not and b is not, `not x > 5` wants x at 5 or below: so each part can be told by itself,
with the numbers of the engine and the words of the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rules.columns import Constant, Node
from rules.language.typed import COMPARISONS, Typed
from rules.model import Verdict

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "=="}
SWAPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
SIGNS = {"<": "<", ">": ">", "<=": "≤", ">=": "≥", "==": "=", "!=": "≠"}
"""How a relation is written for a reader."""

Numbers = Callable[[Typed], float]
"""What a part of an expression is; NaN where that is unknown."""


@dataclass(frozen=True)
class Clause:
    """One part of a condition that holds or does not: `left symbol right`, or a yes-or-no that is `wanted`.

    A number on the left only is put right. `either` says that not all parts beside it have to hold as well.
    """

    left: Typed
    symbol: str
    right: Typed | None
    wanted: bool
    either: bool

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The columns of its sides."""
        return tuple(each.column for each in (self.left, self.right) if each is not None)

    @property
    def level(self) -> float | None:
        """The number on the right, where there is one."""
        node = self.right.column if self.right is not None else None
        return node.value if isinstance(node, Constant) else None

    def verdict(self, numbers: Numbers) -> Verdict:
        """Whether it is as it is wanted."""
        left, right = numbers(self.left), 1.0 if self.right is None else numbers(self.right)
        if left != left or right != right:
            return Verdict.UNKNOWN
        if self.right is None:
            return Verdict.TRUE if (left == 1.0) is self.wanted else Verdict.FALSE
        return Verdict.TRUE if _RELATIONS[self.symbol](left, right) else Verdict.FALSE

    def distance(self, numbers: Numbers) -> float | None:
        """Between both sides, in their unit; None of a yes-or-no and where a side is unknown."""
        if self.right is None:
            return None
        apart = numbers(self.left) - numbers(self.right)
        return abs(apart) if apart == apart else None


def clauses(condition: Typed) -> tuple[Clause, ...]:
    """The parts of a condition, in the order in which it is written."""
    return tuple(_clauses(condition, wanted=True, either=False))


def _clauses(part: Typed, *, wanted: bool, either: bool) -> Iterator[Clause]:
    if part.symbol == "not":
        yield from _clauses(part.parts[0], wanted=not wanted, either=either)
    elif part.symbol in ("and", "or"):
        loose = (part.symbol == "or") is wanted
        for each in part.parts:
            yield from _clauses(each, wanted=wanted, either=either or loose)
    elif part.symbol in COMPARISONS:
        left, right = part.parts
        symbol = part.symbol if wanted else OPPOSITE[part.symbol]
        if isinstance(left.column, Constant) and not isinstance(right.column, Constant):
            left, right, symbol = right, left, SWAPPED[symbol]
        yield Clause(left, symbol, right, wanted, either)
    else:
        yield Clause(part, "", None, wanted, either)


_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "==": float.__eq__,
    "!=": float.__ne__,
}
