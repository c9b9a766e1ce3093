"""Arithmetic, comparisons and three-valued logic, row by row.

A condition is a column of 1 (TRUE), 0 (FALSE) and NaN (UNKNOWN). Logic is Kleene's: FALSE and UNKNOWN is FALSE, TRUE or
UNKNOWN is TRUE, everything else with UNKNOWN in it is UNKNOWN. A result that is not finite is NaN. (Kleene 1952)
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np

from rules.bars import Floats
from rules.columns import Node, Window


def finite(x: Floats) -> Floats:
    """x, NaN where it is not finite."""
    return np.where(np.isfinite(x), x, np.nan)


def add(x: Floats, y: Floats) -> Floats:
    """x + y"""
    with np.errstate(over="ignore"):
        return finite(x + y)


def subtract(x: Floats, y: Floats) -> Floats:
    """x - y"""
    with np.errstate(over="ignore"):
        return finite(x - y)


def multiply(x: Floats, y: Floats) -> Floats:
    """x y"""
    with np.errstate(over="ignore"):
        return finite(x * y)


def divide(x: Floats, y: Floats) -> Floats:
    """x / y, NaN where y is 0"""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return finite(x / y)


def negate(x: Floats) -> Floats:
    """-x"""
    return -x


def _compare(x: Floats, y: Floats, relation: Callable[[Floats, Floats], object]) -> Floats:
    return np.where(np.isnan(x) | np.isnan(y), np.nan, np.asarray(relation(x, y), dtype=np.float64))


def less(x: Floats, y: Floats) -> Floats:
    """x < y"""
    return _compare(x, y, operator.lt)


def less_or_equal(x: Floats, y: Floats) -> Floats:
    """x <= y"""
    return _compare(x, y, operator.le)


def greater(x: Floats, y: Floats) -> Floats:
    """x > y"""
    return _compare(x, y, operator.gt)


def greater_or_equal(x: Floats, y: Floats) -> Floats:
    """x >= y"""
    return _compare(x, y, operator.ge)


def equal(x: Floats, y: Floats) -> Floats:
    """x == y"""
    return _compare(x, y, operator.eq)


def not_equal(x: Floats, y: Floats) -> Floats:
    """x != y"""
    return _compare(x, y, operator.ne)


def both(x: Floats, y: Floats) -> Floats:
    """x and y"""
    return np.where((x == 0) | (y == 0), 0.0, np.where(np.isnan(x) | np.isnan(y), np.nan, 1.0))


def either(x: Floats, y: Floats) -> Floats:
    """x or y"""
    return np.where((x == 1) | (y == 1), 1.0, np.where(np.isnan(x) | np.isnan(y), np.nan, 0.0))


def invert(x: Floats) -> Floats:
    """not x"""
    return 1.0 - x


OPERATORS: dict[str, Callable[..., Floats]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "<": less,
    "<=": less_or_equal,
    ">": greater,
    ">=": greater_or_equal,
    "==": equal,
    "!=": not_equal,
    "and": both,
    "or": either,
}


def binary(symbol: str, left: Node, right: Node) -> Node:
    """The node of `left symbol right`."""
    return Window(OPERATORS[symbol], (left, right))


def unary(symbol: str, operand: Node) -> Node:
    """The node of `-operand` or `not operand`."""
    return Window(negate if symbol == "-" else invert, (operand,))
