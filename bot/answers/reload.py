"""What a configuration that was read anew would change, for /reload and the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Changes:
    """Names that came, went and are meant differently now, of one kind: rules, instruments."""

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.changed)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """A configuration without a fault. `sections` are those that differ, besides rules and instruments; `restart` are
    settings that differ and that only a new process can take: with one of them nothing is taken.
    """

    rules: Changes = field(default_factory=Changes)
    instruments: Changes = field(default_factory=Changes)
    sections: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether there is anything to take."""
        return bool(self.rules or self.instruments or self.sections)

    @property
    def taken(self) -> bool:
        """Whether it is taken."""
        return self.differs and not self.restart

    @property
    def refused(self) -> bool:
        """Whether nothing is taken although something differs."""
        return bool(self.restart)


@dataclass(frozen=True, slots=True)
class Faulty:
    """A configuration that cannot be taken: every fault in one sentence."""

    faults: tuple[str, ...]
    taken: ClassVar[bool] = False
    refused: ClassVar[bool] = True


Reading = Reloaded | Faulty
