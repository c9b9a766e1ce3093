"""The life of an alert, as text: verdicts in, states and edges out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.alerting import AlertState, Coverage, Firing, Inactive, Pending, cover, step
from rules.model import Edge, Timing, Verdict

VERDICT = {"T": Verdict.TRUE, ".": Verdict.FALSE, "?": Verdict.UNKNOWN}
OPPOSITE = {"T": ".", ".": "T", "?": "?"}
BAR = 100


def letters(state: AlertState, edge: Edge | None) -> str:
    """One letter a row: F fired, R resolved; else . inactive, r resting or spent, p pending, f firing."""
    if edge is not None:
        return {Edge.FIRED: "F", Edge.RESOLVED: "R"}[edge]
    if isinstance(state, Inactive):
        return "r" if state.rest or state.spent else "."
    return "p" if isinstance(state, Pending) else "f"


def fold(when: str, clear: str | None = None, **timing: int) -> list[tuple[AlertState, Edge | None]]:
    """State and edge after each row; without `clear` a rule clears when its condition is not TRUE."""
    clear = "".join(OPPOSITE[each] for each in when) if clear is None else clear
    state: AlertState = Inactive()
    moves = []
    for row, (a, b) in enumerate(zip(when, clear, strict=True)):
        state, edge = step(Timing(**timing), state, VERDICT[a], VERDICT[b], BAR * row)
        moves.append((state, edge))
    return moves


def play(when: str, clear: str | None = None, **timing: int) -> str:
    """`play("..TT?.", confirm=2) == "..pFfR"`."""
    return "".join(letters(state, edge) for state, edge in fold(when, clear, **timing))


SCENARIOS = [
    # what happens, when, clear, timing, what is seen
    ("nothing is true", ".....", None, {}, "....."),
    ("true fires at once", "..T..", None, {}, "..FR."),
    ("true goes on", ".TTT.", None, {}, ".FffR"),
    ("confirm waits", ".TTT.", None, {"confirm": 3}, ".ppFR"),
    ("confirm starts over", ".TT.TTT", None, {"confirm": 3}, ".pp.ppF"),
    ("unknown does not break confirm", "T?T", None, {"confirm": 2}, "ppF"),
    ("unknown does not fire", "???", None, {}, "..."),
    ("unknown does not clear", "T??T", None, {}, "Ffff"),
    ("half unknown is unknown", "TTT", "?.T", {}, ".FR"),
    ("clear unknown holds the alert", "T..", ".?T", {}, "FfR"),
    ("clear is its own condition", "T....", "...T.", {}, "FffR."),
    ("neither keeps firing", "T.T.T.", "......", {}, "Ffffff"),
    ("both true does not fire", "TT", "TT", {}, ".."),
    ("both true breaks confirm", "TTTT", ".T..", {"confirm": 2}, "p.pF"),
    ("both true resolves", "TT", ".T", {}, "FR"),
    ("confirm_clear waits", "T....", ".TTT.", {"confirm_clear": 3}, "FffR."),
    ("confirm_clear starts over", "T......", ".TT.TTT", {"confirm_clear": 3}, "FfffffR"),
    ("unknown does not break confirm_clear", "T...", ".T?T", {"confirm_clear": 2}, "FffR"),
    ("fires again after clearing", "T.T.T", None, {}, "FRFRF"),
    ("cooldown counts from the firing", "T.TTTT", None, {"cooldown": 3}, "FRr.Ff"),
    ("cooldown passes while firing", "TTTT.T", None, {"cooldown": 3}, "FfffRF"),
    ("cooldown of one never bites", "T.T", None, {"cooldown": 1}, "FRF"),
    ("cooldown counts known rows only", "T.???TTT", None, {"cooldown": 3}, "FRrrrr.F"),
    ("confirm starts after the cooldown", "T.TTTT", None, {"cooldown": 3}, "FRr.Ff"),
    ("cooldown passes in silence", "T....T", None, {"cooldown": 3}, "FRr..F"),
    ("expires resolves", "TTTTT.", None, {"expires": 3}, "FffRr."),
    ("expired is spent until the condition ends", "TTTTT.T", None, {"expires": 2}, "FfRrr.F"),
    ("expired is not spent by an unknown row", "TTT?T.T", None, {"expires": 2}, "FfRrr.F"),
    ("clearing comes before expiring", "TT.T", None, {"expires": 2}, "FfRF"),
    ("expires counts known rows", "T??TT", None, {"expires": 2}, "FfffR"),
    ("expired within a cooldown rests as well", "TTT.TTT", None, {"expires": 1, "cooldown": 5}, "FRrrr.F"),
]


@pytest.mark.parametrize(("when", "clear", "timing", "seen"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS])
def test_an_alert_lives_as_the_table_says(when: str, clear: str | None, timing: dict[str, int], seen: str) -> None:
    assert play(when, clear, **timing) == seen


def test_a_resolved_alert_rests_for_its_cooldown() -> None:
    assert play("T.TTTTTT", cooldown=5) == "FRrrr.Ff"


def test_a_firing_alert_remembers_since_when_and_for_how_many_known_rows() -> None:
    state, _ = fold("..T?TT")[-1]
    assert state == Firing(bar=5 * BAR, since=2 * BAR, age=2, clearing=0)


def test_a_pending_alert_counts_what_it_has_seen() -> None:
    state, _ = fold(".T?T", confirm=5)[-1]
    assert state == Pending(bar=3 * BAR, seen=2)


rows = st.lists(st.tuples(st.sampled_from("T.?"), st.sampled_from("T.?")), max_size=40)
timings = st.builds(
    Timing,
    confirm=st.integers(1, 4),
    confirm_clear=st.integers(1, 4),
    cooldown=st.integers(0, 8),
    expires=st.none() | st.integers(1, 6),
)
Rows = list[tuple[str, str]]


def moves(timing: Timing, verdicts: Rows, bars: list[int] | None = None) -> list[tuple[AlertState, Edge | None]]:
    state: AlertState = Inactive()
    seen = []
    for row, (when, clear) in enumerate(verdicts):
        state, edge = step(timing, state, VERDICT[when], VERDICT[clear], bars[row] if bars else BAR * row)
        seen.append((state, edge))
    return seen


def events(timing: Timing, verdicts: Rows) -> list[tuple[int, Edge]]:
    return [(row, edge) for row, (_, edge) in enumerate(moves(timing, verdicts)) if edge is not None]


@given(timings, rows)
def test_fired_and_resolved_alternate_and_fired_comes_first(timing: Timing, verdicts: Rows) -> None:
    edges = [edge for _, edge in events(timing, verdicts)]
    assert edges[::2] == [Edge.FIRED] * len(edges[::2])
    assert edges[1::2] == [Edge.RESOLVED] * len(edges[1::2])


@given(timings, rows)
def test_unknown_rows_might_as_well_not_be_there(timing: Timing, verdicts: Rows) -> None:
    known = [row for row, pair in enumerate(verdicts) if "?" not in pair]
    with_unknown = moves(timing, verdicts)
    without = moves(timing, [verdicts[row] for row in known], [BAR * row for row in known])
    assert without == [with_unknown[row] for row in known]
    assert all(edge is None for row, (_, edge) in enumerate(with_unknown) if row not in known)
    if known:
        assert without[-1][0] == with_unknown[-1][0]


@given(timings, rows, st.data())
def test_a_prefix_of_the_verdicts_gives_a_prefix_of_the_events(
    timing: Timing, verdicts: Rows, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(verdicts)))
    whole = events(timing, verdicts)
    assert events(timing, verdicts[:cut]) == [(row, edge) for row, edge in whole if row < cut]


@given(timings, rows, st.tuples(st.sampled_from("T.?"), st.sampled_from("T.?")), st.integers(0, 5 * BAR))
def test_a_bar_judged_twice_or_an_older_bar_changes_nothing(
    timing: Timing, verdicts: Rows, again: tuple[str, str], older: int
) -> None:
    for state, _ in moves(timing, verdicts):
        for bar in (state.bar, max(-1, state.bar - older)):
            assert step(timing, state, VERDICT[again[0]], VERDICT[again[1]], bar) == (state, None)


@given(timings, rows)
def test_where_both_are_true_clear_wins(timing: Timing, verdicts: Rows) -> None:
    state = (moves(timing, verdicts) or [(Inactive(), None)])[-1][0]
    bar = BAR * len(verdicts)
    both = step(timing, state, Verdict.TRUE, Verdict.TRUE, bar)
    assert both[1] is not Edge.FIRED
    if isinstance(state, Firing):
        assert both == step(timing, state, Verdict.FALSE, Verdict.TRUE, bar)
    else:
        assert isinstance(both[0], Inactive)


@given(timings, rows)
def test_two_firings_are_never_closer_than_the_cooldown_in_known_rows(timing: Timing, verdicts: Rows) -> None:
    known = [pair for pair in verdicts if "?" not in pair]
    fired = [row for row, edge in events(timing, known) if edge is Edge.FIRED]
    assert all(later - earlier > timing.cooldown for earlier, later in pairwise(fired))


@given(timings, rows)
def test_a_firing_comes_after_exactly_confirm_true_rows_in_a_row(timing: Timing, verdicts: Rows) -> None:
    known = [pair for pair in verdicts if "?" not in pair]
    for row, edge in events(timing, known):
        if edge is Edge.FIRED:
            assert known[row - timing.confirm + 1 : row + 1] == [("T", ".")] * timing.confirm


@given(timings, rows, st.integers(1, 6))
def test_a_firing_alert_expires_after_that_many_known_rows(timing: Timing, verdicts: Rows, expires: int) -> None:
    timing = Timing(timing.confirm, timing.confirm_clear, timing.cooldown, expires)
    happened = events(timing, [pair for pair in verdicts if "?" not in pair])
    for (fired, edge), (resolved, _) in pairwise(happened):
        if edge is Edge.FIRED:
            assert 1 <= resolved - fired <= expires


@given(timings, rows, st.integers(1, 6))
def test_an_expired_alert_fires_again_only_after_a_row_that_was_not_true(
    timing: Timing, verdicts: Rows, expires: int
) -> None:
    timing = Timing(timing.confirm, timing.confirm_clear, timing.cooldown, expires)
    known = [pair for pair in verdicts if "?" not in pair]
    happened = events(timing, known)
    for (resolved, edge), (fired, _) in pairwise(happened):
        cleared = [clear for _, clear in known[max(0, resolved - timing.confirm_clear + 1) : resolved + 1]]
        expired = "." in cleared or len(cleared) < timing.confirm_clear
        if edge is Edge.RESOLVED and expired:
            assert any(pair != ("T", ".") for pair in known[resolved + 1 : fired])


states = st.one_of(
    st.builds(Inactive, st.integers(-1, 900), st.integers(0, 9), st.booleans()),
    st.builds(Pending, st.integers(-1, 900), st.integers(0, 9)),
    st.builds(Firing, st.integers(-1, 900), st.integers(-1, 900), st.integers(0, 9), st.integers(0, 9)),
)


@given(timings, states, st.sampled_from(Verdict), st.sampled_from(Verdict), st.integers(-1, 1_000))
def test_a_step_has_an_answer_for_every_state(
    timing: Timing, state: AlertState, when: Verdict, clear: Verdict, bar: int
) -> None:
    after, edge = step(timing, state, when, clear, bar)
    assert after.bar == (state.bar if bar <= state.bar or Verdict.UNKNOWN in (when, clear) else bar)
    assert not isinstance(after, Inactive) or after.rest >= 0
    assert (edge is Edge.RESOLVED) <= isinstance(state, Firing)
    assert (edge is Edge.FIRED) <= (isinstance(after, Firing) and not isinstance(state, Firing))


def watch(known: str, patience: int = 3) -> str:
    """`watch("k???k") == "...NB"`: N where NoData is told, B where DataBack is, else a dot."""
    state, seen = Coverage(), ""
    for row, each in enumerate(known):
        state, edge = cover(patience, state, each == "k", BAR * row)
        seen += {None: ".", Edge.NO_DATA: "N", Edge.DATA_BACK: "B"}[edge]
    return seen


@pytest.mark.parametrize(
    ("known", "seen"),
    [
        ("kkkk", "...."),
        ("k??k", "...."),
        ("k???k", "...NB"),
        ("k?????k", "...N..B"),
        ("k??k??k", "......."),
        ("k???k???k", "...NB..NB"),
        ("????????", "........"),
        ("????k???", ".......N"),
    ],
)
def test_missing_data_is_told_once_and_its_return_once(known: str, seen: str) -> None:
    assert watch(known) == seen


@given(st.text("k?", max_size=60), st.integers(1, 5))
def test_no_data_and_data_back_alternate_and_no_data_comes_first(known: str, patience: int) -> None:
    told = watch(known, patience).replace(".", "")
    assert told == ("NB" * len(told))[: len(told)]


@given(st.text("k?", max_size=60), st.integers(1, 5))
def test_data_back_comes_with_the_first_known_row_after_no_data(known: str, patience: int) -> None:
    told = watch(known, patience)
    for row, letter in enumerate(told):
        if letter == "N":
            assert known[row - patience + 1 : row + 1] == "?" * patience
            assert "k" in known[:row]
        if letter == "B":
            assert known[row] == "k"
            assert "k" not in known[told.rindex("N", 0, row) : row]


@given(st.text("k?", max_size=30), st.booleans(), st.integers(0, 3 * BAR))
def test_coverage_of_a_bar_judged_twice_or_an_older_one_changes_nothing(known: str, again: bool, older: int) -> None:
    state = Coverage()
    for row, each in enumerate(known):
        state, _ = cover(3, state, each == "k", BAR * row)
        assert state.bar == BAR * row
        for bar in (state.bar, max(-1, state.bar - older)):
            assert cover(3, state, again, bar) == (state, None)
