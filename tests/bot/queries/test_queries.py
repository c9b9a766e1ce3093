"""Answers over files with holes: the change over a gap, stale prices, the source that was used, rules without data."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import Options, open_app
from bot.queries.correlation import correlation
from bot.queries.explain import explain
from bot.queries.quote import quote
from bot.queries.view import View
from rules.alerting import Firing
from rules.book import Book, Record
from rules.engine import Outcome
from rules.model import AlertEvent, Edge, Severity
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import HEADER, NOW, Folder, seen

VENUES = f"{HEADER},venue"


def view_of(folder: Folder) -> View:
    return open_app(Options(data=folder.path), at=NOW).view()


def days(closes: str, *, first: int = 1, month: str = "2025-12", venue: str = "") -> list[str]:
    """A row a weekday; a point is a day without one."""
    rows = [f"{month}-{first + i:02}T00:00:00Z,{c},{c},{c},{c},1{venue}" for i, c in enumerate(closes.split())]
    return [row for row in rows if ",.," not in row]


def test_a_change_over_a_gap_is_unknown_as_it_is_to_a_rule(tmp_path: Path) -> None:
    """It was once compared with the last known close, however old."""
    view = view_of(Folder(tmp_path).holds("RUT_1d.csv", *days("10 . 12")))
    assert quote(view, "RUT").change is None
    assert explain(view, "ret(RUT)").value is None
    assert "12.00 (n/a)" in ask_offline(view, "/price RUT").html.replace("<b>", "").replace("</b>", "")


def test_a_change_is_the_bits_of_ret(tmp_path: Path) -> None:
    view = view_of(Folder(tmp_path).holds("RUT_1d.csv", *days("10 11 12.1")))
    assert quote(view, "RUT").change == explain(view, "ret(RUT)").value


@pytest.mark.parametrize(
    ("text", "sessions", "held"),
    [
        ("drawdown(RUT) > 3%", 0, ()),
        ("ytd(RUT) > 20%", 0, ("the last close of the year before",)),
        ("mtd(RUT) - mtd(SPX) < -5%", 0, ("the last close of the month before",)),
        ("rally_since(RUT, 2025-11-20) > 10%", 0, ("the last close up to 2025-11-20",)),
        (
            "ytd(RUT) > 5% and RUT > sma(RUT, 200) and mtd(RUT) > 0",
            199,
            ("the last close of the year before", "the last close of the month before"),
        ),
    ],
)
def test_an_expression_tells_the_closes_that_it_holds_on_to(
    tmp_path: Path, text: str, sessions: int, held: tuple[str, ...]
) -> None:
    """`ytd(BTC) > 20%` was said to need 0 earlier sessions, and is unknown without a close of the year before."""
    found = explain(view_of(Folder(tmp_path).holds("RUT_1d.csv", *days("10 11 12"))), text)
    assert (found.warmup, found.anchors) == (sessions, held)


def test_a_stale_price_is_dated_by_its_own_close(tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", *days("10 11 12")).holds("VIX_1d.csv", *days("20"))
    lines = ask_offline(view_of(folder), "/price").html.split("\n")
    assert lines[1::2] == ["Close of Wed 2025-12-03", "Close of Mon 2025-12-01"]


def test_the_source_named_is_the_one_whose_prices_were_used(tmp_path: Path) -> None:
    """Days name binance first, hours only kraken: what is sampled at the close are the hours."""
    hours = [
        f"2025-12-{day:02}T{hour:02}:00:00Z,{day},{day},{day},{day},1,kraken" for day in (1, 2, 3) for hour in (19, 20)
    ]
    folder = Folder(tmp_path).holds("RUT_1d.csv", *days("10 11 12"))
    folder.holds("SOL_1d.csv", *days("1", venue=",binance"), *days("2 3", first=2, venue=",kraken"), header=VENUES)
    folder.holds("SOL_1h.csv", *hours, header=VENUES)
    assert correlation(view_of(folder), "RUT", "SOL", 60).origins == ("files USD", "kraken USD")


def test_rules_says_which_rules_cannot_be_judged(tmp_path: Path) -> None:
    folder = Folder(tmp_path).holds("RUT_1d.csv", *days("10 11 12 13 14")).holds("VIX_1d.csv", *days("20"))
    view = view_of(folder)
    tags = ("volatility", "correlation", "drawdown")
    lines = [line for tag in tags for line in ask_offline(view, f"/rules #{tag}").html.split("\n")]
    assert "🟠 <b>vix-25</b>: no data" in lines
    assert "🟡 <b>rut-sol-coupled</b>: never had data" in lines
    assert "🟠 <b>rut-drawdown-10</b>" in lines


def test_a_window_longer_than_the_aligned_rows_does_not_hide_what_the_filter_knows() -> None:
    view = seen()
    short, long = correlation(view, "RUT", "SOL", 60), correlation(view, "RUT", "SOL", 2520)
    assert long.r is None
    assert long.p_above == short.p_above
    assert long.posterior_mean == short.posterior_mean


def test_a_rule_on_ticks_is_not_judged_on_bars(tmp_path: Path) -> None:
    """On closes alone it would say what no reader was ever told."""
    config = tmp_path / "my.toml"
    high = 'when = "close(RUT) > 10"\nclear = "close(RUT) < 10"\n'
    config.write_text(f'[[rules]]\nid = "a"\non = "tick"\n{high}[[rules]]\nid = "b"\n{high}')
    folder = Folder(tmp_path / "prices").holds("RUT_1d.csv", *days("10 11 12"))
    app = open_app(Options(config=config, data=folder.path), at=NOW)
    view = app.view()
    assert [event.rule for event in view.events()] == ["b"]
    assert [rule.rule.id for rule in view.live_only] == ["a"]
    assert view.record("a") is None
    assert view.record("b") is not None


def test_what_the_service_has_recorded_stands_among_the_rest_by_time_and_its_book_says_where_alerts_stand(
    tmp_path: Path,
) -> None:
    config = tmp_path / "my.toml"
    high = 'when = "close(RUT) > 10"\nclear = "close(RUT) <= 10"\n'
    config.write_text(f'[[rules]]\nid = "a"\non = "tick"\n{high}[[rules]]\nid = "b"\n{high}')
    folder = Folder(tmp_path / "prices").holds("RUT_1d.csv", *days("10 11 10"))
    app = open_app(Options(config=config, data=folder.path), at=NOW)
    first, last = app.view().events("b")
    ticked = replace(first, rule="a", at=first.at + 60)
    told_late = replace(first, at=first.at + 120)
    known = Outcome(Book({"a": Record("", Firing(ticked.at, ticked.at))}), (first, ticked, told_late))
    view = View(app.history, app.settings.scope, app.settings.compiled, live=known)
    assert view.events() == (first, ticked, told_late, last)
    assert view.events("a") == (ticked,)
    assert view.record("a") == known.book.records["a"]
    assert view.record("b") is None, "the service has not judged it"


def test_what_was_corrected_is_listed_and_does_not_count_as_fired(tmp_path: Path) -> None:
    """The prices of today say that nothing happened; what was told of those of yesterday is on record."""
    config = tmp_path / "my.toml"
    config.write_text('[[rules]]\nid = "b"\nwhen = "close(RUT) > 10"\nclear = "close(RUT) <= 10"\n')
    app = open_app(
        Options(config=config, data=Folder(tmp_path / "prices").holds("RUT_1d.csv", *days("9 9 9")).path), at=NOW
    )
    closes = app.history.panel("XNYS").clock.closes
    told = AlertEvent("b", Edge.FIRED, int(closes[1]), dt.date(2025, 12, 2), Severity.HIGH, "B", "XNYS")
    taken = replace(told, edge=Edge.CORRECTED, rejudged_at=NOW, undone=Edge.FIRED, undone_key=told.key)
    ended = replace(told, edge=Edge.CORRECTED, rejudged_at=NOW + 9, undone=Edge.RESOLVED, undone_key="b/resolved/1")
    view = View(app.history, app.settings.scope, app.settings.compiled, live=Outcome(Book(), (told, taken, ended)))
    assert view.told() == (told, taken), "the end of this rule is never told, so neither is that it did not end"
    assert not view.has_fired("b")
    again = View(app.history, app.settings.scope, app.settings.compiled, live=Outcome(Book(), (told,)))
    assert again.has_fired("b")
