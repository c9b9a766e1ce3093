"""What answers are made of: frozen values that queries fill and renderers show. Undefined is None, never a guess."""

from bot.answers.correlation import (
    Against,
    Change,
    Correlation,
    CorrelationList,
    CorrelationMatrix,
    PairPicture,
    Volatility,
)
from bot.answers.market import Explained, Miss, Quote
from bot.answers.pictures import AlertCourse, ConditionPicture, Curve, Flag, Lane, Level, PricePicture, TimelinePicture
from bot.answers.regime import (
    Contribution,
    Emerging,
    Flip,
    Gauge,
    Provisional,
    Regime,
    RegimeChange,
    RegimePanel,
    RegimePicture,
    Spell,
)
from bot.answers.service import NO_TOKEN, POLLING, PUSHED, UP, Chat, SourceStatus, Status
from bot.answers.stats import OutcomePicture

Picture = (
    PairPicture
    | CorrelationList
    | CorrelationMatrix
    | RegimePicture
    | PricePicture
    | ConditionPicture
    | OutcomePicture
    | TimelinePicture
)
"""What can be drawn beside an answer."""

__all__ = [
    "NO_TOKEN",
    "POLLING",
    "PUSHED",
    "UP",
    "Against",
    "AlertCourse",
    "Change",
    "Chat",
    "ConditionPicture",
    "Contribution",
    "Correlation",
    "CorrelationList",
    "CorrelationMatrix",
    "Curve",
    "Emerging",
    "Explained",
    "Flag",
    "Flip",
    "Gauge",
    "Lane",
    "Level",
    "Miss",
    "OutcomePicture",
    "PairPicture",
    "Picture",
    "PricePicture",
    "Provisional",
    "Quote",
    "Regime",
    "RegimeChange",
    "RegimePanel",
    "RegimePicture",
    "SourceStatus",
    "Spell",
    "Status",
    "TimelinePicture",
    "Volatility",
]
