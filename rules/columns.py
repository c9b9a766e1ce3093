"""What an expression becomes: a graph of columns.

A node is a frozen value, so equal sub-expressions of a hundred rules are one node and are computed once per tick. Every
node is causal: its value on a row depends on that row and earlier ones. `rules.evaluation` computes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rules.bars import Floats
from rules.scan import Fold


@dataclass(frozen=True)
class Field:
    """A column of an instrument in the panel: open, close, turnover, link and so on (`Panel.field`)."""

    instrument: str
    name: str

    def __str__(self) -> str:
        return f"{self.instrument}.{self.name}"


@dataclass(frozen=True)
class OfClock:
    """What is known of a row's session alone: its date, month or year, as a count since 1970 (`Panel.of_clock`)."""

    name: str

    def __str__(self) -> str:
        return f"clock.{self.name}"


@dataclass(frozen=True)
class Constant:
    """The same number on every row."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)


class _Composed:
    """A node that reads others. It is known by its name: a digest of what it does and of the names of what it reads.

    Comparing or naming an expression would else take time exponential in its depth, where a part is used twice.
    """

    _name: str

    def __str__(self) -> str:
        return self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Composed) and self._name == other._name

    def _named(self, what: str, *, reads: tuple[Node, ...], given: tuple[object, ...]) -> None:
        text = f"{what}({', '.join([*map(str, reads), *map(repr, given)])})"
        digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        object.__setattr__(self, "_name", f"{what.rpartition('.')[2].partition('(')[0]}:{digest}")


@dataclass(frozen=True, eq=False)
class Window(_Composed):
    """`apply(*columns, *parameters)` over arrays of one length; `apply` is a function of a module, known by its name.

    Row t looks back at most `rows` rows before t; `warmup` of its own first rows are NaN on gapless inputs.
    """

    apply: Callable[..., Floats]
    inputs: tuple[Node, ...]
    parameters: tuple[float | int | str, ...] = ()
    rows: int = 0
    warmup: int = 0

    def __post_init__(self) -> None:
        what = f"{self.apply.__module__}.{self.apply.__qualname__}"
        self._named(what, reads=self.inputs, given=(*self.parameters, self.rows, self.warmup))


@dataclass(frozen=True, eq=False)
class Folded(_Composed):
    """A fold over its inputs: an unbounded memory of the past, carried in a checkpoint under the node's name."""

    fold: Fold
    inputs: tuple[Node, ...]
    warmup: int = 0

    def __post_init__(self) -> None:
        self._named(repr(self.fold), reads=self.inputs, given=(self.warmup,))


Node = Field | OfClock | Constant | Window | Folded


def children(node: Node) -> tuple[Node, ...]:
    """The nodes this one reads."""
    return node.inputs if isinstance(node, Window | Folded) else ()


def walk(roots: Iterable[Node]) -> Iterator[Node]:
    """Every node under `roots` once, each before those that read it."""
    seen: set[Node] = set()
    todo = [(root, False) for root in reversed(list(roots))]
    while todo:
        node, ready = todo.pop()
        if node in seen:
            continue
        if ready:
            seen.add(node)
            yield node
        else:
            todo.append((node, True))
            todo.extend((child, False) for child in reversed(children(node)))


def instruments_of(roots: Iterable[Node]) -> tuple[str, ...]:
    """The instruments whose prices `roots` read, in order of first use."""
    return tuple(dict.fromkeys(node.instrument for node in walk(roots) if isinstance(node, Field)))


def remembers(node: Node) -> bool:
    """Whether a fold is among what `node` reads."""
    return any(isinstance(each, Folded) for each in walk([node]))


def warmup(node: Node) -> int:
    """Rows at the start of a gapless panel on which `node` is NaN."""
    rows: dict[Node, int] = {}
    for each in walk([node]):
        own = each.warmup if isinstance(each, Window | Folded) else 0
        rows[each] = own + max((rows[child] for child in children(each)), default=0)
    return rows[node]
