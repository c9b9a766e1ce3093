"""Faults that only the whole configuration shows: names given twice, calendars, basket members, what the rules say.

Everything here is looked for even where the models have refused something else, and a setting that has a fault of its
own stays known to the others: one mistake is told once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import SecretStr, TypeAdapter, ValidationError

from bot.settings.fields import ChannelUrl
from bot.settings.models import built_in
from bot.settings.problems import Fault
from bot.settings.shape import Path, word
from rules.functions.registry import EACH, Scope, named
from rules.language.compile import compile_rule
from rules.language.errors import LanguageError, listing, nearest
from rules.language.meaning import read_condition
from rules.model import ALWAYS, XNYS, Instrument, Kind, Label, Rule

CheckCalendar = Callable[[str], object]
"""Raises ValueError for the name of a calendar that does not exist."""


CheckChannel = Callable[[str], object]
"""Raises ValueError, in a sentence that does not show it, for a URL that nothing can be sent to."""

_CHANNEL_URL: TypeAdapter[SecretStr] = TypeAdapter(ChannelUrl)


def faults_across(
    merged: Mapping[str, Any], check_calendar: CheckCalendar | None, check_channel: CheckChannel | None = None
) -> tuple[list[Fault], list[Fault]]:
    """Faults in the names of instruments and baskets, and all the others."""
    instruments, baskets = _table(merged, "instruments"), _table(merged, "baskets")
    names = list(_name_faults(instruments, baskets))
    calendars = list(_calendar_faults(instruments, check_calendar))
    scope = _scope(instruments, baskets, {fault.path for fault in (*names, *calendars)})
    rules = merged.get("rules")
    rule_faults = _rule_faults(rules if isinstance(rules, list) else [], scope)
    named = [*_member_faults(instruments, baskets), *_proxy_faults(instruments), *_follow_faults(merged, instruments)]
    channels = _channel_faults(_table(merged, "channels"), check_channel)
    return names, [*calendars, *named, *channels, *rule_faults]


def _table(merged: Mapping[str, Any], section: str) -> dict[str, Any]:
    """A section; the built-in one where something else stands in its place."""
    found = merged.get(section)
    return found if isinstance(found, dict) else built_in()[section]


def _members(basket: object) -> tuple[str, ...]:
    return tuple(each for each in basket if isinstance(each, str)) if isinstance(basket, list) else ()


def _scope(instruments: Mapping[str, Any], baskets: Mapping[str, Any], faulty: set[Path]) -> Scope:
    """What rules may name. A calendar with a fault conflicts with none; a name with a fault hides no other."""
    known = {}
    for name, table in instruments.items():
        calendar = table.get("calendar", XNYS) if isinstance(table, dict) else ALWAYS
        if not isinstance(calendar, str) or ("instruments", name, "calendar") in faulty:
            calendar = ALWAYS
        if ("instruments", name) not in faulty:
            known[name] = Instrument(name, name, Kind.INDEX, calendar)
    members = {name: _members(each) for name, each in baskets.items() if ("baskets", name) not in faulty}
    return Scope(known, members)


def _name_faults(instruments: Mapping[str, Any], baskets: Mapping[str, Any]) -> Iterator[Fault]:
    """An expression could not tell what such a name means."""
    for section, article, names in (("instruments", "instrument", instruments), ("baskets", "basket", baskets)):
        for name in names:
            if name in Label.__members__:
                yield Fault((section, name), f"{name} is a regime label; give the {article} another name")
            elif name == EACH:
                yield Fault((section, name), f"{name} stands for a basket's members; give the {article} another name")
            elif named(name) is not None:
                yield Fault((section, name), f"{name} is a function of the rules; give the {article} another name")
    ours = built_in()
    for name in [each for each in baskets if each in instruments]:
        if name in ours["baskets"] and name not in ours["instruments"]:
            yield Fault(("instruments", name), f"{name} is already a basket; give the instrument another name")
        else:
            yield Fault(("baskets", name), f"{name} is already an instrument; give the basket another name")


def _calendar_faults(instruments: Mapping[str, Any], check_calendar: CheckCalendar | None) -> Iterator[Fault]:
    for name, table in instruments.items():
        calendar = table.get("calendar") if isinstance(table, dict) else None
        if check_calendar is not None and isinstance(calendar, str):
            try:
                check_calendar(calendar)
            except ValueError as error:
                yield Fault(("instruments", name, "calendar"), str(error))


def _channel_faults(channels: Mapping[str, Any], check_channel: CheckChannel | None) -> Iterator[Fault]:
    """One that is no URL at all the models refuse."""
    for name, table in channels.items():
        url = table.get("url") if isinstance(table, dict) else None
        if check_channel is not None and isinstance(url, str) and _is_url(url):
            try:
                check_channel(url)
            except ValueError as error:
                yield Fault(("channels", name, "url"), str(error))


def _is_url(url: str) -> bool:
    try:
        _CHANNEL_URL.validate_python(url)
    except ValidationError:
        return False
    return True


def _member_faults(instruments: Mapping[str, Any], baskets: Mapping[str, Any]) -> Iterator[Fault]:
    for basket, table in baskets.items():
        for name in dict.fromkeys(_members(table)):
            if name not in instruments:
                yield Fault(("baskets", basket), _unknown(name, instruments))
        for name in (each for each, count in Counter(_members(table)).items() if count > 1):
            yield Fault(("baskets", basket), f"{word(name)} is named more than once; name each member once")


def _proxy_faults(instruments: Mapping[str, Any]) -> Iterator[Fault]:
    for owner, table in instruments.items():
        for name in dict.fromkeys(_members(table.get("proxies")) if isinstance(table, dict) else ()):
            path = ("instruments", owner, "proxies")
            if name == owner:
                yield Fault(path, f"{word(name)} cannot speak for itself; name what moves with it")
            elif name not in instruments:
                yield Fault(path, _unknown(name, instruments))


def _follow_faults(merged: Mapping[str, Any], instruments: Mapping[str, Any]) -> Iterator[Fault]:
    for name in dict.fromkeys(_members(_table(merged, "evidence").get("follow"))):
        if name not in instruments:
            yield Fault(("evidence", "follow"), _unknown(name, instruments))


def _unknown(name: str, instruments: Mapping[str, Any]) -> str:
    return f"unknown instrument {word(name)}{nearest(name, instruments)} (known: {listing(map(word, instruments))})"


def _rule_faults(tables: list[Any], scope: Scope) -> Iterator[Fault]:
    ids: dict[str, int] = {}
    for index, table in enumerate(tables):
        if not isinstance(table, dict):
            continue
        name = table.get("id")
        if isinstance(name, str):
            if name in ids:
                reason = f"rule id {word(name)} is already used by rules[{ids[name]}]; ids are unique"
                yield Fault(("rules", index, "id"), reason)
            ids.setdefault(name, index)
        lines = {key: table[key] for key in ("when", "clear") if isinstance(table.get(key), str)}
        yield from _condition_faults(index, name if isinstance(name, str) else "", lines, scope)


def _condition_faults(index: int, name: str, lines: Mapping[str, Any], scope: Scope) -> Iterator[Fault]:
    """Lines that compile together have no fault each, and are kept compiled; others are read line by line."""
    together = None
    if "when" in lines:
        together = _pair_fault(("rules", index, list(lines)[-1]), Rule(name, **lines), scope)
        if together is None:
            return
    faults = [fault for key, line in lines.items() if (fault := _line_fault(("rules", index, key), line, scope))]
    yield from faults or ([together] if together else [])


def _line_fault(path: Path, line: str, scope: Scope) -> Fault | None:
    try:
        read_condition(line, scope)
    except LanguageError as error:
        return _told(path, error)
    return None


def _pair_fault(path: Path, rule: Rule, scope: Scope) -> Fault | None:
    """What is wrong with both lines together; where neither has a fault of its own: two calendars in one rule."""
    try:
        compile_rule(rule, scope)
    except LanguageError as error:
        return _told(path, error)
    return None


def _told(path: Path, error: LanguageError) -> Fault:
    """The reason, and the two lines that show where."""
    return Fault(path, error.reason, error.pointed().rpartition("\n")[0])
