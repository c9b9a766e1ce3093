"""/reload is for administrators, and says what was taken or why nothing was."""

from __future__ import annotations

from dataclasses import replace

from bot.answers.reload import Changes, Faulty, Reading, Reloaded
from bot.commands.registry import NOT_AN_ADMIN, Reply, answer
from bot.render.status import NOT_WATCHING
from tests.bot.commands.desks import PRIVATE, live, offline
from tests.bot.markets import simulated


def reload(reading: Reading | None, *, admin: bool = True) -> Reply:
    desk = live(simulated().view(), replace(PRIVATE, admin=admin))
    return answer(replace(desk, reading=reading), "/reload")


def test_what_can_be_taken_is_taken() -> None:
    reading = Reloaded(rules=Changes(new=("doge-up",)))
    reply = reload(reading)
    assert reply == Reply("<b>The configuration is taken</b>\nrules new: doge-up", adopts=reading)


def test_what_is_the_same_or_faulty_or_needs_a_new_process_is_not() -> None:
    for reading in (
        Reloaded(),
        Faulty(("my.toml: no such file",)),
        Reloaded(sections=("log",), restart=("log.format",)),
    ):
        assert reload(reading).adopts is None


def test_others_are_told_who_may() -> None:
    assert reload(Reloaded(), admin=False) == Reply(NOT_AN_ADMIN)
    assert "/reload" not in answer(live(simulated().view(), replace(PRIVATE, admin=False)), "/help").html


def test_where_no_service_runs_there_is_nothing_to_reload() -> None:
    assert answer(offline(simulated().view()), "/reload") == Reply(NOT_WATCHING)
