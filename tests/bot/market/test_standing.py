"""Which findings still stand: each is told once, and stands until its source tells another story."""

from __future__ import annotations

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.live import Arrival
from bot.market.standing import Standing, Told
from rules.bars import DAY, Interval, Origin
from rules.model import Instant
from tests.bot.market.stations import bars
from tests.bot.markets import at

CLOSE = at("2025-12-10T21:00Z")
RUT, SPX = ("RUT", Interval.DAY), ("SPX", Interval.DAY)


def arrival(*ends: Instant, source: str = "yahoo") -> Arrival:
    """New bars."""
    table = bars(Interval.DAY, dict.fromkeys(ends, 1.0), Origin(source, source))
    return Arrival(table, table.take(slice(0)))


def told(*ends: Instant, source: str = "yahoo", after: Instant = CLOSE - 30 * DAY, fully: bool = True) -> Told:
    """An answer that changes the bars at `ends`; of another source it is one that was asked besides."""
    return Told(RUT, source, after, CLOSE, arrival(*ends, source=source), fully)


def found(end: Instant = CLOSE, ruling: Ruling = Ruling.HELD, source: str = "yahoo", name: str = "RUT") -> Finding:
    return Finding(name, Interval.DAY, end, source, Fault.OUTLIER, ruling)


def standing(after: Standing, *answers: Told, findings: tuple[Finding, ...] = ()) -> list[tuple[Instant, str]]:
    """What stands of RUT after answers."""
    of_all, _ = after.take(answers, findings, [])
    return [(each.end, str(each.ruling)) for each in of_all[RUT]]


def test_what_is_told_once_stands_while_the_source_goes_on_saying_it() -> None:
    known = Standing()
    assert standing(known, told(CLOSE), findings=(found(),)) == [(CLOSE, "held")]
    assert standing(known, told(CLOSE)) == [(CLOSE, "held")]
    assert standing(known, told()) == []


def test_a_source_that_was_not_asked_for_a_bar_again_has_taken_nothing_back() -> None:
    known = Standing()
    standing(known, told(CLOSE - 5 * DAY), findings=(found(CLOSE - 5 * DAY),))
    assert standing(known, told(after=CLOSE - DAY, fully=False)) == [(CLOSE - 5 * DAY, "held")]


def test_what_is_too_old_to_be_asked_for_again_stands_no_more_though_the_gate_remembers_it() -> None:
    known = Standing()
    standing(known, told(CLOSE - 5 * DAY), findings=(found(CLOSE - 5 * DAY),))
    assert standing(known, told(after=CLOSE - 4 * DAY)) == []
    assert standing(known, told(after=CLOSE - 4 * DAY), findings=(found(CLOSE - 5 * DAY),)) == []


def test_what_another_source_said_is_of_no_account_when_the_series_is_asked_for_again_without_it() -> None:
    known = Standing()
    both = told(CLOSE), told(CLOSE, source="other", fully=False)
    standing(known, *both, findings=(found(), found(source="other")))
    assert len(standing(known, told(CLOSE))) == 1
    assert len(standing(known, told(CLOSE), told(CLOSE, source="other", fully=False))) == 2


def test_a_question_for_a_few_bars_that_lack_puts_nothing_else_in_question() -> None:
    known = Standing()
    standing(known, told(CLOSE), findings=(found(),))
    assert standing(known, told(source="other", after=CLOSE - 3 * DAY, fully=False)) == [(CLOSE, "held")]


def test_of_one_bar_the_newest_doubt_counts_and_what_was_trimmed_stands_beside_it() -> None:
    known = Standing()
    both = (found(ruling=Ruling.TRIMMED), found(ruling=Ruling.HELD))
    standing(known, told(CLOSE), findings=both)
    rejected = (found(ruling=Ruling.REJECTED),)
    assert standing(known, told(CLOSE), findings=rejected) == [(CLOSE, "trimmed"), (CLOSE, "rejected")]


def test_what_is_believed_in_the_same_poll_stands_no_more_but_was_found() -> None:
    known = Standing()
    of_all, passing = known.take([told(CLOSE)], [found(), found(ruling=Ruling.TRIMMED)], [("RUT", arrival(CLOSE))])
    assert [each.ruling for each in of_all[RUT]] == [Ruling.TRIMMED]
    assert [each.ruling for each in passing] == [Ruling.HELD]


def test_what_is_believed_without_being_asked_for_again_stands_no_more() -> None:
    """As when a proxy has moved alike."""
    known = Standing()
    standing(known, told(CLOSE), findings=(found(),))
    of_all, _ = known.take([], [], [("RUT", arrival(CLOSE))])
    assert of_all == {RUT: []}


def test_only_series_that_were_spoken_of_are_told() -> None:
    known = Standing()
    standing(known, told(CLOSE), findings=(found(),))
    of_all, _ = known.take([], [found(name="SPX")], [])
    assert list(of_all) == [SPX]


def test_nothing_stands_of_a_series_that_begins_anew() -> None:
    known = Standing()
    standing(known, told(CLOSE), findings=(found(),))
    of_all, _ = known.take([told(CLOSE)], [], [], {RUT})
    assert of_all == {RUT: []}


def test_a_bar_of_which_another_source_is_believed_is_still_in_doubt_at_the_first() -> None:
    known = Standing()
    of_all, _ = known.take([told(CLOSE)], [found()], [("RUT", arrival(CLOSE, source="other"))])
    assert [each.source for each in of_all[RUT]] == ["yahoo"]
