"""What was worked out is kept while the closes stay as they are, and for no longer."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.app import Options, open_app
from bot.queries.casebook import Asked, Casebook, mark_of
from bot.queries.evidence import evidence, evidence_of_rules
from bot.queries.view import View
from rules.evidence import Evidence, evidence_of, evidence_of_all, subjects
from rules.panel import Panel
from tests.bot.commands.desks import two_indices_and_bitcoin
from tests.bot.markets import NOW, seen


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> View:
    return open_app(Options(data=two_indices_and_bitcoin(tmp_path_factory.mktemp("prices")).path), at=NOW).view()


class Desk:
    """Who works out evidence, and is counted."""

    def __init__(self, panel: Panel) -> None:
        self.panel, self.worked = panel, 0

    def work(self, asked: Sequence[Asked]) -> list[Evidence]:
        self.worked += len(asked)
        return evidence_of_all(asked, self.panel)


def asked_of(view: View, *names: str) -> list[Asked]:
    return [(rule, rule.instruments) for rule in view.rules if rule.rule.id in names]


def test_many_at_once_are_bit_for_bit_what_each_is_alone() -> None:
    view = seen()
    names = ("rut-record-close", "rut-record-intraday", "btc-rally-20", "vix-40", "regime-risk-on", "sol-volume-50m")
    some = [rule for rule in view.rules if rule.rule.id in names]
    assert len({rule.calendar for rule in some}) == 2
    alone = [
        evidence_of(rule, view.panel(rule.calendar), subjects(rule, view.scope.instruments, view.follow))
        for rule in some
    ]
    assert list(map(repr, evidence_of_rules(view, some))) == list(map(repr, alone))


def test_they_come_in_the_order_they_are_asked_for() -> None:
    view = seen()
    mixed = [view.rules[0], next(rule for rule in view.rules if rule.calendar == "24/7"), view.rules[1]]
    assert [each.rule for each in evidence_of_rules(view, mixed)] == [rule.rule.id for rule in mixed]


def test_the_same_closes_are_worked_out_once(view: View) -> None:
    book, desk = Casebook(), Desk(view.panel("XNYS"))
    first = book.of(asked_of(view, "rut-rally-10"), "XNYS", "a", desk.work)
    again = book.of(asked_of(view, "rut-rally-10", "rut-rally-20"), "XNYS", "a", desk.work)
    assert desk.worked == 2
    assert again[0] is first[0]


def test_other_closes_are_worked_out_anew_and_the_old_are_let_go(view: View) -> None:
    book, desk = Casebook(), Desk(view.panel("XNYS"))
    asked = asked_of(view, "rut-rally-10")
    for mark in ("a", "b", "a"):
        book.of(asked, "XNYS", mark, desk.work)
    assert desk.worked == 3


def test_it_holds_no_more_than_it_may_and_answers_all_the_same(view: View) -> None:
    book, desk = Casebook(most=1), Desk(view.panel("XNYS"))
    names = ("rut-rally-10", "rut-rally-20", "rut-drawdown-10")
    assert [each.rule for each in book.of(asked_of(view, *names), "XNYS", "a", desk.work)] == list(names)
    book.of(asked_of(view, names[0]), "XNYS", "a", desk.work)
    assert desk.worked == 4


def test_what_fired_very_often_is_not_kept_for_long(view: View) -> None:
    """Whoever tries a thousand conditions that fire every other day must not fill the memory."""
    desk, names = Desk(view.panel("XNYS")), ("rut-rally-10", "rut-drawdown-10")
    once, other = asked_of(view, names[0]), asked_of(view, names[1])
    firings = [len(past.fired) for past in Casebook().of([*once, *other], "XNYS", "a", desk.work)]
    assert min(firings) > 0
    for most_fired, worked in ((sum(firings), 2), (sum(firings) - 1, 3), (0, 3)):
        book, desk.worked = Casebook(most_fired=most_fired), 0
        for asked in (once, other, once):
            assert book.of(asked, "XNYS", "a", desk.work)[0].rule == asked[0][0].rule.id
        assert desk.worked == worked


def test_who_asks_for_the_same_at_once_waits_for_the_one_who_works(view: View) -> None:
    book, desk = Casebook(), Desk(view.panel("XNYS"))
    asked = asked_of(view, "rut-rally-10", "rut-rally-20")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: book.of(asked, "XNYS", "a", desk.work), range(4)))
    assert desk.worked == 2
    assert all(each == found[0] for each in found)


def test_another_price_is_another_mark(view: View) -> None:
    panel = view.panel("XNYS")
    close = panel.columns["RUT"].close.copy()
    close[100] = np.nextafter(close[100], np.inf)
    other = replace(panel, columns={**panel.columns, "RUT": replace(panel.columns["RUT"], close=close)})
    assert mark_of(other) != mark_of(panel) == mark_of(replace(panel))
    assert mark_of(panel[:-1]) != mark_of(panel)
    assert mark_of(panel[:0]) != mark_of(panel)


def test_an_hour_after_the_last_close_changes_nothing_and_one_before_it_does(view: View) -> None:
    panel = view.panel("XNYS")
    hours = panel.hours["BTC"]
    through = int(panel.clock.closes[-1])
    after = replace(panel, hours={"BTC": replace(hours, close=np.where(hours.end > through, 1.0, hours.close))})
    before = replace(panel, hours={"BTC": replace(hours, close=np.where(hours.end <= through, 1.0, hours.close))})
    assert int(hours.end[-1]) > through
    assert mark_of(after) == mark_of(panel) != mark_of(before)


def test_a_view_of_an_earlier_session_has_its_own(view: View, tmp_path: Path) -> None:
    rule = view.rules[0]
    earlier = View(view.history, view.scope, view.rules, as_of=view.panel("XNYS").clock.session(300))
    assert evidence(earlier, rule).through == view.panel("XNYS").clock.session(300)
    assert evidence(view, rule).through != evidence(earlier, rule).through
