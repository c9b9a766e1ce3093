"""A process that takes the lease of a database and then writes: `python -m tests.bot.store.holder URL NAME [slow]`.

It says what happens, a line each, and begins, goes on and ends its transaction when it is told to, a line each. `slow`:
by the terms of the service.
"""

from __future__ import annotations

import asyncio
import sys

from bot.store.chats import subscribe
from bot.store.database import open_database
from bot.store.errors import Fenced, StoreError
from bot.store.lease import Terms, take_lease

SHORT = Terms(term=1.5, renewal=0.2, margin=0.5, poll=0.1, patience=0.1)


async def hold(url: str, name: str, terms: Terms) -> None:
    """Until its input ends."""
    database = open_database(url)
    lease = await take_lease(database, name, lambda why: print(f"waits: {why}", flush=True), terms)
    print("holds", flush=True)
    try:
        while await asyncio.to_thread(sys.stdin.readline):
            try:
                async with database.write() as connection:
                    await subscribe(connection, "telegram", name, "private", 1)
                    print("writes", flush=True)
                    await asyncio.to_thread(sys.stdin.readline)
                    print(f"goes on {'surely' if lease.valid else 'in doubt'}", flush=True)
                print("committed", flush=True)
            except Fenced:
                print("fenced", flush=True)
            except StoreError:
                print("cut", flush=True)
    finally:
        await lease.release()
        await database.close()


if __name__ == "__main__":
    asyncio.run(hold(sys.argv[1], sys.argv[2], Terms() if "slow" in sys.argv else SHORT))
