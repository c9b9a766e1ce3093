"""A configuration that is read anew is taken whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.answers.reload import Changes, Faulty, Reading, Reloaded
from bot.reload import Reloads, compared
from bot.settings import Settings, load_settings
from tests.bot.markets import SESSIONS

DOGE = '[instruments.DOGE]\nname = "Dogecoin"\nkind = "coin"\ncalendar = "24/7"\nsources = { exchange = "DOGE/USD" }\n'
RULE = '[[rules]]\nid = "doge-up"\nwhen = "close(DOGE) > 1"\nclear = "close(DOGE) < 0.5"\n'


def read(file: Path) -> Callable[[], Settings]:
    return lambda: load_settings(file, SESSIONS.check)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration that says nothing yet."""
    path = tmp_path / "my.toml"
    path.write_text("")
    return path


def difference(file: Path, text: str) -> Reloaded:
    before = load_settings(None, SESSIONS.check)
    file.write_text(text)
    return compared(before, read(file)())


def test_what_is_the_same_changes_nothing(file: Path) -> None:
    same = difference(file, "[run]\npoll_seconds = 60\n")
    assert (same, same.differs, same.taken, same.refused) == (Reloaded(), False, False, False)


def test_rules_and_instruments_are_told_by_name(file: Path) -> None:
    found = difference(file, DOGE + '[instruments.RUT]\nname = "Small caps"\n' + RULE)
    assert found.instruments == Changes(("DOGE",), (), ("RUT",))
    assert found.rules.new == ("doge-up",)
    assert "rut-record-close" in found.rules.gone
    assert (found.sections, found.taken) == ((), True)


def test_a_rule_that_says_something_else_has_changed(file: Path) -> None:
    file.write_text(DOGE + RULE)
    before = read(file)()
    file.write_text(DOGE + RULE + 'severity = "high"\n')
    assert compared(before, read(file)()).rules == Changes((), (), ("doge-up",))


def test_sections_are_told_by_name(file: Path) -> None:
    found = difference(file, '[telegram]\nallow = [7]\n[pictures]\ntheme = "dark"\n[baskets]\nMINE = ["SOL"]\n')
    assert (found.sections, found.taken) == (("telegram", "pictures", "baskets"), True)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ('[store]\nurl = "sqlite:///other.db"', "store.url"),
        ('[web]\nlisten = ""', "web.listen"),
        ('[log]\nformat = "json"', "log.format"),
    ],
)
def test_what_only_a_new_process_can_take_is_refused_with_all_the_rest(file: Path, text: str, setting: str) -> None:
    found = difference(file, f'{text}\n[pictures]\ntheme = "dark"\n')
    assert (found.restart, found.differs, found.taken, found.refused) == ((setting,), True, False, True)


# Reading and taking


def reading_of(file: Path, use: Callable[[Reloads], object]) -> None:
    async def run() -> None:
        reloads = Reloads(read(file)(), read(file))
        await use(reloads)  # type: ignore[misc]

    asyncio.run(run())


def test_to_read_changes_nothing(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        before = reloads.current
        file.write_text(DOGE)
        assert (await reloads.look()).taken
        assert reloads.take() is before

    reading_of(file, story)


def test_what_is_adopted_holds_from_then_on(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        file.write_text(DOGE)
        reloads.adopt(await reloads.look())
        await reloads.wanted()
        assert "DOGE" in reloads.take().instruments
        assert await reloads.look() == Reloaded()

    reading_of(file, story)


def test_a_faulty_one_is_told_whole_and_never_taken(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        before = reloads.current
        file.write_text("[market]\nseed = -1\ncolour = 3\n")
        reading = await reloads.look()
        assert isinstance(reading, Faulty)
        assert len(reading.faults) == 2
        reloads.adopt(reading)
        assert reloads.current is before

    reading_of(file, story)


def test_a_file_that_is_gone_is_a_fault(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        file.unlink()
        reading = await reloads.look()
        assert isinstance(reading, Faulty)
        assert "no such file" in reading.faults[0]

    reading_of(file, story)


def test_who_asked_first_gets_what_they_were_shown_though_another_has_asked_since(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        file.write_text(DOGE)
        shown = await reloads.look()
        file.write_text("[market\n")
        assert isinstance(await reloads.look(), Faulty)
        reloads.adopt(shown)
        assert "DOGE" in reloads.take().instruments

    reading_of(file, story)


def test_one_that_cannot_be_started_is_taken_back(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        before = reloads.current
        file.write_text(DOGE)
        reloads.adopt(await reloads.look())
        reloads.revert(reloads.take(), before)
        reading: Reading = await reloads.look()
        assert reading.taken, "it differs again, and may be tried again"

    reading_of(file, story)


def test_one_that_was_adopted_while_another_failed_is_not_lost(file: Path) -> None:
    """It was told as taken, and then the failure put back what was there before both."""

    async def story(reloads: Reloads) -> None:
        before = reloads.current
        file.write_text(DOGE)
        await reloads.look_and_adopt()
        failing = reloads.take()
        file.write_text(DOGE + RULE)
        await reloads.look_and_adopt()
        reloads.revert(failing, before)
        await reloads.wanted()
        assert [rule.id for rule in reloads.take().rules] == ["doge-up"]

    reading_of(file, story)


def test_readings_that_overlap_are_taken_in_the_order_they_were_asked_for(file: Path) -> None:
    """A slower one, of an older file, won."""

    async def story(reloads: Reloads) -> None:
        file.write_text(DOGE)
        first = asyncio.create_task(reloads.look_and_adopt())
        await asyncio.sleep(0)
        second = asyncio.create_task(reloads.look_and_adopt())
        file.write_text(DOGE + RULE)
        await asyncio.gather(first, second)
        assert [rule.id for rule in reloads.take().rules] == ["doge-up"]

    reading_of(file, story)


def test_an_older_reading_is_not_taken_over_a_newer_one(file: Path) -> None:
    async def story(reloads: Reloads) -> None:
        file.write_text(DOGE)
        older = await reloads.look()
        file.write_text(DOGE + RULE)
        reloads.adopt(await reloads.look())
        reloads.adopt(older)
        assert [rule.id for rule in reloads.take().rules] == ["doge-up"]

    reading_of(file, story)
