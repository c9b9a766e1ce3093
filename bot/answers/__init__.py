"""What answers are made of: frozen values that queries fill and renderers show. Undefined is None, never a guess."""

from bot.answers.correlation import (
    Against,
    Change,
    Correlation,
    CorrelationList,
    CorrelationMatrix,
    PairPicture,
    Picture,
    Volatility,
)
from bot.answers.market import Explained, Miss, Quote, Regime, RegimeChange
from bot.answers.service import NO_TOKEN, POLLING, Chat, SourceStatus, Status

__all__ = [
    "NO_TOKEN",
    "POLLING",
    "Against",
    "Change",
    "Chat",
    "Correlation",
    "CorrelationList",
    "CorrelationMatrix",
    "Explained",
    "Miss",
    "PairPicture",
    "Picture",
    "Quote",
    "Regime",
    "RegimeChange",
    "SourceStatus",
    "Status",
    "Volatility",
]
