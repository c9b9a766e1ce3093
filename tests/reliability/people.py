"""What happens to a bot beside the market: people who come and go, groups that move, and a Telegram in a bad mood."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random

from tests.reliability.lines import FORGET, START, STOP, lines
from tests.reliability.town import SUPER, Town, until, writes
from tests.servers.telegram import TelegramServer


class People:
    """The `fickle` chats of a town, all of them subscribed in the beginning, and its groups."""

    def __init__(self, town: Town, fickle: Sequence[int]) -> None:
        self._town, self._fickle = town, fickle
        self._told = set(fickle)
        self._talking = threading.Lock()

    def writes(self, chance: Random) -> int | None:
        """One of the fickle changes its mind. Returns the number of the update; None if all of them wait for answers:
        who has written twice without an answer writes no more.
        """
        with self._talking:
            waiting = Counter(line.chat for line in lines(self._town.telegram.journal.entries) if not line.answers)
            able = [chat for chat in self._fickle if waiting[chat] < 2]
            if not able:
                return None
            chat = chance.choice(able)
            text = chance.choice([STOP, FORGET]) if chat in self._told else START
            self._told ^= {chat}
            return writes(self._town.telegram, chat, text)

    @contextmanager
    def talking(self, chance: Random) -> Iterator[None]:
        """Now and then somebody writes."""
        own = Random(chance.random())
        timers = [threading.Timer(own.uniform(0.0, 4.0), self.writes, [own]) for _ in range(own.randint(0, 2))]
        for timer in timers:
            timer.start()
        yield
        for timer in timers:
            timer.cancel()
            timer.join()

    def moves_one(self) -> int | None:
        """Of the groups that never moved, the one whose turn comes first becomes a supergroup. Returns its new address;
        None where nothing is owed to any within a while.
        """
        waiting = until(self._next_group, 10)
        if waiting is not None:
            self._town.moves(waiting, waiting - SUPER)
        return self._town.moved.get(waiting or 0)

    def _next_group(self) -> int | None:
        """The first one in the outbox."""
        owed = self._town.ledger.owed_to()
        return next((chat for chat in owed if -SUPER < chat < 0 and chat not in self._town.moved), None)


def makes_trouble(telegram: TelegramServer, chance: Random) -> None:
    """Telegram is well now and then."""
    ways: Sequence[Callable[[], None]] = (
        telegram.loses_answers,
        telegram.loses_answers,
        telegram.resets,
        lambda: telegram.fails_with(500),
        lambda: telegram.fails_with(429, retry_after=chance.randint(1, 2)),
        lambda: telegram.resets(method="getUpdates"),
    )
    for _ in range(chance.randint(0, 5)):
        telegram.lets_pass(chance.randint(1, 20))
        chance.choice(ways)()
    if chance.random() < 0.05:
        telegram.answers_html(429)
