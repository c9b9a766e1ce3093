"""What falls into an hour without Telegram: nothing is lost, what is old is listed, the rest comes in order, marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.outage import EVERY, STORIES, account
from tests.reliability.outage_world import Outage

TEN_MINUTES = 10


@pytest.mark.parametrize("name", STORIES)
def test_every_alert_comes_in_order_and_says_what_it_is(name: str, tmp_path: Path) -> None:
    with Outage(tmp_path) as outage:
        STORIES[name].plays(outage)
        found = account(outage)
        assert found.is_good, found
        assert found.late > 0
        assert {each.state for each in outage.stands()} <= {"sent", "listed"}
        assert {each.reason for each in outage.stands() if each.state == "listed"} <= {"no longer news"}


def test_what_is_no_news_after_an_hour_is_told_in_one_message_and_the_rest_one_by_one(tmp_path: Path) -> None:
    with Outage(tmp_path, chats=1) as outage:
        outage.server.goes_down()
        for _ in range(12):
            outage.happens()
            outage.passes(EVERY)
        assert [(each.state, each.reason) for each in outage.stands()[:7]] == [("expired", "no longer news")] * 7
        assert {each.state for each in outage.stands()[7:]} == {"owed"}
        outage.server.comes_back()
        outage.passes(2)
        *told, summary = [each.plain for each in outage.sent]
        assert outage.read_by(1_001) == [f"drill {number:02d}" for number in range(8, 13)]
        assert ["Late: this is" in each for each in told] == [True] * 4 + [False]
        assert summary.startswith("While I was away\n7 alerts, 2025-12-03,\ntoo old to be news:")
        assert outage.missing() == []


def test_a_chat_that_telegram_wants_left_alone_is_left_alone_and_the_others_are_not(tmp_path: Path) -> None:
    with Outage(tmp_path) as outage:
        outage.server.fails_with(429, retry_after=600)
        outage.happens()
        outage.passes()
        refused, *others = outage.addresses
        assert [each.chat_id for each in outage.sent] == others
        outage.happens()
        outage.passes(TEN_MINUTES - 1)
        assert outage.server.calls.count("sendMessage") == 1 + 2 * len(others)
        assert outage.read_by(refused) == []
        outage.passes(2)
        assert outage.read_by(refused) == ["drill 01", "drill 02"]


def test_with_a_rejected_token_telegram_is_hardly_asked_and_nothing_is_given_up(tmp_path: Path) -> None:
    with Outage(tmp_path) as outage:
        outage.server.fails_with(401, times=float("inf"))
        outage.happens()
        outage.passes(20)
        tries = outage.server.calls.count("sendMessage")
        assert tries <= (20 // 5 + 1) * len(outage.addresses), "one round of tries in five minutes"
        assert {each.state for each in outage.stands()} == {"owed"}
        outage.server.recovers()
        outage.passes(6)
        assert [outage.read_by(chat) for chat in outage.addresses] == [["drill 01"]] * 3
        assert all("Late: this is" in each.plain for each in outage.sent)
