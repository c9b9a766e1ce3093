"""The outbox under everything that can happen to it, in any order: two workers that claim, send, settle and die, chats
that come, go, move and merge, time that passes. After each step the store holds what the ledger says, row by row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Rejected,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.settle import (
    LONGEST_PAUSE,
    Ended,
    Fault,
    NotTried,
    before_sending,
    settle,
)
from bot.store.chats import forget, subscribe, subscribers, unsubscribe
from bot.store.database import Connection
from bot.store.messages import Message, owe
from bot.store.outbox import Owed, claim, free_claims, next_due
from bot.store.summaries import close_lapsed, lapsed, take_back
from rules.model import Delivery
from tests.bot.store.ledger import Chat, Ledger, Row, is_once
from tests.bot.store.office import CHANNEL, Office, all_rows, chat_at, happens, ids_of
from tests.bot.store.stores import NOW, Place

STEPS = 50
LEASE, SENDING = 300, 120
OWNERS = st.sampled_from(["one", "two"])
ZOMBIE = "a zombie"
"""What was claimed under one of these names, maybe; the next process may be called the same."""

PLACES = ("1", "2", "3", "4", "-5", "-6")
ADDRESSES = st.sampled_from(PLACES)
POLICIES = st.sampled_from(Delivery)
LATER = st.sampled_from([0, 1, 2, 30, SENDING, LEASE, LONGEST_PAUSE + 1, 601])
LASTING = st.sampled_from([86_400, 3_600, 60])
REFUSED: st.SearchStrategy[Ended] = st.one_of(
    st.sampled_from(
        [RetryLater("no network"), RetryLater("a flood", 600.0), TokenRejected("unknown"), NotTried(), Resting(2.5)]
    ),
    st.sampled_from([NotUnderstood("a tag"), Rejected("too long"), Ambiguous("no answer"), Fault("a bug")]),
    st.sampled_from([ChatGone("blocked"), *(ChatMoved(address) for address in PLACES)]),
)
ACCEPTED: st.SearchStrategy[Ended] = st.sampled_from([Sent("m"), Sent("m"), Ambiguous("no answer"), Fault("a bug")])
"""What is not seen as Sent may have been accepted all the same."""
T = TypeVar("T")


@dataclass(eq=False)
class Held:
    """A claim in the hands of a worker, which may send it `until` then. `accepted`: its readers have it."""

    owed: Owed
    owner: str
    until: int
    accepted: bool = False


class OutboxMachine(RuleBasedStateMachine):
    """Rules are what may happen; the ledger says what must come of it."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.office.clear()
        self.ledger = Ledger()
        self.now = NOW
        self.told: list[Message] = []
        self.held: list[Held] = []

    # Readers

    @initialize()
    def some_chats_are_there(self) -> None:
        for address in PLACES[1:]:
            self._subscribes(address)

    @rule(address=ADDRESSES, wish=st.sampled_from([subscribe, subscribe, subscribe, unsubscribe, forget]))
    def a_reader_decides(self, address: str, wish: Callable[..., Awaitable[object]]) -> None:
        if wish is subscribe:
            self._subscribes(address)
            return
        self.office.write(lambda connection: wish(connection, CHANNEL, address))
        if wish is forget:
            self.ledger.forgets(address)
        else:
            self.ledger.unsubscribes(address)

    def _subscribes(self, address: str) -> None:
        kind = "group" if address.startswith("-") else "private"
        self.office.write(lambda connection: subscribe(connection, CHANNEL, address, kind, self.now))
        chat = self.ledger.at(address)
        if chat is None:
            found = self.office.read(lambda connection: chat_at(connection, address))
            assert self.ledger.of(found) is None, "the id of a chat that was forgotten is used again"
            self.ledger.chats.append(chat := Chat(found, address))
        chat.gone = False
        chat.since = self.now if chat.since is None else chat.since
        chat.heard = self.now

    # What happens in the market

    @rule(
        policy=POLICIES,
        lasts=LASTING,
        to=st.one_of(st.none(), st.sets(ADDRESSES, min_size=1)),
        digest=st.sampled_from([False, False, True]),
    )
    def something_happens(self, policy: Delivery, lasts: int, to: set[str] | None, digest: bool) -> None:
        """It concerns all who want to hear of anything, or some of them."""
        number, expires_at = len(self.told) + 1, self.now + lasts
        only = None if to is None else frozenset(chat.id for chat in self.ledger.chats if chat.address in to)
        words = f"event {number}", self.now, f"message {number}"
        self.told.append(Message(*words, policy, False, self.now + 60, expires_at, only=only, digest=digest))
        self._owes(self.told[-1])

    @precondition(lambda self: self.told)
    @rule(data=st.data(), what=st.sampled_from(["repeats", "repeats", "takes back", "sums up"]))
    def a_tick(self, data: st.DataObject, what: str) -> None:
        """It repeats one that was cut off, takes back what has turned out not to be so, or sums up what lapsed."""
        if what == "sums up":
            assert self.office.write(self._sums_up) == self.ledger.lapses()
            return
        message = data.draw(st.sampled_from(self.told))
        if what == "repeats":
            self._owes(message)
            return
        found = self.office.write(lambda connection: take_back(connection, message.event, self.now))
        assert found == self.ledger.takes_back(message.event)

    async def _sums_up(self, connection: Connection) -> list[tuple[int, str]]:
        late = await lapsed(connection, CHANNEL)
        await close_lapsed(connection, late, frozenset(), self.now)
        return [(each.chat, event) for each in late for event in each.events]

    def _owes(self, message: Message) -> None:
        async def owed(connection: Connection) -> int:
            await happens(connection, message.event, self.now)
            return await owe(connection, [message], await subscribers(connection, CHANNEL), self.now)

        wanted = self.ledger.wants(message)
        assert self.office.write(owed) == len(wanted)
        ids = self.office.read(lambda connection: ids_of(connection, message.event))
        self.ledger.rows += [Row(ids[chat.id], chat, message, self.now) for chat in wanted]

    # Workers

    @rule(owner=OWNERS, most=st.integers(1, 4), later=LATER, ended=ACCEPTED)
    def a_worker_sends(self, owner: str, most: int, later: int, ended: Ended) -> None:
        """It claims a few, and one after the other reaches its readers."""
        self.now += later
        for held in self._claims(owner, most):
            if held in self._unsent():
                self._accepts(held)
            self._settles(held, ended)

    @rule(owner=OWNERS, most=st.integers(1, 2), later=LATER, ended=REFUSED)
    def a_worker_fails(self, owner: str, most: int, later: int, ended: Ended) -> None:
        """It claims some, and they do not reach anybody, as far as is known."""
        self.now += later
        for held in self._claims(owner, most):
            self._settles(held, ended)

    @rule(owner=OWNERS, most=st.integers(1, 2), later=LATER)
    def a_worker_is_held_up(self, owner: str, most: int, later: int) -> None:
        """It claims some, and that is all for now."""
        self.now += later
        self._claims(owner, most)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), accepted=st.booleans())
    def a_worker_goes_on(self, data: st.DataObject, accepted: bool) -> None:
        """With one that it is held up with: readers have it, and nobody has written that down yet; or it is settled."""
        held = data.draw(st.sampled_from(self.held))
        if accepted and held in self._unsent():
            self._accepts(held)
        else:
            self._settles(held, data.draw(ACCEPTED if held.accepted else REFUSED))

    @rule(owner=OWNERS, follows=st.booleans(), zombie=st.booleans())
    def a_process_ends(self, owner: str, follows: bool, zombie: bool) -> None:
        """What it held is found again at the end of the lease, or, if another takes over, at once. A zombie may still
        settle what it had on its way, and send no more.
        """
        if not follows:
            self.held = [held for held in self.held if held.owner != owner]
            return
        self.held = [replace(held, owner=ZOMBIE, until=self.now) for held in self.held if zombie]
        self.office.write(lambda connection: free_claims(connection, CHANNEL, self.now))
        for row in self.ledger.rows:
            if row.is_open and row.owner is not None:
                row.due = self.now

    def _claims(self, owner: str, most: int) -> list[Held]:
        mine = self._sending(owner)
        taken = self.office.write(lambda connection: claim(connection, CHANNEL, owner, self.now, LEASE, most, mine))
        assert [(each.id, each.repeat) for each in taken] == self.ledger.claims(owner, self.now, LEASE, most, mine)
        for owed in taken:
            row = self._row(owed)
            assert (owed.address, owed.html) == (row.chat.address, row.message.html)
        held = [Held(owed, owner, self.now + SENDING) for owed in taken]
        self.held += held
        return held

    def _accepts(self, held: Held) -> None:
        held.accepted = True
        row = self.ledger.row(held.owed.id)
        if row is None:
            return  # not wanted any more while it was on its way
        earlier = [each for each in self.ledger.before(row) if not (each.loose or row.loose)]
        assert not earlier, f"{row.message.event} overtakes {earlier[0].message.event}"
        assert not row.shown or held.owed.repeat, "a repeat that does not say so"
        assert not (row.shown and is_once(row)), "at most once, and shown twice"
        row.shown.append(held.owed.repeat)

    def _settles(self, held: Held, ended: Ended) -> None:
        """What was not even tried, because it is too late, is closed as the worker closes it."""
        closed = None if held.accepted else before_sending(held.owed, self.now)
        self.held.remove(held)
        self.office.write(lambda connection: settle(connection, held.owed, closed or ended, self.now))
        self.ledger.settles(held.owed, closed or ended, self.now)

    def _sending(self, owner: str) -> tuple[int, ...]:
        return tuple(held.owed.id for held in self.held if held.owner == owner)

    def _unsent(self) -> list[Held]:
        return [
            held
            for held in self.held
            if not held.accepted and self.now < held.until and before_sending(held.owed, self.now) is None
        ]

    def _row(self, owed: Owed) -> Row:
        row = self.ledger.row(owed.id)
        assert row is not None
        return row

    # What must come of it

    @invariant()
    def the_store_holds_what_the_ledger_says(self) -> None:
        """So nothing is lost: what is not owed any more was sent, or closed for a reason that is written down."""
        found = self.office.read(all_rows)
        told = {
            row.id: (
                row.chat.address, row.message.event, row.state, row.owner, row.attempts,
                row.plain, row.repeat, row.aside, row.due if row.is_open else None,
            )
            for row in self.ledger.rows
        }  # fmt: skip
        assert {number: each[:-1] for number, each in found.items()} == told
        unexplained = [each for each in found.values() if each[2] not in ("owed", "sent") and not each[-1]]
        assert not unexplained, f"closed without a reason: {unexplained}"

    @invariant()
    def the_next_one_falls_due_when_the_ledger_says(self) -> None:
        for without in ((), self._sending("one")):
            line = self.ledger.line(without)
            expected = min((row.due for row in line), default=None)
            assert self.office.read(lambda connection: next_due(connection, CHANNEL, without)) == expected  # noqa: B023


def tries(place: Place, stories: int, *, derandomize: bool = True) -> None:
    """So many stories of STEPS steps on a database at a place; `derandomize`: the same ones every time."""
    office = Office(place)
    machine = type("OutboxMachine", (OutboxMachine,), {"office": office})
    chosen = settings(max_examples=stories, stateful_step_count=STEPS, deadline=None, derandomize=derandomize)
    try:
        run_state_machine_as_test(machine, settings=chosen)
    finally:
        office.close()
