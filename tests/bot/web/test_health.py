"""What /healthz, /readyz and /metrics say in every state of the process, over HTTP: one table."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

import bot.fronts
import bot.service
import bot.upkeep
from bot.answers import POLLING
from bot.answers.condition import Condition, Phase, StoreLook, Work
from bot.answers.health import GuardReport, Health, Vitals
from bot.web.health import BESIDE, State, readiness
from tests.bot.web.stage import VERSION, Stage, plays

Story = Callable[[Stage], Awaitable[object]]


async def starting(_stage: Stage) -> None:
    pass


async def standing_by(stage: Stage) -> None:
    stage.presence.stands_by()


async def loading(stage: Stage) -> None:
    await stage.begins_without_history()


async def healthy(stage: Stage) -> None:
    await stage.begins()


async def one_source_dead(stage: Stage) -> None:
    await stage.begins()
    stage.near.falls_silent()
    await stage.a_close_is_due()


async def all_sources_dead(stage: Stage) -> None:
    await stage.begins()
    stage.near.falls_silent()
    stage.far.falls_silent()
    await stage.a_close_is_due()


async def polling_dead(stage: Stage) -> None:
    await stage.begins()
    stage.reader.dies()


async def telegram_down(stage: Stage) -> None:
    await stage.begins()
    stage.reader.is_down()


async def telegram_does_not_push(stage: Stage) -> None:
    await stage.begins()
    stage.reader.is_deaf()
    await _until(stage, "/readyz", DEGRADED, "what people write in Telegram does not come in at the moment")
    while len((await stage.ask("/readyz")).json()["reasons"]) < 2:
        await asyncio.sleep(0.02)


async def telegram_takes_nothing(stage: Stage) -> None:
    await stage.begins()
    stage.reader.refuses = True
    await stage.owes()


async def outbox_stuck(stage: Stage) -> None:
    await stage.begins()
    stage.reader.hangs = True
    await stage.owes()


async def database_locked(stage: Stage) -> None:
    await stage.begins()
    await stage.locks_the_database()


async def disk_full(stage: Stage) -> None:
    await stage.begins()
    stage.database.is_full()


async def file_deleted(stage: Stage) -> None:
    await stage.begins()
    stage.database.path.rename(stage.database.path.with_suffix(".gone"))


async def lease_in_doubt(stage: Stage) -> None:
    await stage.begins()
    stage.may_send = False


async def another_configuration(stage: Stage) -> None:
    await stage.begins()
    await stage.ends()
    stage.presence.starts()


async def stopping(stage: Stage) -> None:
    await stage.begins()
    await stage.ends()
    stage.presence.stops()


ALIVE, READY = "alive", "ready"
NOT_READY, DEGRADED, GIVEN_UP = "not ready", "degraded", "given up"

TABLE: list[tuple[Story, str, str, str]] = [
    (starting, ALIVE, NOT_READY, "starting"),
    (standing_by, ALIVE, NOT_READY, "standing by: another process does the work"),
    (loading, ALIVE, NOT_READY, "no rule can be judged yet: history is being loaded"),
    (healthy, ALIVE, READY, ""),
    (one_source_dead, ALIVE, DEGRADED, "near does not answer"),
    (all_sources_dead, ALIVE, NOT_READY, "no source of prices answers"),
    (polling_dead, ALIVE, NOT_READY, "Telegram polling: "),
    (polling_dead, GIVEN_UP, NOT_READY, "Telegram polling: "),
    (telegram_down, ALIVE, NOT_READY, "Telegram: no sign of life for "),
    (telegram_does_not_push, ALIVE, DEGRADED, "what people write in Telegram does not come in at the moment"),
    (telegram_takes_nothing, ALIVE, NOT_READY, "what is owed: no sign of life for "),
    (outbox_stuck, ALIVE, NOT_READY, "the outbox: no sign of life for "),
    (database_locked, ALIVE, NOT_READY, "the database takes nothing: locked"),
    (disk_full, ALIVE, NOT_READY, "the database takes nothing: full"),
    (file_deleted, ALIVE, NOT_READY, "the database's file was deleted or replaced"),
    (lease_in_doubt, ALIVE, NOT_READY, "the right to work is in doubt"),
    (another_configuration, ALIVE, NOT_READY, "starting"),
    (stopping, ALIVE, NOT_READY, "stopping"),
]
"""What happens; the state at /healthz and at /readyz, and what the latter says first."""


@pytest.mark.parametrize(
    ("story", "alive", "ready", "reason"),
    TABLE,
    ids=[f"{row[0].__name__}, {row[1]}".replace("_", " ") for row in TABLE],
)
def test_each_endpoint_in_each_state(story: Story, alive: str, ready: str, reason: str, tmp_path: Path) -> None:
    async def told(stage: Stage) -> None:
        await story(stage)
        health = await _until(stage, "/healthz", alive, "")
        readiness = await _until(stage, "/readyz", ready, reason)
        figures = (await stage.ask("/metrics")).text
        assert health.status_code == (503 if alive == GIVEN_UP else 200)
        assert readiness.status_code == (503 if ready == NOT_READY else 200)
        assert f"\nbellwether_ready {float(ready != NOT_READY)}\n" in figures
        assert "\nbellwether_scrape_errors_total 0.0\n" in figures
        for answer in (health, readiness):
            assert answer.json().keys() == {"status", "reasons", "version", "since"}
            assert (answer.json()["version"], answer.json()["since"]) == (VERSION, "2025-12-03T12:00:00Z")
            assert answer.headers["cache-control"] == "no-store"
            assert not any(
                secret in answer.text for secret in (str(tmp_path), "/", "api.telegram.org", "bellwether.db")
            )

    plays(tmp_path, told)


async def _until(stage: Stage, path: str, status: str, reason: str) -> httpx.Response:
    """The first answer that says so; guards look once a second."""
    while True:
        answer = await stage.ask(path)
        told = answer.json()
        if told["status"] == status and (told["reasons"] or [""])[0].startswith(reason):
            return answer
        assert path == "/readyz" or told["status"] in (ALIVE, GIVEN_UP), told
        await asyncio.sleep(0.02)


def test_what_counts_as_beside_the_work_is_guarded_under_that_name() -> None:
    told = "".join(
        Path(module.__file__ or "").read_text(encoding="utf-8").lower()
        for module in (bot.fronts, bot.service, bot.upkeep)
    )
    assert [name for name in BESIDE if f'"{name.lower()}"' not in told] == []


def test_a_guard_beside_the_work_that_is_silent_is_only_a_note() -> None:
    guards = tuple(GuardReport(name, Health.SILENT, 90) for name in sorted(BESIDE))
    work = Work(Vitals(guards, 0.0), POLLING, StoreLook(1.0), (), 1, 1)
    verdict = readiness(Condition(Phase.WORKING, 0, True, work))
    assert verdict.state is State.DEGRADED
    assert len(verdict.reasons) == len(BESIDE)


def test_head_says_the_same_without_a_word(tmp_path: Path) -> None:
    async def told(stage: Stage) -> None:
        for path, code in (("/healthz", 200), ("/readyz", 503), ("/metrics", 200)):
            answer = await stage.head(path)
            assert (answer.status_code, answer.content) == (code, b"")

    plays(tmp_path, told)


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/", 404), ("GET", "/docs", 404), ("GET", "/healthz/", 404), ("POST", "/healthz", 405)],
)
def test_there_is_nothing_else(method: str, path: str, code: int, tmp_path: Path) -> None:
    async def told(stage: Stage) -> None:
        assert (await stage.client.request(method, path)).status_code == code

    plays(tmp_path, told)


def test_what_was_wrong_and_is_over_is_not_told_any_more(tmp_path: Path) -> None:
    async def told(stage: Stage) -> None:
        await database_locked(stage)
        await _until(stage, "/readyz", NOT_READY, "the database takes nothing: locked")
        stage.unlocks_the_database()
        await _until(stage, "/readyz", READY, "")

    plays(tmp_path, told)
