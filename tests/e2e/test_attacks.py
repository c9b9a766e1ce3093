"""What happens to a service in a bad week: it is told to stop at the wrong moment, chats go away, the clock jumps."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.e2e.world import CHAT, Clock, JumpingWorld, World, needs_faketime
from tests.servers.telegram import TOKEN
from tests.servers.telegram_posted import Posted

pytestmark = [pytest.mark.e2e, needs_faketime]

RECORD = "Russell 2000 closes at a record"
SESSION = "2025-11-04"
"""A session of the simulated market that closes at a record; its bar is due at 21:30Z."""

OFTEN = "[run]\npoll_seconds = 5\n"
MOVES, BLOCKS = -2001, -2002


def world_at(time_of_day: str, folder: Path, home: Path, kind: type[World] = World) -> World:
    return kind(folder, home, load_settings(), Clock(f"{SESSION}T{time_of_day}Z"))


def subscribe(world: World, *chats: int) -> None:
    """The one who is let in, and administers the groups, writes /start in each chat, and is answered there."""
    for chat in chats:
        world.telegram.promotes(CHAT, chat=chat)
        world.telegram.hears("/start", chat=chat, user=CHAT, kind="private" if chat > 0 else "group")
        reads(world, chat, "Alerts come here", 30)


def reads(world: World, chat: int, text: str, seconds: float) -> None:
    """Wait until `chat` is sent `text`."""

    def fits(posted: Posted) -> bool:
        return posted.chat_id == chat and text in posted.plain

    world.telegram.waits_for(fits, seconds)


def assert_quiet(world: World) -> None:
    for output in world.everything_printed():
        assert TOKEN.partition(":")[2] not in output
        assert "Traceback" not in output


@pytest.mark.soak
def test_told_to_stop_in_the_middle_of_a_tick_it_ends_without_a_word(simulated_folder: Path, tmp_path: Path) -> None:
    """APScheduler took the cancelled tick for a fault, and printed where it stood."""
    with world_at("21:29:50", simulated_folder, tmp_path) as world:
        # the world's own file ends in the table [feeds]
        service = world.starts(config=f"timeout_seconds = 5\n{OFTEN}", token=False)
        service.says("history is complete", 40)
        world.yahoo.hangs(60)
        before = len(world.yahoo.asked)
        while len(world.yahoo.asked) == before:
            time.sleep(0.05)
        assert service.stop() == 0
        assert_quiet(world)


def test_an_alert_finds_every_chat_that_is_still_there(simulated_folder: Path, tmp_path: Path) -> None:
    """A group that became a supergroup, one that threw the bot out, a flood, and markup that is not understood."""
    with world_at("20:50:00", simulated_folder, tmp_path, JumpingWorld) as world:
        service = world.starts(config=OFTEN)
        subscribe(world, CHAT, MOVES, BLOCKS)
        service.says("history is complete", 40)
        world.telegram.migrates(MOVES, -100_2001)
        world.telegram.blocks(BLOCKS)
        world.telegram.fails_with(429, retry_after=1)
        world.telegram.fails_with(400, "Bad Request: can't parse entities: unexpected tag")
        world.clock.set(f"{SESSION}T21:30:00Z")
        for chat in (CHAT, -100_2001):
            reads(world, chat, RECORD, 60)
        service.says("ChatGone(reason='Forbidden: bot was blocked by the user')")
        assert service.stop() == 0
        assert sorted(each.chat_id for each in world.telegram.sent if RECORD in each.plain) == [-100_2001, CHAT]
        assert_quiet(world)


@pytest.mark.soak
def test_a_wall_clock_that_jumps_there_and_back_loses_and_repeats_nothing(
    simulated_folder: Path, tmp_path: Path
) -> None:
    """An hour back, the scheduler waited for the old time to come again."""
    with world_at("20:50:00", simulated_folder, tmp_path, JumpingWorld) as world:
        service = world.starts()
        subscribe(world, CHAT)
        service.says("history is complete", 40)
        world.clock.set(f"{SESSION}T19:50:00Z")
        time.sleep(3)
        world.clock.set(f"{SESSION}T21:35:00Z")
        world.telegram.waits_for(RECORD, 20)
        world.clock.set(f"{SESSION}T21:34:30Z")
        time.sleep(3)
        world.clock.set(f"{SESSION}T22:40:00Z")
        time.sleep(3)
        assert service.stop() == 0
        assert len(world.texts(RECORD)) == 1
        assert_quiet(world)
