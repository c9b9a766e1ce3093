"""Who asked to be let in beside those in the configuration, and what administrators have decided."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from bot.answers.people import MOST_PENDING, Person, Standing
from bot.store.conflict import insert_new, insert_or_update
from bot.store.database import Connection
from bot.store.schema import people
from rules.model import Instant


async def everybody(connection: Connection, channel: str) -> list[Person]:
    """All that are known, those who wait first, then the newest."""
    pending = people.c.standing == Standing.PENDING.value
    query = sa.select(people).where(people.c.channel == channel).order_by(pending.desc(), people.c.asked_at.desc())
    return [
        Person(row.user, row.name, Standing(row.standing), row.asked_at, row.decided_at, row.decided_by)
        for row in await connection.execute(query)
    ]


async def decided(connection: Connection, channel: str, standing: Standing) -> frozenset[str]:
    """Of whom administrators have decided so, by their ids."""
    return frozenset([row.user for row in await connection.execute(those(channel, standing))])


def those(channel: str, standing: Standing) -> sa.Select[tuple[str]]:
    """The ids of whom administrators have decided so of, within another statement."""
    return sa.select(people.c.user).where(people.c.channel == channel, people.c.standing == standing.value)


async def ask(connection: Connection, channel: str, user: str, name: str, now: Instant) -> bool:
    """Somebody asks to be let in. Returns whether that is new, and kept: who was decided of does not ask again."""
    waiting = sa.select(sa.func.count()).where(people.c.channel == channel, people.c.standing == Standing.PENDING.value)
    if (await connection.execute(waiting)).scalar_one() >= MOST_PENDING:
        return False
    row = {**asdict(Person(user, name[:64], Standing.PENDING, now)), "standing": Standing.PENDING.value}
    return bool((await connection.execute(insert_new(people), {"channel": channel, **row})).rowcount)


async def decide(connection: Connection, channel: str, user: str, standing: Standing, by: str, now: Instant) -> None:
    """An administrator has decided of somebody, who need not have asked."""
    row = {
        "channel": channel, "user": user, "name": "", "standing": standing.value, "asked_at": now,
        "decided_at": now, "decided_by": by,
    }  # fmt: skip
    decided = insert_or_update(people, ["channel", "user"], ["standing", "decided_at", "decided_by"])
    await connection.execute(decided, row)


async def let_follow(connection: Connection, channel: str, old: str, new: str, now: Instant) -> None:
    """A chat that the configuration lets in lives at another address: it is let in there, unless it was decided of."""
    row = {
        "channel": channel, "user": new, "name": "", "standing": Standing.ALLOWED.value, "asked_at": now,
        "decided_at": now, "decided_by": old,
    }  # fmt: skip
    await connection.execute(insert_new(people), row)


async def move_decision(connection: Connection, channel: str, old: str, new: str) -> None:
    """A chat lives at another address: what was decided of it holds there, unless that was decided of already."""
    known = (await connection.execute(sa.select(people.c.user).where(*_is(channel, new)))).first()
    if known is None:
        await connection.execute(sa.update(people).where(*_is(channel, old)).values(user=new))


async def forget_request(connection: Connection, channel: str, user: str) -> None:
    """Delete that somebody asks, and the name of whom was decided of; what was decided stands."""
    its = _is(channel, user)
    await connection.execute(sa.delete(people).where(*its, people.c.standing == Standing.PENDING.value))
    await connection.execute(sa.update(people).where(*its).values(name=""))


def _is(channel: str, user: str) -> tuple[sa.ColumnElement[bool], ...]:
    return people.c.channel == channel, people.c.user == user
