"""The tags that rules have, as a reader is told of them."""

from __future__ import annotations

from bot.delivery.grouping import serves_grouping
from bot.queries.view import View


def tags_of(view: View) -> list[str]:
    """The most used first; those that only say what is told together are nothing to a reader."""
    found = [tag for rule in view.rules for tag in rule.rule.tags if not serves_grouping(tag)]
    return sorted(set(found), key=lambda tag: (-found.count(tag), tag))
