"""Numbers and instants as a trader reads them."""

from __future__ import annotations

import datetime as dt
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render import numbers
from rules.functions.registry import Unit
from rules.model import ALWAYS, XNYS
from tests.bot.markets import at

NOTHING = (None, math.nan)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2531.16, "2,531.16"),
        (124752.53, "124,752.53"),
        (100.0, "100.00"),
        (78.64, "78.64"),
        (9.8765, "9.8765"),
        (0.3335, "0.3335"),
        (0.09, "0.090000"),
        (0.0000123, "0.000012"),
        (0.0, "0.00"),
        (-1234.5, "-1,234.50"),
        (1e9, "1,000,000,000.00"),
    ],
)
def test_a_price_is_told_with_as_many_digits_as_it_needs(value: float, text: str) -> None:
    assert numbers.price(value) == text


@pytest.mark.parametrize(
    ("share", "text", "signed"),
    [
        (0.032, "3.2%", "+3.2%"),
        (-0.0745, "-7.4%", "-7.4%"),
        (0.0, "0.0%", "+0.0%"),
        (1.0, "100.0%", "+100.0%"),
        (12.5, "1250.0%", "+1250.0%"),
    ],
)
def test_a_share_is_told_in_tenths_of_a_percent(share: float, text: str, signed: str) -> None:
    assert numbers.percent(share) == text
    assert numbers.percent(share, signed=True) == signed


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "0%"),
        (1e-12, "<1%"),
        (0.0099, "<1%"),
        (0.01, "1%"),
        (0.5, "50%"),
        (0.543, "54%"),
        (0.99, "99%"),
        (0.9901, ">99%"),
        (1 - 1e-12, ">99%"),
        (1.0, "100%"),
    ],
)
def test_a_probability_is_never_certain_when_it_is_only_nearly_so(p: float, text: str) -> None:
    assert numbers.probability(p) == text


@given(st.floats(0, 1))
def test_no_probability_is_shown_on_the_wrong_side_of_certainty(p: float) -> None:
    text = numbers.probability(p)
    assert (text == "0%") == (p == 0)
    assert (text == "100%") == (p == 1)


@pytest.mark.parametrize(("r", "text"), [(0.500660, "+0.50"), (-0.2, "-0.20"), (1.0, "+1.00"), (0.0, "+0.00")])
def test_a_correlation_has_a_sign_and_two_digits(r: float, text: str) -> None:
    assert numbers.correlation(r) == text


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (numbers.correlation(-0.001), "+0.00"),
        (numbers.percent(-0.0001), "0.0%"),
        (numbers.percent(-0.0001, signed=True), "+0.0%"),
        (numbers.price(-0.0), "0.00"),
    ],
)
def test_nothing_is_minus_zero(shown: str, wanted: str) -> None:
    assert shown == wanted


@pytest.mark.parametrize(
    ("value", "text"),
    [(950.0, "950"), (1_000.0, "1.0k"), (1_234.0, "1.2k"), (1_200_000.0, "1.2M"), (3.4e9, "3.4B"), (0.0, "0")],
)
def test_a_volume_is_told_in_thousands_millions_and_billions(value: float, text: str) -> None:
    assert numbers.volume(value) == text


@pytest.mark.parametrize(("value", "text"), [(999_999.0, "1.0M"), (999.7, "1.0k")])
def test_a_volume_is_rounded_before_its_unit_is_chosen(value: float, text: str) -> None:
    assert numbers.volume(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.8217499, "0.8217"), (1.386, "1.386"), (2.0, "2"), (-0.15, "-0.15")])
def test_a_plain_number_has_four_digits(value: float, text: str) -> None:
    assert numbers.plain(value) == text


def test_a_plain_number_of_a_price_is_not_in_powers_of_ten() -> None:
    assert "e" not in numbers.plain(87_508.83)


@pytest.mark.parametrize(("value", "text"), [(1.0, "yes"), (0.0, "no"), (None, "unknown"), (math.nan, "unknown")])
def test_a_truth_is_yes_no_or_unknown(value: float | None, text: str) -> None:
    assert numbers.truth(value) == text


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_is_undefined_says_so(nothing: float | None) -> None:
    for show in (
        numbers.price,
        numbers.percent,
        numbers.probability,
        numbers.correlation,
        numbers.volume,
        numbers.plain,
    ):
        assert show(nothing) == "n/a"


def test_every_unit_of_the_language_has_a_form() -> None:
    units = [value for name, value in vars(Unit).items() if not name.startswith("_") and value != Unit.SAME]
    shown = {unit: numbers.by_unit(0.5, unit) for unit in units}
    assert shown == {
        "price": "0.5000", "percent": "50.0%", "probability": "50%", "correlation": "+0.50", "volume": "0",
        "number": "0.5", "deviations": "+0.5", "times": "0.5x", "truth": "yes",
    }  # fmt: skip


def test_dates_and_instants_name_the_weekday() -> None:
    assert numbers.date(dt.date(2025, 12, 10)) == "Wed 2025-12-10"
    assert numbers.instant(at("2025-12-11T14:30Z")) == "Thu 2025-12-11 14:30Z"


def test_a_close_is_called_what_its_clock_calls_it() -> None:
    assert numbers.closing(dt.date(2025, 12, 10), XNYS) == "Close of Wed 2025-12-10"
    assert numbers.closing(dt.date(2025, 12, 10), ALWAYS) == "UTC day Wed 2025-12-10"
