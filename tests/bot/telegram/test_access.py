"""Who is let in, what strangers read, and how often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.telegram.access import SHARED, Access, Sparingly, Undecided
from bot.telegram.incoming import Incoming
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

ANN = Incoming("1001", "private", 1001, "/corr RUT SOL")
IN_GROUP = Incoming("-4242", "group", 1001, "/corr RUT SOL")


@pytest.mark.parametrize(
    ("access", "ann", "ann_in_group"),
    [
        pytest.param(Access(), False, False, id="nobody"),
        pytest.param(Access(everyone=True), True, True, id="everyone"),
        pytest.param(Access(frozenset({1001})), True, True, id="a person, wherever"),
        pytest.param(Access(frozenset({-4242})), False, True, id="a group, whoever"),
        pytest.param(Access(frozenset({1002, -1})), False, False, id="others"),
    ],
)
def test_people_and_chats_are_let_in(access: Access, ann: bool, ann_in_group: bool) -> None:
    assert (access.admits(ANN), access.admits(IN_GROUP)) == (ann, ann_in_group)


def test_a_stranger_reads_the_id_to_send_to_the_operator() -> None:
    html = Access().to_stranger(IN_GROUP)
    assert_telegram_accepts(html)
    assert TelegramReader(html).text == (
        "Your id is 1001. This bot answers only to people its operator has let in; send them this id."
    )


@pytest.mark.parametrize("user", sorted(SHARED))
def test_an_id_that_many_write_under_lets_nobody_in(user: int) -> None:
    """Every anonymous administrator of every group has the same one; only the group can be let in."""
    nobody = Incoming("-4242", "group", user, "/corr RUT SOL")
    assert not Access(frozenset({user})).admits(nobody)
    assert Access(frozenset({-4242})).admits(nobody)
    assert "This chat's id is <code>-4242</code>." in Access().to_stranger(nobody)


def decided(*, allowed: int = 0, denied: int = 0) -> Undecided:
    """What administrators have decided of one person or chat."""
    return Undecided(frozenset({allowed} - {0}), frozenset({denied} - {0}))


def asks(line: str) -> bool:
    """As the registry has it."""
    return line == "/ask"


@pytest.mark.parametrize(
    ("access", "ann", "ann_in_group"),
    [
        pytest.param(Access(decisions=decided(allowed=1001)), True, True, id="a person let in"),
        pytest.param(Access(decisions=decided(allowed=-4242)), False, True, id="a group let in"),
        pytest.param(Access(everyone=True, decisions=decided(denied=1001)), False, False, id="one refused of everyone"),
        pytest.param(Access(everyone=True, decisions=decided(denied=-4242)), True, False, id="a group refused"),
        pytest.param(Access(frozenset({1001}), decisions=decided(denied=1001)), True, True, id="the configuration"),
    ],
)
def test_administrators_decide_beside_the_configuration(access: Access, ann: bool, ann_in_group: bool) -> None:
    assert (access.knows(ANN), access.knows(IN_GROUP)) == (ann, ann_in_group)


def test_a_stranger_may_ask_to_be_let_in_and_nothing_else() -> None:
    access = Access(asks=asks)
    request = replace(ANN, text="/ask")
    assert access.admits(request)
    assert not access.knows(request)
    assert not access.admits(ANN)
    assert access.to_stranger(ANN).endswith("people its operator has let in; /ask asks for that.")


def test_nobody_asks_in_a_group_or_after_a_refusal() -> None:
    assert not Access(asks=asks).admits(replace(IN_GROUP, text="/ask"))
    refused = Access(asks=asks, decisions=decided(denied=1001))
    assert not refused.admits(replace(ANN, text="/ask"))
    assert refused.to_stranger(ANN).endswith("send them this id.")


def test_a_thing_is_said_to_each_once_in_a_while() -> None:
    sparingly = Sparingly(60)
    said = [sparingly.may(whom, now) for whom, now in [("a", 0), ("a", 1), ("b", 2), ("a", 59.9), ("a", 60), ("b", 61)]]
    assert said == [True, False, True, False, True, False]


def test_it_remembers_no_longer_than_that() -> None:
    sparingly = Sparingly(60)
    for user in range(10_000):
        sparingly.may(str(user), user)
    assert len(sparingly) <= 61
