"""What `doctor` says of each thing that it looks at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was looked at: whether it works, and a sentence about it."""

    subject: str
    works: bool
    told: str
