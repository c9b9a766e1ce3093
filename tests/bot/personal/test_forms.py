"""What a line is understood as: the table is the specification."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.personal.draft import LONGEST_LINE, Draft, NotUnderstood
from bot.personal.forms import read
from rules.model import Basis, Timing
from tests.bot.personal.lines import CORPUS, WORDS
from tests.bot.personal.market import FakeMarket

MARKET = FakeMarket()


def line_of(text: str) -> str:
    return read(text, MARKET).line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("RUT record", "close(RUT) > record(RUT) clear drawdown(RUT) > 3% close always"),
        ("btc record", "close(BTC) > record(BTC) clear drawdown(BTC) > 10% close always"),
        ("btc -5% 1d", "ret(BTC, 1) <= -5% clear ret(BTC, 1) > -2.5% live once"),
        ("btc -10% 1w", "ret(BTC, 7) <= -10% clear ret(BTC, 7) > -3.4% live once"),
        ("rut +3% 1w", "ret(RUT, 5) >= 3% clear ret(RUT, 5) < 0.1% live once"),
        ("btc -5%", "price(BTC) <= 79800 clear price(BTC) > 81800 live once from BTC 84000.1 -5%"),
        ("btc +10%", "price(BTC) >= 92400 clear price(BTC) < 90150 live once from BTC 84000.1 10%"),
        ("btc -5% from 80000", "price(BTC) <= 76000 clear price(BTC) > 77900 live once from BTC 80000 -5%"),
        ("sol < 120", "price(SOL) < 120 clear price(SOL) > 125.4 live once"),
        ("sol > 170", "price(SOL) > 170 clear price(SOL) < 162.7 live once"),
        ("btc 100k", "price(BTC) > 100000 clear price(BTC) < 97560 live once"),
        ("btc 70k", "price(BTC) < 70000 clear price(BTC) > 71750 live once"),
        ("RUT 1% from record", "drawdown(RUT) <= 1% clear drawdown(RUT) > 3.6% live once"),
        ("corr RUT SOL 60 > 0.6", "corr(RUT, SOL, 60) > 0.6 clear corr(RUT, SOL, 60) < 0.5 close always"),
        ("corr rut sol below 0.2", "corr(RUT, SOL, 60) < 0.2 clear corr(RUT, SOL, 60) > 0.3 close always"),
        (
            "coupled RUT SOL 0.6",
            "p_corr(RUT, SOL, above=0.6) >= 50% clear p_corr(RUT, SOL, above=0.6) <= 5% close always confirm 2",
        ),
        ("vix > 25", "price(VIX) > 25 clear price(VIX) < 23.36 live once"),
        ("drawdown RUT 10%", "drawdown(RUT) >= 10% clear drawdown(RUT) < 5% close always"),
        ("rut rally 10%", "up_turn(RUT, 10%) clear down_turn(RUT, 10%) close always"),
        ("regime risk-off", "regime_is(RISK_OFF) clear not regime_is(RISK_OFF) close always"),
        ("ret(rut, 21) < -5%", "ret(RUT, 21) < -5% clear ret(RUT, 21) > -2.5% close always"),
        ("rut > spx", "RUT > SPX close always cooldown 5"),
        ("rut > spx live", "RUT > SPX live always cooldown 1440"),
        ("sol < 120 or btc > 90k", "SOL < 120 or BTC > 90000 close always cooldown 5"),
    ],
)  # fmt: skip
def test_a_form_is_a_line_of_the_rule_language_that_says_all_of_itself(typed: str, line: str) -> None:
    assert line_of(typed) == line


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("BTC below 70 000", "btc < 70000"),
        ("btc below 70,000", "btc < 70000"),
        ("bitcoin falls below $70k", "btc < 70000"),
        ("alert me when Bitcoin drops to 70’000", "btc < 70000"),
        ("btc < \uff17\uff10\uff10\uff10\uff10", "btc < 70000"),
        ("btc ↓ 70k", "btc < 70000"),
        ("“btc” under 70.000,0", "btc < 70000"),
        ("btc < 0.07M", "btc < 70000"),
        ("btc -5 %", "btc -5%"),
        ("btc −5%", "btc -5%"),
        ("btc – 5 %", "btc -5%"),
        ("btc falls 5%", "btc -5%"),
        ("btc ↓5%", "btc -5%"),
        ("Bitcoin down 5 percent from here", "btc -5%"),
        ("btc -5% today", "btc -5% 1d"),
        ("btc -5% in 1 day", "btc -5% 1d"),
        ("russell record", "rut record"),
        ("Russell 2000 all-time high", "rut record"),
        ("small caps new record", "rut record"),
        ("s&p record", "spx record"),
        ("rut within 1% of its record", "rut 1% from record"),
        ("rut 10% below its record", "drawdown rut 10%"),
        ("correlation of RUT and SOL over 0.6", "corr rut sol > 0.6"),
        ("tell me when sol hits $200", "sol > 200"),
        ("let me know when btc breaks above 100k", "btc > 100k"),
        ("notify me if btc is lower than 80k usd", "btc < 80k"),
        ("btc greater than 100'000", "btc > 100k"),
        ("btc dips below 80.000,0", "btc < 80k"),
        ("vix spikes above 30", "vix > 30"),
        ("xrp < 1,50", "xrp < 1.5"),
        ("btc -2,5% 1d", "btc -2.5% 1d"),
        ("rut closes below 2200", "rut < 2200 close"),
        ("rut close < 2200", "rut < 2200 close"),
        ("russell 2000 below 2200 on the close", "rut < 2200 close"),
        ("btc drops 10% this week", "btc -10% 7d"),
        ("rut down 10% on the month", "rut -10% 21d"),
        ("btc dumps 10%", "btc -10%"),
        ("rut hits a new all-time high", "rut record"),
        ("rut makes a new high", "rut record"),
        ("rut closes at a record", "rut record"),
        ("rut ath", "rut record"),
        ("risk-off", "regime risk-off"),
        ("risk on", "regime risk-on"),
        ("DRAWDOWN(rut) > 5%", "drawdown(RUT) > 5%"),
        ("+ sol < 120", "sol < 120"),
    ],
)
def test_people_write_in_many_ways(typed: str, usual: str) -> None:
    assert read(typed, MARKET) == read(usual, MARKET)


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ("once", {"once": True}),
        ("always", {"once": False}),
        ("at the close", {"basis": Basis.CLOSE}),
        ("live", {"basis": Basis.TICK}),
        ("for 30d", {"lasts": 30}),
        ("for 2 weeks", {"lasts": 14}),
        ("for a month", {"lasts": 30}),
        ("for good", {"lasts": None}),
        ("confirm 2", {"timing": Timing(confirm=2)}),
        ("cooldown 7", {"timing": Timing(cooldown=7)}),
    ],
)
def test_options_stand_behind_it_in_any_order(options: str, changed: dict[str, object]) -> None:
    for typed in (f"sol < 120 {options}", f"sol < 120 {options} {options}", f"sol < 120, {options.upper()}"):
        found = read(typed, MARKET)
        assert {name: getattr(found, name) for name in changed} == changed
    assert read(f"sol < 120 confirm 2 {options}", MARKET).when == "price(SOL) < 120"


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("RUT record", "Russell 2000 at a record"),
        ("btc -5% 1d", "BTC down 5% in 1 day"),
        ("btc -5%", "BTC down 5% from 84,000.1"),
        ("xrp < 0.335", "XRP below 0.335"),
        ("sol < 120", "Solana below 120"),
        ("RUT 1% from record", "RUT within 1% of its record"),
        ("drawdown RUT 10%", "RUT 10% below its record"),
        ("corr RUT SOL 60 > 0.6", "RUT-SOL correlation (60) above 0.6"),
        ("coupled RUT SOL 0.6", "RUT and SOL coupled at 0.6"),
        ("rut rally 10%", "RUT up 10% from its low"),
        ("regime risk-off", "Regime: RISK_OFF"),
        ("vol(RUT, 20) > 30%", "RUT volatility (20) > 30%"),
    ],
)
def test_it_is_called_what_it_is(typed: str, title: str) -> None:
    assert read(typed, MARKET).title == title


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "it needs something to watch"),
        ("btc", "what about BTC? a level, a move, or its record"),
        ("btc 5%", "up or down? write + or - before the percentage"),
        ("btc ±5%", "± has no meaning here"),
        ("btc +5k", "a level is one price, from one side"),
        ("btc -5000", "a level is one price, from one side"),
        ("btc 0", "a level is one price, from one side"),
        ("btc -0%", "up or down? write + or - before the percentage"),
        ("btc moves 5%", "up or down? write + or - before the percentage"),
        (
            "rsp",
            "unknown instrument rsp; did you mean XRP or SPY? (known: RUT, SPX, VIX, IWM, SPY, QQQ, HYG, TLT, UUP, "
            "GLD, IBIT, ETHA, BTC, ETH, SOL, ADA, XRP, CORE, ALTS, RISK)",
        ),
        ("btc -5% 24h", "moves are measured over UTC days, or from the price now"),
        ("rut -5% 24h", "moves are measured over sessions, or from the price now"),
        ("btc 70.000", "BTC is at 84000.1, far from that"),
        ("btc < 1,500k", "1,500 may be two numbers; write 1.500 or 1500"),
        ("corr RUT RUT 60 > 0.6", "two different instruments are needed, not RUT twice"),
        ("corr RUT SOL 60 > 60", "a level of a correlation is from -0.95 to 0.95"),
        ("regime panic", "the regime is risk-on, neutral or risk-off"),
        ("drawdown RUT 10", "that takes one percentage, from 0.1% to 90%"),
        ("sol < 120 until 12/31/2026", "12/31/2026 is not a date; dates look like 2026-12-31"),
        ("sol < 120 until tomorrow once", "tomorrow is not a date; dates look like 2026-12-31"),
        ("rut +5% since 11/20/2025", "since which day? dates look like 2025-11-20"),
        ("sol < 120 until 2026-13-31", "2026-13-31 is not a date; dates look like 2026-12-31"),
        ("sol < 120 for 9999999d", "an alert is watched for 1 to 3650 days, or for good"),
        ("sol < 120 for 3d for 4d", "how long is said twice, each time otherwise"),
        ("x" * 701, "a line has at most 700 characters, this one 701"),
    ],
)
def test_what_may_mean_two_things_or_none_is_refused_with_a_line_that_means_one(typed: str, reason: str) -> None:
    with pytest.raises(NotUnderstood) as error:
        read(typed, MARKET)
    assert str(error.value) == reason
    assert isinstance(read(error.value.example, MARKET), Draft)


@pytest.mark.parametrize(
    ("typed", "plainly"),
    [
        ("sol < 120 🚀", "sol < 120"),
        ("sol<120!!!", "sol < 120"),
        ("🔔 RUT record ❗️", "RUT record"),
        ("sol < 120 until 31.12.2026", "sol < 120 until 2026-12-31"),
        ("sol < 120 until 2026/1/5 once", "sol < 120 until 2026-01-05 once"),
        ("rut +5% since 20.11.2025", "rut +5% since 2025-11-20"),
        ("rut +5% since 2025.11.20", "rut +5% since 2025-11-20"),
    ],
)
def test_pictures_change_nothing_and_a_date_is_read_where_it_means_one_day(typed: str, plainly: str) -> None:
    assert replace(read(typed, MARKET), asked="") == replace(read(plainly, MARKET), asked="")


def test_the_line_in_its_place_is_about_the_same_instrument() -> None:
    for typed in ("eth", "eth 5%", "eth -5% 24h", "drawdown(ETH", "eth 1"):
        with pytest.raises(NotUnderstood) as error:
            read(typed, MARKET)
        assert error.value.example.startswith("ETH ")


def test_a_line_of_the_rule_language_that_is_wrong_is_shown_where() -> None:
    with pytest.raises(NotUnderstood) as error:
        read("drawdown(RUT) > 10 % and", MARKET)
    assert "^" in error.value.pointed


def test_without_a_price_a_level_needs_its_side_and_a_move_its_days() -> None:
    nowhere = FakeMarket().has_no_price_of("SOL")
    assert read("sol < 120", nowhere).when == "price(SOL) < 120"
    assert read("sol -5% 1d", nowhere).when == "ret(SOL, 1) <= -5%"
    for typed in ("sol 120", "sol -5%"):
        with pytest.raises(NotUnderstood, match="no price of SOL is known"):
            read(typed, nowhere)


def test_an_expression_without_a_past_rests_for_a_week_in_place_of_a_band() -> None:
    assert read("vol(RUT, 20) > 30%", FakeMarket().has_no_past()).timing == Timing(cooldown=5)


def test_what_would_take_the_engine_too_long_is_refused() -> None:
    many = " and ".join(f"p_corr({a}, {b}) > 50%" for a in ("RUT", "SPX", "VIX") for b in ("BTC", "ETH", "SOL", "XRP"))
    with pytest.raises(NotUnderstood):
        read(many, MARKET)


# Laws


@pytest.mark.parametrize("typed", CORPUS)
def test_its_own_line_is_read_as_the_same_alert_whatever_the_market_does(typed: str) -> None:
    try:
        draft = read(typed, MARKET)
    except NotUnderstood:
        return
    crash = FakeMarket().is_at("BTC", 20_000.0).is_at("SOL", 9.0).is_at("RUT", 900.0).has_no_past()
    assert read(draft.line, crash) == draft
    assert len(draft.line) <= LONGEST_LINE


@pytest.mark.parametrize("typed", CORPUS)
def test_what_is_told_more_than_once_has_something_that_keeps_it_from_flapping(typed: str) -> None:
    try:
        draft = read(typed, MARKET)
    except NotUnderstood:
        return
    assert draft.clear is not None or draft.timing.cooldown > 0


@given(st.text(max_size=80))
def test_no_text_makes_it_raise_anything_else(text: str) -> None:
    understood(text)


@given(st.lists(st.sampled_from(WORDS), max_size=9))
def test_no_words_make_it_raise_anything_else(words: list[str]) -> None:
    understood(" ".join(words))


@given(st.sampled_from(CORPUS), st.randoms(use_true_random=False))
def test_no_slip_of_the_hand_makes_it_raise_anything_else(line: str, chance: random.Random) -> None:
    words = line.split()
    for _ in range(chance.randint(0, 3)):
        place = chance.randrange(len(words) + 1)
        words[place : place + chance.randint(0, 1)] = [chance.choice(WORDS)] * chance.randint(0, 1)
    understood(" ".join(words))


def understood(text: str) -> None:
    """It is read or refused; and what is read is read again as the same."""
    with suppress(NotUnderstood):
        draft = read(text, MARKET)
        assert read(draft.line, MARKET) == draft
