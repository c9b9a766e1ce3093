"""The text of /test: an alert's own message, under a line that nobody can take for one."""

from __future__ import annotations

from bot.render.alerts import alert
from bot.render.evidence import Records
from rules.language.compile import CompiledRule
from rules.model import AlertEvent

TEST = "TEST"


def trial_answer(event: AlertEvent, rule: CompiledRule, records: Records, *, real: bool) -> str:
    """The message of an event that is `real`, or of one that is made of the numbers of its row alone."""
    of = f"as on {event.session.isoformat()}" if real else "as if it fired now"
    return f"🧪 <b>{TEST}</b>: no alert, {of}\n{alert(event, rule, records=records)}"
