"""The text of /health: whether what must go on goes on, and what is owed, and why. At most fifteen lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from bot.answers.health import GuardReport, Health, Storage, Vitals
from bot.answers.outbox import Outbox
from bot.render.lines import clipped
from bot.render.numbers import duration, size
from rules.model import Instant

REASONS = 3
"""How many reasons are told, of what is owed and of what was given up; the others are counted."""


def health_answer(vitals: Vitals | None, outbox: Outbox, now: Instant, storage: Storage | None = None) -> str:
    """The verdict, what is not well, what is; then the outbox, and how large everything is."""
    guards = () if vitals is None else vitals.guards
    sick = [guard for guard in guards if guard.health is not Health.WELL]
    well = [guard.name for guard in guards if guard.health is Health.WELL]
    return "\n".join(
        [
            f"<b>{'Not everything runs' if sick else 'Everything runs'}</b>",
            *(line for guard in sick for line in _sick(guard)),
            *([f"Well: {escape(', '.join(well))}"] if well else []),
            *([f"The loop was late by {round(vitals.lag * 1_000)} ms at most"] if vitals is not None else []),
            *_owed(outbox, now),
            *_given_up(outbox),
            *(_stored(storage) if storage is not None else []),
        ]
    )


def _sick(guard: GuardReport) -> Iterator[str]:
    restarted = f", restarted {guard.restarts}×" if guard.restarts else ""
    yield f"⚠ {escape(guard.name)}: {guard.health} for {duration(guard.silent_for)}{restarted}"
    if guard.why:
        yield f"  {escape(clipped(guard.why), quote=False)}"


def _owed(outbox: Outbox, now: Instant) -> Iterator[str]:
    if outbox.oldest is None or outbox.due is None:
        yield "Nothing is owed"
        return
    wait = outbox.due - now
    yield f"Owed: {outbox.owed:,}, the oldest for {duration(max(0, now - outbox.oldest))}"
    yield from _reasons(outbox.reasons)
    yield f"  next try {f'in {duration(wait)}' if wait > 0 else 'now'}"


def _given_up(outbox: Outbox) -> Iterator[str]:
    if outbox.lapsed:
        yield f"No news any more in 24 h: {outbox.lapsed:,}"
    if outbox.failures:
        yield f"Given up in 24 h: {sum(count for _, count in outbox.failures)}"
        yield from _reasons(outbox.failures)


def _reasons(counted: Sequence[tuple[str, int]]) -> Iterator[str]:
    told = counted if len(counted) <= REASONS else counted[: REASONS - 1]
    for why, count in told:
        yield f"  {escape(clipped(f'{count:,} {why}'), quote=False)}"
    if more := sum(count for _, count in counted[len(told) :]):
        yield f"  {more:,} for other reasons"


def _stored(storage: Storage) -> Iterator[str]:
    free = "" if storage.free is None else f", {size(storage.free)} free"
    yield f"Database: {size(storage.size)}{free}"
    counts = [f"{count:,} {what}" for what, count in storage.rows.items()]
    yield from (f"  {', '.join(some)}" for some in (counts[:2], counts[2:]) if some)
