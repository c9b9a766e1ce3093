"""A rule as text that stands by itself: whoever has it can compile and judge the rule again, whatever the configuration
says by then. And the hash of such a text.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis, Instrument, Kind, Rule, Severity, Timing

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def digest_of(plain: object) -> str:
    """SHA-256 of a value of JSON's types, as 64 hexadecimal digits: equal values, equal digits, in whatever order their
    keys stand."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_as_text)
    return hashlib.sha256(text.encode()).hexdigest()


def proved(rule: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What an event can be recomputed from, the text of its rule and what it was judged on, with their hashes. Raises
    TypeError where they are not of JSON's types."""
    return {"rule": rule, "rule_sha256": digest_of(rule), "inputs": inputs, "inputs_sha256": digest_of(inputs)}


def _as_text(value: object) -> object:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{value!r} has no form in JSON")


def stated(compiled: CompiledRule, scope: Scope) -> dict[str, Any]:
    """A rule, of JSON's types: its lines, how they are judged and told, what they read, and what its names stand for.

    `digest` is that of the compiled rule: a version that understands the lines otherwise gets another one.
    """
    rule = compiled.rule
    baskets = {name: list(scope.baskets[name]) for name in _named_in(rule, scope.baskets)}
    members = [member for of_one in baskets.values() for member in of_one]
    names = dict.fromkeys([*inputs_of(compiled), *_named_in(rule, scope.instruments), *members])
    return {
        "id": rule.id,
        "when": rule.when,
        "clear": rule.clear,
        "basis": rule.basis.value,
        "timing": asdict(rule.timing),
        "since": rule.since,
        "held": rule.held,
        "personal": rule.personal,
        "severity": rule.severity.value,
        "title": rule.title,
        "calendar": compiled.calendar,
        "instruments": {name: _instrument(scope.instruments[name]) for name in names if name in scope.instruments},
        "baskets": baskets,
        "digest": compiled.digest,
    }


def restated(plain: Mapping[str, Any]) -> CompiledRule:
    """The rule of a text, compiled. Raises LanguageError where its lines mean nothing any more, and KeyError, TypeError
    or ValueError where it is no such text."""
    known = {name: _known(name, each) for name, each in plain["instruments"].items()}
    scope = Scope(known, {name: tuple(each) for name, each in plain["baskets"].items()})
    rule = Rule(
        id=plain["id"],
        when=plain["when"],
        clear=plain["clear"],
        basis=Basis(plain["basis"]),
        timing=Timing(**plain["timing"]),
        severity=Severity(plain["severity"]),
        title=plain["title"],
        personal=plain["personal"],
        since=plain["since"],
        held=plain["held"],
    )
    return compile_rule(rule, scope)


def inputs_of(compiled: CompiledRule) -> tuple[str, ...]:
    """The instruments whose prices an event of a rule is made of: those that decide, and those shown beside them."""
    return (*compiled.instruments, *compiled.companions)


def _named_in(rule: Rule, names: Iterable[str]) -> list[str]:
    """Those of `names` that stand in a rule's lines."""
    words = {word.upper() for line in (rule.when, rule.clear or "") for word in _WORD.findall(line)}
    return [name for name in names if name.upper() in words]


def _instrument(instrument: Instrument) -> dict[str, Any]:
    """What of an instrument has a say in what a line means."""
    return {
        "kind": instrument.kind.value,
        "calendar": instrument.calendar,
        "currency": instrument.currency,
        "proxies": list(instrument.proxies),
    }


def _known(name: str, plain: Mapping[str, Any]) -> Instrument:
    return Instrument(
        name, name, Kind(plain["kind"]), plain["calendar"], plain["currency"], proxies=tuple(plain["proxies"])
    )
