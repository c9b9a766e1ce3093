"""What stands beside the pictures of prices and of rules: the same in words, complete without them."""

from __future__ import annotations

from html import escape

import numpy as np

from bot.answers import ConditionPicture, Curve, PricePicture, Quote
from bot.render.alerts import MARKS, SIMULATED_LINE
from bot.render.answers import signed
from bot.render.lines import fitting
from bot.render.numbers import by_unit, closing, counted, percent, price
from rules.language.compile import CompiledRule
from rules.language.errors import short
from rules.model import Instant

_LONGEST = 200


def price_caption(picture: PricePicture, last: Quote, next_open: Instant | None) -> str:
    """The last close and its record, then the least, the greatest, the records and the alerts of the sessions shown."""
    close, count = picture.close, len(picture.sessions)
    records, alerts = int((close > picture.record).sum()), len(picture.flags)
    gaps, half = int(np.isnan(close).sum()), int(picture.half_day.sum())
    lines = [
        f"<b>{picture.instrument}</b> {escape(picture.name)}",
        f"<b>{price(last.close)}</b> ({percent(last.change, signed=True)}), {percent(last.drawdown)} off record",
        f"Last {count:,} closes: {price(float(np.nanmin(close)))} to {price(float(np.nanmax(close)))}",
        fitting(counted(records, "record"), counted(alerts, "alert"), *_odd(half, gaps)),
    ]
    return signed(lines, closing(last.as_of, last.clock), next_open, (last.origin,))


def condition_caption(picture: ConditionPicture, rule: CompiledRule) -> str:
    """Where the alert stands, its values now, and how often it fired in the sessions shown."""
    fired = "" if picture.course is None else f", fired {_times(len(picture.course.fired))}"
    lines = [
        f"{MARKS[rule.rule.severity]} <b>{escape(picture.title)}</b>",
        f"<i>{escape(picture.rule)}</i>: {picture.stands}",
        *(_value(each) for each in picture.curves),
        f"Fires when {escape(short(rule.when_words, _LONGEST))}",
        *([f"Clears when {escape(short(rule.clear_words, _LONGEST))}"] if rule.rule.clear is not None else []),
        f"Last {counted(len(picture.sessions), 'close')}{fired}",
    ]
    origins = () if picture.simulated else picture.origins
    first = [SIMULATED_LINE] if picture.simulated else []
    return signed([*first, *lines], closing(picture.as_of, picture.clock), None, origins)


def _value(curve: Curve) -> str:
    told = [f"{escape(curve.words)}: <b>{escape(by_unit(float(curve.values[-1]), curve.unit))}</b>"]
    if curve.other is not None:
        told.append(f"   {escape(curve.other_words)}: {escape(by_unit(float(curve.other[-1]), curve.unit))}")
    return "\n".join(told)


def _odd(half: int, gaps: int) -> list[str]:
    return [counted(half, "half day")] * bool(half) + [f"{gaps} missing"] * bool(gaps)


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")
