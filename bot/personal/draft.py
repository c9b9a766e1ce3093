"""An alert before it is saved: what a line was understood as, in the rule language, with all that was left unsaid."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from bot.answers.personal import PersonalAlert
from rules.bars import DAY
from rules.language.typed import number_text
from rules.model import Basis, Instant, Timing

LONGEST_LINE = 700
"""Characters of a draft's own line: with a command before it, it is a line that a chat takes."""

Lasts = int | dt.date | None
"""For so many days from when it is saved, until the end of a UTC day, or for good."""


class NotUnderstood(ValueError):
    """A line that makes no alert. `str()` is one sentence, `example` a line that would; `pointed` shows where it went
    wrong, where it is in the rule language.
    """

    def __init__(self, reason: str, example: str, pointed: str = "") -> None:
        super().__init__(reason)
        self.example, self.pointed = example, pointed


@dataclass(frozen=True, slots=True)
class Draft:
    """`when` and `clear` are canonical; a `clear` of None: it re-arms when `when` holds no longer.

    `anchor` is the instrument, the share and the price that the level was made of. What was `asked` does not count
    for whether two are the same.
    """

    when: str
    clear: str | None
    basis: Basis
    once: bool
    timing: Timing
    title: str
    lasts: Lasts = None
    anchor: tuple[str, float, float] | None = None
    asked: str = field(default="", compare=False)

    @property
    def line(self) -> str:
        """A line that is read as this draft, whatever the market does meanwhile."""
        parts = [self.when]
        parts += [f"clear {self.clear}"] if self.clear is not None else []
        parts.append("close" if self.basis is Basis.CLOSE else "live")
        parts.append("once" if self.once else "always")
        parts += [
            f"{name} {count}"
            for name, count, usual in (
                ("confirm", self.timing.confirm, 1),
                ("confirm_clear", self.timing.confirm_clear, 1),
                ("cooldown", self.timing.cooldown, 0),
            )
            if count != usual
        ]
        parts += [_lasting(self.lasts)] if self.lasts is not None else []
        if self.anchor is not None:
            name, share, price = self.anchor
            parts.append(f"from {name} {number_text(price)} {number_text(share, '%')}")
        return " ".join(parts)

    def alert(self, number: int, now: Instant) -> PersonalAlert:
        """As it is kept from `now` on."""
        return PersonalAlert(
            number=number,
            when=self.when,
            clear=self.clear,
            basis=self.basis,
            asked=self.asked,
            title=self.title,
            made_at=now,
            timing=self.timing,
            once=self.once,
            expires_at=_end(self.lasts, now),
            anchor=self.anchor,
        )


def draft_of(alert: PersonalAlert) -> Draft:
    """What would make an alert again."""
    until = None if alert.expires_at is None else dt.datetime.fromtimestamp(alert.expires_at - 1, dt.UTC).date()
    return Draft(
        alert.when, alert.clear, alert.basis, alert.once, alert.timing, alert.title, until, alert.anchor, alert.asked
    )


def is_same(one: Draft, other: Draft) -> bool:
    """Whether two tell the same: how long they do, and in which words, does not count."""
    plain = {"lasts": None, "anchor": None, "title": ""}
    return replace(one, **plain) == replace(other, **plain)  # type: ignore[arg-type]


def _lasting(lasts: int | dt.date) -> str:
    return f"for {lasts}d" if isinstance(lasts, int) else f"until {lasts.isoformat()}"


def _end(lasts: Lasts, now: Instant) -> Instant | None:
    if lasts is None:
        return None
    if isinstance(lasts, int):
        return now + lasts * DAY
    return ((lasts - dt.date(1970, 1, 1)).days + 1) * DAY
