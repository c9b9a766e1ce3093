"""The figures of a service at work: counted where things happen, read without asking the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rules.bars import Interval
from tests.bot.watched import WEDNESDAY, after
from tests.bot.web.stage import Stage, plays

OWED = 'bellwether_owed_deliveries{channel="telegram"}'


async def figures(stage: Stage) -> dict[str, float]:
    """Every sample that is told."""
    lines = (await stage.ask("/metrics")).text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


async def _delivered(stage: Stage) -> None:
    while not stage.reader.read:
        await asyncio.sleep(0.02)


def test_a_bar_becomes_an_alert_and_each_step_is_counted(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for feed in (stage.near, stage.far):
            feed.restates("RUT", Interval.DAY, WEDNESDAY, close=101.0)
        await stage.begins()
        before = await figures(stage)
        await stage.tick(after(WEDNESDAY, 31))
        stage.service.wake()  # type: ignore[union-attr]
        await _delivered(stage)
        await asyncio.sleep(0.1)
        told = await figures(stage)

        def grew(name: str) -> float:
            return told[name] - before.get(name, 0.0)

        assert grew('bellwether_events_total{edge="fired",rule="high",severity="notice"}') == 1
        assert grew('bellwether_deliveries_total{channel="telegram",outcome="sent"}') == 1
        assert told['bellwether_alert_latency_seconds_sum{channel="telegram"}'] == 60
        assert grew("bellwether_bars_total") == 2
        assert grew('bellwether_source_answers_total{source="near"}') >= 2
        assert grew('bellwether_ticks_total{outcome="judged"}') >= 1
        assert grew("bellwether_evaluations_total") >= 1
        assert told['bellwether_newest_bar_age_seconds{instrument="RUT",interval="1d"}'] == 31 * 60
        assert told["bellwether_rules_ready"] == 1

    plays(tmp_path, story)


def test_a_source_that_fails_and_a_commit_that_does_are_counted(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.begins()
        stage.near.is_busy()
        stage.database.is_full()
        await stage.a_close_is_due()
        told = await figures(stage)
        assert told['bellwether_source_failures_total{source="near",trouble="refuses_requests"}'] == 1
        assert told['bellwether_ticks_total{outcome="not_written"}'] >= 1

    plays(tmp_path, story)


def test_a_scrape_neither_waits_for_a_locked_database_nor_tells_its_old_figures(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.begins()
        while OWED not in await figures(stage):
            await asyncio.sleep(0.02)
        await stage.locks_the_database()
        while OWED in (told := await figures(stage)):
            await asyncio.sleep(0.02)
        assert told["bellwether_database_up"] == 0
        assert told["bellwether_scrape_errors_total"] == 0

    plays(tmp_path, story)


def test_scrapes_ask_the_database_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.begins()
        await stage.ends()
        await stage.database.close()
        stage.database.path.unlink()
        assert (await figures(stage))["bellwether_scrape_errors_total"] == 0
        assert not stage.database.path.exists()

    plays(tmp_path, story)


def test_counters_go_on_when_the_configuration_is_read_anew(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.begins()
        before = await figures(stage)
        await stage.ends()
        stage.presence.starts()
        assert (await figures(stage))["bellwether_ready"] == 0
        await stage.begins()
        told = await figures(stage)
        assert told["bellwether_polls_total"] > before["bellwether_polls_total"]
        assert told["bellwether_ready"] == 1

    plays(tmp_path, story)
