"""What is said of people who want to use the bot: to them, and to those who decide."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.answers.people import Person, Roster, Standing
from bot.render.lines import clipped
from bot.render.numbers import date, session_of

ASKED = "The operator is asked to let you in. You hear here when that is decided."
ASKED_BEFORE = "You have asked already; the operator has not decided yet."
LET_IN_ALREADY = "You are let in already; /start begins."
REFUSED_BEFORE = "The operator has refused that."
NOBODY_TO_ASK = "Nobody here decides that by Telegram; send your id to the operator: /id shows it."
TOO_MANY_ASK = "Too many ask at the moment; please try again tomorrow."
LET_IN = "<b>You are let in.</b>\n/start begins; /help lists the commands."
NOT_LET_IN = "The operator has not let you in."

SHOWN = 20


def asks(person: Person) -> str:
    """What administrators read when somebody asks."""
    may = "Who is let in may use the commands and get alerts."
    return f"<b>Somebody asks to be let in</b>: {_who(person)}\n{may}"


def decided(user: str, standing: Standing, name: str = "") -> str:
    """What an administrator reads who has decided."""
    whom = f"<code>{escape(user)}</code>{f' {escape(clipped(name))}' if name else ''}"
    if standing is Standing.ALLOWED:
        return f"{whom} is let in, and told so. /deny {escape(user)} takes it back."
    return f"{whom} is not let in: no command is answered, nothing is sent. /allow {escape(user)} takes it back."


def roster_answer(roster: Roster) -> str:
    """Everybody who may use the bot, who asks to, and who may not."""
    lines = ["<b>Who may use this bot</b>"]
    if roster.everyone:
        lines.append("Everyone who finds it (telegram.everyone)")
    lines.append(f"By the configuration: {_ids(roster.configured) or 'nobody'}")
    lines.append(f"Administrators: {_ids(roster.admins) or 'nobody'}")
    for standing, title in (
        (Standing.PENDING, "Ask to be let in"),
        (Standing.ALLOWED, "Let in"),
        (Standing.DENIED, "Refused"),
    ):
        lines += _section(title, [each for each in roster.known if each.standing is standing])
    lines.append(f"Alerts go to {roster.chats} chat{'s' * (roster.chats != 1)}")
    return "\n".join(lines)


def broadcast(words: str) -> str:
    """A message of the operator, as everybody reads it."""
    return f"<b>From the operator</b>\n{escape(words)}"


def broadcast_preview(words: str, chats: int) -> str:
    """What would be sent, and to how many."""
    return f"{broadcast(words)}\n\n<i>Not sent yet: it goes to {chats} chat{'s' * (chats != 1)}.</i>"


def broadcast_sent(chats: int) -> str:
    """That it is on its way."""
    return f"On its way to {chats} chat{'s' * (chats != 1)}; the same words are sent once a day at most."


def _section(title: str, people: list[Person]) -> Iterator[str]:
    if people:
        yield f"<b>{title}</b>"
        yield from (f"   {_who(each)}, {date(session_of(each.decided_at or each.asked_at))}" for each in people[:SHOWN])
    if len(people) > SHOWN:
        yield f"   and {len(people) - SHOWN} more"


def _who(person: Person) -> str:
    name = f" {escape(clipped(person.name))}" if person.name else ""
    return f"<code>{escape(person.user)}</code>{name}"


def _ids(ids: frozenset[str]) -> str:
    return ", ".join(f"<code>{escape(each)}</code>" for each in sorted(ids, key=int))
