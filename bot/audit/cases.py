"""A recorded event made ready to be recomputed: its rule compiled from the stored text, its hashes and its seal looked
at. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from json import dumps, loads
from typing import Any

from bot.audit.findings import Finding, Standing
from bot.store.alerts import event_of
from bot.store.bars import NOT_YET
from bot.store.proofs import Recorded, is_intact
from rules.inputs import PRIME, hourly, origin_of
from rules.language.compile import CompiledRule
from rules.language.errors import LanguageError
from rules.model import AlertEvent, Instant, Instrument, Kind
from rules.statement import digest_of, inputs_of, restated

NO_PROOF = "it was recorded without a proof, or by a version that made none"
OTHER_MEANING = "this version of Bellwether understands its rule otherwise than the one that recorded it"
RULE_TEXT = "the text of its rule is not the one that was judged"
HASHES = "the hashes of what it was judged on are not those that were recorded"
SEAL = "it does not say what was sealed when it was recorded"
UNREADABLE = "it cannot be read"

EVER = NOT_YET - 1
"""An instant after all that is known, at which all that bars say today is known."""

_MALFORMED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a text may raise that is not what it should be."""


@dataclass(frozen=True)
class Case:
    """An event to be recomputed: its rule, the instruments of that as they were, and `inside` which of them it looks
    into hours; what it was judged on, and `totals`, by which most of what it was not judged on is told; and whether it
    still says what was sealed.
    """

    event: AlertEvent
    recorded_at: Instant
    rule: CompiledRule
    instruments: Mapping[str, Instrument]
    inside: frozenset[str]
    inputs: Mapping[str, Any]
    totals: Mapping[str, int]
    is_sealed: bool

    @property
    def last(self) -> int:
        """The last closed row that it was judged on; -1: none had closed."""
        return int(self.inputs["rows"]) - 1

    @property
    def known_at(self) -> Instant:
        """When the newest bar came of those that were held. Raises ValueError where that is no instant."""
        if not 0 <= (known_at := int(self.inputs["known_at"])) < EVER:
            raise ValueError(f"{known_at} is no instant")
        return known_at

    @property
    def first(self) -> dt.date:
        """The session of the first row."""
        return dt.date.fromisoformat(self.inputs["first"])

    @property
    def absent(self) -> frozenset[str]:
        """The instruments that its rule reads and that had no bars."""
        return frozenset(name for name in inputs_of(self.rule) if name not in self.inputs["prices"])


def case_of(recorded: Recorded) -> Case | Finding:
    """What there is to recompute of an event, or why there is nothing."""
    try:
        event = event_of(recorded.content)
    except _MALFORMED:
        return _finding(recorded, None, Standing.EVENT_CHANGED, UNREADABLE)
    if recorded.proof is None:
        return _finding(recorded, event, Standing.NOT_VERIFIABLE, NO_PROOF)
    if (fault := _fault(recorded, event)) is not None:
        return _finding(recorded, event, *fault)
    inputs, is_sealed = recorded.proof["inputs"], is_intact(recorded)
    beyond = Standing.NOT_VERIFIABLE if is_sealed else Standing.EVENT_CHANGED
    try:
        rule, instruments, inside = _understood(dumps(recorded.proof["rule"], sort_keys=True))
    except (LanguageError, *_MALFORMED) as error:
        return _finding(recorded, event, beyond, f"{OTHER_MEANING}: {error}" if is_sealed else SEAL)
    if rule.digest != recorded.proof["rule"].get("digest"):
        return _finding(recorded, event, beyond, OTHER_MEANING if is_sealed else SEAL)
    try:
        case = Case(event, recorded.recorded_at, rule, instruments, inside, inputs, _totals(inputs), is_sealed)
        _ = case.last, case.known_at, case.first, case.absent
    except _MALFORMED:
        return _finding(recorded, event, Standing.INPUTS_CHANGED, HASHES)
    return case


def _fault(recorded: Recorded, event: AlertEvent) -> tuple[Standing, str] | None:
    """Why there is nothing to recompute: what does not fit its hash, or is another event's."""
    proof: Mapping[str, Any] = recorded.proof or {}
    if digest_of(proof.get("rule")) != proof.get("rule_sha256") or "rule" not in proof:
        return Standing.RULE_CHANGED, RULE_TEXT
    if digest_of(proof.get("inputs")) != proof.get("inputs_sha256") or "inputs" not in proof:
        return Standing.INPUTS_CHANGED, HASHES
    is_named = (event.key, event.rule, event.at) == (recorded.key, recorded.rule, recorded.at)
    is_of_it = isinstance(proof["rule"], dict) and proof["rule"].get("id") == event.rule
    return None if is_named and is_of_it else (Standing.EVENT_CHANGED, SEAL)


@lru_cache(maxsize=1024)
def _understood(text: str) -> tuple[CompiledRule, Mapping[str, Instrument], frozenset[str]]:
    """The rule of a stored text, the instruments as they were when it was judged, and those it looks into hours of."""
    plain = loads(text)
    named = plain["instruments"].items()
    known = {name: Instrument(name, name, Kind(each["kind"]), each["calendar"]) for name, each in named}
    rule = restated(plain)
    return rule, known, hourly(rule)


def _totals(inputs: Mapping[str, Any]) -> dict[str, int]:
    """Of each instrument the sum over all years of what its checks hold first: quicker compared than its hash."""
    totals = {}
    for name, each in inputs["prices"].items():
        checks = each["checks"]
        totals[name] = sum(int(checks[at : at + 8], 16) for at in range(0, len(checks), 16)) % PRIME
        if not all(isinstance(word, str) for origin in each["origins"] for word in origin[:4]):
            raise ValueError(f"{each['origins']} are no origins")
        _ = [origin_of(origin) for origin in each["origins"]], each["sha256"] + checks
    return totals


def _finding(recorded: Recorded, event: AlertEvent | None, standing: Standing, reason: str) -> Finding:
    edge, session = (None, None) if event is None else (event.edge, event.session)
    return Finding(recorded.key, recorded.rule, edge, session, recorded.recorded_at, standing, (reason,))
