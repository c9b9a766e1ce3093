"""Evidence that was worked out, for as long as the closes that it was made of stay as they are.

A new view of the market comes with every poll, a new close once a day: what followed all rules takes seconds, and many
ask for it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rules.book import fingerprint
from rules.evidence import Evidence
from rules.language.compile import CompiledRule
from rules.panel import Panel

MOST, MOST_FIRED = 1_000, 500_000
"""Rules of a calendar of which it is kept, and firings of all of them, some 40 bytes each; the oldest are let go."""

Asked = tuple[CompiledRule, tuple[str, ...]]
"""A rule, and the instruments that are looked at after it."""

Work = Callable[[Sequence[Asked]], list[Evidence]]

_Key = tuple[str, str, tuple[str, ...]]


@dataclass
class _Page:
    """What is known of the panel that a mark stands for."""

    mark: str
    known: dict[_Key, Evidence] = field(default_factory=dict)


class Casebook:
    """May be asked by several threads: one of them works out what is missing while the others wait."""

    def __init__(self, most: int = MOST, most_fired: int = MOST_FIRED) -> None:
        self._most, self._most_fired = most, most_fired
        self._pages: dict[str, _Page] = {}
        self._working = threading.Lock()

    def of(self, asked: Sequence[Asked], calendar: str, mark: str, work: Work) -> list[Evidence]:
        """The evidence of rules of one calendar over the panel that `mark` stands for; `work` makes what is missing."""
        keys = {_key(one): one for one in asked}
        known = self._page(calendar, mark).known
        if not known.keys() >= keys.keys():
            with self._working:
                known = self._worked_out(self._page(calendar, mark), keys, work)
        return [known[_key(one)] for one in asked]

    def _page(self, calendar: str, mark: str) -> _Page:
        page = self._pages.get(calendar)
        if page is None or page.mark != mark:
            page = self._pages[calendar] = _Page(mark)
        return page

    def _worked_out(self, page: _Page, keys: dict[_Key, Asked], work: Work) -> dict[_Key, Evidence]:
        missing = [key for key in keys if key not in page.known]
        found = dict(zip(missing, work([keys[key] for key in missing]), strict=True)) if missing else {}
        asked = {key: page.known[key] if key in page.known else found[key] for key in keys}
        page.known = _newest({**page.known, **found}, self._most, self._most_fired)  # readers hold the one before
        return asked


def mark_of(panel: Panel) -> str:
    """Letters that stand for all that columns of a panel are made of: another price, other letters."""
    through = int(panel.clock.closes[-1]) if len(panel) else 0
    of_rows = fingerprint(panel, sorted(panel.columns), slice(0, len(panel)))
    digest = hashlib.blake2b(str(of_rows).encode(), digest_size=16)
    for name in sorted(panel.columns):
        digest.update(f"{name} {panel.origins[name]}".encode())
        digest.update(np.ascontiguousarray(panel.columns[name].origin).tobytes())
    for name in sorted(panel.hours):
        hours = panel.hours[name].upto(through)
        for column in (hours.end, hours.high, hours.low, hours.close):
            digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _key(one: Asked) -> _Key:
    rule, names = one
    return rule.rule.id, rule.digest, names


def _newest(known: dict[_Key, Evidence], most: int, most_fired: int) -> dict[_Key, Evidence]:
    kept, fired = dict[_Key, Evidence](), 0
    for key, past in reversed(known.items()):
        fired += len(past.fired)
        if len(kept) == most or fired > most_fired:
            break
        kept[key] = past
    return dict(reversed(kept.items()))
