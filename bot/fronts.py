"""Where people meet the bot: the terminal, or Telegram with one of its two ears. What speaks to Telegram, and what
listens for it, is loaded only where it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from bot.around import Hide
from bot.commands.registry import Command, command_of, offered
from bot.console import ConsoleFront
from bot.delivery.channel import Answer
from bot.delivery.pacing import Pace, Pacer
from bot.parts import Front, Question
from bot.reception import Reception
from bot.settings import Settings
from bot.settings.service import TelegramSettings
from bot.store.database import Database
from bot.store.guests import Guests
from bot.watchdog.guard import Guarded
from rules.model import Instant

if TYPE_CHECKING:
    from bot.telegram.access import Access
    from bot.telegram.application import TelegramService
    from bot.telegram.ear import Ear, Fittings
    from bot.telegram.incoming import Incoming
    from bot.telegram.menu import Menu
    from bot.web.listener import Listener

SPARE = 3.0
"""Seconds for the headers and the answer of a push, beside reading it and keeping what it brings."""

POLLS, TELEGRAM = 90.0, 120.0
"""Seconds without an attempt to hear from Telegram, and without it, or without hearing from it, that are too many."""

Now = Callable[[], Instant]
Works = Callable[[], bool]


def open_front(
    settings: Settings,
    database: Database,
    reception: Reception,
    guests: Guests,
    works: Works,
    now: Now,
    hide: Hide,
    pace: Pace | None = None,
) -> tuple[Front, Sequence[Guarded], Listener | None]:
    """Where people meet the bot, what of it must show life, and who listens where Telegram pushes, if it is to.

    `guests` are let in beside the configuration; `pace` is what Telegram bears, where it is not the real one.
    """
    if not settings.telegram.given:
        return ConsoleFront(), (), None
    front, pushed = _telegram(settings, database, reception, guests, works, now, hide, Pacer(pace))
    listening = "Telegram polling" if pushed is None else "Telegram's webhook"
    guarded = (
        Guarded(listening, front.listening_age, POLLS, front.listen_anew),
        Guarded("Telegram", front.down_age, TELEGRAM, fatal=False, why=front.down),
        Guarded("Telegram's updates", front.trouble_age, TELEGRAM, fatal=False, why=front.trouble),
    )
    return front, guarded, pushed


def _telegram(
    settings: Settings,
    database: Database,
    reception: Reception,
    guests: Guests,
    works: Works,
    now: Now,
    hide: Hide,
    pacer: Pacer,
) -> tuple[TelegramService, Listener | None]:
    """The bot in Telegram; loaded only where there is a token. A listener is there where Telegram is to push."""
    from bot.telegram.access import Access
    from bot.telegram.answering import Limits
    from bot.telegram.application import TelegramService
    from bot.telegram.letterbox import StoredLetters

    telegram = settings.telegram
    asks = _is(lambda asked: asked.strangers) if telegram.admins else _never
    access = Access(telegram.let_in, telegram.everyone, guests, asks)
    ear, pushed = _ear(telegram, hide)
    front = TelegramService(
        telegram.token.get_secret_value(),
        telegram.base_url,
        partial(_answer, reception, access),
        StoredLetters(database, now, telegram.let_in, guests.look),
        access=access,
        menu=_menu(telegram),
        pacer=pacer,
        always=_is(lambda asked: asked.changes),
        configures=_is(lambda asked: asked.configures),
        works=works,
        ear=ear,
        limits=Limits(a_minute=telegram.commands_per_minute),
    )
    return front, pushed


async def _answer(reception: Reception, access: Access, incoming: Incoming) -> Answer:
    """A line from Telegram as a question, and its answer."""
    question = Question(
        "telegram",
        incoming.address,
        incoming.kind,
        str(incoming.user),
        incoming.text,
        name=incoming.name,
        stranger=not access.knows(incoming),
        thread=incoming.thread,
        configures=incoming.configures,
    )
    return await reception.answer(question)


def _menu(telegram: TelegramSettings) -> Menu:
    """What Telegram offers to whom."""
    from bot.telegram.menu import Menu

    everybody, admins = ({each.name: each.summary for each in offered(admin=admin)} for admin in (False, True))
    return Menu(everybody, admins, telegram.admins)


def _is(what: Callable[[Command], bool]) -> Callable[[str], bool]:
    """Whether the command of a line is such a one."""

    def asked(line: str) -> bool:
        known = command_of(line)
        return known is not None and what(known)

    return asked


def _never(_line: str) -> bool:
    return False


def _ear(telegram: TelegramSettings, hide: Hide) -> tuple[Callable[[Fittings], Ear], Listener | None]:
    """How updates come in; what serves a webhook is loaded only where there is one."""
    from bot.telegram.polling import Poller

    if not telegram.webhook_url:
        return Poller, None
    from bot.telegram.webhook import TAKING, Door, Webhook
    from bot.web.listener import Limits, Listener
    from bot.web.webhook import READING, webhook_app

    door = Door()
    hide([door.secret])
    limits = Limits(exchange=READING + TAKING + SPARE)
    listener = Listener(webhook_app(telegram.webhook_url, door), telegram.webhook_listen, limits)
    return partial(Webhook, url=telegram.webhook_url, door=door), listener
