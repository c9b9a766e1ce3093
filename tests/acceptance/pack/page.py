"""`python -m tests.acceptance.pack.page`: writes the tables of docs/rules.md anew, from the pack and sessions.txt.

A table stands under the heading of its family: what fires and re-arms each rule, how grave it is, and how often it
fired on the real closes of five years.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

from bot.settings import load_settings
from rules.model import Basis, Rule
from tests.acceptance.pack.real import SESSIONS, Sessions, read_back

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
FIRST = dt.date(2021, 1, 1)
HEAD = ("| rule | fires when | re-arms when | severity | 2021-2025 |", "|---|---|---|---|---|")
FAMILIES: Mapping[str, str] = {
    "Records": r"rut-record-.*",
    "Turns and drawdowns": r".*-(rally|drawdown|drop)-\d+",
    "Small caps against large ones": r"rut-(lags|leads)-.*",
    "Couplings": r"rut-.*-(coupled.*|shift)|risk-correlation",
    "Volatility": r"vix-.*|.*-vol-break",
    "Liquidity": r".*-volume-\d+m|alts-thin",
    "Where coins are traded": r".*-share-\d+",
    "Altcoins against Bitcoin": r"alts-(lead|lag)-btc",
    "Coins in the stock market": r".*-surge",
    "The regime": r"regime-.*",
}
"""Headings of the page, and the names of the rules under each."""

_TABLE = re.compile(r"(?<=\n)\| rule \|.*\n(?:\|.*\n)*")


def refreshed(text: str, sessions: Sessions) -> str:
    """The page with every table as it should be."""
    parts = re.split(r"(?m)^(?=## )", text)
    return "".join(_section(part, sessions) for part in parts)


def _section(part: str, sessions: Sessions) -> str:
    heading = part.partition("\n")[0].removeprefix("## ")
    if heading not in FAMILIES:
        return part
    found = [each.rule for each in load_settings().compiled if re.fullmatch(FAMILIES[heading], each.rule.id)]
    rows = "\n".join((*HEAD, *(_row(rule, sessions.get(rule.id)) for rule in found)))
    return _TABLE.sub(lambda _: f"{rows}\n", part, count=1)


def _row(rule: Rule, sessions: list[dt.date] | None) -> str:
    times = f", {rule.timing.confirm} in a row" if rule.timing.confirm > 1 else ""
    rest = f", after {rule.timing.cooldown} closes" if rule.timing.cooldown else ""
    count = "live only" if rule.basis is Basis.TICK else str(sum(day >= FIRST for day in sessions or ()))
    again = "this no longer holds" if rule.clear == f"not {rule.when}" else f"`{rule.clear}`"
    return f"| `{rule.id}` | `{rule.when}`{times} | {again}{rest} | {rule.severity} | {count} |"


if __name__ == "__main__":
    known = read_back(SESSIONS.read_text(encoding="utf-8"))
    PAGE.write_text(refreshed(PAGE.read_text(encoding="utf-8"), known), encoding="utf-8")
