"""Which findings still stand. The gate tells each once; it stands until the source that was found wrong tells another
story when it is asked for that bar again, until the bar is believed all the same, or until it is too old to be asked
for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.answers.quality import Finding, Ruling
from bot.market.archive import Arrivals
from bot.market.live import Arrival
from bot.market.schedule import Key
from rules.model import Instant

DOUBTED = (Ruling.HELD, Ruling.REJECTED)
"""Rulings that a bar which is believed takes back."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a source told of a series when it was asked for bars that end in (after, until]: which are new or changed.

    `fully` is whether that was the question for the series, and not one for a few bars of it: nothing older is asked
    for any more.
    """

    key: Key
    source: str
    after: Instant
    until: Instant
    arrival: Arrival
    fully: bool


@dataclass
class Standing:
    """Findings by series, then by source and bar; and whose of them the last question brought to light."""

    _known: dict[Key, dict[tuple[str, Instant], list[Finding]]] = field(default_factory=dict)
    _asked: dict[Key, set[str]] = field(default_factory=dict)
    _from: dict[Key, Instant] = field(default_factory=dict)

    def take(
        self, told: Sequence[Told], findings: Iterable[Finding], arrivals: Arrivals, rebased: Collection[Key] = ()
    ) -> tuple[dict[Key, list[Finding]], list[Finding]]:
        """What stands of every series that was spoken of, and what was found but is believed by now.

        Nothing stands of a series that is `rebased`: it begins anew.
        """
        touched = {each.key for each in told}
        for each in (each for each in told if each.fully):
            self._asked[each.key], self._from[each.key] = set(), each.after
        for each in told:
            self._asked.setdefault(each.key, set()).add(each.source)
            self._drop_what_is_told_no_more(each)
        for key in rebased:
            self._known.pop(key, None)
        believed = set(_believed(arrivals))
        for key, source, end in believed:
            touched.add(key)
            self._known.get(key, {}).pop((source, end), None)
        passing = []
        for finding in findings:
            key = finding.instrument, finding.interval
            touched.add(key)
            if finding.ruling in DOUBTED and (key, finding.source, finding.end) in believed:
                passing.append(finding)
            elif finding.end > self._from.get(key, 0):
                self._add(key, finding)
        return {key: self._of(key) for key in touched}, passing

    def _drop_what_is_told_no_more(self, told: Told) -> None:
        known, still = self._known.get(told.key, {}), set(told.arrival.written.end.tolist())
        for source, end in list(known):
            covered = told.after < end <= told.until and source == told.source
            if (covered and end not in still) or end <= self._from.get(told.key, 0):
                del known[source, end]

    def _add(self, key: Key, finding: Finding) -> None:
        """Of one bar the newest ruling counts of those that doubt it."""
        known = self._known.setdefault(key, {})
        before = known.get((finding.source, finding.end), [])
        kept = [each for each in before if finding.ruling not in DOUBTED or each.ruling not in DOUBTED]
        known[finding.source, finding.end] = [*kept, finding]
        self._asked.setdefault(key, set()).add(finding.source)

    def _of(self, key: Key) -> list[Finding]:
        asked = self._asked.get(key, set())
        return [each for (source, _), of_bar in self._known.get(key, {}).items() if source in asked for each in of_bar]


def _believed(arrivals: Arrivals) -> Iterator[tuple[Key, str, Instant]]:
    for name, each in arrivals:
        written = each.written
        for end, origin in zip(written.end.tolist(), written.origin.tolist(), strict=True):
            yield (name, written.interval), written.origins[origin].venue, end
