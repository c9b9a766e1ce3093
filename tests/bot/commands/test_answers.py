"""What each command answers, and how it refuses what means nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.commands.registry import all_commands, offered
from bot.feeds.contract import Setup, build_feed
from bot.market.history import load_history
from bot.queries.view import View
from bot.render.alerts import MARKS
from bot.render.lines import PHONE
from bot.render.plain import LONGEST, to_plain, units
from bot.render.rules import MOST
from bot.settings import Settings, load_settings
from rules.functions.registry import vocabulary
from rules.model import Edge, Severity
from tests.bot.commands.desks import ask_offline, two_indices_and_bitcoin
from tests.bot.markets import NOW, SESSIONS, Folder, seen, simulated, utc_days
from tests.bot.render.html import TelegramReader, assert_telegram_accepts

KNOWN = "RUT, SPX, VIX, IWM, SPY, QQQ, HYG, TLT, UUP, GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP"


@pytest.fixture(scope="module")
def view() -> View:
    return seen()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """RUT and SPX since 2024, BTC with hours, SOL with days only, ETH since December."""
    return (
        two_indices_and_bitcoin(tmp_path_factory.mktemp("prices"))
        .holds("SOL_1d.csv", *utc_days("2024-06-01", "2025-12-31", 5))
        .holds("ETH_1d.csv", *utc_days("2025-12-01", "2025-12-31", 6))
    )


def on_files(folder: Folder, as_of: str | None = None, config: Settings | None = None) -> View:
    settings = config or load_settings()
    feed = build_feed("files", Setup(SESSIONS, NOW, folder.path))
    history = asyncio.run(load_history(feed, settings.instrument_map, SESSIONS, NOW))
    date = dt.date.fromisoformat(as_of) if as_of else None
    return View(history, settings.scope, settings.compiled, date)


def ask(view: View, line: str) -> list[str]:
    """The lines of an answer as a reader sees them."""
    html = ask_offline(view, line).html
    assert_telegram_accepts(html)
    return TelegramReader(html).text.split("\n")


# /corr


def test_corr_answers_in_any_case_and_for_60_returns_unless_said(view: View) -> None:
    lines = ask(view, "/corr rut sol")
    assert lines[:2] == ["SIMULATED: not real prices", "RUT and SOL, 60 returns"]
    assert lines == ask(view, "/CORR RUT SOL 60")
    assert ask(view, "/corr Rut sOl 20")[1] == "RUT and SOL, 20 returns"


@pytest.mark.parametrize(
    "words",
    [
        "rut/btc 60",
        "RUT, BTC",
        "rut vs btc",
        "RUT and BTC 60",
        "$rut $btc",
        "Russell Bitcoin",
    ],
)
def test_corr_of_a_pair_in_whatever_way_it_is_written(view: View, words: str) -> None:
    assert ask_offline(view, f"/corr {words}").html == ask_offline(view, "/corr RUT BTC 60").html


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("/price bitcoin", "/price BTC"), ("/price $BTC", "/price BTC"), ("/chart Bitcoin 60", "/chart BTC 60")],
)
def test_an_instrument_is_known_by_what_it_is_called(view: View, typed: str, meant: str) -> None:
    assert ask_offline(view, typed).html == ask_offline(view, meant).html


def test_corr_says_as_of_when_and_when_trading_starts_again(view: View) -> None:
    assert ask(view, "/corr RUT SOL")[-2:] == ["Close of Wed 2025-12-31", "Next open Fri 2026-01-02 14:30Z"]


def test_corr_of_two_coins_is_as_of_a_utc_day_and_waits_for_no_open(view: View) -> None:
    """It said `the close of Wed 2025-12-31; next open Fri 2026-01-02 14:30Z` of what never closes and never opens."""
    assert ask(view, "/corr BTC ETH")[-1] == "UTC day Wed 2025-12-31"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("RUT SOL 60 70", "it takes two instruments at most and, if you like, a number of returns"),
        ("RUT SOL ADA 60", "it takes two instruments at most and, if you like, a number of returns"),
        ("NOPE", f"unknown instrument NOPE (known: {KNOWN})"),
        ("RUT 4", "N must be a whole number from 5 to 2520, not 4"),
        ("6x", "N must be a whole number from 5 to 2520, not 6x"),
        ("RUT RUT", "a correlation takes two different instruments, not RUT twice"),
        ("rut RUT 20", "a correlation takes two different instruments, not RUT twice"),
        ("RUT SOLL", f"unknown instrument SOLL; did you mean SOL? (known: {KNOWN})"),
        ("NOPE SOL", f"unknown instrument NOPE (known: {KNOWN})"),
        ("RUT ALTS", f"unknown instrument ALTS (known: {KNOWN})"),
        ("RUT SOL 0", "N must be a whole number from 5 to 2520, not 0"),
        ("RUT SOL 1", "N must be a whole number from 5 to 2520, not 1"),
        ("RUT SOL 4", "N must be a whole number from 5 to 2520, not 4"),
        ("RUT SOL 2521", "N must be a whole number from 5 to 2520, not 2521"),
        ("RUT SOL 1000000000", "N must be a whole number from 5 to 2520, not 1000000000"),
        ("RUT SOL 000000000060999", "N must be a whole number from 5 to 2520, not 000000000060999"),
        ("RUT SOL abc", "N must be a whole number from 5 to 2520, not abc"),
        ("RUT SOL -60", "N must be a whole number from 5 to 2520, not -60"),
        ("RUT SOL 6.5", "N must be a whole number from 5 to 2520, not 6.5"),
        ("RUT SOL ٣٣", "N must be a whole number from 5 to 2520, not ٣٣"),
    ],
)
def test_corr_refuses_in_one_sentence(view: View, words: str, sentence: str) -> None:
    assert ask(view, f"/corr {words}") == [sentence, "Usage: /corr [A [B]] [N]", "Example: /corr RUT SOL 60"]


def test_corr_of_more_returns_than_there_are_says_how_many_there_are(view: View) -> None:
    lines = ask(view, "/corr RUT SOL 2520")
    assert lines[2] == "r: n/a, only 1007 of 2520 returns"


def test_corr_from_utc_days_alone_says_so(folder: Folder) -> None:
    lines = ask(on_files(folder), "/corr RUT SOL")
    assert "approximate: by UTC day, not by close" in lines
    assert "approximate: by UTC day, not by close" not in ask(on_files(folder), "/corr RUT BTC")


@pytest.mark.parametrize(
    ("as_of", "pair", "sentence"),
    [
        (None, "RUT VIX", "there are no prices of VIX here"),
        (None, "XRP ADA", "there are no prices of XRP here"),
        ("2023-12-29", "RUT SPX", "there are no prices of RUT at the closes of XNYS in this period"),
        ("2025-05-31", "BTC ETH", "there are no prices of ETH at the closes of 24/7 in this period"),
    ],
)
def test_corr_says_why_it_has_no_answer(folder: Folder, as_of: str | None, pair: str, sentence: str) -> None:
    assert ask(on_files(folder, as_of), f"/corr {pair}") == [sentence]


# /price


def test_price_of_one_in_any_case(view: View) -> None:
    for word in ("RUT", "rut", "Rut"):
        lines = ask(view, f"/price {word}")
        assert lines[1] == "RUT Russell 2000"
        assert lines[2].startswith("2,470.00 (")
        assert lines[-2:] == ["Close of Wed 2025-12-31", "Next open Fri 2026-01-02 14:30Z"]


def test_price_of_what_never_stops_is_as_of_the_last_utc_day(view: View) -> None:
    assert ask(view, "/price btc")[-1] == "UTC day Wed 2025-12-31"


def test_price_of_all_has_a_line_each(view: View) -> None:
    lines = ask(view, "/price")
    known = KNOWN.split(", ")
    assert [line.split()[0] for line in lines[1:]] == [*known[:12], "Close", *known[12:], "UTC"]


def test_price_of_all_is_not_spoilt_by_one_that_has_none_yet(folder: Folder) -> None:
    """As of 2025-05-31 there is no price of ETH; the whole answer was `there are no prices of ETH here`."""
    lines = ask(on_files(folder, "2025-05-31"), "/price")
    assert {"RUT", "SPX", "BTC", "SOL"} <= {line.split()[0] for line in lines}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("RUTT", f"unknown instrument RUTT; did you mean RUT? (known: {KNOWN})"),
        ("RUT SPX", "it takes one instrument, or none for all"),
    ],
)
def test_price_refuses_in_one_sentence(view: View, words: str, sentence: str) -> None:
    assert ask(view, f"/price {words}") == [sentence, "Usage: /price [X]", "Example: /price RUT"]


def test_price_of_one_without_prices_says_so(folder: Folder) -> None:
    assert ask(on_files(folder), "/price VIX") == ["there are no prices of VIX here"]


# /rules and /history


def test_rules_counts_them_by_severity_and_fits_a_message_of_a_phone(view: View) -> None:
    lines = ask(view, "/rules")
    counted = [int(found[1]) for line in lines if (found := re.search(r" (?:info|notice|high|critical): (\d+)", line))]
    assert lines[1] == f"{len(view.rules)} rules are watched"
    assert sum(counted) == len(view.rules)
    assert len(lines) <= 4 + len(Severity) + MOST


def tapped(view: View, lines: Iterable[str]) -> list[list[str]]:
    """What each of the lines is answered with, and each page that follows."""
    pages = []
    for line in lines:
        reply = ask_offline(view, line)
        pages.append([to_plain(each) for each in reply.html.split("\n")])
        later = [each.line for row in reply.buttons for each in row if each.label == f"Page {_page(line) + 1}"]
        pages += tapped(view, later)
    return pages


def _page(line: str) -> int:
    *_, last = line.split()
    return int(last) if last.isdigit() else 1


def names_in(pages: Iterable[list[str]]) -> set[str]:
    return {line.split()[1].removesuffix(":") for page in pages for line in page[1:] if line[0] in MARKS.values()}


def test_every_rule_is_in_the_pages_of_its_severity_and_of_a_tag_of_its_own(view: View) -> None:
    lines = [each.line for row in ask_offline(view, "/rules").buttons for each in row]
    by_tag = [line for line in lines if "#" in line]
    every = {rule.rule.id for rule in view.rules}
    assert names_in(tapped(view, by_tag)) == every
    assert names_in(tapped(view, [line for line in lines if line not in by_tag])) == every


def test_what_has_a_tag_is_a_page_or_two_of_what_a_phone_shows(view: View) -> None:
    russell = [rule.rule.id for rule in view.rules if "russell" in rule.rule.tags]
    for line in ("/rules #russell", "/rules russell", "/rules RUSSELL"):
        (page,) = tapped(view, [line])
        assert page[1] == "Rules with #russell"
        assert names_in([page]) == set(russell)
    pages = tapped(view, [each.line for row in ask_offline(view, "/rules").buttons for each in row if "#" in each.line])
    assert all(len(line) <= PHONE + 12 for page in pages for line in page)
    assert [button.line for row in ask_offline(view, "/rules #russell").buttons for button in row] == ["/rules"]


def test_tags_that_only_serve_grouping_are_no_tags_of_a_reader(view: View) -> None:
    for word in ("component", "#together-coins-up"):
        assert " is no severity and no #tag" in ask(view, f"/rules {word}")[0]


def test_rules_of_five_hundred_are_read_page_by_page(tmp_path: Path, folder: Folder) -> None:
    """A line each of all at once was more than Telegram takes: the rest was cut off, and could not be read at all."""
    names = [f"{'a' * 44}-{number:03}" for number in range(500)]
    config = tmp_path / "my.toml"
    config.write_text("".join(f'[[rules]]\nid = "{name}"\nwhen = "close(RUT) > 0"\n' for name in names))
    view = on_files(folder, config=load_settings(config))
    replies = [ask_offline(view, "/rules"), *(ask_offline(view, f"/rules notice {page}") for page in range(1, 26))]
    assert all(units(reply.html) <= LONGEST for reply in replies)
    text = "\n".join(reply.html for reply in replies[1:])
    assert all(name in text for name in names)
    pages = [button.line for reply in (replies[1], replies[13]) for row in reply.buttons for button in row]
    assert pages == ["/rules notice 2", "/rules", "/rules notice 12", "/rules notice 14", "/rules"]


def test_rules_refuses_what_is_no_severity_and_no_page(view: View) -> None:
    sentence = ask(view, "/rules loud")[0]
    assert sentence.startswith("loud is no severity and no #tag (there are critical, high, notice, info, #")
    assert "did you mean #russell?" in ask(view, "/rules rusell")[0]
    assert ask(view, "/rules critical 2")[0] == "PAGE must be a whole number from 1 to 1, not 2"


def test_rules_says_which_are_firing_since_when(view: View) -> None:
    (line,) = [line for line in ask(view, "/rules #regime") if "regime-risk-on" in line]
    (fired,) = [event for event in view.events("regime-risk-on") if event.edge is Edge.FIRED][-1:]
    assert line.endswith(f"regime-risk-on: firing since {fired.session}")


def test_a_rule_on_utc_days_fires_since_the_day_and_not_the_midnight_after_it(tmp_path: Path, folder: Folder) -> None:
    """/history gave 2025-11-15 and /rules 2025-11-16 for one event."""
    config = tmp_path / "my.toml"
    config.write_text('[[rules]]\nid = "btc"\nwhen = "close(BTC) > 0"\nclear = "close(BTC) < 0"\n')
    view = on_files(folder, config=load_settings(config))
    (fired,) = view.events("btc")
    assert ask(view, "/rules notice")[1] == f"🟡 btc: firing since {fired.session}"


def test_history_is_of_the_last_ten_events_newest_last_each_with_its_id(view: View) -> None:
    lines, told = ask(view, "/history"), view.told()[-10:]
    assert len(lines) == 11
    assert [line[:10] for line in lines[1:]] == [str(event.session) for event in told]
    assert [line.split()[-1] for line in lines[1:]] == [event.short_id for event in told]


def test_history_is_as_long_as_it_is_wanted(view: View) -> None:
    assert len(ask(view, "/history 3")) == 4
    assert len(ask(view, "/history rut-record-close 2")) == 3
    assert ask(view, "/history 51")[0] == "N must be a whole number from 1 to 50, not 51"


def test_history_of_one_rule_is_of_that_alone(view: View) -> None:
    lines = ask(view, "/history vix-25")
    assert all("VIX closes at 25 or above" in line for line in lines[1:])


def test_history_refuses_an_unknown_rule_with_the_nearest(view: View) -> None:
    assert ask(view, "/history vix-2")[0] == "unknown rule vix-2; did you mean vix-25 or vix-20?"


@pytest.mark.parametrize("command", ["history", "why", "chart", "rule", "test", "backtest", "alert"])
def test_a_tag_where_one_rule_is_asked_for_leads_to_the_rules_that_have_it(view: View, command: str) -> None:
    """`# has no meaning here`, it was told, and `there is no alert #russell here`."""
    first, *rest = ask_offline(view, f"/{command} #Russell").html.split("\n")
    assert first == "#russell is a tag, and one rule is asked for here; /rules #russell lists those that have it"
    assert rest[0].startswith(f"Usage: /{command}")


def test_without_events_nothing_has_fired(folder: Folder) -> None:
    assert ask(on_files(folder, "2024-01-01"), "/history") == ["Nothing has fired here."]


# /help


def test_help_fits_a_phone_and_says_it_is_no_advice(view: View) -> None:
    lines = ask(view, "/help")
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 40
    assert lines[-1] == "Not investment advice."


def test_help_and_menus_tell_nobody_who_is_let_in_how_to_ask_for_that(view: View) -> None:
    assert not [line for line in ask(view, "/help") if line.startswith("/ask")]
    for admin in (True, False):
        assert "ask" not in {each.name for each in offered(admin=admin)}
    assert {each.name for each in offered(admin=True)} - {each.name for each in offered(admin=False)} == {
        each.name for each in all_commands().values() if each.admins
    }


def test_help_has_a_line_for_every_command_and_a_heading_for_every_group(view: View) -> None:
    lines = ask(view, "/help")
    shown = [line.split()[0][1:] for line in lines if line.startswith("/") and not line.startswith("/help NAME")]
    assert sorted(set(shown)) == sorted(each.name for each in offered(admin=True))
    assert [line for line in lines[:-1] if not line.startswith("/")][:2] == ["Market", "Alerts"]


def test_help_of_words_lists_every_word_of_the_language(view: View) -> None:
    told = " ".join(ask(view, "/help words")).replace(",", " ").split()
    assert set(vocabulary()) <= set(told)


def test_help_of_a_word_shows_its_example_as_it_is_now(view: View) -> None:
    lines = ask(view, "/help drawdown")
    assert lines[-5:] == [
        "Example: drawdown(RUT) >= 10%",
        "SIMULATED: not real prices",
        "Now: drawdown(RUT) = 2.6%",
        "The example holds: no",
        "Close of Wed 2025-12-31",
    ]


@pytest.mark.parametrize("name", sorted(vocabulary()))
def test_every_word_is_explained_with_an_example_that_has_a_value(view: View, name: str) -> None:
    lines = ask(view, f"/help {name}")
    assert vocabulary()[name].usage in lines
    assert any("old" in line or line.startswith("Now: ") for line in lines)


def test_help_of_a_word_is_its_documentation(view: View) -> None:
    lines = ask(view, "/help drawdown")
    assert lines[0] == "drawdown(x)"
    assert "Distance below the greatest x so far" in "\n".join(lines)


def test_help_of_a_word_that_is_a_command_and_a_function_tells_of_both(view: View) -> None:
    """`/help corr` and `/help price` told of the command alone: the function could not be looked up at all."""
    text = "\n".join(ask(view, "/help corr"))
    assert "/corr [A [B]] [N]" in text
    assert "corr(a, b, n=60)" in text


@pytest.mark.parametrize("word", ["drawdwn", "DRAWDOWN"])
def test_help_of_an_unknown_word_names_the_nearest(view: View, word: str) -> None:
    first = ask(view, f"/help {word}")[0]
    assert "drawdown" in first


def test_the_answers_are_those_of_the_app_that_is_opened_at_that_moment() -> None:
    view = open_app(Options(seed=7), at=NOW).view()
    assert ask_offline(view, "/regime").html == ask_offline(simulated().view(), "/regime").html


@pytest.mark.shared_data
def test_the_answer_on_real_prices_is_the_figure_of_the_issue(shared_data: Path) -> None:
    app = open_app(Options(data=shared_data), at=NOW)
    lines = ask(app.view(dt.date(2025, 12, 10)), "/corr RUT SOL 60")
    assert lines[0] == "RUT and SOL, 60 returns"
    assert lines[1].startswith("r +0.50, 90% ")
    assert lines[-1] == "Source: files USD"
    everything = [ask_offline(app.view(dt.date(2010, 1, 4)), line).html for line in ("/regime", "/rules", "/history")]
    assert not [html for html in everything if "SIMULATED" in html]
