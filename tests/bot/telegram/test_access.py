"""Who is let in, what strangers read, and how often."""

from __future__ import annotations

import pytest

from bot.telegram.access import SHARED, Access, Sparingly, to_stranger
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
    html = to_stranger(IN_GROUP)
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
    assert "This chat's id is <code>-4242</code>." in to_stranger(nobody)


def test_a_thing_is_said_to_each_once_in_a_while() -> None:
    sparingly = Sparingly(60)
    said = [sparingly.may(whom, now) for whom, now in [("a", 0), ("a", 1), ("b", 2), ("a", 59.9), ("a", 60), ("b", 61)]]
    assert said == [True, False, True, False, True, False]


def test_it_remembers_no_longer_than_that() -> None:
    sparingly = Sparingly(60)
    for user in range(10_000):
        sparingly.may(str(user), user)
    assert len(sparingly) <= 61
