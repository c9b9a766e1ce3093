"""What a configuration may say, and probably does not mean: warnings of `check`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.settings.models import RuleSettings, Settings
from bot.settings.service import Prices
from rules.functions.registry import Scope
from rules.language.meaning import read_condition
from rules.language.typed import COMPARISONS
from rules.model import Basis


def warnings(settings: Settings, begins: dt.date = dt.date.min) -> list[str]:
    """What is allowed but probably not meant. No history begins before the day on which it `begins`."""
    rules = [doubt for rule in settings.rules for doubt in _about_rule(rule, settings.scope, begins)]
    return [*_about_telegram(settings), *_about_sources(settings), *rules]


def _about_telegram(settings: Settings) -> Iterator[str]:
    telegram = settings.telegram
    if telegram.given and _is_open(telegram.base_url):
        yield "telegram.base_url is http: the token can be read on its way to that server; use https"
    if telegram.given and not telegram.let_in and not telegram.everyone:
        yield (
            "telegram has a token and allows nobody: write to the bot once it runs, it answers with your id; "
            "put that into telegram.allow"
        )
    if telegram.given and not telegram.admins:
        yield (
            "telegram has a token and no admins: nobody is told when something has stopped, and nobody may /reload; "
            "put your id into telegram.admins"
        )


def _is_open(url: str) -> bool:
    """Whether anybody on the way can read what is sent to a URL."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def _about_sources(settings: Settings) -> Iterator[str]:
    if settings.run.source is Prices.LIVE:
        for name, instrument in settings.instruments.items():
            if not instrument.sources:
                yield f"instrument {name} has no sources: bellwether run will never have a price of it"


def _about_rule(rule: RuleSettings, scope: Scope, begins: dt.date) -> Iterator[str]:
    when = read_condition(rule.when, scope)
    parts = [*when.walk(), *(read_condition(rule.clear, scope).walk() if rule.clear is not None else ())]
    for day in dict.fromkeys(each.value for each in parts if isinstance(each.value, dt.date)):
        if day < begins:
            yield f"rule {rule.id} counts from {day}: no history begins before {begins}, so that it will never be known"
    if rule.clear is None and any(part.symbol in COMPARISONS for part in when.walk()):
        yield f"rule {rule.id} has no clear: at its level it may fire again and again; say when it ends"
    if rule.on is Basis.TICK and rule.confirm < 2:
        yield f"rule {rule.id} is on ticks with confirm = {rule.confirm}: one bad print fires it; confirm 2 or more"
