"""Briefs of the market for those who asked for one: computed beside the loop, drawn once for everybody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor

from bot.answers import Picture
from bot.answers.brief import Brief
from bot.answers.personal import PersonalAlert
from bot.delivery.briefs import Drawn
from bot.queries.brief import brief, with_own
from bot.queries.view import NoAnswer, View
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.personal import all_alerts
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError
from rules.model import Instant

log = logging.getLogger(__name__)

Draw = Callable[[Picture], Awaitable[bytes | None]]


class Briefing:
    """Makes briefs of what `view` shows; pictures are drawn by `draw`, and left out where they cannot be."""

    def __init__(self, database: Database, view: Callable[[], Awaitable[View]], draw: Draw, thinking: Executor) -> None:
        self._database, self._view, self._draw, self._thinking = database, view, draw, thinking

    async def drawn(self, chats: Collection[int], now: Instant) -> Mapping[int, Drawn]:
        """For chats, by their numbers; whose cannot be made is left out. Raises StoreError."""
        async with self._database.read() as connection:
            alerts = await all_alerts(connection)
        own = {chat: [alert for owner, alert in alerts if owner == chat and alert.is_watched] for chat in chats}
        try:
            view = await self._view()
            found = await asyncio.get_running_loop().run_in_executor(self._thinking, _briefs, view, own, now)
        except StoreError:
            raise
        except Exception:  # what was gathered is told without it
            log.exception("the brief could not be made")
            return {}
        pictures: dict[int, bytes | None] = {}
        for each in found.values():
            if each.picture is not None and id(each.picture) not in pictures:
                pictures[id(each.picture)] = await self._draw(each.picture)
        return {chat: Drawn(each, pictures.get(id(each.picture))) for chat, each in found.items()}


def _briefs(view: View, own: Mapping[int, Sequence[PersonalAlert]], now: Instant) -> dict[int, Brief]:
    """One for everybody, to which each adds what is its own."""
    try:
        common = brief(view, now)
    except NoAnswer as reason:
        log.warning("no brief: %s", reason)
        return {}
    return {chat: with_own(common, view, _compiled(view, chat, alerts)) for chat, alerts in own.items()}


def _compiled(view: View, chat: int, alerts: Sequence[PersonalAlert]) -> list[CompiledRule]:
    """Those that mean something here: an instrument may have gone from the configuration."""
    found = []
    for alert in alerts:
        try:
            found.append(compile_rule(alert.rule(chat), view.scope))
        except LanguageError as error:
            log.info("#%d of chat %d means nothing here: %s", alert.number, chat, error)
    return found
