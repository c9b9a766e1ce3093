"""/stats and /backtest: stories that somebody has read, and what must not go wrong in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.answers import OutcomePicture
from bot.app import Options, open_app
from bot.commands.registry import answer
from bot.queries.stats import stats_of, stats_of_rules
from bot.queries.view import View
from bot.render.alerts import SIMULATED_LINE
from bot.render.evidence import FINDINGS
from bot.render.lines import PHONE
from bot.render.stats_pages import pages_of
from bot.telegram.captions import headline
from rules.evidence import Finding
from rules.functions.registry import Scope
from tests.bot.commands.desks import ask_offline, live, two_indices_and_bitcoin
from tests.bot.golden import assert_golden
from tests.bot.markets import NOW, Folder, at, day, seen, weekdays
from tests.bot.personal.conversation import Conversation
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

GOLDEN = Path(__file__).parent / "golden"
LINES = 29


@pytest.fixture
def chat() -> Conversation:
    return Conversation(seen())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> View:
    return open_app(Options(data=two_indices_and_bitcoin(tmp_path_factory.mktemp("small")).path), at=NOW).view()


def text(view: View, line: str) -> str:
    html = ask_offline(view, line).html
    assert_telegram_accepts(html)
    return TelegramReader(html).text


def test_the_story_of_what_followed_reads_as_approved(chat: Conversation) -> None:
    chat.writes("/stats")
    chat.taps("Page 2")
    chat.writes("/stats #drawdown")
    chat.taps("All rules")
    chat.writes("/stats critical")
    chat.writes("/stats rut-rally-10")
    chat.taps("BTC")
    chat.writes("/stats vix-40")
    chat.writes("/stats BTC-RALLY-30")
    chat.taps("Picture")
    chat.writes("/alert RUT record")
    chat.taps("Save anyway")
    chat.writes("/stats #1")
    assert_golden(GOLDEN / "stats-story.txt", "\n".join(chat.story))


def test_the_story_of_a_backtest_reads_as_approved(chat: Conversation) -> None:
    chat.writes("/backtest drawdown(RUT) > 15% clear drawdown(RUT) < 10% confirm 2")
    chat.taps("Make it an alert")
    chat.taps("Backtest")
    chat.writes("/backtest btc -20% 1w")
    chat.writes("/backtest RUT > 3000")
    chat.writes("/backtest vix < 200 cooldown 5")
    chat.writes("/backtest ret(RUT, 5) < -30%")
    chat.writes("/backtest rut-sol-coupled")
    chat.writes("/backtest drawdown(RUT")
    chat.writes("/backtest")
    assert_golden(GOLDEN / "backtest-story.txt", "\n".join(chat.story))


@pytest.mark.parametrize(
    "line", ["/stats", "/stats 10", "/stats high", "/stats rut-rally-10", "/backtest btc rally 20%"]
)
def test_it_is_as_wide_as_a_phone_and_hardly_longer(chat: Conversation, line: str) -> None:
    told = chat.writes(line).split("\n")
    assert max(map(len, told)) <= PHONE
    assert len(told) <= LINES


@pytest.mark.parametrize("finding", FINDINGS.values())
def test_whatever_may_be_claimed_stands_on_one_line_of_a_phone(finding: str) -> None:
    assert len(f"   all days +1.2%: {finding}") <= PHONE


def test_a_page_explains_the_signs_that_stand_on_it_and_no_other() -> None:
    view = seen()
    for page in range(1, pages_of(stats_of_rules(view, view.rules)) + 1):
        told = text(view, f"/stats {page}").split("\n")
        marks = {line[-1] for line in told if line.startswith("   ") and line[-1] in "▲▼~"}
        assert any(line.startswith("▲ more, ▼ less") for line in told) is bool(marks & {"▲", "▼"})
        assert any(line.startswith("~ unusual") for line in told) is ("~" in marks)


def test_every_rule_is_on_one_page() -> None:
    view, told = seen(), ""
    for page in range(1, pages_of(stats_of_rules(view, view.rules)) + 1):
        told += text(view, f"/stats {page}")
    assert all(told.count(f"\n{rule.rule.id} ") + told.count(f"\n{rule.rule.id}\n") == 1 for rule in view.rules)


def test_how_many_chance_singles_out_is_told_of_those_alone_that_fired_enough() -> None:
    view = seen()
    found = [each.evidence.of(each.headline or "", 20) for each in stats_of_rules(view, view.rules)]
    enough = sum(each is not None and each.finding is not Finding.TOO_FEW for each in found)
    told = text(view, "/stats")
    assert f"{len(view.rules)} rules looked at, {enough} fired enough\nChance alone singles out about" in told
    assert f"about {round(0.1 * enough)}" in told


def test_a_backtest_of_a_rules_own_words_says_what_its_stats_say() -> None:
    said = text(seen(), "/stats rut-rally-10").partition("Since")[2]
    assert said
    assert said in text(seen(), "/backtest up_turn(RUT, 10%) clear down_turn(RUT, 10%)")


def test_the_preview_of_an_alert_says_what_a_backtest_says(chat: Conversation) -> None:
    preview = chat.writes("/alert drawdown(RUT) > 15% clear drawdown(RUT) < 10%")
    chat.taps("Backtest")
    (picture,) = [chat.last.picture]
    assert isinstance(picture, OutcomePicture)
    assert f"up {picture.outcome.ups} of {picture.outcome.n}" in preview
    assert f"Would have fired {len(picture.fired)} times" in preview


def test_the_picture_is_of_the_same_firings_as_the_text() -> None:
    reply = ask_offline(seen(), "/backtest rut-rally-10")
    assert isinstance(reply.picture, OutcomePicture)
    assert f"Fired {len(reply.picture.fired)} times" in reply.html
    assert len(reply.picture.after) == reply.picture.outcome.n
    assert float(np.median(reply.picture.everyday)) == reply.picture.outcome.base.median


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/stats doge", "unknown rule doge"),
        ("/stats rut-record-clos", "did you mean rut-record-close"),
        ("/stats #russel", "did you mean russell?"),
        ("/stats #9", "there is no alert #9 here"),
        ("/stats 0", "PAGE must be a whole number from 1 to"),
        ("/stats 99", "PAGE must be a whole number from 1 to"),
        ("/stats high x", "PAGE must be a whole number from 1 to"),
        ("/stats 1 2", "it takes a page alone"),
        ("/stats rut-record-close DOGE", "is looked at with RUT, SPX, BTC, not with DOGE"),
        ("/backtest", "it takes a condition as /alert does, or a rule"),
        ("/backtest close(DOGE) > 1", "unknown instrument DOGE"),
        ("/backtest rut-record-clos", "unknown rule rut-record-clos; did you mean rut-record-close"),
        ("/backtest #7", "there is no alert #7 here"),
        ("/backtest #russell", "#russell is a tag, and one rule is asked for here; /rules #russell lists those"),
        ("/backtest #russel", "there is no alert #russel here"),
        ("/backtest close(RUT) > highest(RUT, 20)", "nothing is above it"),
    ],
)
def test_what_is_meant_by_nothing_is_refused_in_a_sentence(line: str, said: str) -> None:
    told = text(seen(), line)
    assert said in told
    assert "Usage: /" in told


@pytest.mark.parametrize(
    ("last", "said"), [("2025-12-03", "in 2 days"), ("2025-12-31", "in 1 month"), ("2026-06-30", "in 7 months")]
)
def test_a_short_past_is_told_in_the_words_of_its_length(tmp_path: Path, last: str, said: str) -> None:
    rows = weekdays("2025-12-01", last, 1)
    path = Folder(tmp_path / "prices").holds("RUT_1d.csv", *rows).path
    view = open_app(Options(data=path), at=at(f"{last}T23:00Z")).view()
    assert f"Fired once, {said}\n" in text(view, "/backtest close(RUT) > 1")


def test_of_the_longest_horizon_the_worst_and_the_best_on_the_way_are_told() -> None:
    view = seen()
    rule = next(each for each in view.rules if each.rule.id == "rut-rally-10")
    close = view.panel(rule.calendar).field("RUT", "close")
    rows = [view.panel(rule.calendar).clock.row_of(day) for day in stats_of(view, rule).stat.evidence.fired]
    ways = [close[row + 1 : row + 21] / close[row] - 1 for row in rows if row + 20 < len(close)]
    worst, best = (float(np.median([end(way) for way in ways])) for end in (min, max))
    assert f"on the way {worst:+.1%} to {best:+.1%}" in text(view, "/stats rut-rally-10")


def test_a_level_far_from_the_price_now_is_tested_all_the_same(chat: Conversation) -> None:
    """/alert RUT > 1 is refused: who writes that means something else. Who tests it does not."""
    assert "Fired once" in chat.writes("/backtest RUT > 1")
    assert "price(RUT) > 1" in chat.taps("Make it an alert")


def test_a_condition_that_always_holds_fires_once_and_claims_nothing() -> None:
    told = text(seen(), "/backtest close(RUT) > 1 cooldown 5")
    assert "Fired once" in told
    assert "too few to say more" in told


def test_a_market_without_a_price_of_it_says_so(small: View) -> None:
    assert "It could never fire on what is known" in text(small, "/stats sol-rally-50")
    assert "It could never fire on what is known" in text(small, "/backtest sol rally 30%")
    assert ask_offline(small, "/backtest sol rally 30%").picture is None
    assert "sol-rally-50\n   could never fire on what is known" in "".join(
        text(small, f"/stats {page}") for page in range(1, 11)
    )


@pytest.mark.parametrize("rows", [[day("2025-12-31", 2500)], [day("2025-12-30", 2490), day("2025-12-31", 2500)]])
def test_a_market_of_hardly_a_row_is_answered(tmp_path: Path, rows: list[str]) -> None:
    view = open_app(Options(data=Folder(tmp_path / "prices").holds("RUT_1d.csv", *rows).path), at=NOW).view()
    assert "fired enough" in text(view, "/stats")
    for line in ("/stats rut-record-close", "/stats btc-rally-20", "/backtest close(RUT) > 2480", "/backtest vix > 30"):
        assert "nan" not in text(view, line).lower()
        answer(live(view), line)


def test_what_could_never_fire_is_told_as_wide_as_a_phone(small: View) -> None:
    for line in ("/stats sol-rally-50", "/stats #altcoins"):
        told = text(small, line)
        assert "could never fire" in told
        assert max(map(len, told.split("\n"))) <= PHONE
    assert "What followed #altcoins rules\n   page 1 of 4" in text(small, "/stats #altcoins")


def test_without_rules_there_is_nothing_to_tell() -> None:
    view = seen()
    assert text(View(view.history, view.scope, ()), "/stats") == "There are no rules."


def test_a_rule_about_what_nobody_holds_tells_when_it_fired_and_claims_nothing() -> None:
    view = seen()
    alone = View(view.history, view.scope, [rule for rule in view.rules if rule.rule.id == "vix-20"])
    told = text(alone, "/stats vix-20")
    assert "Fired 14 times" in told
    assert "Last on 2025-" in told
    assert "interval" not in told
    assert "nobody holds what it is about" in text(alone, "/stats")
    reply = ask_offline(alone, "/backtest vix > 20")
    assert reply.picture is None
    assert "Fired " in reply.html


def test_an_alert_about_what_is_not_configured_any_more_is_refused(chat: Conversation, small: View) -> None:
    chat.writes("/alert sol < 120")
    chat.taps("Save")
    bare = View(small.history, Scope({"RUT": small.scope.instruments["RUT"]}, {}), ())
    for line in ("/stats #1", "/backtest #1"):
        assert "unknown instrument SOL" in TelegramReader(answer(replace(live(bare), kept=chat.kept), line).html).text


def test_a_day_without_a_price_leaves_out_its_outcomes_alone(tmp_path: Path) -> None:
    rows = weekdays("2024-01-01", "2025-12-31", 1)
    holes = [row for index, row in enumerate(rows) if index % 7]
    whole, holed = (
        open_app(Options(data=Folder(tmp_path / name).holds("RUT_1d.csv", *kept).path), at=NOW).view()
        for name, kept in (("whole", rows), ("holed", holes))
    )
    for view, most in ((whole, 500), (holed, 430)):
        picture = ask_offline(view, "/backtest close(RUT) > sma(RUT, 5)").picture
        assert isinstance(picture, OutcomePicture)
        assert 0 < picture.outcome.base.n < most
        assert picture.outcome.n <= len(picture.fired)


def test_a_long_condition_is_cut_above_its_picture_and_told_whole_beneath() -> None:
    condition = "corr(RUT, SOL, 60) > 0.6 and drawdown(RUT) > 10% or close(SPX) < sma(SPX, 200) and vix > 45"
    reply = ask_offline(seen(), f"/backtest {condition}")
    assert isinstance(reply.picture, OutcomePicture)
    assert len(reply.picture.title) <= 51
    assert "sma(SPX, 200)" in TelegramReader(reply.html).text


def test_what_stands_beneath_the_picture_of_a_long_text_says_that_its_prices_are_made_up() -> None:
    html = ask_offline(seen(), "/backtest vix > 20").html
    assert headline(html) == f"{SIMULATED_LINE}\n<b>Cboe Volatility Index above 20</b>"
