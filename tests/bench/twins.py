"""What pandas says of the expressions it has words for: the columns a bot would make anew at each tick.

On prices without a gap they are the same numbers, which a test holds; over gaps and changes of venue pandas' are not
those of the language.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from rules.functions.registry import EACH
from rules.panel import Panel
from tests.bench.drawn import SCOPE, Call

Frames = Mapping[str, pd.DataFrame]
"""By field a column an instrument."""

FIELDS = ("open", "high", "low", "close", "volume", "turnover")


def frames_of(panel: Panel) -> Frames:
    """The prices of a panel as pandas keeps them."""
    index = pd.DatetimeIndex(panel.clock.sessions)
    return {
        field: pd.DataFrame({name: getattr(each, field) for name, each in panel.columns.items()}, index=index)
        for field in FIELDS
    }


def has_twin(part: Call | str) -> bool:
    """Whether pandas has words for an expression."""
    if isinstance(part, str):
        return "=" not in part
    return (part.name in TWINS or part.name in OF_BASKETS) and all(map(has_twin, part.arguments))


def twin(part: Call | str, frames: Frames, each: str = "") -> Any:
    """An expression by pandas: a Series, of a literal a number; `each` is the member of a basket that is spoken of."""
    if isinstance(part, str):
        name = each if part == EACH else part
        return frames["close"][name] if name in frames["close"] else _literal(name)
    if part.name in OF_BASKETS:
        basket, of_each = part.arguments
        columns = {member: twin(of_each, frames, member) for member in SCOPE.baskets[str(basket)]}
        return OF_BASKETS[part.name](pd.DataFrame(columns))
    if part.name in FIELDS:
        return frames[part.name][str(part.arguments[0])]
    return TWINS[part.name](*(twin(argument, frames, each) for argument in part.arguments))


def _literal(text: str) -> Any:
    if text in SCOPE.baskets:
        return text
    number = float(text.removesuffix("%"))
    return number / 100 if text.endswith("%") else int(number) if number.is_integer() else number


def _log_return(x: pd.Series, n: int = 1) -> pd.Series:
    logs: pd.Series = np.log(x)
    return logs.diff(n)


def _beta(a: pd.Series, b: pd.Series, n: int) -> pd.Series:
    x, y = _log_return(a), _log_return(b)
    return x.rolling(n).cov(y) / x.rolling(n).var()


def _strength(daily: pd.Series, quarter: pd.Series) -> pd.Series:
    variance = (daily**2).ewm(halflife=60, adjust=False).mean()
    deviation: pd.Series = np.sqrt(variance * 63)
    return quarter / deviation


def _against(a: pd.Series, b: pd.Series) -> pd.Series:
    return _strength(_log_return(a) - _log_return(b), _log_return(a, 63) - _log_return(b, 63))


TWINS: Mapping[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    ">": operator.gt,
    "<=": operator.le,
    "and": operator.and_,
    "or": operator.or_,
    **dict.fromkeys(FIELDS, lambda x: x),
    "price": lambda x: x,
    "record": lambda x: x.cummax().shift(),
    "drawdown": lambda x: 1 - x / x.cummax(),
    "highest": lambda x, n: x.rolling(n).max(),
    "lowest": lambda x, n: x.rolling(n).min(),
    "rally": lambda x, n: x / x.rolling(n).min() - 1,
    "ret": lambda x, n: x.pct_change(n, fill_method=None),
    "logret": _log_return,
    "change": lambda x, n: x.diff(n),
    "sma": lambda x, n: x.rolling(n).mean(),
    "ema": lambda x, n: x.ewm(span=n, adjust=False, min_periods=n).mean(),
    "vol": lambda x, n: _log_return(x).rolling(n).std() * np.sqrt(252),
    "percentile": lambda x, n: x.rolling(n, min_periods=min(n, 60)).rank(method="max", pct=True),
    "corr": lambda a, b, n: _log_return(a).rolling(n).corr(_log_return(b)),
    "beta": _beta,
    "momentum": lambda x: _strength(_log_return(x), _log_return(x, 63)),
    "rel_strength": _against,
}
"""By function what pandas does; of conditions TRUE and FALSE alone."""

OF_BASKETS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    "mean_of": lambda x: x.mean(axis=1),
    "count_if": lambda x: x.sum(axis=1),
}
