"""Short forms about a year, an average, a range of days, a volume: the table is the specification."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.personal.draft import Draft, NotUnderstood
from bot.personal.forms import read
from tests.bot.personal.market import FakeMarket

MARKET = FakeMarket()


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("RUT +5% since 1980-01-01", "prices of RUT begin on 1990-01-02, after 1980-01-01"),
        ("SOL -5% since 2019-01-01", "prices of SOL begin on 2020-08-11, after 2019-01-01"),
        ("rally_since(SOL / BTC, 2018-01-01) > 10%", "prices of SOL begin on 2020-08-11, after 2018-01-01"),
        ("RUT > 3000 clear rally_since(RUT, 1980-01-01) < 0", "prices of RUT begin on 1990-01-02, after 1980-01-01"),
    ],
)
def test_a_date_before_the_prices_of_an_instrument_is_refused(typed: str, reason: str) -> None:
    """It was saved and never known."""
    with pytest.raises(NotUnderstood) as error:
        read(typed, MARKET)
    assert str(error.value) == reason
    assert isinstance(read(error.value.example, MARKET), Draft)


@pytest.mark.parametrize("typed", ["vix jump", "VIX jumps", "vix spikes!"])
def test_a_jump_is_asked_for_in_several_words(typed: str) -> None:
    assert read(typed, MARKET).when == "jump(VIX) >= 4"


def test_the_day_that_prices_begin_on_is_a_date_to_count_from() -> None:
    assert read("SOL +5% since 2020-08-11", MARKET).title == "SOL up 5% since 2020-08-11"


@pytest.mark.parametrize(
    ("typed", "line", "title"),
    [
        ("RUT ytd > 10%", "ytd(RUT) >= 10% clear ytd(RUT) < 5% live once", "RUT up 10% this year"),
        ("sol down 20% this month", "mtd(SOL) <= -20% clear mtd(SOL) > -10% live once", "SOL down 20% this month"),
        (
            "RUT +5% since 2025-11-20",
            "rally_since(RUT, 2025-11-20) >= 5% clear rally_since(RUT, 2025-11-20) < 2.5% live once",
            "RUT up 5% since 2025-11-20",
        ),
        (
            "btc above 200 day average",
            "close(BTC) > sma(BTC, 200) clear close(BTC) < 0.975 * sma(BTC, 200) close always",
            "Bitcoin above its 200-day average",
        ),
        (
            "rut below 50d sma",
            "close(RUT) < sma(RUT, 50) clear close(RUT) > 1.013 * sma(RUT, 50) close always",
            "Russell 2000 below its 50-day average",
        ),
        (
            "RUT 52 week high",
            "close(RUT) >= highest(RUT, 252) clear close(RUT) < 0.97 * highest(RUT, 252) close always",
            "Russell 2000 at its high of 252 days",
        ),
        (
            "btc 20 day low",
            "close(BTC) <= lowest(BTC, 20) clear close(BTC) > 1.1 * lowest(BTC, 20) close always",
            "Bitcoin at its low of 20 days",
        ),
        (
            "ibit volume 3x",
            "turnover(IBIT) >= 3 * adv(IBIT, 60) clear turnover(IBIT) <= 1.5 * adv(IBIT, 60) close always",
            "IBIT volume 3 times its usual",
        ),
        (
            "sol volume > 500M",
            "turnover(SOL) > 500000000 clear turnover(SOL) < 250000000 close always",
            "SOL volume above 500.0M",
        ),
        (
            "rut fresh record",
            "fresh_record(RUT) clear not fresh_record(RUT) close always",
            "Russell 2000 at a fresh record",
        ),
        ("vix jump", "jump(VIX) >= 4 clear jump(VIX) < 2 close always", "VIX jump, in usual moves >= 4"),
        ("eth/btc below 0.03", "ETH / BTC < 0.03 clear ETH / BTC > 0.045 close always", "ETH / BTC < 0.03"),
    ],
)
def test_a_form_is_a_line_that_says_all_of_itself_and_has_a_headline(typed: str, line: str, title: str) -> None:
    found = read(typed, MARKET)
    assert (found.line, found.title) == (line, title)
    again = read(found.line, MARKET)
    assert (again.line, again.title) == (line, title)


@pytest.mark.parametrize(
    ("typed", "usual"),
    [
        ("rut up 10% this year", "rut ytd 10%"),
        ("RUT year to date over 10 %", "rut ytd 10%"),
        ("rut ytd below -5%", "rut ytd -5%"),
        ("rut up 5% from 2025-11-20", "rut 5% since 2025-11-20"),
        ("btc crosses above its 200d moving average", "btc above 200 day average"),
        ("Bitcoin over the 200-day SMA", "btc above 200 day average"),
        ("rut new 52-week high", "rut 52 week high"),
        ("rut makes a 52w high", "rut 52 week high"),
        ("btc yearly low", "btc 1 year low"),
        ("IBIT volume 3 times its usual", "ibit volume 3x"),
        ("ibit turnover over 3x", "ibit volume 3x"),
        ("sol volume above $500M", "sol volume > 500m"),
        ("corr(rut, sol) above 0.6", "corr(rut, sol) > 0.6"),
        ("p_corr(rut, sol, above=0.6) over 50%", "p_corr(rut, sol, above=0.6) > 50%"),
        ("sol below 120 clear sol above 130", "sol < 120 clear sol > 130"),
        ("mean_of(alts, ret(each, 21)) above 20%", "mean_of(ALTS, ret(EACH, 21)) > 20%"),
    ],
)
def test_people_write_in_many_ways(typed: str, usual: str) -> None:
    assert read(typed, MARKET) == read(usual, MARKET)


@pytest.mark.parametrize(
    ("typed", "reason", "example"),
    [
        ("rut above average", "above or below the average of how many days?", "RUT above 200 day average"),
        ("rut 200 day average", "above or below the average of how many days?", "RUT above 200 day average"),
        ("ibit volume", "how many times its usual volume, or how much money?", "IBIT volume 3x"),
        ("ibit volume 0.5x", "how many times its usual volume, or how much money?", "IBIT volume 3x"),
        ("ibit volume 20%", "how many times its usual volume, or how much money?", "IBIT volume 3x"),
        ("rut mtd", "that takes one percentage, from 0.1% to 90%", "RUT mtd > 10%"),
        ("rut since 2025-02-30 5%", "2025-02-30 is not a date; dates look like 2025-11-20", None),
        ("rut 40000 day high", "a move is over 1 to 2520 days", None),
        ("rut > highest(rut, 60)", "highest looks at this row too", "RUT >= highest(RUT, 60)"),
        ("close(sol) < lowest(sol, 20)", "lowest looks at this row too", "close(SOL) <= lowest(SOL, 20)"),
        ("rut volume 3x", "RUT is an index: it has no volume of its own", "IWM volume 3x"),
        ("rut +5% from 2025", "from a year or from a price?", "RUT +5% since 2025-11-20"),
        ("rut since january 5%", "since which day? write it as a date", "RUT +5% since 2025-11-20"),
    ],
)
def test_what_lacks_something_is_told_what_with_a_line_that_would_do(
    typed: str, reason: str, example: str | None
) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read(typed, MARKET)
    assert str(caught.value).startswith(reason)
    if example is not None:
        assert caught.value.example == example
        assert read(example, MARKET).when


@pytest.mark.parametrize("typed", ["rut high", "vix spikes above 30", "btc jumps 5%", "rut down 10% on the month"])
def test_what_meant_something_before_still_means_that(typed: str) -> None:
    meant = {
        "rut high": "close(RUT) > record(RUT)",
        "vix spikes above 30": "price(VIX) > 30",
        "btc jumps 5%": "price(BTC) >= 88200",
        "rut down 10% on the month": "ret(RUT, 21) <= -10%",
    }
    assert read(typed, MARKET).when == meant[typed]


@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("sol down more than 20% this month", "mtd(SOL) <= -20%"),
        ("sol down over 20% this month", "mtd(SOL) <= -20%"),
        ("sol ytd falls below -5%", "ytd(SOL) <= -5%"),
        ("sol ytd rises above -5%", "ytd(SOL) >= -5%"),
        ("sol ytd below 5%", "ytd(SOL) <= 5%"),
        ("rut this month -10%", "mtd(RUT) <= -10%"),
        ("rut year-to-date -10%", "ytd(RUT) <= -10%"),
        ("sol up 150% this year", "ytd(SOL) >= 150%"),
        ("btc > 200 sma", "close(BTC) > sma(BTC, 200)"),
        ("btc above ma 50", "close(BTC) > sma(BTC, 50)"),
        ("btc crosses below its 200 dma", "close(BTC) < sma(BTC, 200)"),
        ("sol breaks above its 20 day high", "close(SOL) >= highest(SOL, 20)"),
        ("sol below the 20 day low", "close(SOL) <= lowest(SOL, 20)"),
        ("sol volume over 3x average", "turnover(SOL) >= 3 * adv(SOL, 60)"),
        ("sol volume over 1.5bn", "turnover(SOL) > 1500000000"),
        ("rut -5% from its high", "drawdown(RUT) >= 5%"),
        ("rut down 5% from the record", "drawdown(RUT) >= 5%"),
        ("rut 5% off its all time high", "drawdown(RUT) >= 5%"),
        ("rut drawdown 5% from its high", "drawdown(RUT) >= 5%"),
        ("eth -5% from 2850", "price(ETH) <= 2707.5"),
        ("btc breaks above its ath", "close(BTC) > record(BTC)"),
        ("btc over the all time high", "close(BTC) > record(BTC)"),
    ],
)
def test_a_number_is_a_move_behind_falls_and_a_level_behind_below(typed: str, when: str) -> None:
    assert read(typed, MARKET).when == when


@pytest.mark.parametrize(
    "typed",
    [
        "sol down less than 20% this month",
        "sol ytd falls below 5%",
        "sol ytd drops to 5%",
        "sol down +5% this year",
        "sol up -5% this year",
        "sol up 5% down 5% this year",
        "sol ytd above below 5%",
        "rut down 5% to 10% since 2025-11-20",
        "rut +5% since 2025",
        "rut down 5% since january",
        "rut day high",
        "rut high of the day",
        "rut low",
        "rut 20 day high low",
        "rut below 20 day high",
        "rut -20 day high",
        "vix 20 day average above 25",
        "vix average above 25",
        "rut 20 average above",
        "btc average above 70000",
        "btc > 200.5 sma",
        "sol average volume above 100m",
        "sol volume above its usual 100m",
        "rut +5% from its high",
        "rut less than 5% off its high",
        "btc 3x",
        "btc drawdown below 10%",
        "btc drawdown falls below 10%",
        "btc 150%",
        "btc 2000%",
        "rut at",
        "sol new",
        "btc crosses once",
        "vix turnover > 500m",
        "btc doubles this year",
        "rut monthly high 5%",
    ],
)
def test_what_may_mean_two_things_or_what_is_always_so_is_refused_with_a_line_that_would_do(typed: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read(typed, MARKET)
    assert read(caught.value.example, MARKET).when


@pytest.mark.parametrize(
    ("typed", "when"),
    [
        ("low(low) < 200", "low(LOW) < 200"),
        ("LOW(LOW) < 200 and Rs(low, RS) > 5%", "low(LOW) < 200 and rs(LOW, RS) > 5%"),
        ("corr_shift(low, rs, BY=0.3) > 90%", "corr_shift(LOW, RS, by=0.3) > 90%"),
        ("low > 2 * by", "LOW > 2 * BY"),
    ],
)
def test_a_stock_may_be_called_as_a_function_or_an_argument_is(typed: str, when: str) -> None:
    market = FakeMarket()
    stocks = {name: replace(market.scope.instruments["RUT"], id=name, name=name) for name in ("LOW", "RS", "BY")}
    market.scope = replace(market.scope, instruments={**market.scope.instruments, **stocks})
    found = read(typed, market)
    assert found.when == when
    assert read(found.line, market).line == found.line
