"""The tables of the benchmark: what a line says of one run and of several, when a target is missed, what grows faster
than its work.
"""

from __future__ import annotations

import pytest

from tests.bench.__main__ import MARK, page, with_tables
from tests.bench.delivery import Delivered, delivery_rows
from tests.bench.figures import Figure, Target, Unit
from tests.bench.growth import GROWTH
from tests.bench.live import Run, service_rows
from tests.bench.packages import Loaded
from tests.bench.pictures import Shown, Spread, picture_rows
from tests.bench.polls import Cost, table
from tests.bench.polls import Row as Poll
from tests.bench.tables import Block, Growth, Row, Table, Words, chief, growths, held, rows, timed, together

FIRST = timed("replay", 2.0, 3.0, "pandas", 4.0, "the replay")
SECOND = timed("replay", 4.0, 3.0, "pandas", 4.0, "the replay")
THIRD = timed("replay", 3.5, 3.0, "pandas", 7.0, "the replay")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_line_of_one_run_says_how_much_beside_what_and_has_no_spread() -> None:
    assert FIRST.cells() == ("replay", "2.00 s", "3.00 s", "0.5 x pandas", "")


def test_a_line_of_several_runs_says_their_median_the_ratio_run_by_run_and_the_least_and_the_most() -> None:
    line = FIRST.and_again(SECOND).and_again(THIRD)
    assert line.cells() == ("replay", "3.50 s", "3.00 s **missed in 2 of 3**", "0.5 x pandas", "2.00 s to 4.00 s")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (timed("help", 0.5, 0.5), "500 ms"),
        (timed("help", 0.501, 0.5), "500 ms **missed**"),
        (timed("help", 0.501), ""),
        (held("process", 281, 280), "280 MB **missed**"),
        (held("process", 280, 280), "280 MB"),
        (Row("tick", Figure.once(0.2), Target(10, Unit.TIMES), "pandas", Figure.once(0.01)), "10 x **missed**"),
        (Row("tick", Figure.once(0.1), Target(10, Unit.TIMES), "pandas", Figure.once(0.01)), "10 x"),
    ],
)
def test_a_target_says_whether_it_is_missed_and_one_in_times_is_one_of_the_ratio(line: Row, says: str) -> None:
    assert line.cells()[2] == says


def test_a_rate_is_missed_where_it_is_too_low_and_what_went_wrong_stands_beside_it() -> None:
    slow, sound = delivery_rows(Delivered(27.4, 0.1, 0.3, 2)), delivery_rows(Delivered(28.0, 0.1, 0.3, 0))
    assert slow[0].cells()[2] == "at least 27.5/s **missed**"
    assert "2 of them lost" in slow[0].what
    assert sound[0].cells()[1:4] == ("28.0/s", "at least 27.5/s", "0.93 x what Telegram bears")
    assert "lost" not in sound[0].what


def growth(*seconds: float) -> Growth:
    return Growth("replay: rules", (8, 80, 800), tuple(map(Figure.once, seconds)))


def test_growth_is_told_beside_the_first_and_by_unit_of_work() -> None:
    assert growth(0.1, 0.5, 4.0).cells() == ("replay: rules", "8, 80, 800", "100 ms", "5 x", "40 x", "0.8 x", "")


@pytest.mark.parametrize(("last", "is_faster"), [(5.0, False), (5.7, False), (6.0, True)])
def test_what_grows_faster_than_its_work_says_so_even_where_the_first_step_was_cheap(
    last: float, is_faster: bool
) -> None:
    assert ("**faster than its work**" in growth(0.3, 0.5, last).cells()[5]) is is_faster


def test_hundreds_are_written_without_a_power_of_ten() -> None:
    assert [str(Figure.once(value, Unit.TIMES)) for value in (2_345.6, 112.0, 99.0, 0.00012)] == [
        "2,346 x", "112 x", "99 x", "0.00012 x",
    ]  # fmt: skip


def test_growth_over_several_runs_tells_the_spread_of_the_last_step() -> None:
    assert growth(0.1, 0.5, 4.0).and_again(growth(0.1, 0.5, 5.0)).cells()[5:] == ("0.9 x", "0.8 x to 1 x")


def test_another_run_must_have_the_same_lines() -> None:
    with pytest.raises(ValueError, match="other lines"):
        rows("one", [FIRST]).and_again(rows("one", [timed("tick", 1.0)]))


def test_what_counts_most_stands_first_under_the_names_it_has_there_then_growth_then_all() -> None:
    run: list[list[Block]] = [
        [rows("one market", [FIRST, timed("tick", 1e-3)]), "nothing more"],
        [growths(GROWTH, [growth(1, 2, 3)])],
    ]
    told = page(run, 1).split("\n\n")
    assert [cells(block.split("\n")[0])[0] for block in told[1:]] == ["what", GROWTH, "one market", "nothing more"]
    assert [cells(line)[0] for line in told[1].split("\n")[2:]] == ["the replay"]


def test_a_page_keeps_its_words_and_gets_other_tables_however_often() -> None:
    once = with_tables(f"words\n\n{MARK}\n\nold tables\n", "tables")
    assert once == f"words\n\n{MARK}\n\ntables\n" == with_tables(once, "tables")


def test_runs_are_put_together_block_by_block() -> None:
    runs: list[list[Block]] = [[rows("one market", [line]), "said"] for line in (FIRST, SECOND)]
    both = together(runs)
    assert both[1:] == ["said"]
    assert chief(both).lines[0].cells()[4] == "2.00 s to 4.00 s"


def test_every_kind_of_table_has_as_many_cells_in_each_line_as_heads() -> None:
    spread = Spread(0.1, 0.2, 0.3)
    told: list[Block] = [
        rows("service", service_rows(Run(1, 2, 3, 4, 260, 290, 250))),
        rows("pictures", picture_rows(Shown(0.5, *[spread] * 7))),
        rows("delivery", delivery_rows(Delivered(28.0, 0.1, 0.3, 0))),
        growths("growth", [growth(1, 2, 3)]),
        table([Poll("quiet", [Cost(0, 0)], Cost(0, 0))], [Poll("quiet", [Cost(0, 1)], Cost(0, 0))]),
    ]
    for each in [*told, *together([told, told])]:
        assert isinstance(each, Table)
        assert {len(cells(line)) for line in str(each).split("\n")} == {len(each.heads)}
    assert "290 MB | 280 MB **missed**" in str(told[0])


def test_a_package_keeps_what_it_is_loaded_for() -> None:
    one, other = (Loaded("numpy", Figure.once(13.3, Unit.MEGABYTES), Figure.once(t), "always") for t in (0.05, 0.07))
    assert one.and_again(other).cells() == ("numpy", "13.3 MB", "60 ms", "always", "50 ms to 70 ms")
    assert Words("quiet", ("1",)).and_again(Words("quiet", ("2",))).cells() == ("quiet", "1")
