"""The page in a real Chromium, on a phone and on a desk: it asks the network for nothing, complains of nothing, shows
every picture within its width, and never scrolls sideways.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.cli.main import run
from tests.bot.markets import Folder, utc_days, weekdays
from tests.bot.replays import config
from tests.browser import Browser, chromium, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]

PHONE, DESK = (390, 844), (1280, 900)
WINDOWS = pytest.mark.parametrize("window", [PHONE, DESK], ids=["phone", "desk"])

_HIDDEN = """[...document.images].filter(each => {
    const at = each.getBoundingClientRect();
    return !(each.complete && each.naturalWidth > 0 && at.width > 200 && at.height > 100
             && at.left >= 0 && at.right <= document.documentElement.clientWidth && each.checkVisibility());
}).map(each => each.alt)"""
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_CUT_OFF = """[...document.querySelectorAll('main *, header *')].filter(each =>
    !each.closest('.box, thead') && each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
).map(each => each.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report")
    folder = Folder(path / "prices")
    for seed, name in enumerate(("RUT", "SPX", "VIX")):
        folder.holds(f"{name}_1d.csv", *weekdays("2023-01-02", "2025-12-31", seed + 20))
    folder.holds("BTC_1d.csv", *utc_days("2024-06-01", "2025-12-31", 24))
    file = path / "report.html"
    asked = ["replay", "--data", folder.path, "--config", config(path), "--report", file]
    assert run([str(each) for each in asked]) == 0
    return file


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@WINDOWS
def test_the_network_is_not_asked_and_nothing_is_complained_of(
    browser: Browser, report: Path, window: tuple[int, int]
) -> None:
    visit = browser.opens(report, *window)
    browser.reads("window.scrollTo(0, document.documentElement.scrollHeight)")
    assert (visit.asked, visit.complained) == ([], [])


def test_a_page_that_fetches_and_complains_would_be_caught(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<img src='http://127.0.0.1:9/x.png'><script>console.error('no'); throw 1</script>")
    visit = browser.opens(page, *PHONE)
    assert visit.asked == ["http://127.0.0.1:9/x.png"]
    assert len(visit.complained) >= 2


@WINDOWS
def test_every_picture_is_visible_within_the_width(browser: Browser, report: Path, window: tuple[int, int]) -> None:
    browser.opens(report, *window)
    assert browser.reads("document.images.length") == 2 + 4
    assert browser.reads(_HIDDEN) == []


@WINDOWS
def test_the_page_never_scrolls_sideways_and_cuts_nothing_off(
    browser: Browser, report: Path, window: tuple[int, int]
) -> None:
    browser.opens(report, *window)
    assert browser.reads(_SIDEWAYS) == 0
    browser.reads("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert browser.reads(_SIDEWAYS) == 0
    assert browser.reads(_CUT_OFF) == []


def test_the_head_of_the_table_stays_in_sight_on_a_desk(browser: Browser, report: Path) -> None:
    browser.opens(report, *DESK)
    browser.reads("document.querySelector('.rules tbody:last-of-type tr:last-child').scrollIntoView({block: 'center'})")
    top = browser.reads("document.querySelector('.rules thead th').getBoundingClientRect().top")
    assert top >= 0


def test_on_a_phone_each_rule_is_a_card_that_names_its_numbers(browser: Browser, report: Path) -> None:
    browser.opens(report, *PHONE)
    assert browser.reads("getComputedStyle(document.querySelector('.rules tbody td')).display") == "flex"
    named = browser.reads("getComputedStyle(document.querySelector('.rules tbody td'), '::before').content")
    assert named == '"Fired"'


def test_words_can_be_read_in_the_dark(browser: Browser, report: Path, tmp_path: Path) -> None:
    grounds = {}
    for dark in (False, True):
        browser.opens(report, *PHONE, dark=dark)
        shot = tmp_path / f"{dark}.png"
        shot.write_bytes(browser.shows())
        grounds[dark] = float(np.median(np.asarray(Image.open(shot).convert("L"))))
    assert grounds[False] > 240
    assert grounds[True] < 40
