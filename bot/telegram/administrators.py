"""Who administers a group or a channel: Telegram is asked when it matters, and what it says holds for a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import takewhile

from telegram import Bot, ChatMember
from telegram.constants import ChatID
from telegram.error import BadRequest, TelegramError

from bot.telegram.access import SHARED
from bot.telegram.incoming import Incoming
from bot.telegram.outcomes import speaks_of
from bot.telegram.wire import reason

MINUTE = 60.0
LONGEST = 10.0
"""Seconds that Telegram may take to say it."""

_ADMINISTER = (ChatMember.OWNER, ChatMember.ADMINISTRATOR)
_NO_MEMBER = ("user not found", "member not found", "participant_id_invalid", "user_not_participant")


class NotKnown(Exception):
    """Telegram does not say whether somebody administers a chat; why, without the token."""


class Administrators:
    """Says who may tell the bot how a chat is told: whoever is alone with it there, and administrators elsewhere.

    `configures` says for which lines it matters. `clock` is monotonic.
    """

    def __init__(
        self, bot: Bot, configures: Callable[[str], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bot, self._configures, self._clock = bot, configures, clock
        self._known: dict[tuple[str, int], tuple[float, bool]] = {}  # the oldest first

    async def may(self, line: Incoming) -> bool:
        """Whether who wrote or tapped a line may configure that chat; False too where nothing depends on it.

        In a channel everybody can tap, and nobody but an administrator may: the answer is published. Raises NotKnown.
        """
        if line.kind == "private" or (line.kind == "channel" and line.tap is None):
            return True  # only administrators post in a channel
        if line.kind == "group" and not self._configures(line.text):
            return False
        if line.user in SHARED:  # nobody but administrators hides behind the name of a group
            return line.user == ChatID.ANONYMOUS_ADMIN and line.tap is None
        return await self._administers(line.address, line.user)

    async def _administers(self, address: str, user: int) -> bool:
        now = self._clock()
        for each in [*takewhile(lambda each: self._known[each][0] + MINUTE <= now, self._known)]:
            del self._known[each]
        if (known := self._known.get((address, user))) is not None:
            return known[1]
        administers = await self._ask(address, user)
        self._known[address, user] = (now, administers)
        return administers

    async def _ask(self, address: str, user: int) -> bool:
        try:
            async with asyncio.timeout(LONGEST):
                member = await self._bot.get_chat_member(address, user)
        except TimeoutError:
            raise NotKnown(f"no answer within {LONGEST:g} s") from None
        except TelegramError as error:
            if isinstance(error, BadRequest) and speaks_of(str(error), _NO_MEMBER):
                return False
            raise NotKnown(reason(self._bot, error)) from None
        return member.status in _ADMINISTER
