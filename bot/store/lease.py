"""Which of several processes works: one row that names the holder, until when, and a token that grows with each.

A file belongs to one process by its lock (bot.store.runner). On a server any number may start; one holds the lease, the
others stand by. The term counts by the database's clock, the only one they share. The holder renews it, and knows by a
clock of its own when it can no longer be sure of it: so one that was stopped for a while sends nothing when it goes on.

Every transaction that writes reads the token first, and keeps the row locked FOR KEY SHARE. A renewal passes that lock,
so a long write does not cost the lease; a take-over (FOR UPDATE) waits for it. A holder that hangs in the middle of a
transaction would make it wait for ever: when its term is over, the server is told to cut whoever stands in the way.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.store import lease_row
from bot.store.database import Connection, Database, told
from bot.store.errors import Fenced, StoreError

log = logging.getLogger(__name__)

Waiting = Callable[[str], None]
"""Is told, in a sentence, what a standby waits for, whenever that changes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Seconds. With these a holder that is killed or hangs is replaced within ten: `term`, `poll` and `patience`.

    `term`: how long a lease lasts after its last renewal. `renewal`: between two. `margin`: so much earlier the holder
    stops being sure of it. `poll`: between two looks of a standby. `patience`: for a lock, before it is broken.
    """

    term: float = 8.0
    renewal: float = 2.0
    margin: float = 2.0
    poll: float = 1.0
    patience: float = 0.5


def _elapsed() -> float:
    """Seconds of a clock that nobody sets, and that goes on while the process is stopped or the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lease:
    """The right to work on a file, which its lock gives already: it is never in doubt."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()
        """Set for good once another process has taken over; this one must end, or begin anew."""

    @property
    def valid(self) -> bool:
        """Whether it is surely ours at this moment; what cannot be taken back is done only then."""
        return not self.lost.is_set()

    @property
    def doubted_for(self) -> float:
        """Seconds since it was last surely ours; 0 while it is."""
        return 0.0

    async def release(self) -> None:
        """Give it up; who stands by takes over at once. Nothing can be written any more."""


class LeaseRow(Lease):
    """The right to work on a database that others may reach. `take_lease` makes one."""

    def __init__(self, database: Database, engine: AsyncEngine, owner: str, terms: Terms) -> None:
        super().__init__()
        self.token = 0
        self._database = database
        self._engine = engine
        self._owner = owner[:120]
        self._terms = terms
        self._given_up = False
        self._sure_until = 0.0
        self._renewing: asyncio.Task[None] | None = None

    @property
    def valid(self) -> bool:
        """Whether it is surely ours at this moment, by our own clock and without asking anybody."""
        return not self.lost.is_set() and not self._given_up and _elapsed() < self._sure_until

    @property
    def doubted_for(self) -> float:
        """Seconds since it was last surely ours; 0 while it is."""
        return max(0.0, _elapsed() - self._sure_until)

    async def acquire(self, waiting: Waiting) -> None:
        """Wait until it is ours, and renew it from then on. Raises StoreError where the database cannot be reached at
        the first look; later ones wait for it.
        """
        holder, said = await self._try(), ""
        while holder:
            if holder != said:
                waiting(holder)
                said = holder
            await asyncio.sleep(self._terms.poll)
            try:
                holder = await self._try()
            except StoreError as error:
                holder = str(error)
        if said:
            log.info("took over %s", self._database.name)
        self._renewing = asyncio.create_task(self._renew_for_ever(), name="lease")

    async def _try(self) -> str:
        """Take it if it is free; otherwise why it is not."""
        with told(self._database.backend):
            async with self._engine.begin() as connection:
                row = (await connection.execute(lease_row.LOOK, self._values())).first()
                if row is None:
                    await connection.execute(lease_row.FIRST)
            if row is not None and row.held:
                return f"{row.owner} works on {self._database.name}; this process takes over when that one ends"
            return "" if await self._take() else f"another process has just begun on {self._database.name}"

    async def _take(self) -> bool:
        async with self._engine.begin() as connection:
            pid = (await connection.execute(sa.text("select pg_backend_pid()"))).scalar_one()
            cutting = asyncio.create_task(self._cut(pid))
            try:
                await connection.execute(lease_row.LOCK)
            finally:
                cutting.cancel()
                await asyncio.gather(cutting, return_exceptions=True)
            begun = _elapsed()
            token = (await connection.execute(lease_row.TAKE, self._values(owner=self._owner))).scalar()
        if token is None:
            return False
        self.token = token
        self._sure_until = begun + self._terms.term - self._terms.margin
        return True

    async def _cut(self, pid: int) -> None:
        """End whatever keeps the row from us after its term."""
        while True:
            await asyncio.sleep(self._terms.patience)
            async with self._engine.begin() as connection:
                cut = (await connection.execute(lease_row.CUT, self._values(pid=pid))).all()
            if cut:
                log.warning("cut %d connections of a process that hangs and whose lease is over", len(cut))

    async def _renew_for_ever(self) -> None:
        """Renew until it is lost; a server that is down for a moment is asked again soon."""
        failed = False
        while not self.lost.is_set():
            await asyncio.sleep(self._terms.patience if failed else self._terms.renewal)
            try:
                async with asyncio.timeout(self._terms.term / 2):
                    await self._renew()
            except (StoreError, TimeoutError) as error:
                if not failed:
                    log.warning("the lease was not renewed: %s", str(error) or "no answer came in time")
                failed = True
            except Exception:  # a fault of ours: without renewals nothing would ever be sent again, and nobody told
                log.exception("the lease was not renewed")
                failed = True
            else:
                if failed:
                    log.info("the lease is renewed again")
                failed = False

    async def _renew(self) -> None:
        """Also after its term, as long as nobody has taken over: nothing has happened meanwhile."""
        begun = _elapsed()
        with told(self._database.backend):
            async with self._engine.begin() as connection:
                kept = (await connection.execute(lease_row.RENEW, self._values(token=self.token))).rowcount
        if kept:
            self._sure_until = begun + self._terms.term - self._terms.margin
        else:
            self._lose("another process")

    async def check(self, connection: Connection) -> None:
        """Keep whoever takes over waiting until this transaction ends. Raises Fenced when somebody has."""
        row = (await connection.execute(lease_row.CHECK)).first()
        if self._given_up:
            raise Fenced(f"{self._database.name} was given up: this process writes nothing more")
        if row is None or row.token != self.token:
            who = "another process" if row is None else row.owner
            self._lose(who)
            raise Fenced(f"{who} has taken over {self._database.name}: this process writes nothing more")

    def _lose(self, who: str) -> None:
        if not self.lost.is_set():
            log.error("the lease is lost: %s has taken over %s", who, self._database.name)
            self.lost.set()

    async def release(self) -> None:
        """Give it up; who stands by takes over at its next look. A server that does not answer is not waited for."""
        self._given_up = True
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)
        if self.token and not self.lost.is_set():
            with suppress(StoreError, TimeoutError), told(self._database.backend):
                async with asyncio.timeout(self._terms.margin), self._engine.begin() as connection:
                    await connection.execute(lease_row.RELEASE, {"token": self.token})
        await self._engine.dispose()

    def _values(self, **others: object) -> dict[str, object]:
        """What every statement that looks at the term is given, in milliseconds, and more."""
        return {"term": round(self._terms.term * 1_000), **others}


async def take_lease(database: Database, owner: str, waiting: Waiting, terms: Terms = Terms()) -> Lease:
    """Wait until this process may work on a database, and bring its schema to the newest revision.

    Who waits changes nothing, so that a newer version may stand by an older one that works. Only an empty database gets
    its tables at once: without them there is no lease. Raises StoreError, also for a schema of a newer version.
    """
    engine = database.backend.engine_of_a_lease()
    if engine is None:
        await database.migrate()
        return Lease()
    lease = LeaseRow(database, engine, owner, terms)
    try:
        if await database.revision() is None:
            await database.migrate()
        await database.check_revision()
        await lease.acquire(waiting)
        database.guarded_by(lease.check)
        await database.migrate()
    except BaseException:
        await lease.release()
        raise
    return lease
