"""Who asks to be let in, who decides, and who hears of it: once each, in one transaction with what was decided."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bot.answers.changes import AskToBeLetIn, Broadcast, Change, Decide, Forget
from bot.answers.people import MOST_PENDING, Roster, Standing
from bot.chats import Where, carry_out
from bot.people import Door, roster
from bot.store.chats import subscribe, subscribers, turn_away
from bot.store.database import Database
from bot.store.guests import Guests
from bot.store.schema import chats, deliveries
from bot.store.states import WITHDRAWN
from rules.bars import DAY
from tests.bot.markets import NOW
from tests.bot.store.stores import Place, stored

DOOR = Door("telegram", frozenset({"5"}), frozenset({"7"}))


@dataclass
class Desk:
    """A bot's door, with a clock that is moved by hand."""

    database: Database
    door: Door = DOOR
    now: int = NOW

    async def wants(self, *wanted: Change, by: str = "7") -> None:
        """Somebody's command wants something stored."""
        where = Where("telegram", by, "private", user=by, door=self.door)
        async with self.database.write() as connection:
            await carry_out(connection, wanted, where, self.now)

    async def subscribes(self, *addresses: str) -> None:
        async with self.database.write() as connection:
            for each in addresses:
                await subscribe(connection, "telegram", each, "group" if each[0] == "-" else "private", self.now)

    async def owed(self) -> list[str]:
        """`address: first line [buttons]` of every message that is owed, in order."""
        query = sa.select(chats.c.address, deliveries).join(chats, chats.c.id == deliveries.c.chat)
        async with self.database.read() as connection:
            rows = (await connection.execute(query.order_by(deliveries.c.id))).all()
        return [
            f"{row.address}: {row.html.splitlines()[0]}{''.join(f' [{b[0]}]' for r in row.buttons or () for b in r)}"
            for row in rows
            if row.state != WITHDRAWN
        ]

    async def roster(self) -> Roster:
        async with self.database.read() as connection:
            return await roster(connection, self.door)

    async def told(self) -> list[int]:
        """The chats that an alert would go to, by number."""
        async with self.database.read() as connection:
            return [each.chat for each in await subscribers(connection, "telegram", self.door.admitted)]


def at_the_door(place: Place, story: Callable[[Desk], Awaitable[None]], door: Door = DOOR) -> None:
    async def tell(database: Database) -> None:
        await story(Desk(database, door))

    stored(place, tell)


def test_who_asks_is_known_and_administrators_decide_by_a_button(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.wants(AskToBeLetIn("9", "Eve <b>"), by="9")
        await desk.wants(AskToBeLetIn("9", "Eve <b>"), by="9")
        assert await desk.owed() == [
            "7: <b>Somebody asks to be let in</b>: <code>9</code> Eve &lt;b&gt; [Let in] [Refuse]"
        ]
        [eve] = (await desk.roster()).known
        assert (eve.user, eve.name, eve.standing, eve.asked_at) == ("9", "Eve <b>", Standing.PENDING, NOW)

    at_the_door(place, story)


def test_who_is_let_in_is_told_once_and_gets_alerts(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.subscribes("9")
        assert await desk.told() == []
        await desk.wants(AskToBeLetIn("9", "Eve"), by="9")
        for desk.now in (NOW + 5, NOW + 6):
            await desk.wants(Decide("9", Standing.ALLOWED))
        assert (await desk.owed())[1:] == ["9: <b>You are let in.</b>"]
        assert len(await desk.told()) == 1
        [eve] = (await desk.roster()).known
        assert (eve.name, eve.standing, eve.decided_at, eve.decided_by) == ("Eve", Standing.ALLOWED, NOW + 5, "7")

    at_the_door(place, story)


def test_who_is_refused_is_owed_nothing_more_and_does_not_ask_again(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.wants(Decide("9", Standing.ALLOWED))
        await desk.subscribes("9")
        desk.now += 5
        await desk.wants(Decide("9", Standing.DENIED))
        assert await desk.owed() == ["9: The operator has not let you in."]
        assert await desk.told() == []
        await desk.wants(AskToBeLetIn("9", "Eve"), by="9")
        assert [each.standing for each in (await desk.roster()).known] == [Standing.DENIED]
        assert len(await desk.owed()) == 1

    at_the_door(place, story)


def test_a_stranger_who_never_asked_is_refused_without_a_word(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.wants(Decide("9", Standing.DENIED))
        assert await desk.owed() == []

    at_the_door(place, story)


def test_where_everyone_is_let_in_one_may_be_refused(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.subscribes("9", "10", "-4")
        assert len(await desk.told()) == 3
        await desk.wants(Decide("9", Standing.DENIED))
        assert len(await desk.told()) == 2

    at_the_door(place, story, Door("telegram", everyone=True))


def test_a_group_that_is_refused_is_told_nothing_more_unless_the_configuration_lets_it_in(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.subscribes("-4", "-6")
        assert len(await desk.told()) == 2
        await desk.wants(Decide("-4", Standing.DENIED), Decide("-6", Standing.DENIED))
        assert await desk.told() == [2]

    at_the_door(place, story, Door("telegram", frozenset({"-6"}), frozenset({"7"})))


def test_a_start_turns_nobody_away_whom_an_administrator_has_let_in(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.wants(AskToBeLetIn("9", "Eve"), by="9")
        await desk.wants(Decide("9", Standing.ALLOWED))
        async with desk.database.write() as connection:
            await turn_away(connection, "telegram", {"5", "7"}, desk.now)
        assert len(await desk.owed()) == 2

    at_the_door(place, story)


def test_who_is_forgotten_has_asked_nothing_and_has_no_name_but_a_refusal_stands(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.wants(AskToBeLetIn("9", "Eve"), by="9")
        await desk.wants(AskToBeLetIn("8", "Bob"), by="8")
        await desk.wants(Decide("8", Standing.DENIED))
        await desk.wants(Forget(), by="9")
        await desk.wants(Forget(), by="8")
        assert [(each.user, each.name, each.standing) for each in (await desk.roster()).known] == [
            ("8", "", Standing.DENIED)
        ]

    at_the_door(place, story)


def test_no_more_than_so_many_wait_for_a_decision(place: Place) -> None:
    async def story(desk: Desk) -> None:
        for user in range(MOST_PENDING + 3):
            await desk.wants(AskToBeLetIn(str(100 + user), "one of a crowd"), by=str(100 + user))
        assert len((await desk.roster()).known) == MOST_PENDING == len(await desk.owed())

    at_the_door(place, story)


def test_the_operators_words_reach_every_chat_that_is_told_once_a_day(place: Place) -> None:
    async def story(desk: Desk) -> None:
        await desk.subscribes("5", "6", "-4")  # 6 is not let in
        for _ in range(2):
            await desk.wants(Broadcast("<b>From the operator</b>\nBack at 18:00"))
        assert await desk.owed() == ["5: <b>From the operator</b>", "-4: <b>From the operator</b>"]
        desk.now += DAY
        await desk.wants(Broadcast("<b>From the operator</b>\nBack at 18:00"))
        assert len(await desk.owed()) == 4

    at_the_door(place, story)


def test_a_process_knows_who_was_decided_of_after_a_look(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        guests = Guests(desk.database, "telegram")
        await desk.wants(Decide("9", Standing.ALLOWED), Decide("-4", Standing.DENIED))
        assert (guests.allowed, guests.denied) == (frozenset(), frozenset())
        await guests.look()
        assert (guests.allowed, guests.denied) == (frozenset({9}), frozenset({-4}))

    async def run() -> None:
        database = Database(tmp_path / "a.db")
        await database.migrate()
        await story(Desk(database))
        await database.close()

    asyncio.run(run())
