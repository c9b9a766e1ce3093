"""Who may use the bot: what a stranger may say, what administrators read and decide, and what nobody else may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.answers import Chat
from bot.answers.buttons import Button
from bot.answers.changes import AskToBeLetIn, Broadcast, Decide
from bot.answers.people import Person, Roster, Standing
from bot.commands.registry import NOT_AN_ADMIN, NOT_LET_IN, Desk, Reply, answer
from bot.render.people import ASKED, ASKED_BEFORE, LET_IN_ALREADY, NOBODY_TO_ASK, REFUSED_BEFORE, TOO_MANY_ASK
from tests.bot.commands.desks import PRIVATE, live
from tests.bot.markets import NOW, simulated
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

EVE = Person("9", "Eve <b>", Standing.PENDING, NOW)
ROSTER = Roster(
    frozenset({"5", "-4"}),
    frozenset({"7"}),
    known=(EVE, Person("10", "", Standing.ALLOWED, NOW, NOW, "7"), Person("11", "Bob", Standing.DENIED, NOW, NOW, "7")),
    chats=3,
)
STRANGER = Chat("telegram", "12", "private", None, "12", name="Sam", stranger=True)


def at(roster: Roster | None = ROSTER, chat: Chat = PRIVATE) -> Desk:
    return replace(live(simulated().view(), chat), roster=roster)


def said(reply: Reply) -> str:
    assert_telegram_accepts(reply.html)
    return TelegramReader(reply.html).text


def test_who_may_use_it_is_told_with_a_button_for_each_decision() -> None:
    reply = answer(at(), "/users")
    assert said(reply).splitlines() == [
        "Who may use this bot", "By the configuration: -4, 5", "Administrators: 7", "Ask to be let in",
        "   9 Eve <b>, Thu 2026-01-01", "Let in", "   10, Thu 2026-01-01", "Refused", "   11 Bob, Thu 2026-01-01",
        "Alerts go to 3 chats",
    ]  # fmt: skip
    assert reply.buttons == ((Button("Let in Eve <b>", "/allow 9"), Button("Refuse", "/deny 9")),)


def test_everyone_is_said_where_everyone_may() -> None:
    assert "Everyone who finds it (telegram.everyone)" in said(answer(at(Roster(everyone=True)), "/users"))


@pytest.mark.parametrize(
    ("line", "change"),
    [
        ("/allow 9", Decide("9", Standing.ALLOWED)),
        ("/allow -1001234567890", Decide("-1001234567890", Standing.ALLOWED)),
        ("/allow 009", Decide("9", Standing.ALLOWED)),
        ("/deny 9", Decide("9", Standing.DENIED)),
        ("/deny 10", Decide("10", Standing.DENIED)),
    ],
)
def test_a_decision_is_stored_and_said(line: str, change: Decide) -> None:
    reply = answer(at(), line)
    assert reply.changes == (change,)
    assert change.user in said(reply)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/allow", "it takes one id; /users lists who asks"),
        ("/allow Eve", "an id is a number such as 123456789, or -100123456789 of a group, not Eve"),
        ("/allow 0", "an id is a number such as 123456789, or -100123456789 of a group, not 0"),
        ("/deny 5", "5 is let in by the configuration: take it out of telegram.allow, then /reload"),
        ("/deny 7", "7 is let in by the configuration: take it out of telegram.allow, then /reload"),
        ("/broadcast", "it takes the words to be told"),
        ("/broadcast send", "it takes the words to be told"),
        (f"/broadcast {'x' * 901}", "it takes 900 characters at most, not 901"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_a_sentence(line: str, sentence: str) -> None:
    reply = answer(at(), line)
    assert said(reply).splitlines()[0] == sentence
    assert reply.changes == ()


def test_the_operators_words_are_shown_before_they_are_sent() -> None:
    shown = answer(at(), "/broadcast Back at 18:00 <soon>")
    assert said(shown).endswith("Not sent yet: it goes to 3 chats.")
    assert shown.changes == ()
    [[send]] = shown.buttons
    sent = answer(at(), send.line)
    assert sent.changes == (Broadcast("<b>From the operator</b>\nBack at 18:00 &lt;soon&gt;"),)


@pytest.mark.parametrize("line", ["/users", "/allow 9", "/deny 9", "/broadcast hello"])
def test_nobody_but_an_administrator_may_decide_of_people(line: str) -> None:
    reply = answer(at(chat=replace(PRIVATE, admin=False)), line)
    assert (reply.html, reply.changes, reply.buttons) == (NOT_AN_ADMIN, (), ())


@pytest.mark.parametrize("line", ["/start", "/corr RUT SOL", "/users", "/allow 12", "/help", "/forget yes", "hello"])
def test_a_stranger_is_answered_nothing_but_a_request(line: str) -> None:
    reply = answer(at(chat=STRANGER), line)
    assert reply.changes == ()
    assert reply.html == NOT_LET_IN


def test_a_stranger_asks_by_id_and_name() -> None:
    reply = answer(at(chat=STRANGER), "/ask")
    assert (reply.html, reply.changes) == (ASKED, (AskToBeLetIn("12", "Sam"),))


@pytest.mark.parametrize(
    ("chat", "roster", "words"),
    [
        (replace(STRANGER, user="9"), ROSTER, ASKED_BEFORE),
        (replace(STRANGER, user="11"), ROSTER, REFUSED_BEFORE),
        (replace(STRANGER, stranger=False), ROSTER, LET_IN_ALREADY),
        (STRANGER, replace(ROSTER, admins=frozenset()), NOBODY_TO_ASK),
        (STRANGER, None, NOBODY_TO_ASK),
        (STRANGER, replace(ROSTER, known=tuple(replace(EVE, user=str(n)) for n in range(100, 150))), TOO_MANY_ASK),
    ],
)
def test_a_request_that_leads_nowhere_says_why(chat: Chat, roster: Roster | None, words: str) -> None:
    reply = answer(at(roster, chat), "/ask")
    assert (reply.html, reply.changes) == (words, ())
