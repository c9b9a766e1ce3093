"""The page of a replay: everything is in it, nothing is fetched, and no words of a configuration become HTML."""

from __future__ import annotations

import base64
import datetime as dt
import io
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.app import App, Options, open_app
from bot.queries.replay import replay
from bot.queries.timeline import asset_timeline, rule_timeline
from bot.render.report import Origin, page
from bot.render.report.sections import row
from bot.render.report.words import how_often
from rules.evidence import Base, Outcome
from rules.model import XNYS
from tests.bot.markets import NOW, Folder, utc_days, weekdays
from tests.bot.replays import config


class Seen(HTMLParser):
    """The tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    path = tmp_path_factory.mktemp("report")
    folder = Folder(path / "prices")
    for seed, name in enumerate(("RUT", "SPX", "VIX")):
        folder.holds(f"{name}_1d.csv", *weekdays("2023-01-02", "2025-12-31", seed + 20))
    folder.holds("BTC_1d.csv", *utc_days("2024-06-01", "2025-12-31", 24))
    return open_app(Options(config=config(path), data=folder.path), at=NOW)


def written(app: App, **changes: object) -> str:
    view = app.view()
    found = replay(view, view.rules)
    timelines = [each for name in view.follow if (each := asset_timeline(view, name, found.rules)) is not None]
    of_rules = {each.rule.rule.id: rule_timeline(view, each) for each in found.rules}
    return page(found, timelines, of_rules, Origin("the price files in prices", app.notes, NOW))


@pytest.fixture(scope="module")
def html(app: App) -> str:
    return written(app)


def test_every_tag_is_closed_in_its_order(html: str) -> None:
    assert Seen(html).open == []


def test_it_fetches_nothing_and_runs_nothing(html: str) -> None:
    seen = Seen(html)
    (policy,) = [each["content"] for each in seen.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert not {tag for tag, _ in seen.tags} & {"script", "iframe", "object", "embed", "form", "base", "video", "audio"}
    addresses = [
        value or "" for _, has in seen.tags for name, value in has.items() if name in ("src", "href", "srcset")
    ]
    assert all(each.startswith(("data:", "#")) for each in addresses)
    assert not [name for _, has in seen.tags for name in has if name.startswith("on")]
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style


def test_words_of_a_configuration_do_not_become_html(html: str) -> None:
    assert "<b>up</b>" not in html
    assert "Russell 2000 &lt;b&gt;up&lt;/b&gt; &amp; away" in html


def test_every_picture_can_be_read_and_says_what_it_shows(html: str) -> None:
    pictures = Seen(html).all("img")
    assert len(pictures) == 2 + 4
    for each in pictures:
        head, _, data = (each["src"] or "").partition(",")
        assert head == "data:image/png;base64"
        shown = Image.open(io.BytesIO(base64.b64decode(data)))
        assert shown.size == (int(each["width"] or 0), int(each["height"] or 0))
        assert np.asarray(shown.convert("L")).std() > 10
    told = [each["alt"] or "" for each in pictures]
    assert told[0].startswith("RUT from 2023-01-03 to 2025-12-31 on bands of the regime. Fired: ")
    assert told[1].startswith("BTC from 2024-06-01 to 2025-12-31 ")


def test_each_rule_has_a_line_that_leads_to_its_section(html: str) -> None:
    seen = Seen(html)
    ids = [each["id"] for each in seen.all("section") if (each.get("id") or "").startswith("rule-")]
    assert ids == ["rule-rut-up", "rule-rut-trades", "rule-rut-far", "rule-btc-often"]
    links = [each["href"] for each in seen.all("a") if (each["href"] or "").startswith("#rule-")]
    assert links == [f"#{each}" for each in ids]


def test_it_says_what_it_is_of_what_chance_would_give_and_what_it_is_not(html: str) -> None:
    text = " ".join(Seen(html).text.split())
    for sentence in (
        "4 rules, 2023-01-03 to 2025-12-31.",
        "replayed with the price files in prices.",
        "Not investment advice.",
        "4 rules were looked at.",
        "chance alone would give about",
        "One of 4 rules looked at",
        "live it watches trades; here it was judged by closes",
        "It never fired in this period; it is judged since 2023-01-03. It came nearest 20",
        "close(RUT) > 100000",
        "SIMULATED",
    ):
        assert (sentence in text) is (sentence != "SIMULATED"), sentence


def test_the_outcomes_of_a_rule_are_those_of_the_evidence(app: App, html: str) -> None:
    view = app.view()
    found = {each.rule.rule.id: each for each in replay(view, view.rules).rules}["btc-often"]
    part = html[html.index('id="rule-btc-often"') :]
    rows = [re.sub(r"<[^>]*>", "|", row) for row in re.findall(r"<tr.*?</tr>", part, re.DOTALL)]
    (row,) = [each for each in rows if "BTC 20 days" in each]
    outcome = found.evidence.of("BTC", 20)
    assert outcome is not None
    assert f"|{outcome.n}|" in row
    assert f"{outcome.ups} of {outcome.n}" in row
    assert f"{outcome.median * 100:+.1f}%" in row
    assert f"{outcome.low * 100:+.1f}% to {outcome.high * 100:+.1f}%" in row


def test_of_less_than_a_year_it_is_not_told_how_often_a_year(app: App) -> None:
    view = app.view()
    for first, is_told in ((dt.date(2024, 6, 3), True), (dt.date(2025, 6, 2), False)):
        (often,) = [each for each in replay(view, view.rules, first).rules if each.rule.rule.id == "btc-often"]
        assert how_often(often).startswith(f"{len(often.evidence.fired)} times since {first}, ")
        assert (" a year, " in how_often(often)) is is_told


def test_of_too_few_outcomes_neither_median_nor_interval_is_told() -> None:
    """One firing before 42% is no rule, and a table would make it one."""
    base = Base(1_000, 0.01, 0.55)
    few = Outcome("XRP", 20, 4, 4.0, 0.425, 4, math.nan, math.nan, -0.07, 0.59, base, None)
    told = row(few, XNYS)
    assert (told.up, told.finding, told.base) == ("4 of 4", "too few to say more", "+1.0%, 55% up")
    assert {told.median, told.interval, told.worst, told.best} == {"\N{EN DASH}"}
    enough = row(replace(few, n=9, effective=8.0, low=0.2, high=0.6), XNYS)
    assert (enough.median, enough.interval, enough.finding) == ("+42.5%", "+20.0% to +60.0%", "more than usual")


def test_the_same_replay_gives_the_same_page(app: App, html: str) -> None:
    assert written(app) == html


def test_a_page_of_made_up_prices_says_so_in_its_title_and_in_every_picture(tmp_path: Path) -> None:
    app = open_app(Options(config=config(tmp_path), seed=7), at=NOW)
    view = app.view()
    rules = [rule for rule in view.rules if rule.rule.id == "rut-far"]
    found = replay(view, rules)
    (picture,) = [rule_timeline(view, each) for each in found.rules]
    html = page(found, [], {"rut-far": picture}, Origin("a simulated market, seed 7", (), NOW))
    assert re.search(r"<title>Bellwether replay \(SIMULATED\): 1 rule, \d{4}-\d\d-\d\d to 2025-12-31</title>", html)
    assert "<strong>SIMULATED</strong>: no price on this page was ever traded." in html
    assert picture.simulated
    assert "1 rule was looked at." in html
