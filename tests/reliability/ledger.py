"""What the database of a service says while it works, or once it was killed: the questions that lead a story on."""

from __future__ import annotations

from dataclasses import dataclass

from tests.reliability.places import Place

OWED_TO = """
select chats.address from deliveries join chats on chats.id = deliveries.chat
where deliveries.state = 'owed' order by deliveries.due_at, deliveries.id
"""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Asks a database."""

    place: Place

    def events(self) -> int:
        """How many are recorded."""
        return int(self.place.rows("select count(*) from events")[0][0])

    def has_kept(self, update: int) -> bool:
        """Whether a line was received for good."""
        return bool(self.place.rows(f"select 1 from inbox where id = {update}"))

    def knows(self, chat: int) -> bool:
        """Whether there is a chat at an address."""
        return bool(self.place.rows(f"select 1 from chats where address = '{chat}'"))

    def owed(self) -> int:
        """Deliveries that are still to be sent."""
        return int(self.place.rows("select count(*) from deliveries where state = 'owed'")[0][0])

    def claimed(self, pid: int) -> int:
        """Deliveries that a process has claimed and not settled; after a kill: what was in flight."""
        owned = f"owner like '%:{pid}' or owner like '%:{pid}:%'"
        return int(self.place.rows(f"select count(*) from deliveries where state = 'owed' and ({owned})")[0][0])

    def unanswered(self) -> int:
        """Lines that were received and have no answer yet."""
        return int(self.place.rows("select count(*) from inbox where answered_at is null")[0][0])

    def owed_to(self) -> list[int]:
        """The chats that something is owed to, in the order of their turns, each as often as there is."""
        return [int(chat) for (chat,) in self.place.rows(OWED_TO)]
