"""A line of `doctor`: what was looked at, whether it is well, and why not."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was looked at: whether it works, and a sentence about it."""

    subject: str
    works: bool
    told: str
