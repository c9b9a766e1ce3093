"""What stands beneath an alert: to see more of it, and to hear less of it."""

from __future__ import annotations

from bot.answers.buttons import Button, Keyboard, Place
from bot.answers.personal import PERSONAL, spoken_id
from rules.model import AlertEvent


def keys_of(event: AlertEvent) -> Keyboard:
    """What can be asked and done about an event."""
    return keys_for(spoken_id(event.rule), event.short_id)


def keys_for(rule: str, about: str) -> Keyboard:
    """Chart and why as answers below, `about` an event or the rule, which is written as people read it; for how long it
    is to be silent is asked in place of the buttons. What somebody made for themselves they remove rather than mute.
    """
    own = rule.startswith(PERSONAL)
    end = Button("Remove", f"/alert remove {rule[1:]}") if own else Button("Mute", f"/mute {rule}", Place.KEYS)
    return (
        (Button("Chart", f"/chart {rule}"), Button("Why", f"/why {about}")),
        (Button("Snooze", f"/snooze {rule}", Place.KEYS), end),
    )
